//! Jobs that charge at the first fetch of their results: launched, held against what they say of themselves,
//! estimated, authorised, and only then fetched.

use super::{Drive, Errand, quota::PATIENCE, settlement::Events};
use crate::{Ending, limiter::Permit};
use leadmill_core::{
    BatchId, Bill, Credits, ErrorKind, Estimate, Event, Launch, Part, ProviderError,
    Reply, Status, pack::PaidAct,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a job waits for a slot that others hold, where the provider does not say.
const BUSY: Duration = Duration::from_secs(60);

/// Times that a job is launched which goes on to say that it was not.
const MOST_LAUNCHES: u32 = 5;

/// How far a job is on the way to its charge.
#[derive(Debug, Default)]
pub(super) struct Charge {
    launches: u32,
    /// Since when every slot has been taken.
    busy_since: Option<Instant>,
    /// It has failed once, and was started again.
    restarted: bool,
    /// The call that charges for it may have left, in this process or an earlier one.
    pub(super) authorized: bool,
    /// What it says of itself.
    bill: Bill,
    /// Its results seemed not to be whole, and were fetched once more.
    refetched: bool,
}

/// What the money says to a charge.
enum Verdict {
    /// It is due, up to this.
    Due(Credits),
    /// It was paid, or may have been: fetching costs nothing more than is held.
    Paid,
    /// It stays at the provider, for this reason.
    Left(Ending, String),
    /// Nothing is to be bought.
    NotWanted,
}

impl Drive<'_> {
    /// Whether the first fetch of a job is what charges for it.
    pub(super) fn pays_by_fetch(&self) -> bool {
        self.engine.provider.account().pack.jobs.paid == PaidAct::Fetch
    }

    /// A job was handed over: it is launched, where it does not start by itself.
    pub(super) fn begin(&mut self, batch: BatchId) {
        match self.engine.provider.account().pack.jobs.launched {
            true => self.errand(Duration::ZERO, Errand::Launch(batch, false)),
            false => self.watch(batch),
        }
    }

    /// What came of a launch.
    pub(super) fn launched(
        &mut self,
        permit: Permit,
        batch: BatchId,
        again: bool,
        reply: Result<Reply<Launch>, ProviderError>,
    ) {
        let errand = Errand::Launch(batch, again);
        match reply {
            Ok(Reply { value, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                (work.failures, work.gone) = (0, 0);
                match value {
                    Launch::Begun => {
                        (work.since, work.charge.busy_since) = (Instant::now(), None);
                        self.watch(batch);
                    }
                    Launch::Busy(wait) => self.busy(batch, errand, wait.unwrap_or(BUSY)),
                }
            }
            Err(error) if error.kind == ErrorKind::NoCredit => {
                self.heard_of(&permit, &error);
                self.leave_for_later(batch, Ending::NoCredit, error.to_string());
            }
            // It may run already: it is looked at, and launched once more if it does not.
            Err(error) if error.kind == ErrorKind::Refused => {
                self.heard_of(&permit, &error);
                match again {
                    true => self.came_to_nothing(batch, error.to_string()),
                    false => self.errand(BUSY / 12, Errand::Poll(batch)),
                }
            }
            Err(error) => self.unanswered(permit, batch, errand, error),
        }
    }

    /// Every slot is taken, by jobs that others have begun. They are waited for, and not for ever.
    fn busy(&mut self, batch: BatchId, errand: Errand, wait: Duration) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let since = *work.charge.busy_since.get_or_insert_with(Instant::now);
        let wait = wait.max(Duration::from_secs(1));
        if since.elapsed() + wait <= PATIENCE {
            return self.errand(wait, errand);
        }
        let why = format!("job {} waits for a slot that others hold", work.job);
        self.engine.report.resume_at = Some(self.engine.clock.now().after(wait));
        self.leave_for_later(batch, Ending::NoJobSlot, why);
    }

    /// A job was never started: it is launched, unless that is on its way.
    pub(super) fn not_launched(&mut self, batch: BatchId) {
        let poll = self.engine.provider.account().poll;
        let is_launched =
            |errand: &Errand| matches!(errand, Errand::Launch(b, _) if *b == batch);
        if self.errands.values().any(is_launched) {
            return;
        }
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let wait = if work.charge.launches == 0 { Duration::ZERO } else { poll };
        work.charge.launches += 1;
        if work.charge.launches > MOST_LAUNCHES {
            let why = format!("job {} does not start", work.job);
            return self.leave_alone(batch, why);
        }
        self.errand(wait, Errand::Launch(batch, false));
    }

    /// A job has failed, or somebody has cancelled it: it is started again, once.
    pub(super) fn has_failed(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        match std::mem::replace(&mut work.charge.restarted, true) {
            false => self.errand(Duration::ZERO, Errand::Launch(batch, true)),
            true => {
                let why = format!("job {} has failed at the provider", work.job);
                self.came_to_nothing(batch, why);
            }
        }
    }

    /// A job has ended without a charge, and without answers.
    pub(super) fn came_to_nothing(&mut self, batch: BatchId, why: String) {
        if self.jobs.get(&batch).is_none_or(|work| work.charge.authorized) {
            return self.give_up(batch, why);
        }
        let Some(work) = self.drop_job(batch) else { return };
        let statuses: Arc<[Status]> = work.keys.iter().map(|_| Status::Failed).collect();
        self.engine.wallet.settled(batch, work.held, false);
        self.tally(&statuses, Credits::ZERO);
        let part = Part::Inline([].into());
        let event = Event::Settled { cost: Credits::ZERO, statuses, part };
        self.unwritten.push((batch, event));
        self.engine.report.gone.push(why);
    }

    /// A job has ended that charges when it is fetched: what it says of itself comes first.
    pub(super) fn is_due(&mut self, batch: BatchId) {
        let asks = |errand: &Errand| matches!(errand, Errand::Bill(b) | Errand::Estimate(b) if *b == batch);
        // Its end was seen: no look at it is to come.
        let is_look = |errand: &Errand| matches!(errand, Errand::Ripe(b) | Errand::Poll(b) if *b == batch);
        self.errands.retain(|_, errand| !is_look(errand));
        if !self.errands.values().any(asks) {
            self.errand(Duration::ZERO, Errand::Bill(batch));
        }
    }

    /// What a job says of itself.
    pub(super) fn billed(
        &mut self,
        permit: Permit,
        batch: BatchId,
        reply: Result<Reply<Bill>, ProviderError>,
    ) {
        match reply {
            Ok(Reply { value, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                if let Some(work) = self.jobs.get_mut(&batch) {
                    (work.failures, work.gone) = (0, 0);
                    work.charge.bill = value;
                }
                self.errand(Duration::ZERO, Errand::Estimate(batch));
            }
            Err(error) => self.unanswered(permit, batch, Errand::Bill(batch), error),
        }
    }

    /// What a job will charge: within the money it is authorised, and only then fetched.
    pub(super) fn estimated(
        &mut self,
        permit: Permit,
        batch: BatchId,
        reply: Result<Reply<Estimate>, ProviderError>,
        events: &mut Events,
    ) {
        let estimate = match reply {
            Ok(Reply { value, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                value
            }
            Err(error) => {
                return self.unanswered(permit, batch, Errand::Estimate(batch), error);
            }
        };
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        (work.failures, work.gone) = (0, 0);
        if let Some(cost) = estimate.cost.filter(|_| estimate.is_exact) {
            work.charge.bill.cost.get_or_insert(cost);
        }
        match self.verdict(batch, &estimate) {
            Verdict::Paid => self.results_are_due(batch),
            Verdict::Due(charge) => {
                events.push((batch, Event::Authorized { charge }));
                if let Some(work) = self.jobs.get_mut(&batch) {
                    (work.held, work.charge.authorized) = (charge, true);
                }
                self.engine.wallet.intend(batch, charge);
                self.results_are_due(batch);
            }
            Verdict::Left(ending, why) => self.leave_for_later(batch, ending, why),
            Verdict::NotWanted => {
                self.engine.report.unpaid += 1;
                self.stopped.get_or_insert(Ending::Fetched);
                self.drop_job(batch);
            }
        }
    }

    fn verdict(&self, batch: BatchId, estimate: &Estimate) -> Verdict {
        let Some(work) = self.jobs.get(&batch) else { return Verdict::NotWanted };
        let told = estimate.cost.or(work.charge.bill.cost);
        let charge = told.unwrap_or(work.reserve);
        let is_paid = estimate.is_paid || work.charge.bill.is_paid == Some(true);
        if is_paid || work.charge.authorized && charge <= work.held {
            return Verdict::Paid;
        }
        if !self.order.buys {
            return Verdict::NotWanted;
        }
        let stays = |why: &str| {
            format!(
                "job {} costs {charge} credits, {why}: it stays at the provider, unpaid",
                work.job
            )
        };
        let more = charge.less(work.held);
        let run = self.engine.run;
        let committed = self.book.ledger().committed(run, &self.engine.purse);
        if more > self.engine.budget.less(committed) {
            let why = stays("more than the budget holds");
            return Verdict::Left(Ending::AtLimit, why);
        }
        // Where the provider does not say, our own count of what is left decides.
        let is_covered =
            estimate.is_covered.unwrap_or(more <= self.engine.wallet.available());
        match is_covered {
            true => Verdict::Due(charge),
            false => Verdict::Left(Ending::NoCredit, stays("more than is left")),
        }
    }

    fn results_are_due(&mut self, batch: BatchId) {
        self.ready.push_back(batch);
        self.harvest_next();
    }

    /// A job stays at the provider as it is, and a later run goes on with it.
    pub(super) fn leave_for_later(
        &mut self,
        batch: BatchId,
        ending: Ending,
        why: String,
    ) {
        self.drop_job(batch);
        self.engine.report.trouble = Some(why);
        self.stopped.get_or_insert(ending);
    }

    /// All of a job's results have come: what they leave out is judged by what the job says of itself. `false` where
    /// they cannot be all, and are fetched once more.
    pub(super) fn is_whole(&mut self, batch: BatchId) -> bool {
        let Some(work) = self.jobs.get_mut(&batch) else { return false };
        let Some(collection) = &mut work.collection else { return false };
        if collection.judge_absent(&work.charge.bill)
            || std::mem::replace(&mut work.charge.refetched, true)
        {
            return true;
        }
        work.collection = Some(work.collection());
        self.errand(Duration::ZERO, Errand::Page(batch, 1));
        false
    }
}

#[cfg(test)]
pub(super) mod tests;
