//! Job slots and daily quotas, counted from the book: so they hold over restarts and processes.

use super::Drive;
use leadmill_core::{Line, State, Timestamp, pack::Daily};
use std::time::Duration;

/// A day, and what the provider's may begin later: a job counts from when its submit arrived.
pub(super) const DAY: Duration = Duration::from_secs(86_400 + 150);

/// Whether one more job may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quota {
    /// It may.
    Open,
    /// It may, with at most so many questions.
    Fits(usize),
    /// When a job of this drive has ended.
    AfterJob,
    /// When another has ended: the slots are held by jobs that this drive does not fetch.
    AfterOthers,
    /// Not before this.
    Until(Timestamp),
}

impl Drive<'_> {
    /// Whether a job of so many questions may begin, beside `leaving` that are about to.
    pub(super) fn quota(&self, leaving: usize, questions: usize) -> Quota {
        let (offer, operation) = (&self.offer, self.order.operation);
        if let Some(most) = offer.running
            && self.slot_holders().count() + leaving >= most.get() as usize
        {
            let is_busy = leaving > 0 || !self.jobs.is_empty() || self.weighty > 0;
            return if is_busy { Quota::AfterJob } else { Quota::AfterOthers };
        }
        let now = self.engine.clock.now();
        // When it has come, one is tried again.
        if let Some(until) = self.no_jobs_until.filter(|until| *until > now) {
            return Quota::Until(until);
        }
        let rows = self.rows_of_the_day(leaving);
        if rows != Quota::Open || offer.daily == Daily::default() {
            return rows;
        }
        if leaving > 0 {
            // What is about to leave is not in the book yet.
            return Quota::AfterJob;
        }
        let since = now.before(DAY);
        let (ledger, purse) = (self.book.ledger(), &*self.engine.purse);
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

    /// Jobs that run, or may: their replies are not known. None of the latter runs longer than a day.
    pub(super) fn slot_holders(&self) -> impl Iterator<Item = &Line> {
        let (operation, now) = (self.order.operation, self.engine.clock.now());
        let since = now.before(DAY);
        let running = self.book.ledger().running(&self.engine.purse, operation);
        running
            // What is authorised has ended.
            .filter(|line| {
                !line.authorized && !self.costs.left_unpaid.contains(&line.batch)
            })
            .filter(move |line| line.state != State::InDoubt || line.intended_at > since)
    }

    /// When the first of the jobs that may run no longer counts; `None` where none is in doubt.
    pub(super) fn first_doubt_ends(&self) -> Option<Timestamp> {
        let doubts = self.slot_holders().filter(|line| line.state == State::InDoubt);
        doubts.map(|line| line.intended_at.after(DAY)).min()
    }
}
