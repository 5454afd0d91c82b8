//! Lists, histories, tools and statistics.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::client::{
    ask, create, crowd, found, get, launched, post, tomba, with_bulk,
};
use crate::tomba::{BulkOptions, Options};

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_newest_first_by_page_name_and_state() {
    let tomba = tomba(Options { limits: false, ..Options::default() });
    for nth in 0..12 {
        let mut body = crowd(1);
        body["name"] = json!(format!("Job of {nth}"));
        post(&tomba, "/bulk/finder", body).await;
    }
    let names = |reply: &Value| -> Vec<String> {
        let jobs = reply["data"].as_array().unwrap().iter();
        jobs.map(|job| job["name"].as_str().unwrap().to_owned()).collect()
    };
    let one = get(&tomba, "/bulk/finder").await;
    assert_eq!(names(&one.body).len(), 10);
    assert_eq!(names(&one.body)[0], "Job of 11");
    let meta = json!({ "total": 12, "pageSize": 10, "current": 1, "total_pages": 2 });
    assert_eq!(one.at("/meta"), &meta);
    let two = get(&tomba, "/bulk/finder?page=2").await;
    assert_eq!(names(&two.body), ["Job of 1", "Job of 0"]);
    let named = get(&tomba, "/bulk/finder?q=job%20of%201&limit=50&direction=asc").await;
    assert_eq!(names(&named.body), ["Job of 1", "Job of 10", "Job of 11"]);
    let id = two.at("/data/0/bulk_id").as_i64().unwrap();
    ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await;
    sleep(Duration::from_secs(5)).await;
    let done = get(&tomba, "/bulk/finder?status=completed").await;
    assert_eq!(names(&done.body), ["Job of 1"]);
    assert_eq!(get(&tomba, "/bulk/search").await.at("/meta/total"), 0);
    assert_eq!(get(&tomba, "/bulk/finder?limit=51").await.status, 422);
    assert_eq!(get(&tomba, "/bulk/finder?status=lost").await.status, 422);
}

#[tokio::test(start_paused = true)]
async fn what_happened_to_a_job_is_told_oldest_first() {
    let tomba = with_bulk(BulkOptions::default());
    let id = launched(&tomba, 1).await;
    sleep(Duration::from_secs(5)).await;
    get(&tomba, &format!("/bulk/finder/{id}/download")).await;
    let history = get(&tomba, &format!("/bulk/finder/{id}/history")).await;
    let events = history.at("/data").as_array().unwrap().iter();
    let events: Vec<_> = events.map(|row| row["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["created", "launched", "billed", "downloaded"]);
    assert_eq!(history.at("/data/3/created_at"), "2026-01-01T00:00:05+00:00");
    let page = get(&tomba, &format!("/bulk/finder/{id}/history?page=2&limit=3")).await;
    assert_eq!(page.at("/data/0/event"), "downloaded");
}

#[tokio::test(start_paused = true)]
async fn tools_tell_their_fields_options_and_limits() {
    let bulk = BulkOptions { max_rows: 77, creates_per_day: 3, ..BulkOptions::default() };
    let tomba = with_bulk(bulk);
    let types = get(&tomba, "/bulk/types").await;
    let types = types.at("/data").as_array().unwrap().clone();
    assert_eq!(types.len(), 10);
    let finder = types.iter().find(|row| row["type"] == "finder").unwrap();
    assert_eq!(finder["max_rows"], 77);
    assert_eq!(finder["creates_per_day"], 3);
    assert_eq!(finder["downloads_per_job_per_day"], 10);
    assert_eq!(finder["fields"][1]["param"], "first_name_field_index");
    assert!(
        finder["options"].as_array().unwrap().contains(&json!("skip_rows_with_email"))
    );
    assert_eq!(finder["downloads"], json!(["full", "valid", "not_found"]));
}

#[tokio::test(start_paused = true)]
async fn statistics_sum_what_was_done_and_billed() {
    let tomba = with_bulk(BulkOptions::default());
    let id = launched(&tomba, 20).await;
    create(&tomba, 5).await;
    sleep(Duration::from_secs(5)).await;
    get(&tomba, &format!("/bulk/finder/{id}/download")).await;
    let stats = get(&tomba, "/bulk/stats").await;
    for (pointer, value) in [
        ("/data/to", json!("2026-01-01")),
        ("/data/from", json!("2025-12-02")),
        ("/data/jobs/total", json!(2)),
        ("/data/jobs/completed", json!(1)),
        ("/data/jobs/pending", json!(1)),
        ("/data/rows_processed", json!(20)),
        ("/data/found", json!(found(20).len())),
        ("/data/credits/total", json!(found(20).len())),
        ("/data/daily/0/credits", json!(found(20).len())),
        ("/data/by_type/1/jobs", json!(2)),
    ] {
        assert_eq!(stats.at(pointer), &value, "{pointer}");
    }
    let other = get(&tomba, "/bulk/stats?type=search").await;
    assert_eq!(other.at("/data/jobs/total"), 0);
    let before = get(&tomba, "/bulk/stats?from=2025-01-01&to=2025-12-31").await;
    assert_eq!(before.at("/data/jobs/total"), 0);
    assert_eq!(get(&tomba, "/bulk/stats?type=lost").await.status, 422);
}
