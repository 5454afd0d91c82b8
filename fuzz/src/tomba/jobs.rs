//! What is made of what a job says of itself.

use super::super::held::FARTHEST;
use super::{
    Judge,
    said::{Errors, Said},
};
use leadmill_core::{Bill, Credits, Estimate, JobId, Launch, Progress, Terms};
use serde_json::Value;

/// A job has a name of digits, which is the one that was told.
pub(super) fn created(judge: &Judge<'_>, job: &JobId) {
    name(job);
    assert!(is_name(judge.said.record(), job), "made up: {job}");
}

/// What is found carries the batch's name, and nothing is missed in a list that is whole. Whether one was found.
pub(super) fn found(judge: &Judge<'_>, job: Option<JobId>) -> bool {
    let sought = judge.made.canned.parameter("q").unwrap_or_default();
    let data = &judge.said.json["data"];
    let rows = data.as_array().map_or(&[][..], Vec::as_slice);
    let is_ours = |row: &&Value| row["name"].as_str().map(str::trim) == Some(&*sought);
    let mut ours = rows.iter().filter(is_ours);
    match &job {
        Some(job) => {
            name(job);
            assert!(ours.any(|row| is_name(row, job)), "made up: {job}");
        }
        None => {
            assert!(data.is_array() && rows.iter().all(Value::is_object), "no list");
            let is_there = ours.any(|row| row["deleted"].is_null());
            assert!(!is_there, "the job of the batch is overlooked");
            let total = judge.said.json["meta"]["total"].as_u64().unwrap_or_default();
            assert!(total <= rows.len() as u64, "the list is not whole");
        }
    }
    job.is_some()
}

/// What was refused does not run.
pub(super) fn launched(judge: &Judge<'_>, launch: Launch) {
    let said = judge.said;
    let is_refused = !judge.told.is_success() || said.errors == Errors::Surely;
    let record = said.record();
    match launch {
        Launch::Begun => {
            let is_conflict = judge.told.status() == Some(409);
            assert!(!is_refused || is_conflict, "a refused job runs");
            let is_declined = record["status"] == Value::Bool(false);
            assert!(
                !is_declined || record["code"].as_f64() == Some(409.0) || is_conflict
            );
        }
        Launch::Busy(wait) => {
            assert!(wait.is_none_or(|wait| wait <= FARTHEST), "{wait:?}");
            let is_declined = is_refused || !record["status"].is_null();
            assert!(is_declined || said.errors != Errors::None, "a job that runs waits");
        }
    }
}

/// A job has ended where it says so, and only there.
pub(super) fn progress(judge: &Judge<'_>, progress: Progress) {
    let json = &judge.said.json;
    let bare =
        json.get("status").filter(|status| status.is_string() || status.is_boolean());
    let status = bare.unwrap_or(&judge.said.record()["status"]);
    let word = status.as_str().map(|word| word.trim().to_lowercase());
    let word = word.as_deref();
    let is_done = *status == Value::Bool(true);
    match progress {
        Progress::Ready => assert!(word == Some("completed") || is_done, "not done"),
        Progress::Failed => {
            let ends = ["failed", "cancelled", "canceled"];
            assert!(word.is_some_and(|word| ends.contains(&word)), "not failed");
        }
        Progress::Waiting => {
            assert!(word == Some("pending") || *status == Value::Bool(false) || is_done);
        }
        Progress::Running { done, .. } => {
            assert!(word.is_some() || status.is_boolean(), "made up");
            assert!(!matches!(word, Some("completed" | "failed" | "cancelled")));
            let told = json["processed"].as_u64().filter(|_| bare.is_some());
            let told = told.filter(|told| i64::try_from(*told).is_ok());
            assert!(told.is_none() || done == told, "{done:?} of {told:?}");
        }
        Progress::Partial => assert!(word.is_some(), "made up"),
    }
}

