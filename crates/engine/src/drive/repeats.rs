//! Single questions that were paid for before, and that the provider answers again at no charge.

use super::Drive;
use crate::Engine;
use leadmill_core::{
    Answered, Credits, KeyMap, Lane, Ledger, Operation, QueryKey, State, Status,
    Timestamp,
};
use std::time::Duration;

/// What the clocks of two sides may differ by, and a reply may be late by: at the very end of its time a repeat is
/// not taken for free.
const MARGIN: Duration = Duration::from_secs(3_600);

/// When each question was first paid for, of those that may be asked again at no charge.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    paid: KeyMap<Timestamp>,
    free_for: Duration,
}

impl Repeats {
    /// Reads the book, where the provider repeats itself at no charge.
    ///
    /// Jobs are another endpoint, and whether a question in one is the same as a single one is not known: those do not
    /// count, nor does what cost nothing.
    pub(super) fn of(ledger: &Ledger, engine: &Engine, operation: Operation) -> Self {
        let offer = engine.provider.account().offer(operation);
        let Some(repeats) = offer.and_then(|offer| offer.repeats) else {
            return Self::default();
        };
        let (free_for, over) = (repeats.0.saturating_sub(MARGIN), repeats.0 + MARGIN);
        let mut paid = KeyMap::default();
        let lines = ledger.lines().iter().filter(|line| {
            line.lane == Lane::Single
                && line.operation == operation
                && line.account == engine.purse
                && line.credits > Credits::ZERO
        });
        for line in lines {
            let State::Settled { statuses, .. } = &line.state else { continue };
            if statuses.iter().any(|status| *status != Status::Hit) {
                continue;
            }
            for key in &*line.keys {
                let at = paid.entry(*key).or_insert(line.intended_at);
                // Between the two it may have been a repeat, and then the time still runs from the first.
                if line.intended_at.since(*at) > over {
                    *at = line.intended_at;
                }
            }
        }
        let now = engine.clock.now();
        paid.retain(|_, at| now.since(*at) < free_for);
        Self { paid, free_for }
    }

    /// Whether a question is answered at no charge.
    fn is_free(&self, key: &QueryKey, now: Timestamp) -> bool {
        self.paid.get(key).is_some_and(|at| now.since(*at) < self.free_for)
    }
}

impl Drive<'_> {
    /// No reply says that it was free: the book does.
    pub(super) fn price_repeat(&self, answered: &mut Answered) {
        if self.repeats.is_free(&answered.key, self.engine.clock.now()) {
            answered.credits = Some(Credits::ZERO);
        }
    }
}

#[cfg(test)]
mod tests;
