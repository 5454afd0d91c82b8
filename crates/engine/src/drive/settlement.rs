//! What a reply means: one match, each arm ends in entries for the journal and the batch's next call.

use super::{Drive, Ended, Errand, MOST_HARVESTED, Work};
use crate::{
    collection::Next,
    limiter::Permit,
    patience::{MOST_LOST, backoff},
};
use leadmill_core::{
    Answered, Batch, BatchId, Credits, ErrorKind, Event, JobId, Page, Part, Progress,
    ProviderError, Reply, Signals, Status,
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::Instant;

/// Times in a row that a job may have ended whose results are not there: they may lag behind.
const MOST_UNREADY: u32 = 12;

pub(super) type Events = Vec<(BatchId, Event)>;

impl Drive<'_> {
    /// Takes in replies. Nothing follows from any of them before all of them are journalled.
    pub(crate) async fn settle(&mut self, replies: Vec<Ended>) {
        let mut events = Events::new();
        for reply in replies {
            match reply {
                Ended::Submitted(permit, batch, reply) => {
                    self.submitted(permit, batch, reply, &mut events)
                }
                Ended::Asked(permit, batch, reply) => {
                    self.asked(permit, batch, reply, &mut events)
                }
                Ended::Balance(permit, reply) => self.balance(permit, reply),
                Ended::Polled(permit, batch, reply) => self.polled(permit, batch, reply),
                Ended::Launched(permit, batch, again, reply) => {
                    self.launched(permit, batch, again, reply)
                }
                Ended::Billed(permit, batch, reply) => self.billed(permit, batch, reply),
                Ended::Estimated(permit, batch, reply) => {
                    self.estimated(permit, batch, reply, &mut events)
                }
                Ended::Fetched(permit, batch, page, reply) => {
                    self.fetched(permit, batch, page, reply)
                }
                Ended::Staged(batch, cost, statuses, reply) => {
                    self.weighty = self.weighty.saturating_sub(1);
                    match reply {
                        Ok(name) => self.staged(batch, cost, statuses, name, &mut events),
                        // The answers stay at the provider; what else came is still written down.
                        Err(error) => self.fail(error.into()),
                    }
                }
            }
        }
        let events = with_seen(events, std::mem::take(&mut self.unwritten));
        if self.may_wait(&events) {
            self.keep_back(events);
        } else {
            self.keep(events).await;
        }
    }

    /// What every reply tells, whatever it is about.
    pub(super) fn heard(
        &mut self,
        permit: &Permit,
        signals: &Signals,
        own: Option<BatchId>,
    ) {
        self.engine.limiter.hear(permit, &signals.rates);
        self.arrived(permit, true);
        self.note_balance(permit, signals, own);
    }

    /// A call failed: where not even an error came back, nothing is known of its way.
    pub(super) fn heard_of(&mut self, permit: &Permit, error: &ProviderError) {
        let limiter = &mut self.engine.limiter;
        limiter.hear(permit, &error.signals.rates);
        match error.kind {
            ErrorKind::Throttled(_) => limiter.throttled(permit, &error.signals.rates),
            // What the provider says of the question has passed the limits.
            ErrorKind::Refused
            | ErrorKind::NoCredit
            | ErrorKind::LikelyMiss
            | ErrorKind::Gone => limiter.passed(permit),
            ErrorKind::Unsent
            | ErrorKind::InDoubt
            | ErrorKind::Foreign
            | ErrorKind::Intercepted
            | ErrorKind::Fatal => {}
        }
        self.arrived(permit, error.status.is_some());
        self.note_balance(permit, &error.signals, None);
    }

    fn arrived(&mut self, permit: &Permit, whole: bool) {
        if let Err(error) = self.engine.heard_of(permit, whole) {
            self.fail(error);
        }
    }

    fn note_balance(&mut self, permit: &Permit, signals: &Signals, own: Option<BatchId>) {
        if let Some(balance) = signals.balance {
            self.engine.wallet.report(balance, permit.sent, own);
        }
    }

    fn submitted(
        &mut self,
        permit: Permit,
        batch: Batch,
        reply: Result<Reply<JobId>, ProviderError>,
        events: &mut Events,
    ) {
        self.weighty = self.weighty.saturating_sub(1);
        match reply {
            Ok(Reply { value: job, signals }) => {
                self.submits_throttled = 0;
                self.heard(&permit, &signals, None);
                self.went_through(&permit);
                // Where the fetch is what charges, no report holds the reserve before it.
                if !self.pays_by_fetch() {
                    self.engine.wallet.replied(batch.id, Instant::now());
                    self.engine.suspects.reply(None);
                }
                events.push((batch.id, Event::Accepted { job: job.clone() }));
                self.work(batch.id, job, batch.operation, batch.keys, batch.reserve);
                self.begin(batch.id);
            }
            Err(error) => self.not_bought(permit, batch, error, events),
        }
    }

    fn asked(
        &mut self,
        permit: Permit,
        batch: Batch,
        reply: Result<Reply<Answered>, ProviderError>,
        events: &mut Events,
    ) {
        self.weighty = self.weighty.saturating_sub(1);
        match reply {
            Ok(Reply { value: mut answered, signals }) => {
                self.price_rows(&mut answered);
                self.price_repeat(&mut answered);
                let cost = answered.credits.unwrap_or(batch.reserve);
                self.heard(&permit, &signals, Some(batch.id));
                self.went_through(&permit);
                if cost > Credits::ZERO {
                    self.engine.suspects.reply(signals.balance);
                }
                let told = signals.balance.is_some();
                self.engine.wallet.settled(batch.id, batch.reserve, cost, told);
                self.has_cost(batch.reserve, cost);
                let statuses: Arc<[Status]> = [answered.finding.status()].into();
                self.tally(&statuses, cost);
                self.kept.answers(batch.id, batch.queries.first());
                if self.engine.is_logged(self.order) {
                    self.engine.bills.answered(batch.id);
                }
                let part = Part::Inline([answered].into());
                events.push((batch.id, Event::Settled { cost, statuses, part }));
            }
            Err(error) => self.not_bought(permit, batch, error, events),
        }
    }

    /// Some replies name no bill, and only so many searches of a month are free in part. By the journal this run's may
    /// not be one of them: then each of its rows is taken for paid.
    fn price_rows(&self, answered: &mut Answered) {
        let Some(free) = self.offer.free_a_month else { return };
        let (now, run) = (self.engine.clock.now(), self.engine.run);
        let purse = &*self.engine.purse;
        let lines = self.book.ledger().lines().iter();
        let searches = lines.filter(|line| {
            line.operation == self.order.operation
                && *line.account == *purse
                && now.shares_month(line.intended_at)
        });
        let runs: BTreeSet<_> = searches.map(|line| line.run).chain([run]).collect();
        if runs.len() > free.get() as usize {
            answered.credits = Some(self.offer.price_of_row() * answered.finding.rows());
        }
    }

    /// A paid call was answered.
    fn went_through(&mut self, permit: &Permit) {
        self.passed(permit);
        (self.unsent, self.lost, self.refused) = (0, 0, 0);
    }

    /// A call was answered.
    pub(super) fn passed(&mut self, permit: &Permit) {
        self.engine.limiter.passed(permit);
        self.passed_at = Some(Instant::now());
    }

    fn balance(&mut self, permit: Permit, reply: Result<Reply<Credits>, ProviderError>) {
        match reply {
            Ok(Reply { signals, .. }) => {
                self.heard(&permit, &signals, None);
                self.engine.limiter.passed(&permit);
                self.wallet_failures = 0;
            }
            Err(error) => {
                self.heard_of(&permit, &error);
                // Where the wallet seems empty, what it holds is still to be known.
                match error.kind {
                    ErrorKind::Throttled(wait) => {
                        self.throttled(permit.endpoint, wait);
                        if self.wallet_read {
                            self.errand(Duration::ZERO, Errand::Balance);
                        }
                    }
                    ErrorKind::Unsent | ErrorKind::InDoubt | ErrorKind::Foreign
                        if self.wallet_read && self.wallet_failures < MOST_LOST =>
                    {
                        self.wallet_failures += 1;
                        self.errand(backoff(self.wallet_failures), Errand::Balance);
                    }
                    _ => {}
                }
            }
        }
    }

    fn polled(
        &mut self,
        permit: Permit,
        batch: BatchId,
        reply: Result<Reply<Progress>, ProviderError>,
    ) {
        match reply {
            Ok(Reply { value, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                (work.failures, work.gone) = (0, 0);
                let harvested = work.harvested || self.ready.contains(&batch);
                match value {
                    Progress::Ready | Progress::Partial => {
                        let is_partial = value == Progress::Partial;
                        work.is_partial |= is_partial;
                        self.has_ended(batch);
                        if !harvested && self.pays_by_fetch() {
                            self.is_due(batch);
                        } else if !harvested {
                            self.errands
                                .retain(|_, errand| *errand != Errand::Ripe(batch));
                            self.ready.push_back(batch);
                            self.harvest_next();
                        }
                    }
                    // What is being fetched tells by itself.
                    Progress::Running { total: Some(total), .. }
                        if work.adopted && total != work.keys.len() as u64 =>
                    {
                        let why =
                            format!("job {} is not that of batch {batch}", work.job);
                        self.refute(batch, why);
                    }
                    Progress::Waiting => self.not_launched(batch),
                    Progress::Failed => self.has_failed(batch),
                    Progress::Running { .. } if harvested => {}
                    Progress::Running { done, total } => self.not_yet(batch, done, total),
                }
            }
            Err(error) => self.unanswered(permit, batch, Errand::Poll(batch), error),
        }
    }

    fn fetched(
        &mut self,
        permit: Permit,
        batch: BatchId,
        number: u32,
        reply: Result<Reply<Page>, ProviderError>,
    ) {
        if self.pays_by_fetch() {
            self.weighty = self.weighty.saturating_sub(1);
        }
        match reply {
            Ok(Reply { value: page, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                // From here on reports hold what it has charged.
                if self.pays_by_fetch() && page.ready {
                    self.engine.wallet.replied(batch, Instant::now());
                }
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                (work.failures, work.gone) = (0, 0);
                work.told_balance |= signals.balance.is_some();
                if !page.ready {
                    // A glimpse of a job that runs (again): start over when it has ended.
                    if work.collection.take().is_none() {
                        return;
                    }
                    (work.harvested, work.charge.is_due) = (false, false);
                    work.unready += u32::from(work.end_seen);
                    if work.unready > MOST_UNREADY {
                        let why = format!(
                            "job {} has ended, and its results are not to be had",
                            work.job
                        );
                        return self.leave_alone(batch, why);
                    }
                    self.errands.retain(
                        |_, errand| !matches!(errand, Errand::Page(b, _) if *b == batch),
                    );
                    self.harvest_next();
                    return self.not_yet(batch, None, None);
                }
                self.has_ended(batch);
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                work.unready = 0;
                let Some(collection) = &mut work.collection else { return };
                match collection.take(number, page) {
                    Next::Wait => {}
                    Next::Pages(pages) => pages.into_iter().for_each(|page| {
                        self.errand(Duration::ZERO, Errand::Page(batch, page))
                    }),
                    Next::Done if self.pays_by_fetch() => self.file_came(batch),
                    Next::Done => self.stage(batch),
                }
            }
            Err(error) => {
                self.unanswered(permit, batch, Errand::Page(batch, number), error)
            }
        }
    }

    /// Begins to fetch the results of ended jobs, of some at a time: their answers are in memory.
    pub(super) fn harvest_next(&mut self) {
        let harvested = self.jobs.values().filter(|work| work.harvested);
        let mut answers: usize = harvested.map(Work::size).sum();
        // Until one file was read, nobody knows whether the next could be.
        let one_at_a_time = self.pays_by_fetch() && !self.has_read_file;
        while answers < MOST_HARVESTED && !(one_at_a_time && answers > 0) {
            let Some(batch) = self.ready.pop_front() else { return };
            let Some(work) = self.jobs.get_mut(&batch) else { continue };
            work.harvested = true;
            answers += work.size();
            work.collection = Some(work.collection());
            self.errand(Duration::ZERO, Errand::Page(batch, 1));
        }
    }

    /// Keeps the answers of a whole job, in a task of their own.
    pub(super) fn stage(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let Some(collection) = work.collection.take() else { return };
        let report = &mut self.engine.report;
        report.duplicated += collection.duplicated;
        report.foreign += collection.foreign;
        report.missing += collection.missing_rows;
        report.partial += u64::from(work.is_partial);
        let (foreign, is_whole) = (collection.foreign, collection.is_whole());
        let failed = collection.has_failed();
        let price = Credits(work.reserve.0 / work.keys.len().max(1) as u64);
        let harvest = collection.harvest(price);
        let holds_none = harvest.holds_none();
        // A failed job, or one with items missing, proves neither whose it is nor what was free.
        // Rows of namesakes are there, and nobody knows which is whose.
        let lacks_some = harvest.missing > harvest.unclear;
        if work.adopted && (lacks_some || failed || !is_whole) {
            let why = format!("job {} is not that of batch {batch}", work.job);
            return self.refute(batch, why);
        }
        if holds_none && foreign > 0 {
            let why =
                format!("job {} holds none of the questions of batch {batch}", work.job);
            return self.give_up(batch, why);
        }
        report.missing += harvest.missing;
        let (cost, statuses, operation) =
            (harvest.cost, harvest.statuses(), work.operation);
        let is_page =
            |errand: &Errand| matches!(errand, Errand::Page(other, _) if *other == batch);
        self.errands.retain(|_, errand| !is_page(errand));
        let staging = Arc::clone(&self.engine.staging);
        let stagers = Arc::clone(&self.stagers);
        self.weighty += 1;
        self.calls.spawn(async move {
            // Nobody closes it.
            let _turn = stagers.acquire().await;
            let staged = staging.stage(batch, operation, harvest.answers).await;
            Ended::Staged(batch, cost, statuses, staged)
        });
    }

    fn staged(
        &mut self,
        batch: BatchId,
        cost: Credits,
        statuses: Arc<[Status]>,
        name: String,
        events: &mut Events,
    ) {
        self.errands.retain(|_, errand| errand.about() != Some(batch));
        if let Some(work) = self.jobs.remove(&batch) {
            self.engine.wallet.settled(batch, work.held, cost, work.told_balance);
        }
        self.harvest_next();
        self.tally(&statuses, cost);
        events.push((batch, Event::Settled { cost, statuses, part: Part::File(name) }));
    }

    pub(super) fn tally(&mut self, statuses: &[Status], cost: Credits) {
        let count =
            |wanted| statuses.iter().filter(|status| **status == wanted).count() as u64;
        let (hits, misses) = (count(Status::Hit), count(Status::Miss));
        let report = &mut self.engine.report;
        report.hits += hits;
        report.misses += misses;
        report.failed += statuses.len() as u64 - hits - misses;
        report.spent += cost;
        self.snapshot.hits += hits;
        self.snapshot.done += statuses.len() as u64;
    }
}

/// What happened, and what was seen of other batches: of one that is settled nothing is in doubt any more.
fn with_seen(events: Events, mut seen: Events) -> Events {
    let is_settled = |batch: BatchId| {
        let mut events = events.iter();
        events.any(|(of, event)| *of == batch && matches!(event, Event::Settled { .. }))
    };
    seen.retain(|(batch, _)| !is_settled(*batch));
    events.into_iter().chain(seen).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look at a job may come back with a failure in the moment in which its answers are kept.
    #[test]
    fn a_batch_that_is_settled_is_not_put_in_doubt_by_the_same_write() {
        let settled = Event::Settled {
            cost: Credits(1),
            statuses: [Status::Hit].into(),
            part: Part::File("p".into()),
        };
        let doubted = || Event::Doubted { reason: "gone".into(), likely_miss: false };
        let events = vec![(BatchId(1), settled.clone())];
        let seen = vec![(BatchId(1), doubted()), (BatchId(2), doubted())];
        let written = [(BatchId(1), settled), (BatchId(2), doubted())];
        assert_eq!(with_seen(events, seen), written);
    }
}
