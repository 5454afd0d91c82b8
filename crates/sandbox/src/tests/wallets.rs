//! The balance, its history, and the sandbox's own routes.

use std::time::Duration;

use serde_json::json;
use tokio::time::advance;

use super::client::{get, read, sandbox, send, submit};
use crate::{Audit, Options};

#[tokio::test(start_paused = true)]
async fn the_balance_is_what_is_left_at_this_moment() {
    let sandbox = sandbox(Options::default());
    submit(&sandbox, 5).await;
    advance(Duration::from_millis(61_250)).await;
    let reply = get(&sandbox, "/wallets/balance").await;
    let data = reply.at("/data");
    assert_eq!(data["balance"], 999_950);
    assert_eq!(data["currency"], "credits");
    assert_eq!(data["asOf"], "2026-01-01T00:01:01.250Z");
    assert!(data["organizationId"].is_string());
    assert!(reply.at("/meta/requestId").is_string());
}

#[tokio::test(start_paused = true)]
async fn transactions_come_newest_first_by_page_and_by_type() {
    let options =
        Options { limits: false, deductions_name_batch: true, ..Options::default() };
    let sandbox = sandbox(options);
    for _ in 0..60 {
        submit(&sandbox, 1).await;
    }
    sandbox.top_up(500);
    let last = submit(&sandbox, 2).await;
    let reply = get(&sandbox, "/wallets/transactions").await;
    let rows = reply.at("/data/transactions").as_array().unwrap();
    assert_eq!(rows.len(), 50);
    assert_eq!(rows[0]["amount"], -20);
    assert_eq!(rows[0]["balanceAfter"], 1_000_000 - 600 + 500 - 20);
    assert_eq!(rows[0]["metadata"], json!({ "batchId": last }));
    assert_eq!((&rows[1]["type"], &rows[1]["amount"]), (&json!("topup"), &json!(500)));
    assert!(reply.body.get("meta").is_none());
    let path = "/wallets/transactions?type=deduction&limit=100&page=1";
    let reply = get(&sandbox, path).await;
    let pagination = json!({ "page": 1, "limit": 100, "total": 61, "totalPages": 1 });
    assert_eq!(reply.at("/data/pagination"), &pagination);
    let past = get(&sandbox, "/wallets/transactions?page=3").await;
    assert_eq!(past.at("/data/transactions"), &json!([]));
    for query in ["limit=101", "page=0", "type=gift"] {
        let path = format!("/wallets/transactions?{query}");
        assert_eq!(get(&sandbox, &path).await.status, 400, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_audit_and_the_top_up_need_no_key_and_count_nowhere() {
    let sandbox = sandbox(Options::default());
    let path = "/sandbox/topup";
    let reply = read(send(&sandbox, "POST", path, r#"{"credits": 5}"#).await).await;
    assert_eq!(reply.body, json!({ "balance": 1_000_005 }));
    let reply = read(send(&sandbox, "POST", path, r#"{"credits": -999955}"#).await).await;
    assert_eq!(reply.body, json!({ "balance": 50 }));
    submit(&sandbox, 1).await;
    let reply = read(send(&sandbox, "GET", "/sandbox/audit", "").await).await;
    let audit: Audit = serde_json::from_value(reply.body).unwrap();
    assert_eq!(audit, sandbox.audit());
    assert_eq!(audit.requests.values().sum::<u64>(), 1);
}
