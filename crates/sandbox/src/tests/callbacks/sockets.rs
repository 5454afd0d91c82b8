//! Callbacks over real connections.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::post as on_post;
use axum::serve::ListenerExt;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::{sleep, timeout};

use super::super::client::{lead, post, sandbox};
use super::audit;
use crate::Options;

#[tokio::test(start_paused = true)]
async fn what_cannot_be_delivered_is_counted_as_failed() {
    let sandbox = sandbox(Options::default());
    let body = json!({ "leads": [lead(1)], "webhookUrl": "https://127.0.0.1:1/e" });
    post(&sandbox, "/email-finder/batch", body).await;
    sleep(Duration::from_secs(60)).await;
    let seen = sandbox.audit().callbacks;
    assert_eq!((seen.items, seen.completions), (audit(1, 0, 1), audit(1, 0, 1)));
}

#[tokio::test]
async fn over_a_socket_each_is_one_plain_post_of_json() {
    let (sender, mut inbox) = unbounded_channel();
    let receive = |State(sender): State<_>, headers: HeaderMap, body: String| async move {
        let sender: UnboundedSender<_> = sender;
        sender.send((headers, body)).unwrap();
        "noted"
    };
    let router = Router::new().route("/e/{job}", on_post(receive)).with_state(sender);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/e/1?key=a", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&connections);
    let listener = listener.tap_io(move |_| {
        counter.fetch_add(1, Relaxed);
    });
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let (job_fixed, job_queued) = (Duration::from_millis(50), Duration::ZERO);
    let sandbox = sandbox(Options { job_fixed, job_queued, ..Options::default() });
    let leads: Vec<Value> = (0..200).map(lead).collect();
    let body = json!({ "leads": leads, "webhookUrl": url });
    post(&sandbox, "/email-finder/batch", body).await;
    let mut ids = BTreeSet::new();
    for nth in 0..201 {
        let next = timeout(Duration::from_secs(30), inbox.recv()).await;
        let (headers, body) = next.unwrap().unwrap();
        assert_eq!(headers["content-type"], "application/json");
        assert!(
            !headers.contains_key("authorization") && !headers.contains_key("x-api-key")
        );
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["event"] == "finder.completed", nth == 200);
        ids.insert(body["data"]["result_id"].as_str().map(str::to_owned));
    }
    assert_eq!(ids.len(), 201);
    sleep(Duration::from_millis(300)).await;
    assert!(inbox.try_recv().is_err(), "there is no more");
    let seen = sandbox.audit().callbacks;
    assert_eq!((seen.items, seen.completions), (audit(200, 200, 0), audit(1, 1, 0)));
    let connections = connections.load(Relaxed);
    assert!(connections <= 32, "{connections} for 201");
    server.abort();
}
