//! What may be created, and how its rows are sorted.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::super::client::{
    Reply, ask, crowd, get, launched, loose, post, read, send, tomba, with_bulk,
};
use crate::tomba::{BulkOptions, Options, Tomba};

async fn rows(tomba: &Tomba, kind: &str, body: Value) -> Value {
    let reply = post(tomba, &format!("/bulk/{kind}"), body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    let id = reply.at("/data/id").as_i64().unwrap();
    let detail = get(tomba, &format!("/bulk/{kind}/{id}")).await;
    detail.at("/data/metrics/rows").clone()
}

fn counts(rows: &Value) -> [u64; 5] {
    ["input", "valid_input", "invalid_input", "duplicates", "skipped"]
        .map(|name| rows[name].as_u64().unwrap())
}

#[tokio::test(start_paused = true)]
async fn rows_are_valid_invalid_or_duplicates_and_some_valid_ones_are_skipped() {
    let tomba = loose();
    let people = json!({ "name": "People", "data": [
        ["first_name", "last_name", "domain"],
        ["Ada", "Testerly", "example.com"],
        ["ADA", " testerly ", "https://www.example.com/about"],
        ["Ada", "", "example.com"],
        ["Ada", "Testerly", "mail.example.com"],
        ["Ada", "Testerly", "nonsense"],
        [],
    ] });
    assert_eq!(counts(&rows(&tomba, "finder", people).await), [6, 2, 3, 1, 0]);
    let list = "a@example.com\nA@Example.com\nb@gmail.com\nc@yopmail.com\nnonsense\n";
    let body = json!({ "name": "Addresses", "list": list });
    assert_eq!(counts(&rows(&tomba, "verifier", body.clone()).await), [5, 3, 1, 1, 2]);
    assert_eq!(counts(&rows(&tomba, "enrich", body).await), [5, 3, 1, 1, 0]);
    let many: Vec<String> = (0..60).map(|nth| format!("a{nth}@example.net")).collect();
    let body = json!({ "name": "Too many of one", "list": many.join("\n") });
    assert_eq!(counts(&rows(&tomba, "verifier", body).await), [60, 60, 0, 0, 10]);
    let body = json!({ "name": "More of it", "list": "b@example.net\nb@example.org" });
    let day = Duration::from_secs(86_400);
    advance(day - Duration::from_millis(1)).await;
    assert_eq!(counts(&rows(&tomba, "verifier", body.clone()).await), [2, 2, 0, 0, 1]);
    advance(Duration::from_millis(1)).await;
    assert_eq!(counts(&rows(&tomba, "verifier", body).await), [2, 2, 0, 0, 0]);
    let have = json!({ "name": "Some have one", "skip_rows_with_email": true, "data": [
        ["full_name", "domain", "mail"],
        ["Ada Testerly", "example.com", "ada@example.com"],
        ["Bela Testerly", "example.com", ""],
    ] });
    assert_eq!(counts(&rows(&tomba, "finder", have).await), [2, 2, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn columns_are_told_or_found_and_count_from_zero() {
    let tomba = loose();
    let data = json!([["Testerly", "example.com", "Ada"], ["Bela", "x.com", "Cyra"]]);
    let told = json!({
        "name": "Told", "has_header": false, "data": data, "last_name_field_index": 0,
        "domain_field_index": 1, "first_name_field_index": 2,
    });
    assert_eq!(counts(&rows(&tomba, "finder", told.clone()).await), [2, 2, 0, 0, 0]);
    let mut out = told.clone();
    out["domain_field_index"] = json!(3);
    assert_eq!(post(&tomba, "/bulk/finder", out).await.failure().0, 422);
    let mut silent = told;
    silent.as_object_mut().unwrap().retain(|name, _| !name.ends_with("_index"));
    assert_eq!(post(&tomba, "/bulk/finder", silent).await.failure().0, 422);
    let named =
        json!({ "name": "Named", "data": [["Website", "Note"], ["example.com", "x"]] });
    assert_eq!(counts(&rows(&tomba, "search", named).await), [1, 1, 0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn every_tool_takes_what_it_asks_with() {
    let tomba = loose();
    for (kind, list) in [
        ("search", "example.com"),
        ("author", "https://example.com/post"),
        ("enrich", "a@example.com"),
        ("linkedin", "https://linkedin.com/in/ada"),
        ("verifier", "a@example.com"),
        ("phone-finder", "example.com"),
        ("phone-validator", "+12025550107"),
        ("company", "example.com"),
        ("similar", "example.com"),
    ] {
        let body = json!({ "name": "One of each", "list": list, "launch": true });
        let path = format!("/bulk/{kind}");
        let reply = post(&tomba, &path, body).await;
        assert!(reply.status == 201 && reply.at("/data/message").is_null(), "{kind}");
        let id = reply.at("/data/id").as_i64().unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let file = get(&tomba, &format!("{path}/{id}/download")).await;
        assert_eq!(file.status, 200, "{kind}");
        let detail = get(&tomba, &format!("{path}/{id}")).await;
        let found = detail.at("/data/metrics/results/found").as_u64().unwrap();
        let records = detail.at("/data/metrics/results/records").as_u64().unwrap();
        assert!(found <= 1 && file.text.lines().count() as u64 == 1 + records, "{kind}");
    }
}

async fn refused(tomba: &Tomba, change: impl FnOnce(&mut Value)) -> Reply {
    let mut body = crowd(2);
    change(&mut body);
    let reply = post(tomba, "/bulk/finder", body).await;
    assert_eq!(reply.failure(), (422, "params_invalid"), "{}", reply.text);
    reply
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_creation_creates_nothing() {
    let tomba = tomba(Options {
        limits: false,
        bulk: BulkOptions { max_rows: 3, ..BulkOptions::default() },
        ..Options::default()
    });
    refused(&tomba, |body| body["name"] = json!("ab")).await;
    refused(&tomba, |body| body["name"] = json!("a".repeat(201))).await;
    refused(&tomba, |body| body["list"] = json!("example.com")).await;
    refused(&tomba, |body| body["data"] = Value::Null).await;
    refused(&tomba, |body| body["data"] = json!([["domain"]])).await;
    refused(&tomba, |body| body["data"] = json!("nonsense")).await;
    refused(&tomba, |body| *body = crowd(4)).await;
    refused(&tomba, |body| body["webhook_url"] = json!("ftp://x")).await;
    // Options of other tools, whatever they say.
    refused(&tomba, |body| body["find_phones"] = json!(false)).await;
    refused(&tomba, |body| body["max_emails_per_domain"] = json!(10)).await;
    assert_eq!(post(&tomba, "/bulk/nothing", crowd(1)).await.failure().0, 404);
    assert!(tomba.audit().bulk.created.is_empty());
    let mut body = crowd(3);
    body["old_parameter"] = json!(true);
    assert_eq!(post(&tomba, "/bulk/finder", body).await.status, 201, "is ignored");
}

fn form(parts: &[(&str, &str)], file_kind: &str, file: &str) -> String {
    let mut form = String::new();
    for (name, value) in parts {
        form += "--border\r\nContent-Disposition: form-data; ";
        form += &format!("name=\"{name}\"\r\n\r\n{value}\r\n");
    }
    form += "--border\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.csv\"\r\n";
    form + &format!("Content-Type: {file_kind}\r\n\r\n{file}\r\n--border--\r\n")
}

#[tokio::test(start_paused = true)]
async fn a_file_is_taken_as_a_form() {
    let tomba = tomba(Options::default());
    let file = "\u{feff}Company domain;Full name\r\n\"example.com\";\"Ada \"\"A\"\" Testerly\"\r\n";
    let parts = [("name", "A file"), ("delimiter", ";"), ("launch", "true")];
    for (kind, status) in [("text/csv", 201), ("application/octet-stream", 422)] {
        let body = form(&parts, kind, file);
        let kind = "multipart/form-data; boundary=border";
        let reply = read(send(&tomba, "POST", "/bulk/finder", kind, body).await).await;
        assert_eq!(reply.status, status, "{}", reply.text);
        if status == 201 {
            let id = reply.at("/data/id").as_i64().unwrap();
            let detail = get(&tomba, &format!("/bulk/finder/{id}")).await;
            assert_eq!(detail.at("/data/config/input/source"), "file");
            assert_eq!(detail.at("/data/config/input/original_file_name"), "a.csv");
            let fields = json!({ "domain": 0, "full_name": 1 });
            assert_eq!(detail.at("/data/config/input/fields"), &fields);
            assert_eq!(tomba.audit().bulk.launched, 1);
        }
    }
    // The form under another name.
    let body = form(&parts, "text/csv", file);
    let reply =
        read(send(&tomba, "POST", "/bulk/finder", "application/json", body).await);
    assert_eq!(reply.await.status, 422);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_told_as_documented() {
    let tomba = with_bulk(BulkOptions::default());
    let id = launched(&tomba, 40).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let reply = ask(&tomba, "GET", &format!("/bulk/finder/{id}")).await;
    let job = reply.at("/data");
    for (pointer, value) in [
        ("/bulk_id", json!(id)),
        ("/bulk_type", json!("finder")),
        ("/name", json!("A crowd")),
        ("/status", json!("completed")),
        ("/archived", json!(false)),
        ("/progress", json!(100)),
        ("/processed", json!(40)),
        ("/billed", json!(false)),
        ("/retry_count", json!(0)),
        ("/created_at", json!("2026-01-01T00:00:00+00:00")),
        ("/started_at", json!("2026-01-01T00:00:00+00:00")),
        ("/completed_at", json!("2026-01-01T00:00:02+00:00")),
        ("/expired", json!(false)),
        ("/expired_at", json!("2026-06-30T00:00:00+00:00")),
        ("/config/input/source", json!("data")),
        ("/config/input/has_header", json!(true)),
        ("/config/input/rows", json!(40)),
        ("/metrics/rows/processed", json!(40)),
        ("/metrics/results/found", json!(super::super::client::found(40).len())),
        ("/metrics/results/not_found", json!(40 - super::super::client::found(40).len())),
        ("/metrics/results/records", json!(super::super::client::found(40).len())),
        ("/metrics/emails/total", json!(super::super::client::found(40).len())),
        ("/metrics/credits/total", json!(super::super::client::found(40).len())),
    ] {
        assert_eq!(job.pointer(pointer), Some(&value), "{pointer}");
    }
    assert!(job.get("preview").is_none() && job.get("cancelled_at").is_none());
}
