//! What is refused before it has any effect.

use http::StatusCode;
use serde_json::{Value, json};

use super::client::{get, lead, leads, post, read, sandbox, send, submit};
use crate::{NoCreditBody, Options};

fn unlimited() -> Options {
    Options { limits: false, ..Options::default() }
}

fn with(field: &str, value: Value) -> Value {
    let mut lead = lead(0);
    lead[field] = value;
    lead
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_bounds_is_named_and_costs_nothing() {
    let sandbox = sandbox(unlimited());
    let at_least = "String must contain at least 1 character(s)";
    for (path, body, detail) in [
        ("/email-finder", json!({}), "body Invalid request".to_owned()),
        (
            "/email-finder",
            with("firstName", json!("")),
            format!("body/firstName {at_least}"),
        ),
        (
            "/email-finder",
            with("lastName", json!("é".repeat(101))),
            "body/lastName String must contain at most 100 character(s)".to_owned(),
        ),
        (
            "/email-finder/batch",
            json!({ "leads": [lead(0), with("domain", json!(""))] }),
            format!("body/leads/1/domain {at_least}"),
        ),
        (
            "/email-finder/batch",
            json!({ "leads": [] }),
            "body/leads Array must contain at least 1 element(s)".to_owned(),
        ),
        (
            "/email-finder/batch",
            json!({ "leads": [lead(0)], "webhookUrl": "nowhere" }),
            "body/webhookUrl Invalid url".to_owned(),
        ),
        (
            "/email-validation",
            json!({ "email": "nobody" }),
            "body/email Invalid email".to_owned(),
        ),
        (
            "/email-validation/batch",
            json!({ "emails": ["a@x.io", ""] }),
            format!("body/emails/1 {at_least}"),
        ),
    ] {
        let reply = post(&sandbox, path, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/validation-error");
        assert_eq!(reply.at("/title"), "Validation Error");
        assert_eq!(reply.at("/detail"), &json!(detail));
    }
    assert_eq!(sandbox.audit().balance, 1_000_000);
}

#[tokio::test(start_paused = true)]
async fn lengths_are_counted_in_characters_and_the_bounds_are_inside() {
    let sandbox = sandbox(unlimited());
    let longest = with("lastName", json!("é".repeat(100)));
    assert_eq!(post(&sandbox, "/email-finder", longest).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_more_than_half_a_million_is_refused() {
    let sandbox = sandbox(unlimited());
    let emails = vec!["a@x.io"; 500_001];
    let reply =
        post(&sandbox, "/email-validation/batch", json!({ "emails": emails })).await;
    let detail = "body/emails Array must contain at most 500000 element(s)";
    assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
}

#[tokio::test(start_paused = true)]
async fn a_body_above_the_knob_is_too_large() {
    let sandbox = sandbox(Options { max_body: Some(100), ..unlimited() });
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(10)).await.status, 413);
}

#[tokio::test(start_paused = true)]
async fn pages_are_within_bounds_and_batches_known() {
    let sandbox = sandbox(unlimited());
    let id = submit(&sandbox, 1).await;
    let path = format!("/email-finder/batch/{id}/results");
    for query in ["page=0", "limit=0", "limit=1001", "page=x", "page=1&page=2"] {
        assert_eq!(
            get(&sandbox, &format!("{path}?{query}")).await.status,
            400,
            "{query}"
        );
    }
    assert_eq!(get(&sandbox, &format!("{path}?page=1&limit=1000")).await.status, 200);
    for path in [
        "/email-finder/batch/000000000000000000000000".to_owned(),
        "/email-finder/batch/0/results".to_owned(),
        format!("/email-validation/batch/{id}"),
    ] {
        let reply = get(&sandbox, &path).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND);
        assert_eq!(reply.at("/detail"), "No batch found with that ID");
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/not-found");
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_wallet_is_402_in_three_bodies() {
    let bodies = [
        (
            NoCreditBody::Extended,
            json!({
                "type": "https://dev.enrich.so/errors/insufficient-credits",
                "title": "Insufficient Credits",
                "status": 402,
                "detail": "This operation requires 20 credits, but your balance is 19 credits.",
                "currentBalance": 19,
                "required": 20,
                "shortfall": 1,
            }),
        ),
        (
            NoCreditBody::Plain,
            json!({
                "type": "https://dev.enrich.so/errors/insufficient-credits",
                "title": "Insufficient Credits",
                "status": 402,
                "detail": "Not enough credits. Required: 20, available: 19",
            }),
        ),
        (
            NoCreditBody::Flat,
            json!({
                "error": "Payment Required",
                "message": "Insufficient credits for batch operation",
                "detail": { "required": 20, "itemCount": 2, "creditCostPerItem": 10 },
                "statusCode": 402,
            }),
        ),
    ];
    for (no_credit_body, body) in bodies {
        let sandbox = sandbox(Options { no_credit_body, balance: 19, ..unlimited() });
        let reply = post(&sandbox, "/email-finder/batch", leads(2)).await;
        assert_eq!((reply.status, reply.body), (StatusCode::PAYMENT_REQUIRED, body));
        let audit = sandbox.audit();
        assert_eq!((audit.balance, audit.jobs, audit.asked.len()), (19, 0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_is_refused() {
    let sandbox = sandbox(unlimited());
    let reply = read(send(&sandbox, "POST", "/api/v3/email-finder", "{").await).await;
    assert_eq!(reply.at("/detail"), "body Invalid request");
}
