//! What can be done to a job, and when.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use super::super::client::{
    ask, create, get, launched, read, send, state, tomba, with_bulk,
};
use crate::tomba::{BulkOptions, Options, Relaunch, Tomba};
use crate::{Chaos, Fault};

async fn act(tomba: &Tomba, method: &str, id: i64, action: &str) -> u16 {
    ask(tomba, method, &format!("/bulk/finder/{id}{action}")).await.status
}

async fn seconds(seconds: f64) {
    sleep(Duration::from_secs_f64(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn a_job_is_pending_until_it_is_launched_then_runs_and_is_completed() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 1_000).await;
    seconds(3_600.0).await;
    assert_eq!(state(&tomba, id).await, "pending", "nobody launched it");
    assert_eq!(act(&tomba, "PUT", id, "").await, 200);
    let path = format!("/bulk/finder/{id}/progress");
    for (wait, status, progress, processed) in [
        (0.499, "pending", 0, 0),
        (0.001, "running", 0, 0),
        (1.25, "running", 50, 500),
        (1.249, "running", 99, 999),
        (0.001, "completed", 100, 1_000),
    ] {
        seconds(wait).await;
        let reply = get(&tomba, &path).await;
        assert!(reply.at("/data").is_null(), "it is bare");
        assert_eq!(reply.at("/status"), status);
        assert_eq!(reply.at("/progress"), progress);
        assert_eq!(reply.at("/processed"), processed);
        assert_eq!(reply.at("/eta_seconds").is_null(), status != "running");
        assert!(reply.at("/error_message").is_null());
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_launch_runs_nothing_twice() {
    for (relaunch, status, said) in [
        (Relaunch::Conflict, 409, Value::Null),
        (Relaunch::Accepted, 200, json!(true)),
        (Relaunch::Declined, 200, json!(false)),
    ] {
        let tomba = with_bulk(BulkOptions { relaunch, ..BulkOptions::default() });
        let id = launched(&tomba, 10).await;
        for wait in [0.0, 1.0, 5.0] {
            seconds(wait).await;
            let reply = ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await;
            assert_eq!((reply.status, reply.at("/data/status")), (status, &said));
        }
        let audit = tomba.audit();
        assert_eq!((audit.bulk.launched, audit.bulk.relaunched), (1, 3));
        assert!(audit.asked.values().all(|times| *times == 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_pending_job_can_be_cancelled_and_a_running_one_only_where_that_is_on() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 10).await;
    assert_eq!(act(&tomba, "POST", id, "/cancel").await, 200);
    assert_eq!(state(&tomba, id).await, "cancelled");
    assert_eq!(act(&tomba, "POST", id, "/cancel").await, 409);
    assert_eq!(act(&tomba, "PUT", id, "").await, 409);
    assert_eq!(act(&tomba, "GET", id, "/download").await, 409);
    let id = launched(&tomba, 10).await;
    seconds(1.0).await;
    assert_eq!(act(&tomba, "POST", id, "/cancel").await, 409);
    let cancels_running = true;
    let tomba = with_bulk(BulkOptions { cancels_running, ..BulkOptions::default() });
    let id = launched(&tomba, 1_000).await;
    seconds(1.75).await;
    assert_eq!(act(&tomba, "POST", id, "/cancel").await, 200);
    seconds(60.0).await;
    let reply = get(&tomba, &format!("/bulk/finder/{id}")).await;
    assert_eq!(reply.at("/data/status"), "cancelled");
    assert_eq!(reply.at("/data/processed"), 500);
    assert_eq!(reply.at("/data/cancelled_at"), "2026-01-01T00:00:01+00:00");
    assert_eq!(tomba.audit().bulk.cancelled, 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_says_why_and_can_be_run_again() {
    let faults = vec![Fault::None, Fault::FailedJob(4)];
    let tomba = tomba(Options { faults, ..Options::default() });
    let id = launched(&tomba, 10).await;
    assert_eq!(act(&tomba, "POST", id, "/retry").await, 409);
    seconds(3.0).await;
    let reply = get(&tomba, &format!("/bulk/finder/{id}")).await;
    assert_eq!(reply.at("/data/status"), "failed");
    assert!(reply.at("/data/error_message").is_string());
    assert_eq!(reply.at("/data/metrics/rows/processed"), 4);
    assert_eq!(reply.at("/data/metrics/rows/errors"), 6);
    assert_eq!(act(&tomba, "GET", id, "/download").await, 409);
    assert_eq!(tomba.audit().bulk.failed, 1);
    assert_eq!(act(&tomba, "POST", id, "/retry").await, 200);
    seconds(3.0).await;
    let reply = get(&tomba, &format!("/bulk/finder/{id}")).await;
    assert_eq!(reply.at("/data/status"), "completed");
    assert_eq!(reply.at("/data/retry_count"), 1);
    assert_eq!(act(&tomba, "POST", id, "/retry").await, 409, "it did not fail");
    let audit = tomba.audit().bulk;
    assert_eq!((audit.launched, audit.retried, audit.failed), (2, 1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_creation_was_to_break_it_breaks() {
    let faults = vec![Fault::StuckJob];
    let tomba = tomba(Options { faults, ..Options::default() });
    let id = launched(&tomba, 10).await;
    seconds(600.0).await;
    assert_eq!(state(&tomba, id).await, "running");
    seconds(3.0).await;
    assert_eq!(state(&tomba, id).await, "completed");
    let chaos: Vec<Chaos> = vec!["job-failed=100%".parse().unwrap()];
    let tomba = super::super::client::tomba(Options { chaos, ..Options::default() });
    let id = launched(&tomba, 10).await;
    seconds(3.0).await;
    assert_eq!(state(&tomba, id).await, "failed");
}

#[tokio::test(start_paused = true)]
async fn an_archived_job_is_listed_apart_and_comes_back() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 1).await;
    assert_eq!(act(&tomba, "PUT", id, "/restore").await, 409);
    assert_eq!(act(&tomba, "DELETE", id, "/archive").await, 200);
    assert_eq!(act(&tomba, "DELETE", id, "/archive").await, 409);
    assert_eq!(get(&tomba, "/bulk/finder").await.at("/meta/total"), 0);
    seconds(1.0).await;
    let listed = get(&tomba, "/bulk/finder?archived=true").await;
    assert_eq!(listed.at("/data/0/archived"), true);
    assert_eq!(act(&tomba, "PUT", id, "/restore").await, 200);
    assert_eq!(get(&tomba, "/bulk/finder").await.at("/meta/total"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_job_can_be_renamed_and_deleted_and_is_then_unknown() {
    let tomba = with_bulk(BulkOptions::default());
    let id = launched(&tomba, 1).await;
    let path = format!("/bulk/finder/{id}");
    let rename = |name: &str| json!({ "name": name }).to_string();
    let kind = "application/json";
    for (name, status) in [("Another", 200), ("x", 422)] {
        let reply =
            send(&tomba, "PUT", &format!("{path}/rename"), kind, rename(name)).await;
        assert_eq!(read(reply).await.status, status);
    }
    assert_eq!(get(&tomba, &path).await.at("/data/name"), "Another");
    assert_eq!(act(&tomba, "DELETE", id, "/delete").await, 409, "it runs");
    seconds(3.0).await;
    assert_eq!(act(&tomba, "DELETE", id, "/delete").await, 200);
    for (method, action) in [
        ("GET", ""),
        ("PUT", ""),
        ("GET", "/progress"),
        ("GET", "/estimate"),
        ("GET", "/history"),
        ("GET", "/download"),
        ("DELETE", "/archive"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
    ] {
        seconds(1.0).await;
        let reply = ask(&tomba, method, &format!("{path}{action}")).await;
        assert_eq!(reply.failure(), (404, "unknown_record"), "{action}");
    }
    assert_eq!(tomba.audit().bulk.deleted, 1);
}

#[tokio::test(start_paused = true)]
async fn another_tools_paths_do_not_know_a_job() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 1).await;
    let reply = get(&tomba, &format!("/bulk/search/{id}")).await;
    assert_eq!(reply.failure(), (404, "unknown_record"));
}
