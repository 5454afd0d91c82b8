//! Jobs that were begun without the money for them. Some providers take any job, and tell only at its end.

use super::Drive;
use crate::Ending;
use leadmill_core::{BatchId, Event, Line};

impl Drive<'_> {
    /// A job has ended because the wallet could not cover it: nothing was charged, and its questions may go
    /// again. Where it was begun here, nothing more is bought.
    pub(super) fn uncovered(&mut self, batch: BatchId, why: String) {
        // Of a job that may be another's, or was paid for once, this proves nothing.
        if !self.book.ledger().line(batch).is_some_and(Line::is_own_job) {
            return self.leave_alone(batch, why);
        }
        let Some(work) = self.drop_job(batch) else { return };
        self.unwritten.push((batch, Event::Refused { reason: why.clone(), again: true }));
        if work.resumed {
            // What the wallet held for an earlier process is not what it holds for this one.
            return self.engine.wallet.refused(batch);
        }
        self.engine.wallet.denied(batch, work.reserve);
        let report = &mut self.engine.report;
        report.asked = report.asked.saturating_sub(work.keys.len() as u64);
        report.trouble = Some(why);
        self.stopped.get_or_insert(Ending::NoCredit);
    }
}

#[cfg(test)]
mod tests;
