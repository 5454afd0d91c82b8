//! The continuation of a partial scrape.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{START, crowd_of, keys, progress, results, search, start, wait};
use crate::tests::client::{Reply, get, post, read, send};
use crate::{Fault, Options, Sandbox};

const DAY: Duration = Duration::from_secs(86_400);

/// A sandbox with a scrape that collected 40 of 100 followers, and ended.
async fn partial(options: Options) -> (Sandbox, String) {
    let faults = vec![Fault::FailedJob(40)];
    let sandbox = Sandbox::new(Options { faults, ..options });
    let id = start(&sandbox, search(150)).await;
    wait().await;
    (sandbox, id)
}

async fn resume(sandbox: &Sandbox, id: &str) -> Reply {
    post(sandbox, &format!("/company-follower?batchId={id}"), json!({})).await
}

fn flat(status: u16, error: &str, message: &str) -> (u16, Value) {
    (status, json!({ "error": error, "message": message }))
}

#[tokio::test(start_paused = true)]
async fn the_gap_is_reserved_collected_and_charged() {
    let (sandbox, id) = partial(crowd_of(100)).await;
    let reply = resume(&sandbox, &id).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(keys(reply.at("/data")), ["batchId", "estimatedAdditional", "message"]);
    assert_eq!(reply.at("/data/batchId"), &json!(id));
    assert_eq!(reply.at("/data/estimatedAdditional"), 60);
    assert_eq!(
        *reply.at("/meta"),
        json!({
            "requestId": reply.at("/meta/requestId"),
            "creditsReserved": 6_000, "creditsPerItem": 100, "estimatedCredits": 6_000,
        })
    );
    let audit = sandbox.audit();
    assert_eq!((audit.charged, audit.reserved, audit.jobs), (4_000, 6_000, 1));
    let running = progress(&sandbox, &id).await;
    assert_eq!(
        json!([
            running["processed"],
            running["total"],
            running["done"],
            running["partial"]
        ]),
        json!([40, 100, false, false])
    );
    wait().await;
    let ended = progress(&sandbox, &id).await;
    assert_eq!(
        json!([ended["processed"], ended["errors"], ended["done"], ended["partial"]]),
        json!([100, 0, true, false])
    );
    let reply = results(&sandbox, &id, "?limit=500").await;
    let mut urls: Vec<&str> = reply
        .at("/data/data")
        .as_array()
        .unwrap()
        .iter()
        .map(|profile| profile["profileUrl"].as_str().unwrap())
        .collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), 100, "each follower once");
    assert_eq!(reply.at("/meta/creditsUsed"), 10_000);
    assert_eq!(reply.at("/meta/creditsRefunded"), 11_000, "of both reserves");
    let audit = sandbox.audit();
    assert_eq!((audit.balance, audit.unsettled), (START - 10_000, 0));
}

#[tokio::test(start_paused = true)]
async fn a_scrape_that_is_not_partial_is_a_conflict() {
    let sandbox = Sandbox::new(crowd_of(100));
    let id = start(&sandbox, search(100)).await;
    let running = resume(&sandbox, &id).await;
    let message = "The batch is still running";
    assert_eq!((running.status.as_u16(), running.body), flat(409, "Conflict", message));
    wait().await;
    let completed = resume(&sandbox, &id).await;
    let message = "The batch is already completed";
    assert_eq!(
        (completed.status.as_u16(), completed.body),
        flat(409, "Conflict", message)
    );
    let (sandbox, id) = partial(crowd_of(100)).await;
    assert_eq!(resume(&sandbox, &id).await.status, 200);
    let twice = resume(&sandbox, &id).await;
    let message = "The batch is already being continued";
    assert_eq!((twice.status.as_u16(), twice.body), flat(409, "Conflict", message));
    assert_eq!(sandbox.audit().reserved, 6_000);
}

#[tokio::test(start_paused = true)]
async fn after_three_days_it_is_gone() {
    let (sandbox, id) = partial(crowd_of(100)).await;
    let (young, same) = partial(crowd_of(100)).await;
    // They were started two minutes and one minute ago.
    advance(DAY * 3 - Duration::from_secs(120)).await;
    assert_eq!(resume(&young, &same).await.status, 200);
    let old = resume(&sandbox, &id).await;
    let message = "The batch is 3 days old or older";
    assert_eq!((old.status.as_u16(), old.body), flat(410, "Gone", message));
}

