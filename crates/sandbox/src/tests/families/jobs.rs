//! Bulk jobs: submit, status, pages.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::super::client::{get, post, sandbox};
use super::{FAMILIES, email, emails, keys, length};
use crate::{EarlyResults, Fault, Options};

#[tokio::test(start_paused = true)]
async fn a_submit_counts_and_reserves_distinct_addresses() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let body = json!({
            "emails": ["ada@x.io", " ADA@X.io", "bao@x.io", "ada@x.io"],
            "webhookUrl": "https://hooks.example.net/e/1", "unknown": true,
        });
        let reply = post(&sandbox, family.bulk, body).await;
        let id = reply.at("/data/batchId").as_str().unwrap().to_owned();
        assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_eq!(keys(&reply.body), ["data", "meta", "success"]);
        let data = json!({
            "batchId": id, "status": "queued", "itemCount": 2, "originalCount": 4,
            "duplicatesRemoved": 2, "message": family.message,
        });
        assert_eq!(reply.at("/data"), &data);
        let price = family.price;
        let meta = json!({
            "requestId": reply.at("/meta/requestId"), "creditsReserved": 2 * price,
            "creditsPerItem": price, "estimatedCredits": 2 * price,
        });
        assert_eq!(reply.at("/meta"), &meta);
        assert!(reply.at("/meta/requestId").is_string());
        assert_eq!(sandbox.audit().reserved, 2 * price);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_goes_from_queued_through_processing_to_completed() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let id = family.submit(&sandbox, 1_000).await;
        for (wait, status, processed, progress) in [
            (0, "queued", 0, 0.0),
            (1_750, "processing", 500, 50.0),
            (1_250, "completed", 1_000, 100.0),
        ] {
            advance(Duration::from_millis(wait)).await;
            let reply = family.status(&sandbox, &id).await;
            let data = json!({
                "batchId": id, "status": status, "totalItems": 1_000,
                "processedItems": processed, "progress": progress,
            });
            assert_eq!(reply.at("/data"), &data);
            assert_eq!(keys(reply.at("/meta")), ["requestId"]);
        }
        assert_eq!(sandbox.audit().requests[family.route], 3);
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_of_results_has_its_counters_and_no_other_key() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let id = family.submit(&sandbox, 250).await;
        advance(Duration::from_secs(3)).await;
        let (hits, price) = (family.hits(250), family.price);
        for page in 1..=4 {
            let reply =
                family.results(&sandbox, &id, &format!("?limit=100&page={page}")).await;
            let mut data = reply.at("/data").clone();
            let results = data.as_object_mut().unwrap().remove("results").unwrap();
            let whole = json!({
                "batchId": id, "status": "completed", "totalItems": 250,
                "processedItems": 250, "successful": hits, "failed": 250 - hits,
                "page": page, "limit": 100,
            });
            assert_eq!(data, whole);
            let of_page = (page - 1) * 100..(page * 100).min(250);
            assert_eq!(results.as_array().unwrap().len(), family.shown(of_page));
            let meta = json!({
                "requestId": reply.at("/meta/requestId"),
                "creditsUsed": hits * price, "creditsRefunded": (250 - hits) * price,
                "creditsRemaining": 1_000_000 - hits * price,
                "totalItems": 250, "processedItems": 250,
            });
            assert_eq!(reply.at("/meta"), &meta);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_is_100_items_unless_asked_and_1000_at_most() {
    for family in FAMILIES {
        let sandbox = sandbox(Options { limits: false, ..Options::default() });
        let id = family.submit(&sandbox, 2_000).await;
        advance(Duration::from_secs(9)).await;
        let usual = family.results(&sandbox, &id, "").await;
        assert_eq!(
            (usual.at("/data/page"), usual.at("/data/limit")),
            (&json!(1), &json!(100))
        );
        assert_eq!(length(&usual), family.shown(0..100));
        let most = family.results(&sandbox, &id, "?limit=1000").await;
        assert_eq!(length(&most), family.shown(0..1_000));
        for query in ["?limit=1001", "?limit=0", "?page=0", "?page=x", "?page=1&page=2"] {
            let reply = family.results(&sandbox, &id, query).await;
            assert_eq!(reply.status, 400, "{query}");
        }
        let refused = family.results(&sandbox, &id, "?limit=1001").await;
        let detail = "querystring/limit Number must be less than or equal to 1000";
        assert_eq!(refused.at("/detail"), detail);
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_may_be_lowered_instead_of_refused() {
    for family in FAMILIES {
        let sandbox = sandbox(Options { clamp_limit: true, ..Options::default() });
        let id = family.submit(&sandbox, 3).await;
        advance(Duration::from_secs(3)).await;
        let reply = family.results(&sandbox, &id, "?limit=5000").await;
        assert_eq!(reply.at("/data/limit"), 1_000);
    }
}

#[tokio::test(start_paused = true)]
async fn results_before_the_end_are_partial_or_a_conflict() {
    for family in FAMILIES {
        let partial = sandbox(Options::default());
        let id = family.submit(&partial, 1_000).await;
        advance(Duration::from_millis(1_750)).await;
        let reply = family.results(&partial, &id, "?limit=1000").await;
        assert_eq!(reply.at("/data/status"), "processing");
        assert_eq!(reply.at("/data/processedItems"), 500);
        assert_eq!(reply.at("/data/successful"), family.hits(500));
        assert_eq!(reply.at("/data/failed"), 500 - family.hits(500));
        assert_eq!(length(&reply), family.shown(0..500));
        let meta = ["creditsRemaining", "processedItems", "requestId", "totalItems"];
        assert_eq!(keys(reply.at("/meta")), meta, "nothing is settled");
        let early_results = EarlyResults::Conflict;
        let conflict = sandbox(Options { early_results, ..Options::default() });
        let id = family.submit(&conflict, 1).await;
        assert_eq!(family.results(&conflict, &id, "").await.status, 409);
    }
}

#[tokio::test(start_paused = true)]
async fn another_familys_job_is_not_found() {
    for family in FAMILIES {
        let sandbox = sandbox(Options { limits: false, ..Options::default() });
        let id = family.submit(&sandbox, 1).await;
        for bulk in
            FAMILIES.map(|other| other.bulk).into_iter().chain(["/email-finder/batch"])
        {
            let status = if bulk == family.bulk { 200 } else { 404 };
            for path in [format!("{bulk}/{id}"), format!("{bulk}/{id}/results")] {
                assert_eq!(get(&sandbox, &path).await.status, status, "{path}");
            }
        }
        for id in ["000000000000000000000000", "0"] {
            for reply in [
                family.status(&sandbox, id).await,
                family.results(&sandbox, id, "").await,
            ] {
                let problem = json!({
                    "type": "https://dev.enrich.so/errors/not-found", "title": "Not Found",
                    "status": 404, "detail": "No batch found with that ID",
                });
                assert_eq!(reply.body, problem);
                assert_eq!(reply.header("content-type"), "application/problem+json");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_known_for_ever_or_for_as_long_as_was_said() {
    for family in FAMILIES {
        for (retention, status) in [(None, 200), (Some(Duration::from_secs(60)), 404)] {
            let sandbox = sandbox(Options { retention, ..Options::default() });
            let id = family.submit(&sandbox, 100).await;
            advance(Duration::from_millis(62_099)).await;
            assert_eq!(family.status(&sandbox, &id).await.status, 200);
            advance(Duration::from_millis(1)).await;
            assert_eq!(family.status(&sandbox, &id).await.status, status);
            assert_eq!(family.results(&sandbox, &id, "").await.status, status);
            assert_eq!(sandbox.audit().unsettled, u64::from(status == 404));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_gives_and_charges_what_was_done() {
    for family in FAMILIES {
        let faults = vec![Fault::FailedJob(40)];
        let sandbox = sandbox(Options { faults, ..Options::default() });
        let id = family.submit(&sandbox, 100).await;
        advance(Duration::from_secs(3)).await;
        let status = family.status(&sandbox, &id).await;
        assert_eq!(status.at("/data/status"), "failed");
        assert_eq!(status.at("/data/progress"), 40.0);
        let reply = family.results(&sandbox, &id, "").await;
        let (hits, price) = (family.hits(40), family.price);
        let counts = ["/data/processedItems", "/data/successful", "/data/failed"];
        assert_eq!(
            counts.map(|at| reply.at(at)),
            [&json!(40), &json!(hits), &json!(40 - hits)]
        );
        assert_eq!(length(&reply), family.shown(0..40));
        assert_eq!(reply.at("/meta/creditsUsed"), hits * price);
        assert_eq!(reply.at("/meta/creditsRefunded"), (100 - hits) * price);
    }
}

#[tokio::test(start_paused = true)]
async fn results_keep_the_submitted_order_or_are_shuffled_the_same_for_a_seed() {
    for family in FAMILIES {
        let mut runs: Vec<Value> = Vec::new();
        for shuffled in [false, true, true] {
            let sandbox = sandbox(Options { shuffled, ..Options::default() });
            let id = family.submit(&sandbox, 50).await;
            advance(Duration::from_secs(3)).await;
            runs.push(
                family.results(&sandbox, &id, "").await.at("/data/results").clone(),
            );
        }
        let sorted = |run: &Value| {
            let mut texts: Vec<String> =
                run.as_array().unwrap().iter().map(Value::to_string).collect();
            texts.sort_unstable();
            texts
        };
        assert_ne!(runs[0], runs[1]);
        assert_eq!(runs[1], runs[2]);
        assert_eq!(sorted(&runs[0]), sorted(&runs[1]));
    }
}

#[tokio::test(start_paused = true)]
async fn one_item_more_than_the_most_is_refused() {
    for family in FAMILIES {
        let sandbox =
            sandbox(Options { limits: false, balance: 1, ..Options::default() });
        let body = json!({ "emails": vec![email(0); family.most + 1] });
        let reply = post(&sandbox, family.bulk, body).await;
        assert_eq!(reply.status, 400);
        let most = format!("Array must contain at most {} element(s)", family.most);
        assert!(reply.at("/detail").as_str().unwrap().ends_with(&most), "{}", reply.body);
        let body = json!({ "emails": vec![email(0); family.most] });
        assert_eq!(
            post(&sandbox, family.bulk, body).await.status,
            402,
            "the most passes"
        );
        assert_eq!(post(&sandbox, family.bulk, emails(0)).await.status, 400);
    }
}
