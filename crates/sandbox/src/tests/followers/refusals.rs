//! What is refused before it has any effect.

use serde_json::{Value, json};

use super::{ACME, crowd_of, results, search, start, wait};
use crate::tests::client::{get, post, read, send};
use crate::{Fault, NoCreditBody, Options, Plan, Sandbox};

fn with(field: &str, value: Value) -> Value {
    let mut body = search(10);
    body[field] = value;
    body
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_bounds_is_named_and_costs_nothing() {
    let sandbox = Sandbox::new(crowd_of(10));
    for (body, detail) in [
        (json!({ "companyUrl": ACME }), "body Invalid request"),
        (json!({ "max_limit": 1 }), "body Invalid request"),
        (with("max_limit", json!(1.5)), "body Invalid request"),
        (with("max_limit", json!("5")), "body Invalid request"),
        (with("levels", json!("CXO")), "body Invalid request"),
        (with("skipCache", json!("no")), "body Invalid request"),
        (
            with("max_limit", json!(0)),
            "body/max_limit Number must be greater than or equal to 1",
        ),
        (
            with("max_limit", json!(-1)),
            "body/max_limit Number must be greater than or equal to 1",
        ),
        (
            with("max_limit", json!(50_001)),
            "body/max_limit Number must be less than or equal to 50000",
        ),
        (with("companyUrl", json!("acme")), "body/companyUrl Invalid url"),
        (
            with("companyUrl", json!("https://www.linkedin.com/in/ada")),
            "body/companyUrl Invalid url",
        ),
        (
            with("name", json!("é".repeat(101))),
            "body/name String must contain at most 100 character(s)",
        ),
        (
            with("countries", json!(["Germany", "Atlantis"])),
            "body/countries/1 Invalid enum value",
        ),
        (with("states", json!(["bavaria"])), "body/states/0 Invalid enum value"),
        (with("jobTitles", json!([""])), "body/jobTitles/0 Invalid enum value"),
        (with("departments", json!(["sales"])), "body/departments/0 Invalid enum value"),
        (with("levels", json!(["C-Suite"])), "body/levels/0 Invalid enum value"),
        (with("webhookUrl", json!("nowhere")), "body/webhookUrl Invalid url"),
    ] {
        let reply = post(&sandbox, "/company-follower", body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/validation-error");
    }
    let audit = sandbox.audit();
    assert_eq!((audit.jobs, audit.charged + audit.reserved), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_bounds_are_inside_and_unknown_keys_are_ignored() {
    let sandbox = Sandbox::new(crowd_of(10));
    let mut body = with("max_limit", json!(49_999));
    body["name"] = json!("é".repeat(100));
    body["unknown"] = json!(true);
    body["skipCache"] = json!(true);
    body["levels"] = json!([]);
    start(&sandbox, body).await;
    start(&sandbox, search(1)).await;
}

#[tokio::test(start_paused = true)]
async fn the_most_is_fifty_thousand() {
    let sandbox = Sandbox::new(crowd_of(10));
    assert_eq!(post(&sandbox, "/company-follower", search(50_000)).await.status, 200);
    assert_eq!(sandbox.audit().reserved, 5_000_000);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_is_404_everywhere() {
    let sandbox = Sandbox::new(crowd_of(10));
    let other = "000000000000000000000000";
    for (path, detail) in [
        (format!("/company-follower/{other}/progress"), "No batch found with that ID"),
        (format!("/company-follower/{other}/results"), "No batch found with that ID"),
        (format!("/company-follower/{other}/export"), "No batch found with that ID"),
        (format!("/count-estimate/{other}"), "No batch found with that ID"),
        (format!("/company-follower/{other}"), "Route not found"),
    ] {
        let reply = get(&sandbox, &path).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (404, &json!(detail)));
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/not-found");
    }
    let id = start(&sandbox, search(10)).await;
    let elsewhere = get(&sandbox, &format!("/email-finder/batch/{id}")).await;
    assert_eq!(elsewhere.status, 404, "another family's paths do not know it");
}

#[tokio::test(start_paused = true)]
async fn pages_are_within_bounds() {
    let sandbox = Sandbox::new(crowd_of(10));
    let id = start(&sandbox, search(10)).await;
    wait().await;
    for query in ["page=0", "limit=0", "limit=501", "page=x", "page=1&page=2"] {
        let status = results(&sandbox, &id, &format!("?{query}")).await.status;
        assert_eq!(status, 400, "{query}");
    }
    assert_eq!(sandbox.audit().reserved, 1_000, "no refusal settles");
    let clamped = Sandbox::new(Options { clamp_limit: true, ..crowd_of(10) });
    let id = start(&clamped, search(10)).await;
    wait().await;
    let reply = results(&clamped, &id, "?limit=1000").await;
    assert_eq!(reply.at("/data/pagination/limit"), 500);
}

#[tokio::test(start_paused = true)]
async fn what_the_balance_does_not_cover_is_402_in_three_bodies() {
    let problem = |detail: &str| {
        json!({
            "type": "https://dev.enrich.so/errors/insufficient-credits",
            "title": "Insufficient Credits", "status": 402, "detail": detail,
        })
    };
    let mut extended =
        problem("This operation requires 1000 credits, but your balance is 999 credits.");
    extended["currentBalance"] = json!(999);
    extended["required"] = json!(1_000);
    extended["shortfall"] = json!(1);
    let flat = json!({
        "error": "Payment Required",
        "message": "Insufficient credits for batch operation",
        "detail": { "required": 1_000, "itemCount": 10, "creditCostPerItem": 100 },
        "statusCode": 402,
    });
    for (no_credit_body, body) in [
        (NoCreditBody::Extended, extended),
        (
            NoCreditBody::Plain,
            problem("Not enough credits. Required: 1000, available: 999"),
        ),
        (NoCreditBody::Flat, flat),
    ] {
        let sandbox =
            Sandbox::new(Options { no_credit_body, balance: 999, ..crowd_of(10) });
        let reply = post(&sandbox, "/company-follower", search(10)).await;
        assert_eq!((reply.status.as_u16(), reply.body), (402, body));
        let audit = sandbox.audit();
        assert_eq!((audit.balance, audit.jobs, audit.asked.len()), (999, 0, 0));
        let limit = get(&sandbox, "/company-follower/limit").await;
        assert_eq!(limit.at("/data/dailyUsed"), 0, "nor does it take of the day");
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_is_a_bulk_submit_and_an_estimate_is_not() {
    let sandbox =
        Sandbox::new(Options { limits: true, plan: Plan::Free, ..crowd_of(10) });
    let first = post(&sandbox, "/company-follower", search(10)).await;
    assert_eq!((first.status.as_u16(), first.header("x-ratelimit-limit")), (200, "2"));
    assert_eq!(first.header("x-ratelimit-remaining"), "1");
    assert_eq!(first.header("x-ratelimit-reset"), "60");
    let refused = post(&sandbox, "/company-follower", search(10)).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "1"));
    let continued = post(&sandbox, "/company-follower?batchId=x", json!({})).await;
    assert_eq!(continued.status, 429, "the query makes no other category");
    let estimate = post(&sandbox, "/count-estimate", json!({ "companyUrl": ACME })).await;
    assert_eq!(
        (estimate.status.as_u16(), estimate.header("x-ratelimit-limit")),
        (200, "60")
    );
    let poll = get(&sandbox, "/company-follower/limit").await;
    assert_eq!(poll.header("x-ratelimit-limit"), "60");
    assert_eq!(poll.header("x-ratelimit-remaining"), "57");
}

#[tokio::test(start_paused = true)]
async fn without_a_key_there_is_401_on_every_path() {
    let options = Options { api_keys: Vec::new(), ..crowd_of(10) };
    let sandbox = Sandbox::new(options);
    for (method, path) in [
        ("POST", "company-follower"),
        ("POST", "company-follower?batchId=b"),
        ("GET", "company-follower/limit"),
        ("GET", "company-follower/b/progress"),
        ("GET", "company-follower/b/results"),
        ("GET", "company-follower/b/export"),
        ("POST", "count-estimate"),
        ("GET", "count-estimate/e"),
        ("GET", "wallets/balance"),
        ("GET", "wallets/transactions"),
        ("GET", "teams/a/members"),
        ("GET", "teams/a/invitations"),
        ("POST", "teams/a/invitations"),
        ("DELETE", "teams/a/invitations/f"),
    ] {
        let reply =
            read(send(&sandbox, method, &format!("/api/v3/{path}"), "{}").await).await;
        assert_eq!(reply.status, 401, "{method} {path}");
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/unauthorized");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_strike_starts_and_estimates_in_order() {
    let faults = vec![
        Fault::RefusedBefore,
        Fault::ErrorAfter,
        Fault::RefusedBefore,
        Fault::ErrorAfter,
    ];
    let sandbox = Sandbox::new(Options { faults, ..crowd_of(10) });
    let mut seen = Vec::new();
    for path in
        ["/company-follower", "/company-follower", "/count-estimate", "/count-estimate"]
    {
        let reply = post(&sandbox, path, search(10)).await;
        let audit = sandbox.audit();
        seen.push((reply.status.as_u16(), audit.reserved, audit.charged));
    }
    assert_eq!(seen, [(503, 0, 0), (500, 1_000, 0), (503, 1_000, 0), (500, 1_000, 100)]);
}
