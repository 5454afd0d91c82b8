//! What was asked, what was paid, and what is free because it was paid before.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tokio::time::Instant;

/// The questions of a team.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// When each request was first paid for, by what makes requests identical.
    paid_at: HashMap<String, Instant>,
    /// How often each question was answered.
    pub(super) asked: BTreeMap<String, u32>,
    /// How often each was paid for.
    pub(super) paid: BTreeMap<String, u32>,
    /// How often each was free because it had been paid for.
    pub(super) repeats: BTreeMap<String, u32>,
}

impl Memory {
    /// Whether an identical request was paid for so lately that this one is free.
    pub(super) fn is_paid(
        &self,
        identity: &str,
        kept: Option<Duration>,
        now: Instant,
    ) -> bool {
        let since = self.paid_at.get(identity);
        kept.zip(since).is_some_and(|(kept, since)| now < *since + kept)
    }

    /// Remembers that a request was paid for.
    pub(super) fn pay(&mut self, identity: String, now: Instant) {
        self.paid_at.insert(identity, now);
    }
}

/// Counts one more.
pub(super) fn count(counts: &mut BTreeMap<String, u32>, name: &str) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.to_owned(), 1);
        }
    }
}
