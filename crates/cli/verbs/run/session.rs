//! What a process does for a run: step after step, then the output.

use super::{Purpose, turning::Turned};
use crate::{
    accounts::{Accounts, Waits},
    enriching::{Answered, At, Finished, each_batch_counted},
    exit::{Exit, Failure},
    prepared::{Prepared, PreparedAttempt},
    remedy::Remedy,
    summary::{AccountSummary, StepSummary, Summary},
    terminal::Terminal,
};
use leadmill_core::{
    Credits, Entry, Event, Lane, Line, Ours, Part, RunId, State, Status, Timestamp,
    schedule::Lanes,
};
use leadmill_engine::{Book, Doubt, Ending, Recorded};
use leadmill_state::{Run, Store};
use leadmill_tables::{Sink, Written, failed_rows, statuses};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use tokio::{sync::watch, time::Instant};

/// A process at work on a run.
pub(super) struct Session<'a> {
    pub(super) prepared: &'a Prepared,
    pub(super) store: &'a Store,
    pub(super) run: Run,
    pub(super) purpose: &'a Purpose,
    /// The runs that there were when this session began, by the names of their pipelines.
    pub(super) pipelines: BTreeMap<RunId, String>,
    /// The open batches that are this process's to work on.
    pub(super) ours: Ours,
    pub(super) book: Book,
    pub(super) accounts: Accounts,
    pub(super) waits: Waits,
    pub(super) stop: watch::Receiver<bool>,
    pub(super) terminal: &'a Terminal,
    /// When the session began: answers are judged by this time throughout.
    pub(super) now: Timestamp,
    pub(super) steps: Vec<StepSummary>,
    /// The command that ends doubts.
    pub(super) remedy: Remedy,
    /// The leads, where more pages of a search are looked at than its first.
    pub(super) turned: Option<Turned>,
}

impl<'a> Session<'a> {
    /// Every step, and the output.
    pub(super) async fn whole(mut self, start: Instant) -> Result<Summary, Failure> {
        // What a process that has ended left open is ours from here on; what others are at work on is not.
        self.take_up().await?;
        self.forget_embedded().await?;
        let prepared = self.prepared;
        let (mut finished, mut ending) = (Vec::new(), Ending::Complete);
        for (place, step) in prepared.steps.iter().enumerate() {
            let stepped = self.step(place, step, &finished).await;
            if *self.stop.borrow() {
                if let Err(failure) = &stepped {
                    failure.show_if_it_stands_alone(self.terminal);
                }
                ending = Ending::Interrupted;
                break;
            }
            let (step_ending, loaded) =
                stepped.map_err(|failure| self.place_failure(failure))?;
            ending = ending.max(step_ending);
            finished.push(loaded);
        }
        let (mut output, mut errors) = (None, None);
        if ending != Ending::Interrupted {
            match self.write(&finished).await.map_err(Failure::after_asking)? {
                Some((written, failed)) => (output, errors) = (Some(written), failed),
                None => ending = Ending::Interrupted,
            }
        }
        Ok(Summary { output, errors, ..self.sum_up(ending, start) })
    }

