//! Calls that are refused one after the other: for how long that is waited out, and when to come back.

use super::Limiter;
use leadmill_core::{Endpoint, limits::LONGEST};
use std::time::Duration;
use tokio::time::Instant;

/// When to come back where nothing says when calls will pass.
const LATER: Duration = Duration::from_secs(15 * 60);

/// What counts of the time between two refusals beside the wait that the first one asked for, or in its place where it
/// asked for none: without a call nothing can pass.
const BESIDE: Duration = Duration::from_secs(60);

/// The 429s of an endpoint since a call of it last passed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Refusals {
    first: Instant,
    last: Instant,
    /// The wait that the last of them asked for.
    asked: Duration,
    /// How long was waited from each of them to the next.
    waited: Duration,
}

impl Refusals {
    pub(super) const fn begin(now: Instant) -> Self {
        Self { first: now, last: now, asked: Duration::ZERO, waited: Duration::ZERO }
    }
}

impl Limiter {
    /// Calls to an endpoint are to wait for so long, by a 429 that is waited out.
    pub fn refuse(&mut self, endpoint: Endpoint, wait: Option<Duration>) {
        let now = Instant::now();
        let refusals = self.refused.entry(endpoint).or_insert(Refusals::begin(now));
        let took = now.saturating_duration_since(refusals.last);
        refusals.waited += took.min(refusals.asked + BESIDE);
        refusals.last = now;
        refusals.asked = wait.unwrap_or_default().min(LONGEST);
    }

    /// When to come back, where calls of an endpoint were refused, or are to wait, for longer than that is to be
    /// borne.
    pub fn refused_until(
        &self,
        endpoint: Endpoint,
        patience: Duration,
    ) -> Option<Instant> {
        let refusals = self.refused.get(&endpoint)?;
        let now = Instant::now();
        let end = (refusals.last + refusals.asked).max(self.frozen_until.unwrap_or(now));
        let end = end.max(now);
        let later = now + patience.min(LATER);
        (refusals.waited.saturating_add(end - now) > patience).then(|| end.max(later))
    }

    /// Whether no call of any endpoint has passed since one began to be refused.
    pub fn lets_nothing_through(&self, endpoint: Endpoint) -> bool {
        self.refused
            .get(&endpoint)
            .is_some_and(|refusals| self.passed_at.is_none_or(|at| at < refusals.first))
    }
}
