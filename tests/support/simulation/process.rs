//! A process, as the world sees it: when it dies, whether it gets on, and what it was told.

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, Uri, header};
use leadmill_core::{Entry, Event};
use leadmill_engine::RunError;
use serde_json::Value;
use std::{
    collections::HashMap,
    future::poll_fn,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

/// How a process ends that is killed.
pub(crate) const POWER_CUT: &str = "power cut";

/// No process of a test takes so long, whatever it gets done.
const LONGEST: Duration = Duration::from_secs(3 * 86_400);

/// What a process may take beside what it waits for by its own patience: some twenty failures of a free call, charges that
/// show late, the longest job.
const BESIDE: Duration = Duration::from_secs(45 * 60);

/// Kinds of calls at a provider that are refused one after the other, each for as long as that is borne: of the wallet, its
/// terms and paid ones.
const KINDS: u32 = 3;

/// Times that a process may be woken before time goes by. One that never waits is woken again each time that it has done
/// some hundred things.
const MOST_POLLS: u32 = 20_000;

/// Writes to the journal between two looks at what has come, the last of which is that of a call that leaves then.
const WRITES: u32 = 3;

#[derive(Debug)]
pub(super) struct Process {
    died: Notify,
    began: Instant,
    /// When it last got something done.
    moved: Mutex<Instant>,
    /// How long it may get nothing done.
    still: Duration,
    /// How long calls that are decided on may be in the writing before they leave.
    writing: Duration,
    /// Jobs whose names it has heard of in the replies to its own submits.
    jobs: Mutex<Vec<String>>,
    /// Until when it was told to leave alone what it calls, and since when.
    waits: Mutex<HashMap<String, (Instant, Instant)>>,
}

impl Process {
    /// One that has so much patience, with all of its providers, and whose writes to the journal take so long.
    pub(super) fn new(patience: Duration, append_takes: Duration) -> Self {
        let now = Instant::now();
        Self {
            died: Notify::new(),
            began: now,
            moved: Mutex::new(now),
            still: patience * KINDS + BESIDE,
            writing: append_takes * WRITES,
            jobs: Mutex::default(),
            waits: Mutex::default(),
        }
    }

    pub(super) fn dies(&self) {
        self.died.notify_one();
    }

    /// This is in the journal. To ask, and to be refused, is to get nothing done.
    pub(super) fn has_written(&self, entries: &[Entry]) {
        let is_in_vain = |entry: &Entry| {
            matches!(entry.event, Event::Intended { .. } | Event::Refused { .. })
        };
        if !entries.iter().all(is_in_vain) {
            *self.moved.lock().unwrap() = Instant::now();
        }
    }

    /// A request leaves.
    ///
    /// Panics if the provider has named a later time, and that was heard of before it was decided on.
    pub(super) fn leaves(&self, request: &Request<Bytes>) {
        let (now, to) = (Instant::now(), called(request.method(), request.uri()));
        let waits = self.waits.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((since, until)) = waits.get(&to).copied() else { return };
        assert!(
            now >= until || now <= since + self.writing,
            "I19: {to} was to wait for {:?}, and is called after {:?}",
            until - since,
            now - since
        );
    }

    /// A reply has come.
    pub(super) fn hears(&self, method: &Method, uri: &Uri, reply: &Response<Bytes>) {
        let now = Instant::now();
        if reply.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait = reply.headers().get(header::RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
            if let Some(wait) = wait.map(Duration::from_secs) {
                let mut waits = self.waits.lock().unwrap();
                waits.insert(called(method, uri), (now, now + wait));
            }
        }
        let is_submit = method == Method::POST
            && (uri.path().ends_with("/batch") || uri.path().ends_with("/bulk/finder"));
        if is_submit && reply.status().is_success() {
            let body: Value = serde_json::from_slice(reply.body()).unwrap_or_default();
            let id =
                ["batchId", "id"].iter().find_map(|name| match &body["data"][name] {
                    Value::String(id) => Some(id.clone()),
                    Value::Number(id) => Some(id.to_string()),
                    _ => None,
                });
            self.jobs.lock().unwrap().extend(id);
        }
    }

    /// I18: what a reply has said is written down, or said by the error that ends the run.
    pub(super) fn judge(&self, entries: &[Entry], ending: &Result<impl Sized, RunError>) {
        let said = match ending {
            Err(RunError::Broken(why)) if why == POWER_CUT => return,
            Err(error) => error.to_string(),
            Ok(_) => String::new(),
        };
        for job in &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            let is_it = |name: &str| name.rsplit('/').next() == Some(job);
            let is_written = entries.iter().rev().any(|entry| match &entry.event {
                Event::Accepted { job } | Event::Adopted { job } => is_it(&job.0),
                _ => false,
            });
            let is_said =
                said.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_');
            assert!(
                is_written || is_said.into_iter().any(is_it),
                "I18: job {job} stands nowhere: {said}"
            );
        }
    }

    /// Ends when what goes on in it does, or with its death. Simulated time goes by, however little moves: nothing of a
    /// test lasts for ever, and nothing is tried for long in vain, or again and again at the same moment.
    pub(super) async fn lasting<T>(
        &self,
        run: impl Future<Output = Result<T, RunError>>,
    ) -> Result<T, RunError> {
        tokio::pin!(run);
        let (mut at, mut polls) = (self.began, 0);
        let mut run = poll_fn(|context| {
            let now = Instant::now();
            polls = if now == at { polls + 1 } else { 0 };
            at = now;
            assert!(polls < MOST_POLLS, "I13: a process does not come to rest");
            run.as_mut().poll(context)
        });
        loop {
            let moved = *self.moved.lock().unwrap();
            let end = (moved + self.still).min(self.began + LONGEST);
            tokio::select! { biased;
                () = self.died.notified() => {
                    return Err(RunError::Broken(POWER_CUT.into()));
                }
                ending = &mut run => return ending,
                () = sleep_until(end) => {
                    let is_still = *self.moved.lock().unwrap() == moved;
                    let is_long = self.began.elapsed() >= LONGEST;
                    assert!(!is_still && !is_long, "I13: a process does not end");
                }
            }
        }
    }
}

/// What a call is about, without the job; with it where a 429 may be about that alone: its downloads of a day, and the slot
/// that it is to be launched in.
fn called(method: &Method, uri: &Uri) -> String {
    let is_of_each = uri.path().ends_with("download") || method == Method::PUT;
    let is_word = |part: &&str| {
        is_of_each || part.len() < 4 || !part.bytes().any(|byte| byte.is_ascii_digit())
    };
    let path: Vec<&str> = uri.path().split('/').filter(is_word).collect();
    format!("{method} {}", path.join("/"))
}
