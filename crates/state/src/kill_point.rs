//! Places at which a test kills the process, as `kill -9` does.
//!
//! `LEADMILL_KILL_AT=before:7` ends the process before the eighth write of its journal, `after:7` after it.
//! Built into tests alone: the feature `kill-points` is asked for by the tests' dependencies.

use async_trait::async_trait;
use leadmill_core::{Appended, Entry, Journal, JournalError};
use rustix::process::{Signal, getpid, kill_process};

/// A journal whose process may die around one of its writes.
#[derive(Debug)]
pub(crate) struct Mortal {
    inner: Box<dyn Journal>,
    /// Whether it dies after the write, and the write.
    at: Option<(bool, u64)>,
    writes: u64,
}

impl Mortal {
    /// Dies where the environment says.
    pub(crate) fn new(inner: Box<dyn Journal>) -> Self {
        let written = std::env::var("LEADMILL_KILL_AT").ok();
        let at = written.as_deref().and_then(|written| written.split_once(':'));
        let at =
            at.and_then(|(when, write)| Some((when == "after", write.parse().ok()?)));
        Self { inner, at, writes: 0 }
    }

    fn reach(&self, after: bool) {
        if self.at == Some((after, self.writes)) {
            _ = kill_process(getpid(), Signal::KILL);
        }
    }
}

#[async_trait]
impl Journal for Mortal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        if entries.is_empty() {
            return self.inner.append(entries).await;
        }
        self.reach(false);
        let appended = self.inner.append(entries).await;
        self.reach(true);
        self.writes += 1;
        appended
    }
}
