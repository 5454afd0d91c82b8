//! The form of a download, and when there is none.

use std::time::Duration;

use serde_json::json;
use tokio::time::{advance, sleep};

use super::super::client::{
    ask, create, found, get, launched, letters, post, tomba, with_bulk,
};
use crate::tomba::{
    BulkOptions, ColumnNames, Echo, FileForm, Namesakes, Options, Tomba, find_email,
};
use crate::{Chaos, Quirks};

const DAY: Duration = Duration::from_secs(86_400);

async fn file(tomba: &Tomba, count: usize, part: &str) -> String {
    let id = launched(tomba, count).await;
    sleep(Duration::from_secs(20)).await;
    let reply = get(tomba, &format!("/bulk/finder/{id}/download{part}")).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(reply.header("content-type"), "text/csv; charset=utf-8");
    reply.text
}

fn form(file: FileForm) -> Tomba {
    with_bulk(BulkOptions { file, ..BulkOptions::default() })
}

fn header(text: &str) -> Vec<&str> {
    text.lines().next().unwrap().split(',').collect()
}

#[tokio::test(start_paused = true)]
async fn columns_of_the_input_come_first_and_results_as_their_fields_are_called() {
    let text = file(&form(FileForm::default()), 20, "").await;
    let header = header(&text);
    assert_eq!(
        &header[..5],
        ["First name", "Last name", "Domain", "email", "first_name"]
    );
    assert_eq!(header[header.len() - 1], "verification_status");
    let rows: Vec<Vec<&str>> =
        text.lines().skip(1).map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), found(20).len(), "no row for what was not found");
    for (nth, row) in found(20).into_iter().zip(rows) {
        let last = format!("Testerly{}", letters(nth));
        assert_eq!(&row[..3], ["Ada", last.as_str(), "example.com"]);
        let person = find_email(0, "Ada", &last, "example.com").unwrap();
        assert_eq!(row[3], person.email.unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn there_is_a_file_of_what_is_valid_and_one_of_what_was_not_found() {
    let tomba = form(FileForm::default());
    let valid = file(&tomba, 50, "?file=valid").await;
    assert!(valid.lines().skip(1).all(|line| line.ends_with(",valid")));
    let all = file(&tomba, 50, "?file=full").await;
    assert!(valid.lines().count() < all.lines().count());
    let missed = file(&tomba, 50, "?file=not_found").await;
    assert_eq!(missed.lines().next(), Some("First name,Last name,Domain"));
    assert_eq!(missed.lines().count() - 1, 50 - found(50).len());
    let reply = get(&tomba, "/bulk/finder/100001/download?file=everything").await;
    assert_eq!(reply.failure(), (422, "params_invalid"));
}

#[tokio::test(start_paused = true)]
async fn what_is_echoed_and_how_columns_are_called_can_be_chosen() {
    for (echo, first) in
        [(Echo::Asked, "First name"), (Echo::None, "email"), (Echo::All, "First name")]
    {
        let text = file(&form(FileForm { echo, ..FileForm::default() }), 5, "").await;
        assert_eq!(header(&text)[0], first, "{echo}");
    }
    let names = ColumnNames::Titles;
    let text = file(&form(FileForm { names, ..FileForm::default() }), 5, "").await;
    assert_eq!(&header(&text)[2..5], ["Domain", "Email", "First name"]);
    let misses_in_full = true;
    let tomba = form(FileForm { misses_in_full, ..FileForm::default() });
    let text = file(&tomba, 20, "").await;
    assert_eq!(text.lines().count(), 21);
    let missed = (0..20).find(|nth| !found(20).contains(nth)).unwrap();
    let line = text.lines().nth(1 + missed).unwrap();
    let expected = format!("Ada,Testerly{},example.com,,,", letters(missed));
    assert!(line.starts_with(&expected), "{line}");
}

#[tokio::test(start_paused = true)]
async fn a_column_that_is_called_as_a_result_is_there_twice_or_once() {
    for (namesakes, times) in
        [(Namesakes::Both, 2), (Namesakes::Result, 1), (Namesakes::Input, 1)]
    {
        let tomba = form(FileForm { namesakes, ..FileForm::default() });
        let body = json!({ "name": "Namesakes", "launch": true, "data":
            [["Note", "email"], ["x", " A1@Example.com "], ["y", "a2@example.com"]] });
        let reply = post(&tomba, "/bulk/verifier", body).await;
        let id = reply.at("/data/id").as_i64().unwrap();
        sleep(Duration::from_secs(5)).await;
        let text = get(&tomba, &format!("/bulk/verifier/{id}/download")).await.text;
        let header = header(&text);
        assert_eq!(header.iter().filter(|name| **name == "email").count(), times);
        let row: Vec<&str> = text.lines().nth(1).unwrap().split(',').collect();
        assert_eq!(row.len(), header.len());
        let first = header.iter().position(|name| *name == "email").unwrap();
        let raw = namesakes != Namesakes::Result;
        let expected = if raw { " A1@Example.com " } else { "a1@example.com" };
        assert_eq!(row[first], expected, "{namesakes}");
    }
}

#[tokio::test(start_paused = true)]
async fn marks_quotes_ends_and_delimiters_can_be_chosen() {
    let file_form = FileForm {
        bom: true,
        quoted: true,
        crlf: true,
        delimiter: ';',
        ..FileForm::default()
    };
    let text = file(&form(file_form), 10, "").await;
    assert!(text.starts_with("\u{feff}\"First name\";\"Last name\";"));
    assert!(text.ends_with("\"\r\n"));
    assert_eq!(text.matches("\r\n").count(), text.matches('\n').count());
    let body = json!({ "name": "Quotes", "launch": true, "data":
        [["domain", "note"], ["example.com", "a, \"b\"\nc"]] });
    let tomba = form(FileForm { misses_in_full: true, ..FileForm::default() });
    let id = post(&tomba, "/bulk/company", body).await.at("/data/id").as_i64().unwrap();
    sleep(Duration::from_secs(5)).await;
    let text = get(&tomba, &format!("/bulk/company/{id}/download")).await.text;
    assert!(text.contains("example.com,\"a, \"\"b\"\"\nc\""), "{text}");
}

#[tokio::test(start_paused = true)]
async fn sources_are_a_column_if_they_were_wanted() {
    let tomba = form(FileForm::default());
    let mut body = super::super::client::crowd(20);
    body["include_sources"] = json!(true);
    body["launch"] = json!(true);
    let id = post(&tomba, "/bulk/finder", body).await.at("/data/id").as_i64().unwrap();
    sleep(Duration::from_secs(5)).await;
    let text = get(&tomba, &format!("/bulk/finder/{id}/download")).await.text;
    assert!(text.lines().next().unwrap().ends_with(",sources"));
    assert!(text.contains("https://"));
}

#[tokio::test(start_paused = true)]
async fn a_list_has_a_header_of_its_own() {
    let tomba = form(FileForm::default());
    let body = json!({ "name": "A list", "list": "b@example.com", "launch": true });
    let id = post(&tomba, "/bulk/verifier", body).await.at("/data/id").as_i64().unwrap();
    sleep(Duration::from_secs(5)).await;
    let text = get(&tomba, &format!("/bulk/verifier/{id}/download")).await.text;
    assert!(text.starts_with("email,email,status,"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn rows_can_be_shuffled_lost_doubled_and_made_up() {
    let whole = file(&form(FileForm::default()), 60, "").await;
    let tomba = with_bulk(BulkOptions { shuffled: true, ..BulkOptions::default() });
    let shuffled = file(&tomba, 60, "").await;
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert!(whole != shuffled && sorted(&whole) == sorted(&shuffled));
    let rows = whole.lines().count();
    for (quirks, expected) in [
        (Quirks { drop: Some(3), ..Quirks::default() }, rows - 1),
        (Quirks { duplicate: Some(3), ..Quirks::default() }, rows + 1),
        (Quirks { extra: true, ..Quirks::default() }, rows + 1),
    ] {
        let tomba = with_bulk(BulkOptions { quirks, ..BulkOptions::default() });
        assert_eq!(file(&tomba, 60, "").await.lines().count(), expected, "{quirks:?}");
    }
    let chaos: Vec<Chaos> = vec!["extra-item=100%".parse().unwrap()];
    let tomba = tomba_with(chaos);
    let text = file(&tomba, 60, "").await;
    assert!(text.contains("stranger@nobody.invalid"));
    assert_eq!(tomba.audit().bulk.credits, found(60).len() as u64, "and is not paid");
}

fn tomba_with(chaos: Vec<Chaos>) -> Tomba {
    tomba(Options { chaos, ..Options::default() })
}

#[tokio::test(start_paused = true)]
async fn there_is_no_file_before_the_end_nor_after_the_expiry() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 10).await;
    let path = format!("/bulk/finder/{id}/download");
    assert_eq!(get(&tomba, &path).await.failure(), (409, "conflict"));
    ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await;
    sleep(Duration::from_millis(2_009)).await;
    assert_eq!(get(&tomba, &path).await.status, 409);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(get(&tomba, &path).await.status, 200);
    advance(180 * DAY - Duration::from_millis(2_011)).await;
    assert_eq!(get(&tomba, &path).await.status, 200, "to the last moment");
    advance(Duration::from_millis(1)).await;
    assert_eq!(get(&tomba, &path).await.failure(), (410, "gone"));
    let detail = get(&tomba, &format!("/bulk/finder/{id}")).await;
    assert_eq!(detail.at("/data/expired"), true);
    assert_eq!(tomba.audit().bulk.refused_downloads, 3);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_downloaded_so_often_a_day() {
    let tomba = with_bulk(BulkOptions { downloads_per_day: 2, ..BulkOptions::default() });
    let id = launched(&tomba, 1).await;
    sleep(Duration::from_secs(5)).await;
    let path = format!("/bulk/finder/{id}/download");
    assert_eq!(get(&tomba, &path).await.status, 200);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(get(&tomba, &path).await.status, 200);
    assert_eq!(get(&tomba, &path).await.failure(), (429, "rate_limit"));
    advance(DAY - Duration::from_secs(5)).await;
    assert_eq!(get(&tomba, &path).await.status, 200);
}
