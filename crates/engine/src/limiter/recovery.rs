//! What a 429 shows of a limit that nobody has told: no more is let through than has just passed.
//!
//! The shortest window in which any call has passed is taken for the one that was full, and holds as many from then on.
//! If it was a longer one, the next call is refused as well, and shows it: within the shorter window nothing has passed.
//! Later one more call is tried, and the next time less soon.

use super::{Limiter, gate::Gate};
use leadmill_core::{Endpoint, limits::LONGEST};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// Calls of a window that are counted at most. One that lets more through needs no such care.
const MOST: usize = 1_000;

/// How long no more are tried than have passed, at first and at the most.
const PATIENCE: Duration = Duration::from_secs(60);
const MOST_PATIENCE: Duration = Duration::from_secs(3_600);

/// The calls of one window that have passed lately, and the limit that they show.
#[derive(Debug, Default)]
pub(super) struct Passes {
    /// When they left.
    left: VecDeque<Instant>,
    shown: Option<Shown>,
}

/// A limit that was found by being refused.
#[derive(Clone, Copy, Debug)]
struct Shown {
    limit: u32,
    since: Instant,
    /// How long until one more is tried.
    patience: Duration,
}

impl Passes {
    /// A call that left then has passed.
    fn pass(&mut self, sent: Instant, per: Duration) {
        let index = self.left.partition_point(|other| *other <= sent);
        self.left.insert(index, sent);
        let newest = self.left.back().copied().unwrap_or(sent);
        while self.left.front().is_some_and(|first| *first + per * 2 < newest)
            || self.left.len() > MOST
        {
            self.left.pop_front();
        }
    }

    /// How many have passed within one length before a call that left at `sent`; none where they are too many.
    fn before(&self, sent: Instant, per: Duration) -> Option<u32> {
        let here = self.left.iter().filter(|left| **left <= sent && **left + per > sent);
        let count = here.count();
        (self.left.len() < MOST).then_some(u32::try_from(count).ok()?)
    }

    /// The window holds no more than this, as a call shows that was refused.
    fn show(&mut self, limit: u32, per: Duration, now: Instant) {
        let same = self.shown.filter(|shown| shown.limit.abs_diff(limit) <= 1);
        let patience = same.map_or(PATIENCE, |shown| shown.patience * 2);
        let patience = patience.min(MOST_PATIENCE).max(per.min(LONGEST));
        self.shown = Some(Shown { limit, since: now, patience });
    }

    /// The most calls of a window, of which so many are known to be allowed.
    pub(super) fn most(&mut self, cap: u32, now: Instant) -> u32 {
        let Some(shown) = &mut self.shown else { return cap };
        if now.saturating_duration_since(shown.since) > shown.patience {
            shown.limit = shown.limit.saturating_add((shown.limit / 10).max(1));
            shown.since = now;
        }
        if shown.limit >= cap {
            self.shown = None;
            return cap;
        }
        shown.limit
    }

    /// The provider has named its limit.
    pub(super) fn forget(&mut self) {
        self.shown = None;
    }
}

impl Limiter {
    /// A call of an endpoint has passed that left then.
    pub(super) fn count_pass(&mut self, endpoint: Endpoint, sent: Instant) {
        for index in self.routes.get(&endpoint).into_iter().flatten() {
            if let Some(gate) = self.gates.get_mut(*index) {
                gate.passes.pass(sent, gate.window.per);
            }
        }
    }

    /// Finds the window that was full when a call was refused that left then, once all that left with it have come back.
    pub(super) fn explain(&mut self, endpoint: Endpoint, sent: Instant) {
        let now = Instant::now();
        let route = self.routes.get(&endpoint).cloned().unwrap_or_default();
        let shows = |gate: &Gate| {
            let count = gate.passes.before(sent, gate.window.per)?;
            (1..gate.cap()).contains(&count).then_some(count)
        };
        let gates =
            route.iter().filter_map(|index| self.gates.get(*index).zip(Some(*index)));
        let full = gates
            .filter_map(|(gate, index)| Some((gate.window.per, index, shows(gate)?)))
            .min();
        let Some((_, index, limit)) = full else { return };
        if let Some(gate) = self.gates.get_mut(index) {
            gate.passes.show(limit, gate.window.per, now);
        }
        // It was no colleague.
        for index in route {
            if let Some(gate) = self.gates.get_mut(index) {
                gate.is_whole_again(now);
            }
        }
    }
}
