//! The day's quota.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{crowd_of, search, start, wait};
use crate::tests::client::{get, post};
use crate::{Fault, Options, OverQuota, Sandbox, ThrottleBody};

fn options(over_quota: OverQuota) -> Options {
    let mut options = crowd_of(342);
    options.followers.daily_limit = 1_000;
    options.followers.over_quota = over_quota;
    options
}

async fn limit(sandbox: &Sandbox) -> Value {
    get(sandbox, "/company-follower/limit").await.at("/data").clone()
}

fn used(used: u64) -> Value {
    json!({
        "status": "approved", "dailyLimit": 1_000, "dailyUsed": used,
        "dailyRemaining": 1_000 - used, "creditsPerProfile": 100,
    })
}

#[tokio::test(start_paused = true)]
async fn a_scrape_takes_what_it_asks_for_and_in_the_end_what_it_found() {
    let sandbox = Sandbox::new(options(OverQuota::default()));
    assert_eq!(limit(&sandbox).await, used(0));
    start(&sandbox, search(600)).await;
    assert_eq!(limit(&sandbox).await, used(600));
    assert_eq!(post(&sandbox, "/company-follower", search(401)).await.status, 429);
    start(&sandbox, search(400)).await;
    assert_eq!(limit(&sandbox).await, used(1_000));
    wait().await;
    assert_eq!(limit(&sandbox).await, used(684), "found, though nobody fetched it");
}

#[tokio::test(start_paused = true)]
async fn the_next_day_has_a_quota_of_its_own() {
    let sandbox = Sandbox::new(options(OverQuota::default()));
    start(&sandbox, search(1_000)).await;
    advance(Duration::from_millis(86_399_999)).await;
    assert_eq!(limit(&sandbox).await, used(342));
    advance(Duration::from_millis(1)).await;
    assert_eq!(limit(&sandbox).await, used(0));
}

#[tokio::test(start_paused = true)]
async fn more_than_is_left_is_429_until_the_day_ends() {
    let sandbox = Sandbox::new(options(OverQuota::Throttled));
    advance(Duration::from_millis(86_340_500)).await;
    let reply = post(&sandbox, "/company-follower", search(1_001)).await;
    assert_eq!((reply.status.as_u16(), reply.header("retry-after")), (429, "60"));
    assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/rate-limit-exceeded");
    assert_eq!(sandbox.audit().reserved, 0);
    let throttle_body = ThrottleBody::Flat;
    let flat = Sandbox::new(Options { throttle_body, ..options(OverQuota::Throttled) });
    let reply = post(&flat, "/company-follower", search(1_001)).await;
    assert_eq!(reply.at("/retryAfter"), 86_400);
}

#[tokio::test(start_paused = true)]
async fn more_than_is_left_may_be_403_or_400() {
    let detail = "Daily profile limit exceeded. Requested: 601, remaining: 600";
    for (over_quota, status, kind) in [
        (OverQuota::Forbidden, 403, "forbidden"),
        (OverQuota::Invalid, 400, "validation-error"),
    ] {
        let sandbox = Sandbox::new(options(over_quota));
        start(&sandbox, search(400)).await;
        let reply = post(&sandbox, "/company-follower", search(601)).await;
        assert_eq!(
            (reply.status.as_u16(), reply.at("/detail")),
            (status, &json!(detail))
        );
        assert_eq!(*reply.at("/type"), format!("https://dev.enrich.so/errors/{kind}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_continuation_takes_its_gap() {
    let faults = vec![Fault::FailedJob(42)];
    let sandbox = Sandbox::new(Options { faults, ..options(OverQuota::default()) });
    let id = start(&sandbox, search(900)).await;
    wait().await;
    assert_eq!(limit(&sandbox).await, used(42));
    post(&sandbox, &format!("/company-follower?batchId={id}"), json!({})).await;
    assert_eq!(limit(&sandbox).await, used(342));
    let mut options = options(OverQuota::default());
    options.followers.daily_limit = 341;
    options.faults = vec![Fault::FailedJob(42)];
    let tight = Sandbox::new(options);
    let id = start(&tight, search(341)).await;
    wait().await;
    start(&tight, search(1)).await;
    let path = format!("/company-follower?batchId={id}");
    assert_eq!(post(&tight, &path, json!({})).await.status, 429, "299 into 298");
}
