//! Keys, windows and headers.

use std::time::Duration;

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use tokio::time::advance;
use tower::ServiceExt;

use super::client::{Reply, get, leads, post, read, sandbox, send};
use crate::{ApiKey, KeyState, Options, Plan, Sandbox, ThrottleBody};

async fn with_key(sandbox: &Sandbox, header: &str, value: &str) -> Reply {
    let request = Request::get("/api/v3/wallets/balance").header(header, value);
    let request = request.body(Body::empty()).unwrap();
    read(sandbox.router().oneshot(request).await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn without_a_key_there_is_401_and_no_window_counts_it() {
    let sandbox = sandbox(Options::default());
    let reply = with_key(&sandbox, "accept", "*/*").await;
    assert_eq!(reply.status, StatusCode::UNAUTHORIZED);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert_eq!(
        reply.body,
        json!({
            "type": "https://dev.enrich.so/errors/unauthorized",
            "title": "Unauthorized",
            "status": 401,
            "detail": "This endpoint requires API key authentication. Provide key via x-api-key header or Authorization: Bearer sk_*",
        })
    );
    assert_eq!(reply.header("x-ratelimit-remaining"), "300");
    assert!(sandbox.audit().windows.iter().all(|window| window.offered == 0));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_does_not_open_says_why() {
    let key = |secret: &str, state| ApiKey { secret: secret.to_owned(), state };
    let api_keys = vec![
        ApiKey::active("sk_on"),
        key("sk_off", KeyState::Disabled),
        key("sk_suspended", KeyState::Suspended),
        key("sk_gone", KeyState::OrganizationGone),
    ];
    let mut options = Options { api_keys, ..Options::default() };
    let problems = sandbox(options.clone());
    options.flat_auth = true;
    let flat = sandbox(options);
    for (sent, status, word) in [
        ("sk_unknown", 401, "invalid or has been revoked"),
        ("sk_off", 401, "disabled"),
        ("sk_suspended", 403, "suspended"),
        ("sk_gone", 403, "no longer exists"),
    ] {
        let reply = with_key(&problems, "x-api-key", sent).await;
        assert_eq!(reply.status.as_u16(), status);
        assert!(reply.at("/detail").as_str().unwrap().contains(word), "{}", reply.body);
        let reply = with_key(&flat, "x-api-key", sent).await;
        assert_eq!(reply.status.as_u16(), status);
        assert!(reply.at("/error").is_string(), "{}", reply.body);
    }
    assert_eq!(with_key(&flat, "authorization", "Bearer sk_on").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn every_response_carries_the_headers() {
    let sandbox = sandbox(Options { plan: Plan::Free, ..Options::default() });
    let mut replies = vec![
        get(&sandbox, "/wallets/balance").await,
        get(&sandbox, "/email-finder/batch/none").await,
        get(&sandbox, "/no/such/route").await,
        get(&sandbox, "/email-finder").await,
        post(&sandbox, "/email-finder", json!({})).await,
        get(&sandbox, "/wallets/balance").await,
        with_key(&sandbox, "accept", "*/*").await,
    ];
    let statuses: Vec<u16> = replies.iter().map(|reply| reply.status.as_u16()).collect();
    assert_eq!(statuses, [200, 404, 404, 404, 400, 429, 401]);
    replies.push(read(send(&sandbox, "GET", "/sandbox/audit", "").await).await);
    for reply in &replies {
        assert_eq!(reply.header("x-leadmill-sandbox"), "synthetic", "{}", reply.body);
    }
    replies.pop();
    for reply in &replies {
        for header in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"]
        {
            assert!(reply.header(header).parse::<u64>().is_ok(), "{}", reply.body);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_window_says_how_long_and_keeps_its_word() {
    let sandbox = sandbox(Options { plan: Plan::Free, ..Options::default() });
    for _ in 0..2 {
        assert_eq!(post(&sandbox, "/email-finder/batch", leads(1)).await.status, 200);
        advance(Duration::from_millis(1_250)).await;
    }
    let refused = post(&sandbox, "/email-finder/batch", leads(1)).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "58");
    assert_eq!(refused.header("x-ratelimit-limit"), "2");
    assert_eq!(refused.header("x-ratelimit-reset"), "58");
    let detail = "Rate limit exceeded. Please retry after 58 seconds.";
    assert_eq!(refused.at("/detail"), detail);
    advance(Duration::from_secs(57)).await;
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(1)).await.status, 429);
    advance(Duration::from_secs(1)).await;
    assert_eq!(post(&sandbox, "/email-finder/batch", leads(1)).await.status, 200);
    let audit = sandbox.audit();
    assert_eq!((audit.throttled, audit.jobs), (2, 3));
    let bulk = audit.windows.last().unwrap();
    assert_eq!((bulk.limit, bulk.peak, bulk.offered), (2, 2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_429_comes_in_three_bodies() {
    for (throttle_body, body) in [
        (
            ThrottleBody::Flat,
            json!({
                "statusCode": 429,
                "error": "Too Many Requests",
                "message": "Rate limit exceeded, please retry later",
                "retryAfter": 1,
            }),
        ),
        (ThrottleBody::Auth, json!({ "error": "API key rate limit exceeded" })),
    ] {
        let sandbox =
            sandbox(Options { throttle_body, plan: Plan::Free, ..Options::default() });
        post(&sandbox, "/email-finder/batch", leads(1)).await;
        let refused = post(&sandbox, "/email-finder/batch", leads(1)).await;
        assert_eq!(refused.body, body);
        assert_eq!(refused.header("retry-after"), "1");
    }
}
