//! Calls that are refused one after the other: for how long that is waited out, and when to come back.

use super::{Limiter, Permit, gate::Gate};
use leadmill_core::{Endpoint, RateSignal, limits::LONGEST};
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
    /// When the last of them was heard of, whatever it asked for.
    pub(super) heard: Option<Instant>,
    /// When the latest of the calls left of which nothing tells what it was refused for.
    pub(super) unexplained: Option<Instant>,
}

impl Refusals {
    pub(super) const fn begin(now: Instant) -> Self {
        Self {
            first: now,
            last: now,
            asked: Duration::ZERO,
            waited: Duration::ZERO,
            heard: None,
            unexplained: None,
        }
    }

    /// One more is heard of, of a call that left then. Tells whether that left before the one before was heard of.
    fn hear(&mut self, sent: Instant, now: Instant) -> bool {
        let before = self.heard.replace(now);
        before.is_some_and(|before| sent <= before)
    }
}

impl Limiter {
    /// The call was answered with 429. Its headers tell which window was full, or it may be any. Call it between
    /// [`Limiter::hear`] and [`Limiter::replied`].
    pub fn throttled(&mut self, permit: &Permit, rates: &[RateSignal]) {
        let now = Instant::now();
        let Permit { endpoint, sent } = *permit;
        let route = self.routes.get(&endpoint).cloned().unwrap_or_default();
        let full = rates.iter().filter(|rate| rate.remaining == Some(0));
        let full: Vec<(usize, Option<Duration>)> = full
            .filter_map(|rate| Some((self.subject(&route, *rate)?, rate.reset)))
            .collect();
        for index in &route {
            if let Some(gate) = self.gates.get_mut(*index) {
                gate.log.refuse(sent, !rates.is_empty());
            }
        }
        for (index, reset) in &full {
            // Before that nothing passes; from then on the call does not count.
            if let (Some(gate), Some(reset)) = (self.gates.get_mut(*index), *reset) {
                gate.log.forget_refused(sent);
                self.closings.close(endpoint, now, reset);
            }
        }
        let lowered = |gate: &Gate| gate.lowered.is_some_and(|at| at >= sent);
        let mut gates = route.iter().filter_map(|index| self.gates.get(*index));
        let is_explained = gates.any(lowered);
        let refusals = self.refused.entry(endpoint).or_insert(Refusals::begin(now));
        let is_same = refusals.hear(sent, now);
        self.is_strike = !is_same;
        // The limit was told only by the replies to calls that left with it.
        if is_explained {
            return;
        }
        if rates.is_empty() {
            refusals.unexplained = refusals.unexplained.max(Some(sent));
        }
        if is_same {
            return;
        }
        self.trusting = false;
        self.gates.iter_mut().for_each(Gate::suspect);
        let full: Vec<usize> = full.into_iter().map(|(index, _)| index).collect();
        let full = if full.is_empty() { route } else { full };
        for index in full {
            if let Some(gate) = self.gates.get_mut(index) {
                gate.throttled(now);
            }
        }
    }

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
