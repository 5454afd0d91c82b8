//! Count estimates.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{ACME, START, crowd_of, keys, progress, start, wait};
use crate::tests::client::{Reply, get, post};
use crate::{EstimateEnd, Fault, NoCreditBody, Options, Sandbox};

async fn ask(sandbox: &Sandbox, body: Value) -> Reply {
    post(sandbox, "/count-estimate", body).await
}

fn id_of(reply: &Reply) -> String {
    reply.at("/data/batchId").as_str().unwrap().to_owned()
}

fn acme() -> Value {
    json!({ "companyUrl": ACME })
}

async fn look(sandbox: &Sandbox, id: &str) -> Reply {
    get(sandbox, &format!("/count-estimate/{id}")).await
}

#[tokio::test(start_paused = true)]
async fn an_estimate_costs_a_hundred_and_goes_from_pending_to_completed() {
    let sandbox = Sandbox::new(crowd_of(342));
    let reply = ask(&sandbox, acme()).await;
    let id = id_of(&reply);
    assert_eq!(id.len(), 24);
    assert_eq!(
        reply.body,
        json!({
            "success": true,
            "data": {
                "batchId": id, "status": "pending",
                "message": reply.at("/data/message"), "fromCache": false,
            },
            "meta": {
                "requestId": reply.at("/meta/requestId"),
                "creditsUsed": 100, "creditsRemaining": START - 100,
            },
        })
    );
    let mut seen = Vec::new();
    for wait in [0, 500, 29_499, 1] {
        advance(Duration::from_millis(wait)).await;
        let reply = look(&sandbox, &id).await;
        let meta = reply.at("/meta").clone();
        assert_eq!(keys(&meta), ["creditsRefunded", "creditsRemaining", "requestId"]);
        assert_eq!(
            (&meta["creditsRefunded"], &meta["creditsRemaining"]),
            (&json!(0), &json!(START - 100))
        );
        let data = reply.at("/data");
        assert_eq!((&data["companyUrl"], &data["batchId"]), (&json!(ACME), &json!(id)));
        assert_eq!(data["createdAt"], "2026-01-01T00:00:00.000Z");
        assert_eq!(data.get("data").is_some(), data["status"] == "completed");
        assert_eq!(data.get("completedAt").is_some(), data["status"] == "completed");
        seen.push(data["status"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["pending", "in_progress", "in_progress", "completed"]);
    let done = look(&sandbox, &id).await;
    assert_eq!(done.at("/data/completedAt"), "2026-01-01T00:00:30.000Z");
    assert_eq!(done.at("/data/data/totalCount"), 342);
    let rows = get(&sandbox, "/wallets/transactions").await;
    assert_eq!(rows.at("/data/pagination/total"), 1);
    assert_eq!(rows.at("/data/transactions/0/amount"), -100);
    assert_eq!(rows.at("/data/transactions/0/description"), "Count estimate: acme");
}

#[tokio::test(start_paused = true)]
async fn the_numbers_add_up_and_are_those_that_a_scrape_finds() {
    let sandbox = Sandbox::new(crowd_of(4_000));
    let filters = json!({
        "companyUrl": ACME, "departments": ["Sales", "Legal"], "countries": ["Germany", "India"],
    });
    let id = id_of(&ask(&sandbox, filters.clone()).await);
    let mut body = filters;
    body["max_limit"] = json!(4_000);
    let scrape = start(&sandbox, body).await;
    wait().await;
    let reply = look(&sandbox, &id).await;
    let data = reply.at("/data/data");
    assert_eq!(
        keys(data),
        ["filtersApplied", "functionBreakdown", "seniorityBreakdown", "totalCount"]
    );
    assert_eq!(data["totalCount"], progress(&sandbox, &scrape).await["total"]);
    assert!(data["totalCount"].as_u64().unwrap() > 0);
    assert_eq!(
        data["filtersApplied"],
        json!({
            "countries": ["Germany", "India"], "states": [], "jobTitles": [],
            "departments": ["Legal", "Sales"], "levels": [],
        })
    );
    let sum = |rows: &Value| -> u64 {
        rows.as_array().unwrap().iter().map(|row| row["count"].as_u64().unwrap()).sum()
    };
    let functions = &data["functionBreakdown"];
    assert_eq!(json!(sum(functions)), data["totalCount"]);
    assert_eq!(json!(sum(&data["seniorityBreakdown"])), data["totalCount"]);
    let names: Vec<&Value> =
        functions.as_array().unwrap().iter().map(|row| &row["functionName"]).collect();
    assert_eq!(names, [&json!("Legal"), &json!("Sales")]);
    for row in functions.as_array().unwrap() {
        assert_eq!(
            keys(row),
            ["count", "functionId", "functionName", "percentage", "seniorityBreakdown"]
        );
        assert_eq!(json!(sum(&row["seniorityBreakdown"])), row["count"]);
    }
    let row = &data["seniorityBreakdown"][0];
    assert_eq!(keys(row), ["count", "percentage", "seniorityId", "seniorityLevel"]);
    let share =
        row["count"].as_f64().unwrap() * 100.0 / data["totalCount"].as_f64().unwrap();
    assert!((row["percentage"].as_f64().unwrap() - share).abs() <= 0.05);
}

#[tokio::test(start_paused = true)]
async fn of_nobody_there_is_no_breakdown() {
    let sandbox = Sandbox::new(crowd_of(0));
    let id = id_of(&ask(&sandbox, acme()).await);
    wait().await;
    let nobody = json!({
        "totalCount": 0, "functionBreakdown": null,
        "seniorityBreakdown": null, "filtersApplied": null,
    });
    assert_eq!(look(&sandbox, &id).await.at("/data/data"), &nobody);
}

#[tokio::test(start_paused = true)]
async fn for_a_day_the_same_question_is_free() {
    let sandbox = Sandbox::new(crowd_of(342));
    let with = |levels: Value| json!({ "companyUrl": ACME, "levels": levels });
    let id = id_of(&ask(&sandbox, with(json!(["CXO", "Senior"]))).await);
    let running = ask(&sandbox, with(json!(["CXO", "Senior"]))).await;
    assert_eq!(running.at("/meta/creditsUsed"), 100, "there is no answer yet");
    wait().await;
    let reply = ask(&sandbox, with(json!(["Senior", "CXO"]))).await;
    let cached = id_of(&reply);
    assert_eq!(cached, id_of(&running), "the last answer");
    assert_ne!(cached, id);
    assert_eq!(
        keys(reply.at("/data")),
        ["batchId", "cachedAt", "data", "fromCache", "message", "status"]
    );
    assert_eq!(reply.at("/data/status"), "completed");
    assert_eq!(reply.at("/data/fromCache"), true);
    assert_eq!(reply.at("/data/cachedAt"), "2026-01-01T00:00:30.000Z");
    assert_eq!(reply.at("/data/data"), look(&sandbox, &cached).await.at("/data/data"));
    assert_eq!(reply.at("/meta/creditsUsed"), 0);
    assert_eq!(reply.at("/meta/creditsRemaining"), START - 200);
    for other in [
        with(json!(["CXO"])),
        acme(),
        json!({ "companyUrl": "https://www.linkedin.com/company/globex", "levels": ["CXO", "Senior"] }),
    ] {
        assert_eq!(ask(&sandbox, other).await.at("/data/fromCache"), false);
    }
    advance(Duration::from_secs(86_400 - 31)).await;
    assert_eq!(
        ask(&sandbox, with(json!(["CXO", "Senior"]))).await.at("/meta/creditsUsed"),
        0
    );
    advance(Duration::from_secs(1)).await;
    assert_eq!(
        ask(&sandbox, with(json!(["CXO", "Senior"]))).await.at("/meta/creditsUsed"),
        100
    );
}

#[tokio::test(start_paused = true)]
async fn a_failed_estimate_gives_its_credits_back_with_the_next_look_and_once() {
    let sandbox =
        Sandbox::new(Options { faults: vec![Fault::FailedJob(0)], ..crowd_of(342) });
    let id = id_of(&ask(&sandbox, acme()).await);
    ask(&sandbox, json!({ "companyUrl": ACME, "levels": ["CXO"] })).await;
    wait().await;
    assert_eq!(sandbox.audit().charged, 200, "nobody has looked");
    for _ in 0..2 {
        let reply = look(&sandbox, &id).await;
        assert_eq!(reply.at("/data/status"), "failed");
        assert!(reply.at("/data").get("data").is_none());
        assert_eq!(reply.at("/meta/creditsRefunded"), 100);
        assert_eq!(reply.at("/meta/creditsRemaining"), START - 100);
    }
    let rows = get(&sandbox, "/wallets/transactions?type=refund").await;
    assert_eq!(rows.at("/data/pagination/total"), 1);
    assert_eq!(rows.at("/data/transactions/0/metadata"), &json!({ "batchId": id }));
    let again = ask(&sandbox, acme()).await;
    assert_eq!(again.at("/data/fromCache"), false, "a failure is no answer");
}

#[tokio::test(start_paused = true)]
async fn after_seven_days_nothing_comes_back() {
    for (wait, refunded) in [(7 * 86_400 - 1, 100), (7 * 86_400, 0)] {
        let faults = vec![Fault::FailedJob(0)];
        let sandbox = Sandbox::new(Options { faults, ..crowd_of(342) });
        let id = id_of(&ask(&sandbox, acme()).await);
        advance(Duration::from_secs(wait)).await;
        let reply = look(&sandbox, &id).await;
        assert_eq!(reply.at("/data/status"), "failed");
        assert_eq!(reply.at("/meta/creditsRefunded"), refunded);
    }
}

#[tokio::test(start_paused = true)]
async fn estimates_may_end_otherwise_on_demand() {
    for (estimate_ends, status, refunded) in [
        (EstimateEnd::Completed, "completed", 0),
        (EstimateEnd::Failed, "failed", 100),
        (EstimateEnd::Cancelled, "cancelled", 0),
    ] {
        let mut options = crowd_of(342);
        options.followers.estimate_ends = estimate_ends;
        options.followers.estimate_takes = Duration::from_secs(5);
        let sandbox = Sandbox::new(options);
        let id = id_of(&ask(&sandbox, acme()).await);
        advance(Duration::from_secs(5)).await;
        let reply = look(&sandbox, &id).await;
        assert_eq!(reply.at("/data/status"), status);
        assert_eq!(reply.at("/meta/creditsRefunded"), refunded);
        let again = ask(&sandbox, acme()).await;
        assert_eq!(again.at("/data/fromCache"), status == "completed");
    }
}

#[tokio::test(start_paused = true)]
async fn chaos_lets_estimates_fail_and_hang() {
    for (fault, status) in
        [("job-failed=100%", "failed"), ("job-stuck=100%", "in_progress")]
    {
        let chaos = vec![fault.parse().unwrap()];
        let sandbox = Sandbox::new(Options { chaos, ..crowd_of(342) });
        let id = id_of(&ask(&sandbox, acme()).await);
        advance(Duration::from_secs(600)).await;
        assert_eq!(look(&sandbox, &id).await.at("/data/status"), status);
    }
}

#[tokio::test(start_paused = true)]
async fn what_it_cannot_read_or_is_not_paid_for_is_refused() {
    let sandbox = Sandbox::new(Options { balance: 99, ..crowd_of(342) });
    for (body, detail) in [
        (json!({}), "body Invalid request"),
        (json!({ "companyUrl": "acme" }), "body/companyUrl Invalid url"),
        (
            json!({ "companyUrl": ACME, "states": ["x"] }),
            "body/states/0 Invalid enum value",
        ),
    ] {
        let reply = ask(&sandbox, body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let reply = ask(&sandbox, acme()).await;
    assert_eq!(reply.status, 402);
    assert_eq!(reply.at("/required"), 100);
    assert_eq!(reply.at("/shortfall"), 1);
    let no_credit_body = NoCreditBody::Plain;
    let plain = Sandbox::new(Options { no_credit_body, balance: 99, ..crowd_of(342) });
    let reply = ask(&plain, acme()).await;
    assert_eq!(reply.at("/detail"), "Not enough credits. Required: 100, available: 99");
    assert_eq!(sandbox.audit().balance, 99);
}
