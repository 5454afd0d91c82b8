//! Callbacks: each item once, the end once, whatever the receiver does.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use self::receiver::{Received, URL, answer_all, next, submit, with_inbox};
use super::client::{get, lead, post};
use crate::{CallbackAudit, Callbacks, Options};

mod bodies;
mod families;
mod faults;
mod followers;
mod receiver;
mod sockets;

fn audit(sent: u64, acknowledged: u64, failed: u64) -> CallbackAudit {
    CallbackAudit { sent, acknowledged, failed, lost: 0 }
}

#[tokio::test(start_paused = true)]
async fn every_item_is_told_once_as_it_finishes_and_then_the_end_once() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    submit(&sandbox, 100).await;
    let received = answer_all(&mut inbox, 299).await;
    let ids: BTreeSet<&str> = received.iter().map(Received::id).collect();
    assert_eq!((received.len(), ids.len()), (101, 101));
    assert_eq!(received[100].body["event"], "finder.completed");
    // The job takes 500 ms in the queue and then 16 ms for each item.
    for (index, callback) in received[..100].iter().enumerate() {
        let due = Duration::from_millis(516 + index as u64 * 16);
        assert_eq!(callback.after, due);
    }
    assert_eq!(received[100].after, Duration::from_millis(2_100));
    let seen = sandbox.audit().callbacks;
    assert_eq!((seen.items, seen.completions), (audit(100, 100, 0), audit(1, 1, 0)));
    assert_eq!(seen.forged, CallbackAudit::default());
}

#[tokio::test(start_paused = true)]
async fn removed_duplicates_and_batches_without_an_address_are_not_told_of() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    let leads = json!([lead(1), lead(2), lead(1)]);
    post(&sandbox, "/email-finder/batch", json!({ "leads": leads })).await;
    assert_eq!(answer_all(&mut inbox, 200).await.len(), 0);
    let body = json!({ "leads": leads, "webhookUrl": URL });
    post(&sandbox, "/email-finder/batch", body).await;
    assert_eq!(answer_all(&mut inbox, 200).await.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn the_end_is_told_after_the_status_tells_it_or_before_on_demand() {
    for (ahead, status, place) in [(0, "completed", 10), (200, "processing", 8)] {
        let completion_ahead = Duration::from_millis(ahead);
        let callbacks = Callbacks { completion_ahead, ..Callbacks::default() };
        let (sandbox, mut inbox) =
            with_inbox(Options { callbacks, ..Options::default() });
        let job = submit(&sandbox, 10).await;
        for nth in 0..11 {
            let delivery = next(&mut inbox).await;
            let told: Value = serde_json::from_slice(&delivery.body).unwrap();
            assert_eq!(told["event"] == "finder.completed", nth == place, "{told}");
            if nth == place {
                let reply = get(&sandbox, &format!("/email-finder/batch/{job}")).await;
                assert_eq!(reply.at("/data/status"), status);
            }
            delivery.answer(200);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_refuses_gets_everything_once() {
    for status in [500, 302, 199] {
        let (sandbox, mut inbox) = with_inbox(Options::default());
        submit(&sandbox, 100).await;
        assert_eq!(answer_all(&mut inbox, status).await.len(), 101);
        let seen = sandbox.audit().callbacks;
        assert_eq!((seen.items, seen.completions), (audit(100, 0, 100), audit(1, 0, 1)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_hangs_or_breaks_gets_no_retry_and_stops_no_other() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    submit(&sandbox, 100).await;
    let hanging = next(&mut inbox).await;
    drop(next(&mut inbox).await);
    let start = Instant::now();
    let received = answer_all(&mut inbox, 200).await;
    assert_eq!(received.len(), 99);
    assert!(received[97].after < Duration::from_secs(2), "the items come on time");
    let (waited, hung) = (received[98].after, Duration::from_secs(10));
    assert_eq!(waited, hung - Duration::from_millis(16), "the end comes after all else");
    assert!(start.elapsed() > hung);
    drop(hanging);
    let seen = sandbox.audit().callbacks;
    assert_eq!((seen.items, seen.completions), (audit(100, 98, 2), audit(1, 1, 0)));
}

#[tokio::test(start_paused = true)]
async fn no_more_than_32_callbacks_are_on_their_way() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    submit(&sandbox, 100).await;
    sleep(Duration::from_secs(9)).await;
    let mut waiting = Vec::new();
    while let Ok(delivery) = inbox.try_recv() {
        waiting.push(delivery);
    }
    assert_eq!((waiting.len(), sandbox.audit().callbacks.items.sent), (32, 32));
    for delivery in waiting {
        delivery.answer(200);
    }
    assert_eq!(answer_all(&mut inbox, 200).await.len(), 69);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_once_the_last_handle_is_gone() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    submit(&sandbox, 100).await;
    next(&mut inbox).await.answer(200);
    drop(sandbox);
    let start = Instant::now();
    assert!(inbox.recv().await.is_none(), "the task is gone, and its end of the channel");
    assert_eq!(start.elapsed(), Duration::ZERO);
}