    /// An error, if the run was told to stop. It never gets further than the verb.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        match *self.stop.borrow() {
            true => Err(Failure::failed("interrupted")),
            false => Ok(()),
        }
    }

    /// A failure of a step: once anything was asked, the file is no longer to blame.
    fn place_failure(&self, failure: Failure) -> Failure {
        let mut engines = self.accounts.engines();
        match engines.any(|(_, engine)| engine.report().balance.is_some()) {
            true => failure.after_asking(),
            false => failure,
        }
    }

    /// The embedded sandbox of an earlier process is gone, with its jobs and without any money.
    async fn forget_embedded(&mut self) -> Result<(), Failure> {
        let providers = &self.prepared.pipeline.providers;
        let is_embedded = |attempt: &&PreparedAttempt| {
            let provider = providers.get(&attempt.provider);
            provider.is_some_and(|provider| provider.is_embedded())
        };
        let embedded = self.prepared.attempts().filter(is_embedded);
        let purses: BTreeSet<&str> =
            embedded.map(|attempt| attempt.account.purse.as_str()).collect();
        let mut entries = Vec::new();
        let open = purses.iter().flat_map(|purse| self.book.ledger().open(purse));
        for line in open.filter(|line| self.ours.holds(line)) {
            let event = match &line.state {
                State::Accepted(_) => Event::Settled {
                    cost: Credits::ZERO,
                    statuses: line.keys.iter().map(|_| Status::Failed).collect(),
                    part: Part::Inline([].into()),
                },
                _ => {
                    Event::Refused { reason: "the sandbox has ended".into(), again: true }
                }
            };
            // Before the session, so that nothing of it counts as failed in this one.
            let at = Timestamp(self.now.0 - 1);
            entries.push(Entry { at, run: self.run.id, batch: line.batch, event });
        }
        match self.book.record(&entries).await {
            Ok(Recorded::Written) => Ok(()),
            Ok(Recorded::Collides) => Err(Failure::failed("the journal has changed")),
            Err(error) => Err(Failure::failed(error.to_string())),
        }
    }

    pub(super) fn at(&self) -> At<'_> {
        At { run: Some(self.run.id), now: self.now, ours: &self.ours }
    }

    /// The lanes that a step's questions have taken at an account in this run.
    pub(super) fn lanes(&self, step: &str, purse: &str) -> Option<Lanes> {
        let lines = self.book.ledger().lines().iter();
        let lines = lines.filter(|line| {
            line.run == self.run.id && *line.step == *step && *line.account == *purse
        });
        let (mut bulk, mut single) = (false, false);
        for line in lines {
            bulk |= line.lane == Lane::Bulk;
            single |= line.lane == Lane::Single;
        }
        match (bulk, single) {
            (true, true) => Some(Lanes::Both),
            (true, false) => Some(Lanes::Bulk),
            (false, true) => Some(Lanes::Single),
            (false, false) => None,
        }
    }

    /// Joins leads and answers into the output, all or nothing. `None` if it was interrupted.
    async fn write(
        &mut self,
        finished: &[Finished<'a>],
    ) -> Result<Option<(Written, Option<Written>)>, Failure> {
        let prepared = self.prepared;
        let mut sink = Sink::open(&prepared.sink, &prepared.output).await?;
        let mut errors = match &prepared.errors {
            Some(spec) => Some(Sink::open(spec, &prepared.output).await?),
            None => None,
        };
        let columns: Vec<String> =
            prepared.steps.iter().map(|step| step.spec.status_column()).collect();
        let mut counts: Vec<BTreeMap<Status, u64>> = vec![BTreeMap::new(); columns.len()];
        let stop = self.stop.clone();
        let act = async |batch| {
            if *stop.borrow() {
                return Err(Failure::failed("interrupted"));
            }
            for (column, counts) in columns.iter().zip(&mut counts) {
                for status in statuses(&batch, column)? {
                    *counts.entry(status).or_default() += 1;
                }
            }
            if let Some(errors) = &mut errors
                && let Some(rows) = failed_rows(&batch, &columns)?
            {
                errors.write(&rows).await?;
            }
            Ok(sink.write(&batch).await?)
        };
        let mut answered = vec![Answered::default(); finished.len()];
        let source = self.source();
        let passed =
            each_batch_counted(prepared, source, finished, &mut answered, act).await;
        if *stop.borrow() {
            return Ok(None);
        }
        passed?;
        let errors = match errors {
            Some(errors) => Some(errors.commit().await?),
            None => None,
        };
        let written = sink.commit().await?;
        self.steps.iter_mut().zip(counts).for_each(|(step, counts)| step.rows = counts);
        for (step, answered) in self.steps.iter_mut().zip(answered) {
            step.given_up = answered.given_up;
            step.stale_held = answered.stale_held;
            for (provider, rows) in step.providers.iter_mut().zip(answered.by_attempt) {
                provider.rows = rows;
            }
        }
        Ok(Some((written, errors)))
    }

    fn sum_up(self, ending: Ending, start: Instant) -> Summary {
        let budgets = &self.prepared.pipeline.budget.run;
        let purse = |provider: &str| {
            let mut attempts = self.prepared.attempts();
            let attempt = attempts.find(|attempt| attempt.provider == provider);
            attempt.map(|attempt| attempt.account.purse.as_str().into())
        };
        let ledger = self.book.ledger();
        let accounts = self.accounts.engines().map(|(provider, engine)| {
            let purse: Option<Arc<str>> = purse(provider);
            let run = self.run.id;
            let committed = purse
                .as_ref()
                .map_or(Credits::ZERO, |purse| ledger.committed(run, purse));
            let undecided = purse.as_ref();
            let undecided =
                undecided.map_or(Credits::ZERO, |purse| ledger.undecided(run, purse));
            let report = engine.report();
            let unpaid = report.unpaid.values().filter_map(|unpaid| {
                Some((unpaid.run, self.pipelines.get(&unpaid.run)?.clone()))
            });
            let doubts =
                purse.iter().flat_map(|purse| ledger.open(purse)).filter_map(doubt);
            let lines = ledger.lines().iter();
            let lines = lines.filter(|line| purse.as_ref() == Some(&line.account));
            let summary = AccountSummary {
                account: purse.clone(),
                pipelines: unpaid.collect(),
                report,
                doubts: doubts.collect(),
                unanswered: lines.filter_map(unanswered).collect(),
                spent: committed.less(undecided),
                committed,
                budget: budgets.get(provider).copied(),
            };
            (provider.clone(), summary)
        });
        let accounts = accounts.collect();
        Summary {
            pipeline: self.prepared.pipeline.name.clone(),
            run: self.run.id.0,
            resumed: self.run.resumed,
            exit: Exit::Done,
            ending,
            at_limit: self.prepared.pipeline.budget.at_limit,
            accounts,
            steps: self.steps,
            output: None,
            errors: None,
            took: start.elapsed(),
            remedy: self.remedy,
        }
    }
}

/// A batch in doubt, as the journal knows it.
fn doubt(line: &Line) -> Option<Doubt> {
    let unseen = || "the process ended before a reply came".to_owned();
    (line.state == State::InDoubt).then(|| Doubt {
        batch: line.batch,
        at: line.intended_at,
        questions: line.keys.len(),
        reserve: line.credits,
        reason: line.doubt.clone().unwrap_or_else(unseen),
    })
}

/// A batch with questions that were settled without an answer, until a person resolves it.
fn unanswered(line: &Line) -> Option<Doubt> {
    let unseen = || "nothing shows what became of them".to_owned();
    let questions = line.unanswered();
    (questions > 0).then(|| Doubt {
        batch: line.batch,
        at: line.intended_at,
        questions,
        reserve: line.credits,
        reason: line.doubt.clone().unwrap_or_else(unseen),
    })
}
