//! What came of a launch.

use super::{
    super::refusal::Refusal,
    refusal::judge,
    wire::{self, Done},
};
use crate::rate;
use bytes::Bytes;
use http::Response;
use leadmill_core::{ErrorKind, Launch};
use serde_json::Value;

/// Words of a conflict that says that a job is not waiting any more.
const BEGUN: [&str; 9] = [
    "launch", "start", "running", "runs", "progress", "complet", "queue", "finish",
    "already",
];

/// Words of a refusal that will pass.
const CROWDED: [&str; 3] = ["too many", "please wait", "concurrent"];

/// Words that only jobs are spoken of with, and not calls.
const SLOTS: [&str; 3] = ["running", "bulk", "job"];

/// Reads what a launch came to.
///
/// # Source
/// Reference 11.11: too many running jobs are refused with the same status and type as too many calls. How the launch of
/// a job that was launched is answered is not documented. A job that waits for its turn cannot be told from one that
/// was never launched, so such launches happen: a conflict that speaks of it is no failure.
pub(super) fn read(
    response: &Response<Bytes>,
    again: bool,
    exhausted: &[String],
) -> Result<Launch, Refusal> {
    let Some(refusal) = judge(response, exhausted) else {
        return told(response, again, exhausted);
    };
    let headers = response.headers();
    match refusal.kind {
        ErrorKind::Throttled(_) => {
            let is_full =
                rate::signals(headers).iter().any(|rate| rate.remaining == Some(0));
            let said = refusal.detail.to_lowercase();
            let is_of_jobs = SLOTS.iter().any(|word| said.contains(word));
            match is_full && !is_of_jobs {
                true => Err(refusal),
                false => Ok(Launch::Busy(rate::retry_after(headers))),
            }
        }
        ErrorKind::Refused if response.status() == 409 => {
            declined(refusal.detail, 409, again, exhausted)
        }
        _ => Err(refusal),
    }
}

/// Reads a reply that is no error: it may say all the same that nothing was done.
fn told(
    response: &Response<Bytes>,
    again: bool,
    exhausted: &[String],
) -> Result<Launch, Refusal> {
    let body = response.body();
    if body.trim_ascii().is_empty() {
        return Ok(Launch::Begun);
    }
    if !matches!(serde_json::from_slice(body), Ok(Value::Object(_))) {
        let detail = "the reply cannot be read".to_owned();
        return Err(Refusal { kind: ErrorKind::InDoubt, detail, unknown: None });
    }
    let done: Option<Done> =
        wire::data(body).or_else(|| serde_json::from_slice(body).ok());
    let done = done.unwrap_or_default();
    match done.status.0 {
        Some(false) => {
            let said = done.message.0.unwrap_or_else(|| "nothing was done".to_owned());
            declined(said, done.code.0.unwrap_or_default(), again, exhausted)
        }
        _ => Ok(Launch::Begun),
    }
}

/// What a refusal by words means.
fn declined(
    said: String,
    code: i64,
    again: bool,
    exhausted: &[String],
) -> Result<Launch, Refusal> {
    let lower = said.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    // A limit may be one of jobs.
    let mut quota = exhausted.iter().filter(|word| *word != "limit");
    let kind = match code {
        429 => return Ok(Launch::Busy(None)),
        _ if says(&CROWDED) => return Ok(Launch::Busy(None)),
        _ if quota.any(|word| lower.contains(word.as_str())) => ErrorKind::NoCredit,
        404 => ErrorKind::Gone,
        409 if says(&BEGUN) => return Ok(Launch::Begun),
        // Only what has failed is run again: this has not, or not any more.
        409 if again && says(&["failed"]) => return Ok(Launch::Begun),
        _ => ErrorKind::Refused,
    };
    Err(Refusal { kind, detail: said, unknown: None })
}
