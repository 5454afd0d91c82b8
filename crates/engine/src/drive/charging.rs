//! Jobs that charge at the first fetch of their results: launched, held against what they say of themselves,
//! estimated, authorised, and only then fetched.

use super::{Drive, Errand, authorising::Verdict, settlement::Events};
use crate::{Ending, limiter::Permit};
use leadmill_core::{
    BatchId, Bill, Credits, ErrorKind, Estimate, Event, Launch, Part, ProviderError,
    Reply, Status, pack::PaidAct,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long a job waits for a slot that others hold, where the provider does not say.
const BUSY: Duration = Duration::from_secs(60);

/// Times that the launch of a job is refused which says that it was not launched.
const MOST_REFUSED: u32 = 5;

/// How long a job may say after its launch that it was not: it waits for its turn.
const QUEUED: Duration = Duration::from_secs(60);

/// How far a job is on the way to its charge.
#[derive(Debug, Default)]
pub(super) struct Charge {
    /// When it was launched last, and how often.
    launched: Option<Instant>,
    launches: u32,
    refused: u32,
    /// Since when every slot has been taken.
    busy_since: Option<Instant>,
    /// It has failed once, and was started again.
    restarted: bool,
    /// The call that charges for it may have left, in this process or an earlier one.
    pub(super) authorized: bool,
    /// Another pipeline has begun it: it is fetched if it is paid for, and nothing else is done about it.
    pub(super) is_foreign: bool,
    /// What it says of itself.
    pub(super) bill: Bill,
    /// It was seen to have ended: what it costs is asked.
    pub(super) is_due: bool,
    /// Its file is here, and was fetched once more since it seemed not to be whole.
    pub(super) has_file: bool,
    pub(super) refetched: bool,
    /// The file of what was not found was asked for.
    pub(super) asked_misses: bool,
    /// Times that its file was not to be had yet.
    pub(super) put_off: u32,
}

/// Whether the provider has said that there is no such thing.
const fn is_no(error: &ProviderError) -> bool {
    matches!(error.kind, ErrorKind::Gone | ErrorKind::Refused)
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
                        work.charge.busy_since = None;
                        work.charge.launches += 1;
                        let before = work.charge.launched.replace(Instant::now());
                        match before.is_some() && !again {
                            true => self.not_yet(batch, None, None),
                            false => {
                                work.since = Instant::now();
                                self.watch(batch);
                            }
                        }
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
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                work.charge.refused += 1;
                match (again, work.charge.refused < MOST_REFUSED) {
                    (true, _) => self.came_to_nothing(batch, error.to_string()),
                    (false, true) => self.errand(BUSY / 12, Errand::Poll(batch)),
                    (false, false) => self.leave_alone(batch, error.to_string()),
                }
            }
            Err(error) => self.unanswered(permit, batch, errand, error),
        }
    }

    /// Every slot is taken, by jobs that others have begun. They are waited for, and not for ever.
    pub(super) fn busy(&mut self, batch: BatchId, errand: Errand, wait: Duration) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let since = *work.charge.busy_since.get_or_insert_with(Instant::now);
        let wait = wait.max(Duration::from_secs(1));
        if since.elapsed() + wait <= self.engine.patience {
            return self.errand(wait, errand);
        }
        let why = format!("job {} waits for a slot that others hold", work.job);
        self.engine.report.resume_at = Some(self.engine.clock.now().after(wait));
        self.leave_for_later(batch, Ending::NoJobSlot, why);
    }

    /// A job says that it was never started: it is launched, unless it was not long ago, or that is on its way.
    pub(super) fn not_launched(&mut self, batch: BatchId) {
        let is_launch =
            |errand: &Errand| matches!(errand, Errand::Launch(b, _) if *b == batch);
        if self.errands.values().any(is_launch) {
            return;
        }
        if self.is_left_to_its_pipeline(batch) {
            return;
        }
        let Some(work) = self.jobs.get(&batch) else { return };
        // Launching it once more is harmless, and of less and less use.
        let patience = QUEUED * work.charge.launches.clamp(1, 10);
        let waits = work.charge.launched.is_some_and(|at| at.elapsed() < patience);
        match waits {
            true => self.not_yet(batch, None, None),
            false => self.errand(Duration::ZERO, Errand::Launch(batch, false)),
        }
    }

    /// A job has failed, or somebody has cancelled it: it is started again, once.
    pub(super) fn has_failed(&mut self, batch: BatchId) {
        if self.is_left_to_its_pipeline(batch) {
            return;
        }
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
        if self.is_left_to_its_pipeline(batch) {
            return;
        }
        if self.jobs.get(&batch).is_none_or(|work| work.charge.authorized) {
            return self.give_up(batch, why);
        }
        let Some(work) = self.drop_job(batch) else { return };
        let statuses: Arc<[Status]> = work.keys.iter().map(|_| Status::Failed).collect();
        self.engine.wallet.settled(batch, work.held, Credits::ZERO, false);
        self.tally(&statuses, Credits::ZERO);
        let part = Part::Inline([].into());
        let event = Event::Settled { cost: Credits::ZERO, statuses, part };
        self.unwritten.push((batch, event));
        self.engine.report.gone.push(why);
    }

    /// A job has ended that charges when it is fetched: what it says of itself comes first.
    pub(super) fn is_due(&mut self, batch: BatchId) {
        // Its end was seen: no look at it is to come.
        let is_look = |errand: &Errand| matches!(errand, Errand::Ripe(b) | Errand::Poll(b) if *b == batch);
        self.errands.retain(|_, errand| !is_look(errand));
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        if !std::mem::replace(&mut work.charge.is_due, true) {
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
            // It says nothing.
            Err(error) if is_no(&error) => {
                self.heard_of(&permit, &error);
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
            // There is none: the reserve is the bound.
            Err(error) if is_no(&error) => {
                self.heard_of(&permit, &error);
                Estimate::default()
            }
            Err(error) => {
                return self.unanswered(permit, batch, Errand::Estimate(batch), error);
            }
        };
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        (work.failures, work.gone) = (0, 0);
        let bill = &mut work.charge.bill;
        // What a job says of a bill that it has not sent is nothing yet.
        let told = bill.cost.filter(|_| bill.is_paid == Some(true));
        bill.cost = estimate.cost.filter(|_| estimate.is_exact).max(told);
        match self.verdict(batch, &estimate, events) {
            Verdict::Paid => self.results_are_due(batch),
            Verdict::Due(charge) => self.authorise(batch, charge, false, events),
            Verdict::Known(charge) => self.authorise(batch, charge, true, events),
            Verdict::Left(charge, lacks) => self.leave_unpaid(batch, charge, lacks),
        }
    }

    /// The fetch that charges may leave, once this is written down.
    fn authorise(
        &mut self,
        batch: BatchId,
        charge: Credits,
        paid: bool,
        events: &mut Events,
    ) {
        events.push((batch, Event::Authorized { charge, paid }));
        if let Some(work) = self.jobs.get_mut(&batch) {
            (work.held, work.charge.authorized) = (charge, true);
        }
        self.engine.wallet.intend(batch, charge);
        self.results_are_due(batch);
    }

    fn results_are_due(&mut self, batch: BatchId) {
        self.engine.report.unpaid.remove(&batch);
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
}

#[cfg(test)]
pub(super) mod tests;
