//! Rows on their way through the steps: source, then each finished step's columns.

use crate::{
    chain::{Chain, Rejections},
    exit::Failure,
    older,
    prepared::{Prepared, PreparedAttempt, PreparedStep},
};
use futures::StreamExt;
use leadmill_core::{
    Credits, KeyMap, KeySet, Lane, Ledger, Ours, QueryKey, RunId, State, Status,
    Timestamp, identity, older::Older,
};
use leadmill_tables::{
    Answers, Bought, Counts, RecordBatch, Results, Source, TableError,
};
use std::sync::Arc;

/// A step whose answers are known: it can add its columns.
pub(crate) struct Finished<'a> {
    /// Its place among the pipeline's steps.
    place: usize,
    step: &'a PreparedStep,
    answers: Answers,
    /// What becomes of the questions that have no answer.
    standing: KeyMap<Status>,
    /// The attempt that each purchase of the answers was made with.
    origins: Vec<usize>,
    /// Questions without an answer that a person has given up.
    given_up: KeySet,
}

/// How many rows of the output a step has answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answered {
    /// By attempt.
    pub(crate) by_attempt: Vec<u64>,
    /// Rows without an answer that a person has given up.
    pub(crate) given_up: u64,
    /// Rows for which an older answer stands, and whose newer question has failed or is held.
    pub(crate) stale_held: u64,
}

/// Who looks at the book, and when.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// The run, if one has begun.
    pub(crate) run: Option<RunId>,
    /// When the session began: answers are judged by this time throughout.
    pub(crate) now: Timestamp,
    /// The open batches that this process works on.
    pub(crate) ours: &'a Ours,
}

impl<'a> Finished<'a> {
    /// Loads what the book knows about the questions in `seen`.
    pub(crate) async fn load(
        (place, step): (usize, &'a PreparedStep),
        ledger: &Ledger,
        results: &Results,
        session: &At<'_>,
        rejections: &Rejections,
        seen: &KeySet,
    ) -> Result<Self, TableError> {
        let chain = Chain::new(ledger, step, session, rejections);
        let mut is_answered = true;
        let standing = seen.iter().filter_map(|key| {
            let status = chain.standing(key)?;
            is_answered = false;
            (status != Status::Deferred).then_some((*key, status))
        });
        let standing: KeyMap<Status> = standing.collect();
        let is_open =
            |key: &QueryKey| seen.contains(key) && chain.standing(key).is_some();
        let older = match is_answered {
            true => Older::default(),
            false => older::older(step, ledger, results, &is_open).await?,
        };
        let counts = |attempt: usize, line: usize, key: &QueryKey| match (
            seen.contains(key),
            older.is(attempt, line, key),
        ) {
            (false, _) => Counts::Not,
            (true, true) => Counts::AsStale,
            (true, false) => chain.counts(attempt, line, key),
        };
        let (bought, origins) = purchases(step, ledger, session, &counts);
        let counts = |purchase: usize, key: &QueryKey| match origins.get(purchase) {
            Some((attempt, line)) => counts(*attempt, *line, key),
            None => Counts::Not,
        };
        let answers = Answers::load(&step.spec, results, &bought, &counts).await?;
        let unknown = standing.iter().filter(|(_, s)| **s == Status::UnknownCharged);
        let given_up = unknown.map(|(key, _)| *key).filter(|key| chain.is_given_up(key));
        let given_up = given_up.collect();
        let origins = origins.into_iter().map(|(attempt, _)| attempt).collect();
        Ok(Self { place, step, answers, standing, origins, given_up })
    }

    /// Adds the step's columns.
    fn attach(
        &self,
        batch: &RecordBatch,
        answered: Option<&mut Answered>,
    ) -> Result<RecordBatch, TableError> {
        let asked = self.step.questions.read(batch)?;
        if let Some(Answered { by_attempt: answered, given_up, stale_held }) = answered {
            let keys = asked.iter().flatten().map(|query| query.key());
            *given_up += keys.filter(|key| self.given_up.contains(key)).count() as u64;
            let keys = asked.iter().flatten().map(|query| query.key());
            let held = keys.filter(|key| self.standing.contains_key(key));
            let stale =
                held.filter(|key| self.answers.status(key) == Some(Status::Stale));
            *stale_held += stale.count() as u64;
            answered.resize(self.step.attempts.len(), 0);
            let keys = asked.iter().flatten().map(|query| query.key());
            let hits = keys.filter(|key| self.answers.status(key) == Some(Status::Hit));
            let places = hits.filter_map(|key| {
                self.origins.get(self.answers.purchase_of(&key)?).copied()
            });
            for place in places {
                answered.get_mut(place).into_iter().for_each(|rows| *rows += 1);
            }
        }
        let standing =
            |key: &QueryKey| self.standing.get(key).copied().unwrap_or(Status::Deferred);
        self.step.attach.batch(batch, &asked, &self.answers, &standing)
    }
}

/// The purchases that hold something that counts, with the attempt and the place in the ledger of each.
fn purchases<'l>(
    step: &PreparedStep,
    ledger: &'l Ledger,
    session: &At<'_>,
    counts: &dyn Fn(usize, usize, &QueryKey) -> Counts,
) -> (Vec<Bought<'l>>, Vec<(usize, usize)>) {
    let (mut bought, mut origins) = (Vec::new(), Vec::new());
    for (attempt, PreparedAttempt { provider, account, .. }) in
        step.attempts.iter().enumerate()
    {
        let provider: Arc<str> = provider.as_str().into();
        for (place, line) in ledger.lines().iter().enumerate() {
            let State::Settled { at, part, job, .. } = &line.state else { continue };
            let is_asked =
                *line.account == *account.purse && line.operation == step.operation;
            // Parts that hold nothing for these leads are not even opened.
            let is_needed = |key| match counts(attempt, place, key) {
                Counts::Not => false,
                Counts::AsCost => line.credits > Credits::ZERO,
                Counts::Whole | Counts::AsStale | Counts::AsMiss => true,
            };
            if !is_asked || !line.keys.iter().any(is_needed) {
                continue;
            }
            let job = job.as_ref().filter(|_| line.lane == Lane::Bulk);
            origins.push((attempt, place));
            bought.push(Bought {
                part,
                provider: Arc::clone(&provider),
                job: job.map(|job| job.0.clone()),
                at: *at,
                reused: Some(line.run) != session.run,
                sandbox: identity::is_sandbox(&line.account),
            });
        }
    }
    (bought, origins)
}

/// Every batch of the source with the columns of the finished steps, one after the other.
pub(crate) async fn each_batch(
    prepared: &Prepared,
    source: &Source,
    finished: &[Finished<'_>],
    act: impl AsyncFnMut(RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    each_batch_counted(prepared, source, finished, &mut [], act).await
}

/// Like [`each_batch`]; adds up by step how many leads each attempt has answered.
pub(crate) async fn each_batch_counted(
    prepared: &Prepared,
    source: &Source,
    finished: &[Finished<'_>],
    answered: &mut [Answered],
    mut act: impl AsyncFnMut(RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut batches = source.scan().await.map_err(|error| prepared.misfit(error))?;
    while let Some(batch) = batches.next().await {
        let mut batch = batch.map_err(|error| prepared.misfit(error))?;
        for (place, step) in finished.iter().enumerate() {
            batch = step
                .attach(&batch, answered.get_mut(place))
                .map_err(|error| prepared.misfit_in(step.place, error))?;
        }
        act(batch).await?;
    }
    Ok(())
}
