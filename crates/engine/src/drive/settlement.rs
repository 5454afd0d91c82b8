//! What a reply means: one match, each arm ends in entries for the journal and the batch's next call.

use super::{Drive, Ended, Errand, MOST_HARVESTED, Work};
use crate::{
    Ending, Recorded, RunError,
    collection::{Collection, Next},
    limiter::Permit,
    patience::{
        MOST_ADOPTED, MOST_FAILURES, MOST_GONE, MOST_LOST, MOST_REFUSED, MOST_UNSENT,
        backoff,
    },
    report::Doubt,
};
use leadmill_core::{
    Answered, Batch, BatchId, Credits, ErrorKind, Event, JobId, Page, Part, Progress,
    ProviderError, Reply, Signals, Status, Transactions,
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

type Events = Vec<(BatchId, Event)>;

impl Drive<'_> {
    /// Takes in replies. Nothing follows from any of them before all of them are journalled.
    pub(crate) async fn settle(&mut self, replies: Vec<Ended>) -> Result<(), RunError> {
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
                Ended::Anchored(permit, reply) => self.anchored(permit, reply),
                Ended::Polled(permit, batch, reply) => self.polled(permit, batch, reply),
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
        events.append(&mut self.unwritten);
        let accepted = |(batch, event): &(BatchId, Event)| match event {
            Event::Accepted { job } => Some(format!("batch {batch} is job {job}")),
            _ => None,
        };
        let jobs: Vec<String> = events.iter().filter_map(accepted).collect();
        let recorded = self.record(events).await.map_err(|error| match error {
            RunError::Book(error) if !jobs.is_empty() => {
                RunError::Unwritten { error, jobs: jobs.join(", ") }
            }
            error => error,
        });
        match recorded? {
            Recorded::Written => Ok(()),
            Recorded::Collides => {
                Err(RunError::Broken("the journal refused what has happened".into()))
            }
        }
    }

    /// What every reply tells, whatever it is about.
    fn heard(&mut self, permit: &Permit, signals: &Signals, own: Option<BatchId>) {
        self.engine.limiter.hear(permit, &signals.rates);
        self.engine.limiter.replied(permit, true);
        self.note_balance(permit, signals, own);
    }

    /// A call failed: where not even an error came back, nothing is known of its way.
    fn heard_of(&mut self, permit: &Permit, error: &ProviderError) {
        let limiter = &mut self.engine.limiter;
        limiter.hear(permit, &error.signals.rates);
        if matches!(error.kind, ErrorKind::Throttled(_)) {
            limiter.throttled(permit, &error.signals.rates);
        }
        limiter.replied(permit, error.status.is_some());
        self.note_balance(permit, &error.signals, None);
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
                self.heard(&permit, &signals, None);
                self.went_through(&permit);
                self.engine.wallet.replied(batch.id, Instant::now());
                events.push((batch.id, Event::Accepted { job: job.clone() }));
                self.work(batch.id, job, batch.operation, batch.keys, batch.reserve);
                self.watch(batch.id);
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
            Ok(Reply { value: answered, signals }) => {
                let cost = answered.credits.unwrap_or(batch.reserve);
                self.heard(&permit, &signals, Some(batch.id));
                self.went_through(&permit);
                let refund = batch.reserve.less(cost);
                self.engine.wallet.settled(batch.id, refund, signals.balance.is_some());
                let statuses: Arc<[Status]> = [answered.finding.status()].into();
                self.tally(&statuses, cost);
                let part = Part::Inline([answered].into());
                events.push((batch.id, Event::Settled { cost, statuses, part }));
            }
            Err(error) => self.not_bought(permit, batch, error, events),
        }
    }

    /// A paid call was answered.
    fn went_through(&mut self, permit: &Permit) {
        self.passed(permit);
        (self.unsent, self.lost, self.refused) = (0, 0, 0);
    }

    /// A call was answered.
    fn passed(&mut self, permit: &Permit) {
        self.engine.limiter.passed(permit);
        self.passed_at = Some(Instant::now());
    }

    /// Whether a failure is a new one, and not of a call that left together with one that failed already.
    fn is_news(&self) -> bool {
        self.paid_not_before.is_none_or(|before| before <= Instant::now())
    }

    /// A paid call failed: what that means for the money decides what happens next.
    fn not_bought(
        &mut self,
        permit: Permit,
        batch: Batch,
        error: ProviderError,
        events: &mut Events,
    ) {
        self.heard_of(&permit, &error);
        let reason = error.to_string();
        let likely_miss = error.kind == ErrorKind::LikelyMiss;
        if likely_miss || error.kind == ErrorKind::InDoubt {
            self.engine.wallet.replied(batch.id, Instant::now());
            self.engine.report.doubts.push(Doubt {
                batch: batch.id,
                at: self.engine.clock.now(),
                questions: batch.queries.len(),
                reserve: batch.reserve,
                reason: reason.clone(),
            });
            events.push((batch.id, Event::Doubted { reason, likely_miss }));
            // Whoever says so of one question is well, and has more to say of others.
            if !likely_miss {
                self.lost_one(error);
            }
            return;
        }
        let is_final = batch.queries.len() == 1 || self.refused + 1 >= MOST_REFUSED;
        let again =
            !matches!(error.kind, ErrorKind::Refused | ErrorKind::Gone) || !is_final;
        events.push((batch.id, Event::Refused { reason: reason.clone(), again }));
        self.engine.report.asked -= if again { batch.queries.len() as u64 } else { 0 };
        match error.kind {
            ErrorKind::NoCredit => self.engine.wallet.denied(batch.id, batch.reserve),
            _ => self.engine.wallet.refused(batch.id),
        }
        match error.kind {
            ErrorKind::Refused
            | ErrorKind::Gone
            | ErrorKind::InDoubt
            | ErrorKind::LikelyMiss => self.refused(batch, error),
            ErrorKind::Throttled(wait) => {
                self.throttled(wait);
                self.again.push_back(batch);
            }
            ErrorKind::Unsent => {
                self.again.push_back(batch);
                if self.is_news() {
                    self.unsent += 1;
                    self.paid_not_before = Some(Instant::now() + backoff(self.unsent));
                }
                if self.unsent >= MOST_UNSENT {
                    self.fail(error.into());
                }
            }
            ErrorKind::NoCredit => {
                self.engine.report.trouble = Some(reason);
                self.again.push_back(batch);
                self.errand(Duration::ZERO, Errand::Balance);
            }
            ErrorKind::Fatal => self.fail(error.into()),
        }
    }

    /// A reply to a paid call was lost. Each one holds a batch, so a provider that loses them in a row is
    /// bought from no more.
    fn lost_one(&mut self, error: ProviderError) {
        if self.is_news() {
            self.lost += 1;
            self.paid_not_before = Some(Instant::now() + backoff(self.lost));
        }
        if self.lost >= MOST_LOST && self.stopped.is_none() {
            self.engine.report.trouble = Some(error.to_string());
            self.stopped = Some(Ending::GaveUp);
            self.again.clear();
        }
    }

    /// The provider takes the batch as it is in no case. One question may be to blame for all: halves find
    /// it, at no charge. Where every half is refused too, it is not the questions.
    fn refused(&mut self, batch: Batch, error: ProviderError) {
        self.refused += 1;
        if batch.queries.len() > 1 && self.refused < MOST_REFUSED {
            let (head, tail) = batch.queries.split_at(batch.queries.len() / 2);
            for half in [tail, head] {
                self.again.push_front(self.batch(batch.lane, half.to_vec()));
            }
            return;
        }
        let questions = batch.queries.len() as u64;
        *self.engine.report.refusals.entry(error.detail).or_default() += questions;
        self.engine.report.failed += questions;
        self.snapshot.done += questions;
    }

    fn throttled(&mut self, wait: Option<Duration>) {
        if let Err(error) = self.engine.freeze(wait) {
            self.fail(error);
        }
    }

    fn balance(&mut self, permit: Permit, reply: Result<Reply<Credits>, ProviderError>) {
        match reply {
            Ok(Reply { signals, .. }) => {
                self.heard(&permit, &signals, None);
                self.wallet_failures = 0;
            }
            Err(error) => {
                self.heard_of(&permit, &error);
                // Where the wallet seems empty, what it holds is still to be known.
                match error.kind {
                    ErrorKind::Throttled(wait) => {
                        self.throttled(wait);
                        if self.wallet_read {
                            self.errand(Duration::ZERO, Errand::Balance);
                        }
                    }
                    ErrorKind::Unsent | ErrorKind::InDoubt
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

    fn anchored(
        &mut self,
        permit: Permit,
        reply: Result<Reply<Transactions>, ProviderError>,
    ) {
        match reply {
            Ok(Reply { value, signals }) => {
                self.heard(&permit, &signals, None);
                self.engine.anchored(&value);
            }
            // The one before is as good, and farther back.
            Err(error) => {
                self.heard_of(&permit, &error);
                if let ErrorKind::Throttled(wait) = error.kind {
                    self.throttled(wait);
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
                    Progress::Ready => {
                        self.has_ended(batch);
                        if !harvested {
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
        match reply {
            Ok(Reply { value: page, signals }) => {
                self.heard(&permit, &signals, None);
                self.passed(&permit);
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                (work.failures, work.gone) = (0, 0);
                work.told_balance |= signals.balance.is_some();
                if !page.ready {
                    // A glimpse of a job that runs (again): start over when it has ended.
                    if work.collection.take().is_none() {
                        return;
                    }
                    work.harvested = false;
                    self.errands.retain(
                        |_, errand| !matches!(errand, Errand::Page(b, _) if *b == batch),
                    );
                    self.harvest_next();
                    return self.not_yet(batch, None, None);
                }
                self.has_ended(batch);
                let Some(work) = self.jobs.get_mut(&batch) else { return };
                let Some(collection) = &mut work.collection else { return };
                match collection.take(number, page) {
                    Next::Wait => {}
                    Next::Pages(pages) => pages.into_iter().for_each(|page| {
                        self.errand(Duration::ZERO, Errand::Page(batch, page))
                    }),
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
        let mut answers: usize = harvested.map(|work| work.keys.len()).sum();
        while answers < MOST_HARVESTED {
            let Some(batch) = self.ready.pop_front() else { return };
            let Some(work) = self.jobs.get_mut(&batch) else { continue };
            work.harvested = true;
            answers += work.keys.len();
            work.collection =
                Some(Collection::new(Arc::clone(&work.keys), work.page_limit));
            self.errand(Duration::ZERO, Errand::Page(batch, 1));
        }
    }

    /// Keeps the answers of a whole job, in a task of their own.
    fn stage(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let Some(collection) = work.collection.take() else { return };
        let report = &mut self.engine.report;
        report.duplicated += collection.duplicated;
        report.foreign += collection.foreign;
        let (foreign, is_whole) = (collection.foreign, collection.is_whole());
        let failed = collection.has_failed();
        let price = Credits(work.reserve.0 / work.keys.len().max(1) as u64);
        let harvest = collection.harvest(price);
        let holds_none = harvest.missing == work.keys.len() as u64;
        // A failed job, or one with items missing, proves neither whose it is nor what was free.
        if work.adopted && (harvest.missing > 0 || failed || !is_whole) {
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
        if let Some(work) = self.jobs.remove(&batch) {
            self.engine.wallet.settled(batch, work.held.less(cost), work.told_balance);
        }
        self.harvest_next();
        self.tally(&statuses, cost);
        events.push((batch, Event::Settled { cost, statuses, part: Part::File(name) }));
    }

    fn tally(&mut self, statuses: &[Status], cost: Credits) {
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

    /// A free call failed: it is made again, more patiently each time, or the job is left for a later run.
    fn unanswered(
        &mut self,
        permit: Permit,
        batch: BatchId,
        errand: Errand,
        error: ProviderError,
    ) {
        self.heard_of(&permit, &error);
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        match error.kind {
            ErrorKind::Throttled(wait) => {
                self.throttled(wait);
                self.errand(Duration::ZERO, errand);
            }
            ErrorKind::Fatal if work.adopted => self.refute(batch, error.to_string()),
            ErrorKind::Fatal => self.fail(error.into()),
            ErrorKind::Gone => {
                work.gone += 1;
                let most = if work.adopted { MOST_ADOPTED } else { MOST_GONE };
                let gone = work.gone;
                match gone < most {
                    true => self.errand(backoff(gone), errand),
                    false => self.leave_alone(batch, error.to_string()),
                }
            }
            // A page size that the provider does not take: the documented default always is.
            ErrorKind::Refused
                if matches!(errand, Errand::Page(_, 1)) && work.page_limit > 100 =>
            {
                work.page_limit = 100;
                self.errand(Duration::ZERO, errand);
            }
            ErrorKind::Refused => self.leave_alone(batch, error.to_string()),
            ErrorKind::NoCredit => self.uncovered(batch, error.to_string()),
            ErrorKind::Unsent | ErrorKind::InDoubt | ErrorKind::LikelyMiss => {
                if work.failures == 0 {
                    work.failing_since = Instant::now();
                }
                work.failures += 1;
                let (failures, since) = (work.failures, work.failing_since);
                // Where other calls are answered, it is this job that is ill.
                let others_pass = self.passed_at.is_some_and(|passed| passed > since);
                let most = if work.adopted { 2 * MOST_ADOPTED } else { MOST_FAILURES };
                let adopted = work.adopted;
                match failures < most {
                    true => self.errand(backoff(failures), errand),
                    false if adopted => self.refute(batch, error.to_string()),
                    false if others_pass => self.give_up(batch, error.to_string()),
                    false => self.fail(error.into()),
                }
            }
        }
    }

    /// No answer will come: the job stays open, or was never the batch's.
    pub(super) fn leave_alone(&mut self, batch: BatchId, why: String) {
        match self.jobs.get(&batch).is_some_and(|work| work.adopted) {
            true => self.refute(batch, why),
            false => self.give_up(batch, why),
        }
    }

    /// A job that somebody named for a batch is not its: the batch is in doubt again.
    fn refute(&mut self, batch: BatchId, why: String) {
        if let Some(work) = self.jobs.get(&batch) {
            self.engine.refuted.insert((batch, work.job.clone()));
        }
        self.unwritten
            .push((batch, Event::Doubted { reason: why.clone(), likely_miss: false }));
        self.give_up(batch, why);
    }

    /// Leaves a job open: its credits stay held, and a later run asks for it again.
    fn give_up(&mut self, batch: BatchId, why: String) {
        self.drop_job(batch);
        self.engine.report.gone.push(why);
    }

    /// Nothing more is asked of a job here.
    pub(super) fn drop_job(&mut self, batch: BatchId) -> Option<Work> {
        let work = self.jobs.remove(&batch);
        self.errands.retain(|_, errand| {
            !matches!(errand, Errand::Ripe(b) | Errand::Poll(b) | Errand::Page(b, _) if *b == batch)
        });
        self.harvest_next();
        work
    }
}
