//! The balance, its history, and the sandbox's own routes.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{found, get, read, results, sandbox, send, submit};
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
async fn each_type_has_a_list_of_its_own() {
    let sandbox = sandbox(Options { limits: false, ..Options::default() });
    let id = submit(&sandbox, 100).await;
    advance(Duration::from_secs(3)).await;
    results(&sandbox, &id, "").await;
    sandbox.top_up(500);
    sandbox.top_up(-70);
    let refund = i64::try_from(1_000 - found(100) * 10).unwrap();
    for (kind, amount, metadata) in [
        ("deduction", -1_000, json!({})),
        ("refund", refund, json!({ "batchId": id })),
        ("topup", 500, json!({})),
        ("adjustment", -70, json!({})),
    ] {
        let reply = get(&sandbox, &format!("/wallets/transactions?type={kind}")).await;
        let pagination = json!({ "page": 1, "limit": 50, "total": 1, "totalPages": 1 });
        assert_eq!(reply.at("/data/pagination"), &pagination, "{kind}");
        let row = reply.at("/data/transactions/0");
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        let all = [
            "amount",
            "balanceAfter",
            "createdAt",
            "description",
            "id",
            "metadata",
            "organizationId",
            "type",
        ];
        assert_eq!(keys, all);
        assert_eq!((&row["type"], &row["amount"]), (&json!(kind), &json!(amount)));
        assert_eq!(row["metadata"], metadata, "{kind}");
    }
    let all = get(&sandbox, "/wallets/transactions").await;
    let of = |key: &str| -> Vec<Value> {
        let rows = all.at("/data/transactions").as_array().unwrap();
        rows.iter().map(|row| row[key].clone()).collect()
    };
    assert_eq!(of("type"), ["adjustment", "topup", "refund", "deduction"]);
    let ids: BTreeSet<String> = of("id").iter().map(Value::to_string).collect();
    assert_eq!(ids.len(), 4);
    let balance = get(&sandbox, "/wallets/balance").await;
    assert_eq!(of("balanceAfter")[0], *balance.at("/data/balance"));
    assert_eq!(of("organizationId")[0], *balance.at("/data/organizationId"));
}

#[tokio::test(start_paused = true)]
async fn a_limit_above_the_most_is_lowered_on_demand() {
    let sandbox = sandbox(Options { clamp_limit: true, ..Options::default() });
    let reply = get(&sandbox, "/wallets/transactions?limit=101").await;
    assert_eq!(reply.at("/data/pagination/limit"), 100);
    assert_eq!(reply.at("/data/pagination/totalPages"), 0);
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
