//! Whether a job that has ended is paid for: from what the budget of this run holds now, and only by the pipeline that
//! has begun it.

use super::{Drive, settlement::Events};
use crate::{Ending, Lacks, Unpaid};
use leadmill_core::{BatchId, Credits, Estimate, Event, Line};

/// What the money says to a charge.
pub(super) enum Verdict {
    /// It is due, up to this.
    Due(Credits),
    /// It was paid before, which is not written down yet.
    Known(Credits),
    /// It was paid, or may have been: fetching costs nothing more than is held.
    Paid,
    /// It stays at the provider.
    Left(Credits, Lacks),
}

impl Drive<'_> {
    pub(super) fn verdict(
        &self,
        batch: BatchId,
        estimate: &Estimate,
        events: &Events,
    ) -> Verdict {
        let (Some(work), Some(line)) =
            (self.jobs.get(&batch), self.book.ledger().line(batch))
        else {
            return Verdict::Left(Credits::ZERO, Lacks::Buying);
        };
        if line.reopened.is_some() {
            return Verdict::Paid;
        }
        let (bill, run) = (work.charge.bill, self.engine.run);
        let charge = estimate.cost.or(bill.cost).unwrap_or(work.reserve);
        let is_held = work.charge.authorized && charge <= work.held;
        if estimate.is_paid || bill.is_paid == Some(true) {
            return if is_held { Verdict::Paid } else { Verdict::Known(charge) };
        }
        if work.charge.is_foreign {
            return Verdict::Left(charge, Lacks::ItsPipeline);
        }
        // Where nothing is told, what was authorised may have been charged.
        if is_held && bill.is_paid.is_none() {
            return Verdict::Paid;
        }
        if !self.order.buys {
            return Verdict::Left(charge, Lacks::Buying);
        }
        let spent = self.spent(events).less(self.spent_for(line));
        if charge > self.engine.budget.less(spent) {
            return Verdict::Left(charge, Lacks::Budget);
        }
        // Where the provider does not say, our own count of what is left decides.
        let more = charge.less(work.held);
        let is_covered =
            estimate.is_covered.unwrap_or(more <= self.engine.wallet.available());
        match is_covered {
            true if is_held && line.payer == run => Verdict::Paid,
            true => Verdict::Due(charge),
            false => Verdict::Left(charge, Lacks::Quota),
        }
    }

    /// What this run has spent, or may have: without the reserves of jobs whose charge is still to be authorised, and
    /// with what `events` say, which are not in the book yet.
    fn spent(&self, events: &Events) -> Credits {
        let (run, purse) = (self.engine.run, &self.engine.purse);
        let ledger = self.book.ledger();
        let more = events.iter().filter_map(|(batch, event)| {
            let line = ledger.line(*batch)?;
            let (credits, is_ours) = match event {
                Event::Authorized { charge, paid } => {
                    (*charge, !*paid || line.payer == run)
                }
                Event::Settled { cost, .. } => (*cost, line.payer == run),
                _ => return None,
            };
            is_ours.then(|| credits.less(self.spent_for(line)))
        });
        let more: Credits = more.sum();
        ledger.committed(run, purse).less(ledger.undecided(run, purse)) + more
    }

    /// What of it is for this batch, by the book.
    fn spent_for(&self, line: &Line) -> Credits {
        match line.payer == self.engine.run && !line.is_undecided() {
            true => line.credits,
            false => Credits::ZERO,
        }
    }

    /// What the jobs of earlier runs will cost that this run is to pay for: its budget holds room for them.
    pub(super) fn owed(&self) -> Credits {
        if !self.pays_by_fetch() {
            return Credits::ZERO;
        }
        let is_owed = |line: &Line| {
            line.payer != self.engine.run && line.is_open() && line.reopened.is_none()
        };
        let jobs = self.jobs.iter().filter(|(batch, work)| {
            !work.charge.is_foreign
                && work.charge.bill.is_paid != Some(true)
                && self.book.ledger().line(**batch).is_some_and(is_owed)
        });
        jobs.map(|(_, work)| work.held).sum()
    }

    /// A job stays at the provider, unpaid. It holds no slot there.
    pub(super) fn leave_unpaid(&mut self, batch: BatchId, charge: Credits, lacks: Lacks) {
        let run = self.book.ledger().line(batch).map(|line| line.run);
        let (Some(work), Some(run)) = (self.jobs.get(&batch), run) else { return };
        let job = work.job.clone();
        let left = |why: &str| {
            format!(
                "job {job} costs {charge} credits, {why}: it stays at the provider, unpaid"
            )
        };
        let unpaid = Unpaid { job: job.clone(), run, charge, lacks };
        self.engine.report.unpaid.insert(batch, unpaid);
        self.costs.left_unpaid.insert(batch);
        match lacks {
            Lacks::Budget => {
                let why = left("more than the budget holds");
                // What an earlier run has left keeps this one from nothing else.
                match run == self.engine.run {
                    true => self.leave_for_later(batch, Ending::AtLimit, why),
                    false => {
                        self.engine.report.trouble = Some(why);
                        self.engine.wallet.refused(batch);
                        self.drop_job(batch);
                    }
                }
            }
            Lacks::Quota => {
                let why = left("more than is left");
                self.leave_for_later(batch, Ending::NoCredit, why);
            }
            Lacks::Buying => {
                self.stopped.get_or_insert(Ending::Fetched);
                self.drop_job(batch);
            }
            // No money is held for it.
            Lacks::ItsPipeline => {
                self.engine.wallet.refused(batch);
                self.drop_job(batch);
            }
        }
    }

    /// A job wants more done than to be fetched. Tells whether that is another pipeline's to do: then it is left alone.
    pub(super) fn is_left_to_its_pipeline(&mut self, batch: BatchId) -> bool {
        let foreign = self.jobs.get(&batch).filter(|work| work.charge.is_foreign);
        let Some(reserve) = foreign.map(|work| work.reserve) else { return false };
        self.leave_unpaid(batch, reserve, Lacks::ItsPipeline);
        true
    }
}