/// What a download will charge is not understated.
pub(super) fn estimate(judge: &Judge<'_>, estimate: Estimate) {
    let record = judge.said.record();
    assert!(record.is_object(), "made up: {estimate:?}");
    let told = match judge.made.generation {
        1 => count(&record["total"]),
        _ => count(&record["credits"]["total"]),
    };
    covers(estimate.cost, told);
    if judge.made.generation != 1 {
        flags(record, "billed", estimate.is_paid.then_some(true));
        flags(record, "sufficient", estimate.is_covered);
        let basis = record["basis"].as_str().map(str::trim);
        assert!(!estimate.is_exact || basis == Some("exact"), "{estimate:?}");
    }
}

/// A bill is not understated, and no failure is left out.
pub(super) fn bill(judge: &Judge<'_>, bill: Bill) {
    let record = judge.said.record();
    assert!(record.is_object(), "made up: {bill:?}");
    let metrics = &record["metrics"];
    covers(bill.cost, count(&metrics["credits"]["total"]));
    if !record["billed"].is_null() {
        flags(record, "billed", bill.is_paid);
    }
    for (read, told) in [
        (bill.found, &metrics["results"]["found"]),
        (bill.records, &metrics["results"]["records"]),
    ] {
        assert!(count(told).is_none_or(|told| read == Some(told)), "{read:?} of {told}");
    }
    let (rows, errors) = (&metrics["rows"], &metrics["errors"]);
    let failed = ["client", "server", "rate_limited"].map(|name| &errors[name]);
    let passed = ["skipped", "duplicates", "invalid_input"].map(|name| &rows[name]);
    for told in failed.into_iter().chain(passed).chain([&rows["errors"]]) {
        let told = count(told).unwrap_or_default();
        assert!(bill.failed.unwrap_or_default() >= told, "{bill:?}: {told} left out");
    }
}

/// What a team may ask is what is told of the tool, and never nothing. Whether anything is told.
pub(super) fn terms(judge: &Judge<'_>, terms: Terms) -> bool {
    let Said { json, .. } = judge.said;
    let rows = json["data"].as_array().map_or(&[][..], Vec::as_slice);
    let rows =
        if json["data"].is_object() { std::slice::from_ref(&json["data"]) } else { rows };
    for (told, name) in [(terms.most_items, "max_rows"), (terms.jobs, "creates_per_day")]
    {
        let Some(told) = told else { continue };
        assert!(told > 0, "nothing may be asked");
        let is_told = |row: &Value| count(&row[name]).is_none_or(|count| count == told);
        assert!(rows.iter().any(is_told), "made up: {told}");
    }
    terms != Terms::default()
}

fn name(job: &JobId) {
    let is_digits = job.0.bytes().all(|byte| byte.is_ascii_digit());
    assert!(is_digits && !job.0.is_empty(), "`{job}` leaves its path");
    assert!(job.0.parse::<i64>().is_ok(), "`{job}` is no name");
}

/// Whether a record names this job.
fn is_name(record: &Value, job: &JobId) -> bool {
    ["bulk_id", "id"].into_iter().any(|name| match &record[name] {
        Value::Number(number) => number.to_string() == job.0,
        Value::String(text) => text.trim() == job.0,
        _ => false,
    })
}

/// A number that counts something, as it is documented. Others than these 64 bits hold need not be read.
fn count(told: &Value) -> Option<u64> {
    told.as_i64().and_then(|number| u64::try_from(number).ok())
}

fn covers(read: Option<Credits>, told: Option<u64>) {
    if let Some(told) = told {
        assert!(read.is_some_and(|read| read.0 >= told), "{read:?} of {told} owed");
    }
}

/// A flag is read as it is told, where it is one.
fn flags(record: &Value, name: &str, read: Option<bool>) {
    match &record[name] {
        Value::Bool(false) => assert_ne!(read, Some(true), "{name}"),
        Value::Bool(true) => assert_eq!(read, Some(true), "{name}"),
        Value::Null => assert_eq!(read, None, "{name} is made up"),
        _ => {}
    }
}
