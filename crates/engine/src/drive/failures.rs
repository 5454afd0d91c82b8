//! What a failed call leads to: of a paid one that depends on what it means for the money, of a free one it is made
//! again or left.

use super::{Drive, Errand, Work, settlement::Events};
use crate::{
    Ending,
    limiter::Permit,
    patience::{
        MOST_ADOPTED, MOST_FAILURES, MOST_GONE, MOST_LOST, MOST_REFUSED, MOST_UNSENT,
        backoff,
    },
    report::Doubt,
};
use leadmill_core::{Batch, BatchId, Endpoint, ErrorKind, Event, Lane, ProviderError};
use std::time::Duration;
use tokio::time::Instant;

impl Drive<'_> {
    /// Whether a failure is a new one, and not of a call that left together with one that failed already.
    fn is_news(&self) -> bool {
        self.paid_not_before.is_none_or(|before| before <= Instant::now())
    }

    /// A paid call failed: what that means for the money decides what happens next.
    pub(super) fn not_bought(
        &mut self,
        permit: Permit,
        batch: Batch,
        error: ProviderError,
        events: &mut Events,
    ) {
        self.heard_of(&permit, &error);
        let reason = error.to_string();
        if error.is_in_doubt() {
            let likely_miss = error.kind == ErrorKind::LikelyMiss;
            self.engine.wallet.replied(batch.id, Instant::now());
            self.engine.suspect(batch.id);
            self.engine.report.doubts.push(Doubt {
                batch: batch.id,
                at: self.engine.clock.now(),
                questions: batch.queries.len(),
                reserve: batch.reserve,
                reason: reason.clone(),
            });
            events.push((batch.id, Event::Doubted { reason, likely_miss }));
            match error.kind {
                // Whoever says so of one question is well, and has more to say of others.
                ErrorKind::LikelyMiss => {}
                ErrorKind::Intercepted => self.buy_no_more(Ending::Intercepted, &error),
                _ => self.lost_one(error),
            }
            return;
        }
        let line = self.book.ledger().line(batch.id);
        if line.is_some_and(|line| line.repeated) {
            return self.failed_repeat(permit.endpoint, batch, error, events);
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
            | ErrorKind::Intercepted
            | ErrorKind::LikelyMiss => self.refused(batch, error),
            ErrorKind::Throttled(wait) => {
                self.told_to_wait(permit.endpoint, batch.lane, wait);
                if batch.lane == Lane::Bulk {
                    self.submit_throttled();
                }
                self.again.push_back(batch);
            }
            ErrorKind::Unsent => {
                self.again.push_back(batch);
                self.could_not_send(error);
            }
            ErrorKind::NoCredit => {
                self.engine.report.trouble = Some(reason);
                self.again.push_back(batch);
                self.errand(Duration::ZERO, Errand::Balance);
            }
            ErrorKind::Fatal | ErrorKind::Foreign => self.fail(error.into()),
        }
    }

    /// A question in doubt was asked again, and refused, or told to wait.
    fn failed_repeat(
        &mut self,
        endpoint: Endpoint,
        batch: Batch,
        error: ProviderError,
        events: &mut Events,
    ) {
        self.not_repeated(batch, &error, events);
        match error.kind {
            ErrorKind::Throttled(wait) => {
                self.told_to_wait(endpoint, Lane::Single, wait);
            }
            ErrorKind::Unsent => self.could_not_send(error),
            ErrorKind::NoCredit => {
                self.engine.report.trouble = Some(error.to_string());
                self.errand(Duration::ZERO, Errand::Balance);
            }
            ErrorKind::Fatal | ErrorKind::Foreign => self.fail(error.into()),
            _ => {}
        }
    }

    /// A paid call was told to wait: all calls do, or, where a day's jobs are used up, the other jobs of its kind. A
    /// single call uses up no day of jobs, also where its operation has some.
    fn told_to_wait(&mut self, endpoint: Endpoint, lane: Lane, wait: Option<Duration>) {
        match lane == Lane::Bulk && self.is_over_for_the_day(wait) {
            true => {
                self.engine.report.throttled += 1;
                self.engine.limiter.refuse(endpoint, wait);
            }
            false => self.throttled(endpoint, wait),
        }
    }

    /// The provider could not be reached: paid calls wait, and not for ever.
    fn could_not_send(&mut self, error: ProviderError) {
        if self.is_news() {
            self.unsent += 1;
            self.paid_not_before = Some(Instant::now() + backoff(self.unsent));
        }
        if self.unsent >= MOST_UNSENT {
            self.fail(error.into());
        }
    }

    /// A reply to a paid call was lost. Each one holds a batch, so a provider that loses them in a row is
    /// bought from no more.
    fn lost_one(&mut self, error: ProviderError) {
        if self.is_news() {
            self.lost += 1;
            self.paid_not_before = Some(Instant::now() + backoff(self.lost));
        }
        if self.lost >= MOST_LOST {
            self.buy_no_more(Ending::GaveUp, &error);
        }
    }

    /// Nothing more is bought in this session, for what a reply to a paid call was.
    fn buy_no_more(&mut self, ending: Ending, error: &ProviderError) {
        if self.stopped.is_none() {
            self.engine.report.trouble = Some(error.to_string());
            self.stopped = Some(ending);
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

    pub(super) fn throttled(&mut self, endpoint: Endpoint, wait: Option<Duration>) {
        if let Err(error) = self.engine.freeze(endpoint, wait) {
            self.fail(error);
        }
    }

    /// A free call failed: it is made again, more patiently each time, or the job is left for a later run.
    pub(super) fn unanswered(
        &mut self,
        permit: Permit,
        batch: BatchId,
        errand: Errand,
        error: ProviderError,
    ) {
        self.heard_of(&permit, &error);
        let is_of_file = matches!(errand, Errand::Page(..)) && self.pays_by_fetch();
        if is_of_file && self.no_file(batch, &error) {
            return;
        }
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        match error.kind {
            ErrorKind::Throttled(wait) => {
                self.throttled(permit.endpoint, wait);
                match errand {
                    // Whatever it is about, it is not waited for for ever.
                    Errand::Launch(..) => {
                        self.busy(batch, errand, wait.unwrap_or_default())
                    }
                    errand => self.errand(Duration::ZERO, errand),
                }
            }
            ErrorKind::Fatal if work.adopted => self.refute(batch, error.to_string()),
            ErrorKind::Fatal => self.fail(error.into()),
            ErrorKind::Gone => self.gone(batch, errand, &error),
            // A page size that the provider does not take: the documented default always is.
            ErrorKind::Refused
                if matches!(errand, Errand::Page(_, 1))
                    && work.page_limit > 100
                    && !work.is_file =>
            {
                work.page_limit = 100;
                work.collection = work.harvested.then(|| work.collection());
                self.errand(Duration::ZERO, errand);
            }
            ErrorKind::Refused => self.leave_alone(batch, error.to_string()),
            ErrorKind::NoCredit if work.is_file => {
                self.leave_for_later(batch, Ending::NoCredit, error.to_string())
            }
            ErrorKind::NoCredit => self.uncovered(batch, error.to_string()),
            ErrorKind::Unsent
            | ErrorKind::InDoubt
            | ErrorKind::LikelyMiss
            | ErrorKind::Foreign
            | ErrorKind::Intercepted => {
                self.unheard(batch, errand, is_of_file, error);
            }
        }
    }

    /// The provider does not know the job: it may come to, or never.
    fn gone(&mut self, batch: BatchId, errand: Errand, error: &ProviderError) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        work.gone += 1;
        let most = match (work.adopted, work.is_file) {
            (true, _) => MOST_ADOPTED,
            // It may not be listed yet.
            (false, true) => MOST_GONE + 3,
            (false, false) => MOST_GONE,
        };
        let (gone, is_file) = (work.gone, work.is_file);
        match gone < most {
            true => self.errand(backoff(gone), errand),
            false if is_file => self.came_to_nothing(batch, error.to_string()),
            false => self.leave_alone(batch, error.to_string()),
        }
    }

    /// No reply that can be read has come.
    fn unheard(
        &mut self,
        batch: BatchId,
        errand: Errand,
        is_of_file: bool,
        error: ProviderError,
    ) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        if work.failures == 0 {
            work.failing_since = Instant::now();
        }
        work.failures += 1;
        let (failures, since) = (work.failures, work.failing_since);
        // Where other calls are answered, it is this job that is ill.
        let others_pass = self.passed_at.is_some_and(|passed| passed > since);
        let adopted = work.adopted;
        let most = match adopted {
            true => 2 * MOST_ADOPTED,
            // A day may have few downloads of a job.
            false if is_of_file => MOST_LOST,
            false => MOST_FAILURES,
        };
        match failures < most {
            true => self.errand(backoff(failures), errand),
            false if adopted => self.refute(batch, error.to_string()),
            false if others_pass => self.give_up(batch, error.to_string()),
            false => self.fail(error.into()),
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
    pub(super) fn refute(&mut self, batch: BatchId, why: String) {
        if let Some(work) = self.jobs.get(&batch) {
            self.engine.refuted.insert((batch, work.job.clone()));
        }
        self.unwritten
            .push((batch, Event::Doubted { reason: why.clone(), likely_miss: false }));
        self.give_up(batch, why);
    }

    /// Leaves a job open: its credits stay held, and a later run asks for it again.
    pub(super) fn give_up(&mut self, batch: BatchId, why: String) {
        self.drop_job(batch);
        self.engine.report.gone.push(why);
    }

    /// Nothing more is asked of a job here.
    pub(super) fn drop_job(&mut self, batch: BatchId) -> Option<Work> {
        let work = self.jobs.remove(&batch);
        self.errands.retain(|_, errand| errand.about() != Some(batch));
        self.harvest_next();
        work
    }
}
