//! The callback of a job's end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, sleep, timeout};

use super::super::client::{ask, crowd, get, post, tomba};
use crate::tomba::bulk::webhooks::signature;
use crate::tomba::{BulkOptions, Options, Tomba};
use crate::{Delivery, Fault, Outlet};

type Inbox = UnboundedReceiver<Delivery>;

fn with_inbox(options: Options) -> (Tomba, Inbox) {
    let (sender, inbox) = unbounded_channel();
    let bulk = BulkOptions { outlet: Outlet::Channel(sender), ..options.bulk };
    (tomba(Options { bulk, ..options }), inbox)
}

async fn create(tomba: &Tomba, launch: bool) -> i64 {
    let mut body = crowd(10);
    body["webhook_url"] = json!("http://hooks.example/b");
    body["launch"] = json!(launch);
    post(tomba, "/bulk/finder", body).await.at("/data/id").as_i64().unwrap()
}

async fn next(inbox: &mut Inbox) -> Option<Delivery> {
    timeout(Duration::from_secs(3_600), inbox.recv()).await.ok().flatten()
}

fn told(delivery: &Delivery) -> Value {
    serde_json::from_slice(&delivery.body).unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_job_is_told_once_and_signed_with_the_teams_key() {
    let (tomba, mut inbox) = with_inbox(Options::default());
    let start = Instant::now();
    let id = create(&tomba, true).await;
    let delivery = next(&mut inbox).await.unwrap();
    assert_eq!(start.elapsed(), Duration::from_millis(2_010));
    let body = json!({
        "event": "bulk.finished", "bulk_id": id, "bulk_type": "finder", "status": "completed",
    });
    assert_eq!(told(&delivery), body);
    assert_eq!(delivery.url, "http://hooks.example/b");
    let secret = get(&tomba, "/bulk/webhook-secret").await;
    let secret = secret.at("/data/secret").as_str().unwrap().to_owned();
    let signature = signature(&secret, &delivery.body);
    assert_eq!(signature.len(), 64);
    assert_eq!(delivery.headers, [("X-Tomba-Signature", signature)]);
    delivery.answer(200);
    assert!(next(&mut inbox).await.is_none());
    let callbacks = tomba.audit().callbacks;
    assert_eq!((callbacks.sent, callbacks.acknowledged, callbacks.failed), (1, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_failed_a_cancelled_and_a_second_end_are_told_and_nothing_else_is() {
    let faults = vec![Fault::FailedJob(3)];
    let (tomba, mut inbox) = with_inbox(Options { faults, ..Options::default() });
    let id = create(&tomba, true).await;
    let failed = next(&mut inbox).await.unwrap();
    assert_eq!(told(&failed)["status"], "failed");
    failed.answer(200);
    ask(&tomba, "POST", &format!("/bulk/finder/{id}/retry")).await;
    let again = next(&mut inbox).await.unwrap();
    assert_eq!(told(&again)["status"], "completed");
    again.answer(200);
    let pending = create(&tomba, false).await;
    assert!(next(&mut inbox).await.is_none(), "nobody launched it");
    ask(&tomba, "PUT", &format!("/bulk/finder/{pending}")).await;
    ask(&tomba, "POST", &format!("/bulk/finder/{pending}/cancel")).await;
    let cancelled = next(&mut inbox).await.unwrap();
    assert_eq!(told(&cancelled)["status"], "cancelled");
    cancelled.answer(200);
    assert!(next(&mut inbox).await.is_none(), "once");
}

#[tokio::test(start_paused = true)]
async fn a_new_key_signs_from_its_rotation_on() {
    let (tomba, mut inbox) = with_inbox(Options::default());
    let old = get(&tomba, "/bulk/webhook-secret").await;
    let new = ask(&tomba, "POST", "/bulk/webhook-secret/rotate").await;
    assert_ne!(old.at("/data/secret"), new.at("/data/secret"));
    assert!(
        new.at("/data/rotated_at").is_string() && old.at("/data/rotated_at").is_null()
    );
    create(&tomba, true).await;
    let delivery = next(&mut inbox).await.unwrap();
    let secret = new.at("/data/secret").as_str().unwrap();
    let signature = signature(secret, &delivery.body);
    assert_eq!(delivery.headers[0].1, signature);
}

#[tokio::test(start_paused = true)]
async fn callbacks_are_sent_again_lost_doubled_late_and_made_up() {
    let bulk = BulkOptions { callback_retries: 1, ..BulkOptions::default() };
    let (tomba, mut inbox) = with_inbox(Options { bulk, ..Options::default() });
    create(&tomba, true).await;
    next(&mut inbox).await.unwrap().answer(500);
    next(&mut inbox).await.unwrap().answer(200);
    sleep(Duration::from_secs(1)).await;
    let callbacks = tomba.audit().callbacks;
    assert_eq!((callbacks.sent, callbacks.acknowledged, callbacks.failed), (2, 1, 1));
    for (fault, count, lost, forged) in [
        ("webhook-lost", 0, 1, 0),
        ("webhook-twice", 2, 0, 0),
        ("webhook-late", 1, 0, 0),
        ("webhook-forged", 2, 0, 1),
    ] {
        let chaos = vec![format!("{fault}=100%").parse().unwrap()];
        let (tomba, mut inbox) = with_inbox(Options { chaos, ..Options::default() });
        let start = Instant::now();
        let id = create(&tomba, true).await;
        let mut ids = Vec::new();
        while let Some(delivery) = next(&mut inbox).await {
            ids.push(told(&delivery)["bulk_id"].as_i64().unwrap());
            if fault == "webhook-late" {
                assert_eq!(start.elapsed(), Duration::from_millis(32_010));
            }
            delivery.answer(200);
        }
        assert_eq!(ids.len(), count, "{fault}");
        assert_eq!(ids.iter().filter(|other| **other != id).count(), forged, "{fault}");
        let audit = tomba.audit();
        assert_eq!(
            (audit.callbacks.lost, audit.forged.sent),
            (lost, forged as u64),
            "{fault}"
        );
    }
}
