//! The task that sends the callbacks of one job.

use std::pin::pin;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::events::{Tells, body};
use super::outlet::Post;
use super::schedule::{Callback, Fate, Schedule, Subject};
use crate::audit::CallbackAudit;
use crate::batches;
use crate::chaos::Trouble;
use crate::job::Job;
use crate::sandbox::{Sandbox, WeakSandbox};

/// The most callbacks of a job that are on their way at once.
const AT_ONCE: usize = 32;

/// What sends the callbacks of one job. It keeps no sandbox alive.
struct Teller {
    sandbox: WeakSandbox,
    job_id: String,
    post: Post,
    words: Words,
}

/// The JSON of a callback, which names this job.
pub(crate) type Words = Box<dyn Fn(&Sandbox, String, Callback) -> Bytes + Send + Sync>;

/// Lets the callbacks of a batch be sent.
pub(crate) async fn announce<P: Tells>(sandbox: &Sandbox, job_id: &str, url: &str) {
    let Ok(job) = batches::find::<P>(sandbox, job_id) else { return };
    let told = job.clone();
    let words = move |sandbox: &Sandbox, job_id: String, callback: Callback| {
        body::<P>(sandbox, &told, job_id, callback)
    };
    tell(sandbox, job_id, job, url, Box::new(words)).await;
}

/// Lets the callbacks of a job be sent as its items finish. Returns at once, unless the first of them is to
/// come before the reply to the submit: then it returns when that one has been delivered or has failed.
pub(crate) async fn tell(
    sandbox: &Sandbox,
    job_id: &str,
    job: Job,
    url: &str,
    words: Words,
) {
    let mut chance = sandbox.account().chance.fork();
    let early = chance.strikes(Trouble::WebhookEarly);
    let mut schedule = Schedule::new(job, sandbox.options(), chance);
    let first = if early { schedule.first_at_once(Instant::now()) } else { None };
    let teller = Teller {
        sandbox: sandbox.downgrade(),
        job_id: job_id.to_owned(),
        post: Post::new(&sandbox.options().callbacks.outlet, url),
        words,
    };
    let (told, first_told) = oneshot::channel::<()>();
    sandbox.spawn(async move {
        if let Some(first) = first {
            teller.deliver(first).await;
        }
        drop(told);
        teller.tell(schedule).await;
    });
    if first.is_some() {
        drop(first_told.await);
    }
}

impl Teller {
    /// Sends what is due when it is due, until there is nothing more or nobody has the sandbox.
    async fn tell(&self, mut schedule: Schedule) {
        let mut flights = FuturesUnordered::new();
        while let Some((due, callback)) = self.next(&mut schedule) {
            let room = match callback.subject {
                Subject::Item(_) => AT_ONCE,
                // It follows all that went before, and not only their sending.
                Subject::End => 1,
            };
            let mut rest = pin!(sleep_until(due));
            loop {
                tokio::select! {
                    biased;
                    Some(()) = flights.next(), if !flights.is_empty() => {}
                    () = &mut rest, if flights.len() < room => break,
                }
            }
            flights.push(self.deliver(callback));
        }
        while flights.next().await.is_some() {}
    }

    fn next(&self, schedule: &mut Schedule) -> Option<(Instant, Callback)> {
        schedule.next(self.sandbox.upgrade()?.options())
    }

    /// Sends a callback, and again as often as it may be.
    async fn deliver(&self, callback: Callback) {
        if callback.fate == Fate::Lost {
            self.count(callback, |audit| audit.lost += 1);
            return;
        }
        let Some(sandbox) = self.sandbox.upgrade() else { return };
        let knobs = &sandbox.options().callbacks;
        let (patience, retries, pause) =
            (knobs.timeout, knobs.retries, knobs.retry_after);
        let body = (self.words)(&sandbox, self.job_id(&sandbox, callback), callback);
        drop(sandbox);
        for attempt in 0..=retries {
            if attempt > 0 {
                sleep(pause).await;
            }
            self.count(callback, |audit| audit.sent += 1);
            let sent = timeout(patience, self.post.send(body.clone())).await;
            if sent == Ok(true) {
                self.count(callback, |audit| audit.acknowledged += 1);
                return;
            }
            self.count(callback, |audit| audit.failed += 1);
        }
    }

    /// The job that a callback names. A forged one names a number that no job will ever reach.
    fn job_id(&self, sandbox: &Sandbox, callback: Callback) -> String {
        let index = match callback.subject {
            Subject::Item(index) => index as u64 + 1,
            Subject::End => 0,
        };
        match callback.fate {
            Fate::Forged => sandbox.id('b', u64::MAX - index),
            Fate::Sent | Fate::Lost => self.job_id.clone(),
        }
    }

    fn count(&self, callback: Callback, count: impl FnOnce(&mut CallbackAudit)) {
        let Some(sandbox) = self.sandbox.upgrade() else { return };
        let audit = &mut sandbox.account().callbacks;
        count(match (callback.fate, callback.subject) {
            (Fate::Forged, _) => &mut audit.forged,
            (_, Subject::Item(_)) => &mut audit.items,
            (_, Subject::End) => &mut audit.completions,
        });
    }
}
