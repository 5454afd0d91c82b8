//! Company followers: scrapes from their start to their settlement.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{Reply, get, post};
use crate::{Followers, Options, Sandbox};

mod access;
mod continuing;
mod estimates;
mod export;
mod money;
mod quota;
mod refusals;
mod results;

const ACME: &str = "https://www.linkedin.com/company/acme";
const START: u64 = 10_000_000;

/// A company with so many followers, and no limits on requests.
fn crowd_of(followers: u32) -> Options {
    let followers = Followers { sizes: followers..=followers, ..Followers::default() };
    Options { followers, limits: false, balance: START, ..Options::default() }
}

fn search(max_limit: u64) -> Value {
    json!({ "companyUrl": ACME, "max_limit": max_limit })
}

/// Starts a scrape; gives its id.
async fn start(sandbox: &Sandbox, body: Value) -> String {
    let reply = post(sandbox, "/company-follower", body).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.at("/data/batchId").as_str().unwrap().to_owned()
}

async fn progress(sandbox: &Sandbox, id: &str) -> Value {
    get(sandbox, &format!("/company-follower/{id}/progress")).await.at("/data").clone()
}

async fn results(sandbox: &Sandbox, id: &str, query: &str) -> Reply {
    get(sandbox, &format!("/company-follower/{id}/results{query}")).await
}

/// Longer than any scrape here takes.
async fn wait() {
    advance(Duration::from_secs(60)).await;
}

/// The keys of an object in their order on the wire's map.
fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn a_start_takes_the_reserve_of_all_it_asks_for() {
    let sandbox = Sandbox::new(crowd_of(342));
    let reply = post(&sandbox, "/company-follower", search(500)).await;
    let id = reply.at("/data/batchId").as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    let message = "Job started. Use the progress endpoint to track status.";
    assert_eq!(
        reply.body,
        json!({
            "success": true,
            "data": { "batchId": id, "message": message },
            "meta": {
                "requestId": reply.at("/meta/requestId"),
                "creditsReserved": 50_000, "creditsPerItem": 100, "estimatedCredits": 50_000,
            },
        })
    );
    assert!(reply.at("/meta/requestId").is_string());
    let audit = sandbox.audit();
    assert_eq!((audit.reserved, audit.balance), (50_000, START - 50_000));
    assert_eq!((audit.jobs, audit.unsettled), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn progress_knows_no_total_then_counts_and_then_is_done() {
    let sandbox = Sandbox::new(crowd_of(1_000));
    let id = start(&sandbox, search(50_000)).await;
    let mut seen = Vec::new();
    for wait in [0, 499, 1, 1_250, 1_249, 1] {
        advance(Duration::from_millis(wait)).await;
        let data = progress(&sandbox, &id).await;
        assert_eq!(data["batchId"], id);
        assert_eq!((&data["errors"], &data["partial"]), (&json!(0), &json!(false)));
        assert!(data["message"].is_string() && data.get("status").is_none());
        assert_eq!(data.as_object().unwrap().len(), 7, "{data}");
        seen.push(json!([data["processed"], data["total"], data["done"]]));
    }
    let expected = json!([
        [0, -1, false],
        [0, -1, false],
        [0, 1_000, false],
        [500, 1_000, false],
        [999, 1_000, false],
        [1_000, 1_000, true],
    ]);
    assert_eq!(json!(seen), expected);
    let reply = get(&sandbox, &format!("/company-follower/{id}/progress")).await;
    assert_eq!(keys(reply.at("/meta")), ["requestId"]);
    assert_eq!(sandbox.audit().reserved, 5_000_000, "no progress settles anything");
}

#[tokio::test(start_paused = true)]
async fn the_total_may_be_known_at_once() {
    let mut options = crowd_of(1_000);
    options.followers.total_at_once = true;
    let sandbox = Sandbox::new(options);
    let id = start(&sandbox, search(700)).await;
    assert_eq!(progress(&sandbox, &id).await["total"], 700);
}

#[tokio::test(start_paused = true)]
async fn the_same_search_twice_is_two_scrapes_of_the_same_followers() {
    let sandbox = Sandbox::new(crowd_of(50));
    let body =
        |levels: Value| json!({ "companyUrl": ACME, "max_limit": 50, "levels": levels });
    let first = start(&sandbox, body(json!(["CXO", "Senior"]))).await;
    let second = start(&sandbox, body(json!(["Senior", "CXO", "CXO"]))).await;
    assert_ne!(first, second);
    wait().await;
    let [first, second] =
        [results(&sandbox, &first, "").await, results(&sandbox, &second, "").await];
    assert_eq!(first.at("/data/data"), second.at("/data/data"));
    let audit = sandbox.audit();
    assert_eq!(
        (audit.jobs, audit.asked_twice),
        (2, 1),
        "the order of values is no other search"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_finds_the_same_followers_and_another_seed_others() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let sandbox = Sandbox::new(Options { seed, limits: false, ..Options::default() });
        let id = start(&sandbox, search(100)).await;
        wait().await;
        runs.push(results(&sandbox, &id, "").await.at("/data/data").clone());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}
