//! What goes wrong with callbacks: each fault does what its name says, and no fault touches the job.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::super::client::{get, leads, post, results};
use super::receiver::{
    Inbox, Received, URL, answer_all, callbacks, next, submit, with_faults, with_inbox,
};
use crate::{Callbacks, Options, Sandbox};

/// How often each item and the end were told.
fn times(received: &[Received]) -> BTreeMap<&str, usize> {
    let mut times = BTreeMap::new();
    for callback in received {
        *times.entry(callback.id()).or_default() += 1;
    }
    times
}

fn faulty(faults: &[&str]) -> (Sandbox, Inbox) {
    with_faults(faults, Callbacks::default())
}

#[tokio::test(start_paused = true)]
async fn a_lost_callback_never_comes() {
    let (sandbox, mut inbox) = faulty(&["webhook-lost", "webhook-twice"]);
    submit(&sandbox, 20).await;
    assert_eq!(answer_all(&mut inbox, 200).await, []);
    let seen = sandbox.audit().callbacks;
    assert_eq!((seen.items.lost, seen.items.sent), (20, 0));
    assert_eq!((seen.completions.lost, seen.completions.sent), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_doubled_callback_comes_twice() {
    let received = callbacks(faulty(&["webhook-twice"]), 20).await;
    let times = times(&received);
    assert!(times.len() == 21 && times.values().all(|times| *times == 2), "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn a_late_callback_comes_30_seconds_later_and_tells_when_it_happened() {
    let on_time = callbacks(faulty(&[]), 20).await;
    let late = callbacks(faulty(&["webhook-late"]), 20).await;
    assert_eq!(late.len(), 21);
    for (late, on_time) in late.iter().zip(&on_time) {
        assert_eq!(late.after, on_time.after + Duration::from_secs(30));
        assert_eq!(late.body, on_time.body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_forged_callback_names_a_job_that_there_is_not() {
    let (sandbox, mut inbox) = faulty(&["webhook-forged"]);
    let job = submit(&sandbox, 20).await;
    let received = answer_all(&mut inbox, 200).await;
    let (own, forged): (Vec<_>, Vec<_>) =
        received.into_iter().partition(|callback| callback.at("/data/job_id") == &job);
    assert_eq!((own.len(), times(&own).len()), (21, 21));
    assert_eq!((forged.len(), times(&forged).len()), (21, 21));
    for callback in forged {
        let id = callback.at("/data/job_id").as_str().unwrap();
        assert_eq!(id.len(), 24, "it looks like a job");
        assert_eq!(get(&sandbox, &format!("/email-finder/batch/{id}")).await.status, 404);
    }
    assert_eq!(sandbox.audit().callbacks.forged.acknowledged, 21);
}

#[tokio::test(start_paused = true)]
async fn an_early_callback_comes_before_the_reply_to_the_submit() {
    let (sandbox, mut inbox) = faulty(&["webhook-early"]);
    let start = Instant::now();
    let first = async {
        let delivery = next(&mut inbox).await;
        sleep(Duration::from_secs(3)).await;
        let told: Value = serde_json::from_slice(&delivery.body).unwrap();
        delivery.answer(200);
        told
    };
    let replied = async { (submit(&sandbox, 20).await, start.elapsed()) };
    let ((job, after), told) = tokio::join!(replied, first);
    assert_eq!(after, Duration::from_secs(3), "the reply waits for the receiver");
    assert_eq!(told["data"]["job_id"], job);
    assert_eq!(told["timestamp"], "2026-01-01T00:00:00.000Z");
    let rest = answer_all(&mut inbox, 200).await;
    assert_eq!((rest.len(), times(&rest).len()), (20, 20));
    assert!(rest.iter().all(|callback| callback.id() != told["data"]["result_id"]));
}

#[tokio::test(start_paused = true)]
async fn an_early_callback_that_hangs_holds_the_reply_no_longer_than_its_timeout() {
    let (sandbox, mut inbox) = faulty(&["webhook-early"]);
    let start = Instant::now();
    submit(&sandbox, 20).await;
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    assert_eq!(answer_all(&mut inbox, 200).await.len(), 21);
}

#[tokio::test(start_paused = true)]
async fn jitter_changes_the_order_and_nothing_else() {
    let jitter = Duration::from_millis(500);
    let in_order = callbacks(faulty(&[]), 50).await;
    let knobs = Callbacks { jitter, ..Callbacks::default() };
    let shuffled = callbacks(with_faults(&[], knobs), 50).await;
    assert_ne!(ids(&shuffled), ids(&in_order));
    assert_eq!(times(&shuffled), times(&in_order));
    for callback in &shuffled {
        let same = in_order.iter().find(|other| other.body == callback.body).unwrap();
        // The timer counts whole milliseconds, and the end waits for what was sent before.
        let most = same.after + jitter + Duration::from_millis(1);
        assert!(callback.after >= same.after && callback.after <= most);
    }
}

fn ids(received: &[Received]) -> Vec<&str> {
    received.iter().map(Received::id).collect()
}

#[tokio::test(start_paused = true)]
async fn retries_come_as_often_as_was_said_and_end_with_an_acknowledgement() {
    let callbacks = Callbacks {
        retries: 2,
        retry_after: Duration::from_secs(5),
        ..Callbacks::default()
    };
    let (sandbox, mut inbox) = with_inbox(Options { callbacks, ..Options::default() });
    submit(&sandbox, 1).await;
    let mut seen = Vec::new();
    for status in [500, 503, 204, 500, 500, 500] {
        let delivery = next(&mut inbox).await;
        let told: Value = serde_json::from_slice(&delivery.body).unwrap();
        seen.push((Instant::now(), told["event"].as_str().unwrap().to_owned()));
        delivery.answer(status);
    }
    assert!(
        seen[..3].iter().all(|(_, event)| event == "webhook:finder_lookup.completed")
    );
    assert!(seen[3..].iter().all(|(_, event)| event == "finder.completed"));
    assert_eq!(seen[1].0 - seen[0].0, Duration::from_secs(5));
    assert_eq!(answer_all(&mut inbox, 200).await, [], "no fourth attempt");
    let audit = sandbox.audit().callbacks;
    assert_eq!((audit.items.acknowledged, audit.items.failed), (1, 2));
    assert_eq!((audit.completions.acknowledged, audit.completions.failed), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_as_frequent_as_was_said_and_the_same_for_a_seed() {
    let mut runs = Vec::new();
    for seed in [1, 1, 2] {
        let chaos = vec!["webhook-lost=20%".parse().unwrap()];
        let options = Options { chaos, seed, ..Options::default() };
        let received = callbacks(with_inbox(options), 1_000).await;
        assert!((750..850).contains(&received.len()), "{}", received.len());
        let times = received.iter().map(|callback| callback.after);
        runs.push(times.collect::<Vec<_>>());
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
}

/// What a client learns of a batch of ten: its states over time, its results and what it cost.
async fn truth(faults: &[&str], address: bool, status: Option<u16>) -> Value {
    let (sandbox, inbox) = faulty(faults);
    let receiver = status.map(|status| {
        let mut inbox = inbox;
        tokio::spawn(async move { answer_all(&mut inbox, status).await.len() })
    });
    let mut body = leads(10);
    if address {
        body["webhookUrl"] = json!(URL);
    }
    let start = Instant::now();
    let submitted = post(&sandbox, "/email-finder/batch", body).await;
    let id = submitted.at("/data/batchId").as_str().unwrap().to_owned();
    let mut seen = vec![submitted.at("/data").clone()];
    for millis in [20_000, 40_000, 60_000] {
        sleep(start + Duration::from_millis(millis) - Instant::now()).await;
        seen.push(
            get(&sandbox, &format!("/email-finder/batch/{id}")).await.at("/data").clone(),
        );
        let audit = sandbox.audit();
        seen.push(json!([audit.charged, audit.reserved, audit.unsettled]));
    }
    seen.push(results(&sandbox, &id, "").await.body);
    let audit = sandbox.audit();
    seen.push(json!([
        audit.balance,
        audit.charged,
        audit.reserved,
        audit.unsettled,
        audit.asked
    ]));
    drop(sandbox);
    if let Some(receiver) = receiver {
        assert_eq!(receiver.await.unwrap() > 0, address && faults != ["webhook-lost"]);
    }
    json!(seen)
}

#[tokio::test(start_paused = true)]
async fn no_callback_changes_a_jobs_status_results_or_settlement() {
    let usual = truth(&[], false, Some(200)).await;
    for status in [Some(200), Some(500), None] {
        assert_eq!(truth(&[], true, status).await, usual);
    }
    for fault in ["lost", "twice", "late", "forged", "early"] {
        let fault = format!("webhook-{fault}");
        assert_eq!(truth(&[&fault], true, Some(200)).await, usual, "{fault}");
    }
}