#[tokio::test(start_paused = true)]
async fn of_some_nothing_is_recovered() {
    let mut options = crowd_of(100);
    options.followers.unrecoverable = true;
    let (sandbox, id) = partial(options).await;
    let reply = resume(&sandbox, &id).await;
    let message = "No more followers can be recovered for this batch";
    let expected = flat(422, "Unprocessable Entity", message);
    assert_eq!((reply.status.as_u16(), reply.body), expected);
}

#[tokio::test(start_paused = true)]
async fn what_it_cannot_read_or_does_not_know_is_flat_too() {
    let (sandbox, id) = partial(crowd_of(100)).await;
    let unknown = resume(&sandbox, "b00").await;
    let message = "No batch found with that ID";
    assert_eq!((unknown.status.as_u16(), unknown.body), flat(404, "Not Found", message));
    let empty = resume(&sandbox, "").await;
    let message = "batchId must not be empty";
    assert_eq!((empty.status.as_u16(), empty.body), flat(400, "Bad Request", message));
    let path = format!("/api/v3/company-follower?batchId={id}");
    let list = read(send(&sandbox, "POST", &path, "[]").await).await;
    let message = "The body must be an empty object";
    assert_eq!((list.status.as_u16(), list.body), flat(400, "Bad Request", message));
    let bare = read(send(&sandbox, "POST", &path, "").await).await;
    assert_eq!(bare.status, 200, "no body at all is empty");
}

#[tokio::test(start_paused = true)]
async fn what_the_balance_does_not_cover_is_a_flat_402() {
    let (sandbox, id) = partial(Options { balance: 15_000, ..crowd_of(100) }).await;
    sandbox.top_up(-11_000);
    results(&sandbox, &id, "").await;
    sandbox.top_up(5_999 - i64::try_from(sandbox.audit().balance).unwrap());
    let reply = resume(&sandbox, &id).await;
    assert_eq!(
        (reply.status.as_u16(), reply.body),
        (
            402,
            json!({
                "error": "Payment Required",
                "message": "Insufficient credits for batch operation",
                "detail": { "required": 6_000, "itemCount": 60, "creditCostPerItem": 100 },
                "statusCode": 402,
            })
        )
    );
    assert_eq!(progress(&sandbox, &id).await["partial"], true);
    sandbox.top_up(1);
    assert_eq!(resume(&sandbox, &id).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_refused_continuation_settles_nothing() {
    let (sandbox, id) = partial(Options { balance: 20_999, ..crowd_of(100) }).await;
    assert_eq!(resume(&sandbox, &id).await.status, 402);
    let audit = sandbox.audit();
    assert_eq!((audit.charged, audit.reserved, audit.unsettled), (0, 15_000, 1));
    sandbox.top_up(1);
    assert_eq!(resume(&sandbox, &id).await.status, 200);
    let audit = sandbox.audit();
    assert_eq!((audit.balance, audit.charged, audit.reserved), (11_000, 4_000, 6_000));
}

#[tokio::test(start_paused = true)]
async fn it_may_be_partial_again() {
    let faults = vec![Fault::FailedJob(40), Fault::FailedJob(25), Fault::None];
    let sandbox = Sandbox::new(Options { faults, ..crowd_of(100) });
    let id = start(&sandbox, search(100)).await;
    let mut gaps = Vec::new();
    for _ in 0..2 {
        wait().await;
        gaps.push(resume(&sandbox, &id).await.at("/data/estimatedAdditional").clone());
    }
    wait().await;
    assert_eq!(gaps, [json!(60), json!(35)]);
    let reply = results(&sandbox, &id, "").await;
    assert_eq!(reply.at("/data/pagination/total"), 100);
    assert_eq!(sandbox.audit().charged, 10_000);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_is_known_for_as_long_as_the_knob_says() {
    let mut options = crowd_of(100);
    options.retention = Some(DAY);
    let (sandbox, id) = partial(options).await;
    let path = |what: &str| format!("/company-follower/{id}/{what}");
    // It ended after 2,040 ms; a minute has passed.
    advance(DAY - Duration::from_millis(57_961)).await;
    for what in ["progress", "results", "export"] {
        assert_eq!(get(&sandbox, &path(what)).await.status, 200, "{what}");
    }
    advance(Duration::from_millis(1)).await;
    for what in ["progress", "results", "export"] {
        assert_eq!(get(&sandbox, &path(what)).await.status, 404, "{what}");
    }
    assert_eq!(resume(&sandbox, &id).await.status, 404);
}
