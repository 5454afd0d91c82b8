//! A receiver of callbacks in process: no socket, so that paused time is exact.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};

use super::super::client::{leads, post};
use crate::{Callbacks, Delivery, Options, Outlet, Sandbox};

pub(super) const URL: &str = "http://hooks.example/e/1";

/// Longer than anything takes.
const QUIET: Duration = Duration::from_secs(2_000);

pub(super) type Inbox = UnboundedReceiver<Delivery>;

/// A callback as it arrived.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Received {
    pub(super) after: Duration,
    pub(super) body: Value,
}

impl Received {
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }

    pub(super) fn id(&self) -> &str {
        self.at("/data/result_id").as_str().unwrap_or("end")
    }
}

/// A sandbox whose callbacks come to the inbox.
pub(super) fn with_inbox(options: Options) -> (Sandbox, Inbox) {
    let (sender, inbox) = unbounded_channel();
    let outlet = Outlet::Channel(sender);
    let callbacks = Callbacks { outlet, ..options.callbacks };
    (Sandbox::new(Options { callbacks, ..options }), inbox)
}

/// A sandbox with faults, of which each strikes always.
pub(super) fn with_faults(faults: &[&str], callbacks: Callbacks) -> (Sandbox, Inbox) {
    let chaos = faults.iter().map(|what| format!("{what}=100%").parse().unwrap());
    let chaos = chaos.collect();
    with_inbox(Options { chaos, callbacks, ..Options::default() })
}

/// Submits a finder batch with a callback; gives its id.
pub(super) async fn submit(sandbox: &Sandbox, count: usize) -> String {
    let mut body = leads(count);
    body["webhookUrl"] = json!(URL);
    let reply = post(sandbox, "/email-finder/batch", body).await;
    reply.at("/data/batchId").as_str().unwrap().to_owned()
}

/// The next callback, unanswered.
pub(super) async fn next(inbox: &mut Inbox) -> Delivery {
    timeout(QUIET, inbox.recv()).await.unwrap().unwrap()
}

/// Answers every callback with the status, until none comes any more.
pub(super) async fn answer_all(inbox: &mut Inbox, status: u16) -> Vec<Received> {
    let start = Instant::now();
    let mut received = Vec::new();
    while let Ok(Some(delivery)) = timeout(QUIET, inbox.recv()).await {
        assert_eq!(delivery.url, URL);
        let body = serde_json::from_slice(&delivery.body).unwrap();
        received.push(Received { after: start.elapsed(), body });
        delivery.answer(status);
    }
    received
}

/// All callbacks of one finder batch that is submitted now.
pub(super) async fn callbacks(
    (sandbox, mut inbox): (Sandbox, Inbox),
    count: usize,
) -> Vec<Received> {
    submit(&sandbox, count).await;
    answer_all(&mut inbox, 200).await
}
