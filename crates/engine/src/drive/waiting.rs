//! Waits that are too long to be waited for: the run ends, to be taken up again when there is room.

use super::{Drive, admission::Next};
use crate::Ending;
use leadmill_core::{Endpoint, Line, State};
use std::time::Duration;
use tokio::time::Instant;

/// How often other processes are looked at that hold what is waited for.
const LOOK: Duration = Duration::from_secs(5);

/// When something may leave, and why nothing does before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wake {
    pub(super) at: Instant,
    pub(super) reason: Reason,
}

/// What is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// The time at which we want to act.
    Ours,
    /// A window, or the provider's own word.
    Limits,
    /// A day's quota.
    Quota,
    /// Calls to this endpoint were refused one after the other, for as long as that is borne.
    Refused(Endpoint),
}

impl Wake {
    pub(super) const fn at(at: Instant) -> Self {
        Self { at, reason: Reason::Ours }
    }

    const fn is_refused(&self) -> bool {
        matches!(self.reason, Reason::Refused(_))
    }
}

impl Drive<'_> {
    /// Ends the run where nothing is in flight and the limits let nothing leave for long.
    pub(super) fn put_off(&mut self, wakes: impl Iterator<Item = Wake>) {
        // What is refused is left alone as long as anything else may leave.
        let first = wakes.min_by_key(|wake| (wake.is_refused(), wake.at));
        let Some(wake) = first.filter(|_| self.calls.is_empty()) else { return };
        let is_borne = !self.is_long(wake) && !wake.is_refused();
        if is_borne || self.is_put_off || self.is_interrupted() {
            return;
        }
        let left = wake.at.saturating_duration_since(Instant::now());
        let ending = match wake.reason {
            Reason::Ours => return,
            Reason::Limits | Reason::Refused(_) => Ending::Throttled,
            Reason::Quota => Ending::DailyQuota,
        };
        self.engine.report.resume_at = Some(self.engine.clock.now().after(left));
        // Where buying has stopped before, jobs may still be there to be fetched later.
        (self.stopped, self.is_put_off) = (self.stopped.max(Some(ending)), true);
        if let Reason::Refused(endpoint) = wake.reason
            && self.engine.limiter.lets_nothing_through(endpoint)
            && let Err(error) = self.engine.close(wake.at)
        {
            self.fail(error);
        }
    }

    /// Whether that is longer than the run waits.
    pub(super) fn is_long(&self, wake: Wake) -> bool {
        wake.at.saturating_duration_since(Instant::now()) > self.engine.patience
    }

    /// When to come back, where calls to an endpoint are not to be made any more in this run.
    pub(super) fn turned_away(&self, endpoint: Endpoint) -> Option<Wake> {
        let patience = self.engine.patience;
        let at = self.engine.limiter.refused_until(endpoint, patience)?;
        Some(Wake { at, reason: Reason::Refused(endpoint) })
    }

    /// Every job slot is held by jobs that this drive does not fetch: those of others may end soon.
    pub(super) fn wait_for_slot(&mut self) -> Next {
        let waits_since = *self.slotless_since.get_or_insert_with(Instant::now);
        let by_others = self.slot_holders().any(|line| self.is_of_others(line));
        let single = self.wanted(leadmill_core::Lane::Single).is_some();
        if single || by_others && waits_since.elapsed() < self.engine.patience {
            let at = *self.look_at.get_or_insert_with(|| Instant::now() + LOOK);
            return Next::Until(Wake::at(at));
        }
        let holders: Vec<String> = self.slot_holders().map(holder).collect();
        self.engine.report.trouble =
            Some(format!("these hold every job slot: {}", holders.join(", ")));
        self.engine.report.resume_at = self.first_doubt_ends();
        self.stopped = Some(Ending::NoJobSlot);
        Next::Nothing
    }

    /// Reads what others have written, where their jobs are waited for.
    pub(super) async fn look_for_slots(&mut self) {
        if self.look_at.is_some_and(|at| at <= Instant::now()) {
            self.look_at = None;
            if let Err(error) = self.book.refresh().await {
                self.fail(error.into());
            }
        }
    }

    pub(super) fn is_of_others(&self, line: &Line) -> bool {
        let is_late = line.run != self.engine.run && line.intended_at >= self.began_at;
        is_late || !self.order.ours.holds(line)
    }
}

/// `batch 0123456789abcdef (in doubt)`, for people.
fn holder(line: &Line) -> String {
    let what = match line.state {
        State::InDoubt => "in doubt",
        _ => "not fetched",
    };
    format!("batch {} ({what})", line.batch)
}

#[cfg(test)]
mod tests;
