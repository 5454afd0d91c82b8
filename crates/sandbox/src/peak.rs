//! The largest number of requests that any span of one length has held.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// An exact count over every half-open span of a length, whatever the limiter believes.
#[derive(Debug)]
pub(crate) struct Peak {
    length: Duration,
    seen: VecDeque<Instant>,
    highest: usize,
}

impl Peak {
    /// Nothing seen yet.
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, seen: VecDeque::new(), highest: 0 }
    }

    /// Counts a request at `now`, which is never earlier than the one before.
    pub(crate) fn note(&mut self, now: Instant) {
        while self.seen.front().is_some_and(|&at| at + self.length <= now) {
            self.seen.pop_front();
        }
        self.seen.push_back(now);
        self.highest = self.highest.max(self.seen.len());
    }

    /// The largest count so far.
    pub(crate) fn highest(&self) -> u64 {
        self.highest as u64
    }
}
