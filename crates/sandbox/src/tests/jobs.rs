//! Batches: dedupe, progress, pages.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{Reply, get, leads, post, results, sandbox, submit};
use crate::{EarlyResults, Options, Quirks};

fn names(reply: &Reply) -> Vec<&str> {
    let results = reply.at("/data/results").as_array().unwrap();
    results.iter().map(|result| result["lastName"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn duplicates_are_removed_before_they_are_paid() {
    let sandbox = sandbox(Options::default());
    let body = json!({
        "leads": [
            { "firstName": "Ada", "lastName": "Byron", "domain": "example.com" },
            { "firstName": "ada ", "lastName": "BYRON", "domain": "Example.com" },
            { "firstName": "No", "lastName": "Body", "domain": "example.org" },
        ],
        "webhookUrl": "https://hooks.example.net/e/1",
        "unknown": true,
    });
    let reply = post(&sandbox, "/email-finder/batch", body).await;
    let id = reply.at("/data/batchId").as_str().unwrap().to_owned();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    assert_eq!(
        *reply.at("/data"),
        json!({
            "batchId": id, "status": "queued",
            "itemCount": 2, "originalCount": 3, "duplicatesRemoved": 1,
        })
    );
    assert_eq!(reply.at("/meta/creditsReserved"), 20);
    assert_eq!(reply.at("/meta/creditsPerItem"), 10);
    assert_eq!(reply.at("/meta/estimatedCredits"), 20);
    advance(Duration::from_secs(3)).await;
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(names(&reply), ["Byron", "Body"], "the first spelling is echoed");
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_from_queued_through_processing_to_completed() {
    let sandbox = sandbox(Options::default());
    let id = submit(&sandbox, 1_000).await;
    let path = format!("/email-finder/batch/{id}");
    let mut seen = Vec::new();
    for wait in [0, 1_750, 1_250] {
        advance(Duration::from_millis(wait)).await;
        seen.push(get(&sandbox, &path).await.at("/data").clone());
    }
    let data = |status: &str, processed: usize, progress: f64| {
        json!({
            "batchId": id, "status": status,
            "totalItems": 1_000, "processedItems": processed, "progress": progress,
        })
    };
    assert_eq!(
        seen,
        [
            data("queued", 0, 0.0),
            data("processing", 500, 50.0),
            data("completed", 1_000, 100.0)
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn pages_cover_every_item_once_and_are_empty_past_the_end() {
    let sandbox = sandbox(Options { shuffled: true, ..Options::default() });
    let id = submit(&sandbox, 250).await;
    advance(Duration::from_secs(3)).await;
    let mut seen = BTreeSet::new();
    for (page, length) in [(1, 100), (2, 100), (3, 50), (4, 0)] {
        let reply = results(&sandbox, &id, &format!("?page={page}")).await;
        assert_eq!(names(&reply).len(), length);
        assert_eq!(reply.at("/data/totalItems"), 250);
        assert_eq!(reply.at("/data/processedCount"), 250);
        seen.extend(names(&reply).into_iter().map(str::to_owned));
    }
    assert_eq!(seen.len(), 250);
    let first = results(&sandbox, &id, "?limit=1").await;
    assert_ne!(names(&first), ["Byron0"], "shuffled");
}

#[tokio::test(start_paused = true)]
async fn results_before_the_end_are_partial_or_a_conflict() {
    let partial = sandbox(Options::default());
    let id = submit(&partial, 1_000).await;
    advance(Duration::from_millis(1_750)).await;
    let reply = results(&partial, &id, "?limit=1000").await;
    assert_eq!(names(&reply).len(), 500);
    assert_eq!(reply.at("/data/status"), "processing");
    assert_eq!(*reply.at("/meta/creditsUsed"), Value::Null);
    let early_results = EarlyResults::Conflict;
    let conflict = sandbox(Options { early_results, ..Options::default() });
    let id = submit(&conflict, 1).await;
    assert_eq!(results(&conflict, &id, "").await.status, 409);
}

#[tokio::test(start_paused = true)]
async fn quirks_lose_double_and_invent_results() {
    let quirks =
        Quirks { drop: Some(1), duplicate: Some(2), extra: true, ..Quirks::default() };
    let sandbox = sandbox(Options { quirks, ..Options::default() });
    let id = submit(&sandbox, 4).await;
    advance(Duration::from_secs(3)).await;
    let first = results(&sandbox, &id, "?limit=3").await;
    assert_eq!(names(&first), ["Byron0", "Byron2", "Byron2"]);
    let second = results(&sandbox, &id, "?limit=3&page=2").await;
    assert_eq!(names(&second), ["Byron3", "Stranger"]);
    assert_eq!(second.at("/meta/totalItems"), 4);
}

#[tokio::test(start_paused = true)]
async fn validation_may_come_flat() {
    let sandbox = sandbox(Options { flat_validation: true, ..Options::default() });
    let emails: Vec<_> = (0..10).map(|nth| format!("ada{nth}@x.io")).collect();
    let body = json!({ "emails": emails });
    let submitted = post(&sandbox, "/email-validation/batch", body).await;
    let id = submitted.at("/data/batchId").as_str().unwrap();
    advance(Duration::from_secs(3)).await;
    let path = format!("/email-validation/batch/{id}");
    for path in [path.clone(), format!("{path}/results")] {
        let reply = get(&sandbox, &path).await;
        assert_eq!(*reply.at("/data"), Value::Null);
        assert_eq!(
            (reply.at("/status"), reply.at("/totalEmails")),
            (&json!("completed"), &json!(10))
        );
        assert_eq!(reply.at("/processedCount"), 10);
        let count = |name: &str| reply.at(name).as_u64().unwrap();
        assert_eq!(
            count("/validCount") + count("/invalidCount") + count("/riskyCount"),
            10
        );
    }
    let reply = get(&sandbox, &format!("{path}/results")).await;
    assert_eq!(reply.at("/results").as_array().map(Vec::len), Some(10));
    assert!(reply.at("/meta/creditsUsed").is_u64());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_run_and_another_seed_another() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let sandbox = sandbox(Options { seed, shuffled: true, ..Options::default() });
        let submitted = post(&sandbox, "/email-finder/batch", leads(50)).await;
        let id = submitted.at("/data/batchId").as_str().unwrap();
        advance(Duration::from_secs(3)).await;
        runs.push((submitted.body.clone(), results(&sandbox, id, "").await.body));
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0].1["data"]["results"], runs[2].1["data"]["results"]);
}
