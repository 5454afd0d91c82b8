//! Rows on their way through the steps: source, then each finished step's columns.

use crate::{
    exit::Failure,
    needs::Known,
    prepared::{Prepared, PreparedStep},
};
use futures::StreamExt;
use leadmill_core::{
    KeyMap, KeySet, Lane, Ledger, QueryKey, RunId, State, Status, Timestamp, index::Need,
};
use leadmill_tables::{Answers, Bought, RecordBatch, Results, TableError};
use std::{collections::BTreeSet, sync::Arc};

/// A step whose answers are known: it can add its columns.
pub(crate) struct Finished<'a> {
    /// Its place among the pipeline's steps.
    place: usize,
    step: &'a PreparedStep,
    answers: Answers,
    /// What becomes of the questions that have no answer.
    standing: KeyMap<Status>,
}

/// Who looks at the book, and when.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    /// The run, if one has begun.
    pub(crate) run: Option<RunId>,
    /// When the session began: answers are judged by this time throughout.
    pub(crate) now: Timestamp,
    /// Runs of other processes that are at work.
    pub(crate) others: &'a BTreeSet<RunId>,
}

impl<'a> Finished<'a> {
    /// Loads what the book knows about the questions in `seen`.
    pub(crate) async fn load(
        place: usize,
        step: &'a PreparedStep,
        ledger: &Ledger,
        results: &Results,
        session: &At<'_>,
        seen: &KeySet,
    ) -> Result<Self, TableError> {
        let run = session.run;
        let known = Known::new(ledger, step, session);
        let lines = ledger.lines().iter();
        let lines = lines.filter(|line| {
            *line.account == *step.account.purse && line.operation == step.operation
        });
        let wanted =
            |key: &QueryKey| seen.contains(key) && known.judge(key) == Need::Reuse;
        // Parts that hold nothing for these leads are not even opened.
        let lines = lines.filter(|line| line.keys.iter().any(wanted));
        let provider: Arc<str> = step.provider.as_str().into();
        let bought: Vec<Bought<'_>> = lines
            .filter_map(|line| match &line.state {
                State::Settled { at, part, job, .. } => Some(Bought {
                    part,
                    provider: Arc::clone(&provider),
                    job: job
                        .as_ref()
                        .filter(|_| line.lane == Lane::Bulk)
                        .map(|job| job.0.clone()),
                    at: *at,
                    reused: Some(line.run) != run,
                }),
                _ => None,
            })
            .collect();
        let answers = Answers::load(&step.spec, results, &bought, &wanted).await?;
        let open = seen.iter().filter(|key| known.judge(key) != Need::Reuse);
        let standing = open.map(|key| (*key, known.standing(key)));
        let standing =
            standing.filter(|(_, status)| *status != Status::Deferred).collect();
        Ok(Self { place, step, answers, standing })
    }

    /// Adds the step's columns.
    pub(crate) fn attach(&self, batch: &RecordBatch) -> Result<RecordBatch, TableError> {
        let asked = self.step.questions.read(batch)?;
        let standing =
            |key: &QueryKey| self.standing.get(key).copied().unwrap_or(Status::Deferred);
        self.step.attach.batch(batch, &asked, &self.answers, &standing)
    }
}

/// Every batch of the source with the columns of the finished steps, one after the other.
pub(crate) async fn each_batch(
    prepared: &Prepared,
    finished: &[Finished<'_>],
    mut act: impl AsyncFnMut(RecordBatch) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut batches =
        prepared.source.scan().await.map_err(|error| prepared.misfit(error))?;
    while let Some(batch) = batches.next().await {
        let mut batch = batch.map_err(|error| prepared.misfit(error))?;
        for step in finished {
            batch = step
                .attach(&batch)
                .map_err(|error| prepared.misfit_in(step.place, error))?;
        }
        act(batch).await?;
    }
    Ok(())
}
