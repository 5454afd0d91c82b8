//! The callbacks of a scrape in the reference's words.

use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::client::{get, post};
use super::receiver::{URL, answer_all, with_inbox};
use crate::{Fault, Followers, Options};

const ACME: &str = "https://www.linkedin.com/company/acme";

fn options() -> Options {
    let followers = Followers { sizes: 20..=20, ..Followers::default() };
    Options { followers, ..Options::default() }
}

fn body() -> Value {
    json!({ "companyUrl": ACME, "max_limit": 30, "webhookUrl": URL })
}

#[tokio::test(start_paused = true)]
async fn every_follower_is_told_and_then_how_many_there_were() {
    let (sandbox, mut inbox) = with_inbox(options());
    let reply = post(&sandbox, "/company-follower", body()).await;
    let id = reply.at("/data/batchId").as_str().unwrap();
    let received = answer_all(&mut inbox, 200).await;
    assert_eq!(received.len(), 21);
    let results = get(&sandbox, &format!("/company-follower/{id}/results")).await;
    for (nth, callback) in received[..20].iter().enumerate() {
        let mut follower = results.at(&format!("/data/data/{nth}")).clone();
        let second = format!("{:06.3}", 0.5 + (nth + 1) as f64 * 0.076);
        let timestamp = format!("2026-01-01T00:00:{second}Z");
        follower["createdAt"] = json!(timestamp);
        let event = json!({
            "event": "webhook:company_follower_result.completed",
            "timestamp": timestamp,
            "batchId": id,
            "data": { "companyUrl": ACME, "follower": follower },
        });
        assert_eq!(callback.body, event);
    }
    let end = json!({
        "event": "webhook:company_follower_completion.completed",
        "timestamp": "2026-01-01T00:00:02.020Z",
        "batchId": id,
        "data": { "companyUrl": ACME, "followerCount": 20, "processingTimeMs": 2_020 },
    });
    assert_eq!(received[20].body, end);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_is_settled_before_its_end_is_told() {
    let (sandbox, mut inbox) = with_inbox(options());
    post(&sandbox, "/company-follower", body()).await;
    for _ in 0..20 {
        super::next(&mut inbox).await.answer(200);
    }
    let end = super::next(&mut inbox).await;
    let audit = sandbox.audit();
    assert_eq!((audit.charged, audit.reserved, audit.unsettled), (2_000, 0, 0));
    end.answer(200);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_that_ended_early_tells_it_as_any_other_and_its_continuation_the_rest() {
    let faults = vec![Fault::FailedJob(5)];
    let (sandbox, mut inbox) = with_inbox(Options { faults, ..options() });
    let reply = post(&sandbox, "/company-follower", body()).await;
    let id = reply.at("/data/batchId").as_str().unwrap();
    let first = answer_all(&mut inbox, 200).await;
    assert_eq!(first.len(), 6);
    assert_eq!(first[5].at("/data/followerCount"), 5);
    post(&sandbox, &format!("/company-follower?batchId={id}"), json!({})).await;
    let rest = answer_all(&mut inbox, 200).await;
    assert_eq!(rest.len(), 16);
    let url =
        |callback: &super::Received| callback.at("/data/follower/profileUrl").clone();
    assert!(rest[..15].iter().all(|told| !first.iter().any(|old| url(old) == url(told))));
    assert_eq!(rest[15].at("/data/followerCount"), 20);
    assert_eq!(rest[15].at("/batchId"), id);
    let audit = sandbox.audit();
    assert_eq!(
        (audit.charged, audit.unsettled),
        (2_000, 0),
        "settled by itself, both times"
    );
}

#[tokio::test(start_paused = true)]
async fn callbacks_of_a_scrape_may_be_lost_doubled_and_forged() {
    for (fault, count) in
        [("webhook-lost", 0), ("webhook-twice", 42), ("webhook-forged", 42)]
    {
        let chaos = vec![format!("{fault}=100%").parse().unwrap()];
        let (sandbox, mut inbox) = with_inbox(Options { chaos, ..options() });
        let reply = post(&sandbox, "/company-follower", body()).await;
        let id = reply.at("/data/batchId");
        let received = answer_all(&mut inbox, 200).await;
        assert_eq!(received.len(), count, "{fault}");
        let forged =
            received.iter().filter(|callback| callback.at("/batchId") != id).count();
        assert_eq!(forged, if fault == "webhook-forged" { 21 } else { 0 });
        assert_eq!(sandbox.audit().charged, 2_000, "and it is settled all the same");
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_address_nobody_is_told() {
    let (sandbox, mut inbox) = with_inbox(options());
    let body = json!({ "companyUrl": ACME, "max_limit": 30 });
    assert_eq!(post(&sandbox, "/company-follower", body).await.status, 200);
    sleep(std::time::Duration::from_secs(60)).await;
    assert_eq!(answer_all(&mut inbox, 200).await, []);
}
