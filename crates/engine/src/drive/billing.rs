//! When the provider's log of calls is read, and what it says of answers is written down.

use super::Drive;
use crate::{Ending, Recorded, bills::Told};
use leadmill_core::{Credits, Event};

/// Times that the log is read once all is answered.
const LAST: u32 = 3;

impl Drive<'_> {
    /// Reads the log before the first question that it will tell of, with what it still says of earlier runs.
    pub(crate) async fn open_bills(&mut self) {
        let is_open = self.stopped.is_none() && !self.engine.bills.is_open();
        if is_open && self.engine.is_logged(self.order) {
            self.settle_bills().await;
        }
    }

    /// Reads it when that is due. Tells whether it was: what has been heard meanwhile is taken in before anything leaves.
    pub(super) async fn take_bills(&mut self) -> bool {
        let is_due =
            self.fatal.is_none() && self.stopped.is_none() && self.engine.bills.is_due();
        if is_due {
            self.settle_bills().await;
        }
        is_due
    }

    /// Reads it once all is answered. Whoever was told to stop does not wait for it: another run reads it.
    pub(super) async fn last_bills(&mut self) {
        for look in 0..LAST {
            let goes_on =
                self.fatal.is_none() && self.stopped != Some(Ending::Interrupted);
            if !goes_on || !self.engine.bills.expects_some() {
                return;
            }
            if look > 0 && !self.engine.wait_for_bills().await {
                return;
            }
            self.settle_bills().await;
        }
    }

    async fn settle_bills(&mut self) {
        // What it tells of is in the book first.
        self.write_what_waits().await;
        if self.fatal.is_some() {
            return;
        }
        let told = match self.engine.read_bills(self.book, &self.order.siblings).await {
            Ok(told) if told.is_empty() => return,
            Ok(told) => told,
            Err(error) => return self.fail(error),
        };
        let dearer = self.dearer(&told);
        let billed =
            told.iter().map(|told| (told.batch, Event::Billed { cost: told.cost }));
        match self.record(billed.collect()).await {
            Ok(Recorded::Written) => {
                self.engine.has_billed(&told);
                dearer
                    .into_iter()
                    .for_each(|(reserve, cost)| self.has_cost(reserve, cost));
            }
            // Whoever has taken over settles them.
            Ok(Recorded::Collides) => {}
            Err(error) => self.fail(error),
        }
    }

    /// What has cost more than was reserved for it.
    fn dearer(&self, told: &[Told]) -> Vec<(Credits, Credits)> {
        let ledger = self.book.ledger();
        let dearer = told.iter().filter_map(|Told { batch, cost, .. }| {
            let line = ledger.line(*batch)?;
            let is_like = line.operation == self.order.operation;
            (is_like && *cost > line.reserve).then_some((line.reserve, *cost))
        });
        dearer.collect()
    }
}

#[cfg(test)]
pub(super) mod tests;
