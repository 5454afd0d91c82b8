//! What a question may cost at most: that is reserved for it.

use super::Drive;
use leadmill_core::{BatchId, Credits, Dearest, Lane};
use std::{collections::HashSet, time::Duration};

/// How long an answer that was dearer than its reserve is remembered.
pub const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// What calls and jobs have come to so far.
#[derive(Debug, Default)]
pub(super) struct Costs {
    /// What single calls like those of this drive have cost.
    pub(super) dearest: Dearest,
    /// Jobs that are left unpaid: they hold no slot.
    pub(super) left_unpaid: HashSet<BatchId>,
}

impl Drive<'_> {
    /// Learns from the book what single calls may cost.
    pub(super) fn learn_costs(&mut self) {
        let since = self.engine.clock.now().before(REMEMBERED);
        let (ledger, purse) = (self.book.ledger(), &*self.engine.purse);
        self.costs.dearest = Dearest::of(ledger, purse, self.order.operation, since);
        self.tell_bound();
    }

    /// Tells what is reserved for a single call, where that is more than its price.
    fn tell_bound(&mut self) {
        let bound = self.bound(Lane::Single);
        if bound > self.offer.price {
            self.engine.report.dearer.insert(self.order.operation, bound);
        }
    }

    /// What is reserved for one question.
    pub(super) fn bound(&self, lane: Lane) -> Credits {
        match lane {
            // What is not known yet the bill of the job tells, before anything is paid.
            Lane::Bulk => self.offer.price_in_job(),
            Lane::Single => self.costs.dearest.bound(&self.offer),
        }
    }

    /// A single call has cost this. One that was dearer than its reserve shows what the next may cost.
    pub(super) fn has_cost(&mut self, reserve: Credits, cost: Credits) {
        if self.costs.dearest.take(reserve, cost) {
            self.tell_bound();
        }
    }

    /// Whether no further single call may leave before one is answered: where a budget binds and nobody knows what an
    /// answer may cost, no more are in flight than have been answered.
    pub(super) fn is_cautious(&self, lane: Lane, leaving: usize) -> bool {
        let in_flight = self.weighty + leaving;
        lane == Lane::Single
            && self.offer.unbounded
            && self.engine.budget < Credits::MAX
            && in_flight as u64 >= self.costs.dearest.answered.max(1)
    }
}

#[cfg(test)]
mod tests;
