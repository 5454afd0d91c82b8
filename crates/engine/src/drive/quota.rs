//! Job slots and daily quotas, counted from the book: so they hold over restarts and processes.

use super::Drive;
use leadmill_core::Timestamp;
use std::time::Duration;

/// How long a used-up quota is waited for where there is nothing else to do.
pub(super) const PATIENCE: Duration = Duration::from_secs(600);

/// A day, and what the provider's may begin later: a job counts from when its submit arrived.
const DAY: Duration = Duration::from_secs(86_400 + 150);

/// Whether one more job may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// It may.
    Open,
    /// It may, with at most so many questions.
    Fits(usize),
    /// When a job has ended.
    AfterJob,
    /// Not before this.
    Until(Timestamp),
}

impl Drive<'_> {
    /// Whether a job of so many questions may begin, beside `leaving` that are about to.
    pub(super) fn quota(&self, leaving: usize, questions: usize) -> Quota {
        let (offer, operation) = (&self.offer, self.order.operation);
        let (ledger, purse) = (self.book.ledger(), &*self.engine.purse);
        if let Some(most) = offer.running
            && ledger.running(purse, operation) + leaving >= most.get() as usize
        {
            return Quota::AfterJob;
        }
        if offer.daily.jobs.is_none() && offer.daily.questions.is_none() {
            return Quota::Open;
        }
        if leaving > 0 {
            // What is about to leave is not in the book yet.
            return Quota::AfterJob;
        }
        let now = self.engine.clock.now();
        let since = now.before(DAY);
        let begun: Vec<(Timestamp, usize)> =
            ledger.begun(purse, operation, since).collect();
        if let Some(most) = offer.daily.jobs
            && let Some(first) = begun.len().checked_sub(most.get() as usize)
            && let Some((at, _)) = begun.get(first)
        {
            return Quota::Until(at.after(DAY));
        }
        let Some(most) = offer.daily.questions else { return Quota::Open };
        let asked: usize = begun.iter().map(|(_, questions)| questions).sum();
        match (most.get() as usize).saturating_sub(asked) {
            0 => Quota::Until(begun.first().map_or(now, |(at, _)| at.after(DAY))),
            left if left < questions => Quota::Fits(left),
            _ => Quota::Open,
        }
    }
}
