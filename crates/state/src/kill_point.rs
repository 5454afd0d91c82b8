//! Places at which a test kills the process, as `kill -9` does, and a clock that it sets.
//!
//! `LEADMILL_KILL_AT=before:7` ends the process before the eighth write of its journal, `after:7` after it. `panic:7`
//! panics before it, and `task:7` does so in a task of its own. `LEADMILL_CLOCK_OFF=-60` sets the machine's clock back by a
//! minute. Built into tests alone: the feature `kill-points` is
//! asked for by the tests' dependencies.

use async_trait::async_trait;
use leadmill_core::{Appended, Clock, Entry, Journal, JournalError, Moment, Timestamp};
use rustix::process::{Signal, getpid, kill_process};
use std::sync::Arc;

/// A journal whose process may die around one of its writes.
#[derive(Debug)]
pub(crate) struct Mortal {
    inner: Box<dyn Journal>,
    /// How it dies, and at which write.
    at: Option<(Death, u64)>,
    writes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Death {
    Before,
    After,
    Panic,
    TaskPanic,
}

impl Mortal {
    /// Dies where the environment says.
    pub(crate) fn new(inner: Box<dyn Journal>) -> Self {
        let written = std::env::var("LEADMILL_KILL_AT").ok();
        let at = written.as_deref().and_then(|written| written.split_once(':'));
        let at = at.and_then(|(when, write)| {
            let death = match when {
                "after" => Death::After,
                "panic" => Death::Panic,
                "task" => Death::TaskPanic,
                _ => Death::Before,
            };
            Some((death, write.parse().ok()?))
        });
        Self { inner, at, writes: 0 }
    }

    fn reach(&self, death: Death, entries: &[Entry]) {
        if self.at != Some((death, self.writes)) {
            return;
        }
        match death {
            Death::Before | Death::After => {
                _ = kill_process(getpid(), Signal::KILL);
            }
            Death::Panic => fail(entries),
            Death::TaskPanic => {
                let entries = entries.to_vec();
                tokio::spawn(async move { fail(&entries) });
            }
        }
    }
}

/// Panics, and tells what it was about.
#[expect(clippy::panic, reason = "this is what is tried out")]
fn fail(entries: &[Entry]) {
    panic!("failed on purpose: {entries:?}");
}

#[async_trait]
impl Journal for Mortal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        if entries.is_empty() {
            return self.inner.append(entries).await;
        }
        for death in [Death::Before, Death::Panic, Death::TaskPanic] {
            self.reach(death, entries);
        }
        let appended = self.inner.append(entries).await;
        self.reach(Death::After, entries);
        self.writes += 1;
        appended
    }
}

/// A clock that is off by so many milliseconds.
#[derive(Debug)]
struct Wrong(Arc<dyn Clock>, i64);

impl Clock for Wrong {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.now().0 + self.1)
    }

    fn moment(&self) -> Moment {
        self.0.moment()
    }
}

/// The clock, off by as many seconds as the environment says.
pub(crate) fn set_wrong(clock: Arc<dyn Clock>) -> Arc<dyn Clock> {
    let off = std::env::var("LEADMILL_CLOCK_OFF").ok();
    match off.and_then(|seconds| seconds.parse::<i64>().ok()) {
        Some(seconds) => Arc::new(Wrong(clock, seconds * 1_000)),
        None => clock,
    }
}
