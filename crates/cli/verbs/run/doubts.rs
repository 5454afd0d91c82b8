//! Batches in doubt, before a step asks and after it has asked.

use super::session::Session;
use crate::{
    exit::Failure,
    prepared::{PreparedAttempt, PreparedStep},
    progress,
};
use leadmill_core::{BatchId, Line, State};

/// What there is to do that was not there before.
pub(super) enum Freed {
    /// Nothing.
    Nothing,
    /// Jobs to fetch.
    Jobs,
    /// Questions to ask, and perhaps jobs.
    Questions,
}

impl<'a> Session<'a> {
    /// Whether an account has batches in doubt that are ours to judge, now that others may have
    /// written on.
    pub(super) async fn has_doubts(
        &mut self,
        attempt: &PreparedAttempt,
    ) -> Result<bool, Failure> {
        let refreshed = self.book.refresh().await;
        refreshed.map_err(|error| Failure::failed(error.to_string()))?;
        let mut open = self.book.ledger().open(&attempt.account.purse);
        Ok(open.any(|line| line.state == State::InDoubt && self.ours.holds(line)))
    }

    /// The jobs at an account that are open and surely the batches' own.
    pub(super) fn own_jobs(&self, attempt: &PreparedAttempt) -> Vec<BatchId> {
        let open = self.book.ledger().open(&attempt.account.purse);
        open.filter(|line| line.is_own_job()).map(|line| line.batch).collect()
    }

    /// Lets go what can be let go: of jobs that were open, those that turned out not to have been paid for;
    /// else what doubts come to.
    pub(super) async fn freed(
        &mut self,
        step: &'a PreparedStep,
        attempt: &'a PreparedAttempt,
        jobs: Vec<BatchId>,
    ) -> Result<Freed, Failure> {
        let ledger = self.book.ledger();
        let is_refused =
            |line: &Line| matches!(line.state, State::Refused { again: true, .. });
        if jobs.into_iter().filter_map(|job| ledger.line(job)).any(is_refused) {
            return Ok(Freed::Questions);
        }
        let has_freed = self.accounts.engines().any(|(provider, engine)| {
            *provider == attempt.provider && engine.has_freed()
        });
        match self.has_doubts(attempt).await? || has_freed {
            true => self.reconcile(step, attempt).await,
            false => Ok(Freed::Nothing),
        }
    }

    /// Ends the doubts that can be ended.
    pub(super) async fn reconcile(
        &mut self,
        step: &'a PreparedStep,
        attempt: &'a PreparedAttempt,
    ) -> Result<Freed, Failure> {
        let Self { prepared, store, run, book, accounts, stop, terminal, ours, .. } =
            self;
        let providers = &prepared.pipeline.providers;
        let policy = providers.get(&attempt.provider).map(|provider| provider.doubtful());
        let policy = policy.unwrap_or_default();
        let engine = accounts.engine(prepared, attempt, store, run.id, stop).await?;
        let snapshots = engine.progress();
        let reconcile = async {
            engine.open_wallet().await?;
            engine.reconcile(book, ours, &policy).await
        };
        let (name, provider) = (&step.spec.name, &attempt.provider);
        let reconciled = tokio::select! {
            reconciled = reconcile => reconciled?,
            () = progress::show(name, provider, snapshots, terminal) => {
                return Err(Failure::failed("the progress ended before the run"));
            }
        };
        for batch in &reconciled.free {
            terminal.talk(&format!("batch {batch} was not charged: it is asked again\n"));
        }
        for batch in &reconciled.repeats {
            terminal.talk(&format!(
                "batch {batch} is in doubt, and asking again is free: it is asked again if a row still needs it\n"
            ));
        }
        for batch in &reconciled.retried {
            terminal.talk(&format!(
                "batch {batch} is taken for charged and asked again (in_doubt: retry)\n"
            ));
        }
        for batch in &reconciled.skipped {
            terminal.talk(&format!(
                "batch {batch} is taken for charged and left (in_doubt: skip)\n"
            ));
        }
        for (batch, job) in &reconciled.adopted {
            terminal.talk(&format!(
                "batch {batch} may be job {job}, as a callback says or a transaction names it: it is looked at\n"
            ));
        }
        for (batch, why) in &reconciled.held {
            terminal.talk(&format!("batch {batch} stays in doubt: {why}\n"));
        }
        Ok(match reconciled.frees() {
            false => Freed::Nothing,
            true if reconciled.free.is_empty()
                && reconciled.retried.is_empty()
                && reconciled.repeats.is_empty() =>
            {
                Freed::Jobs
            }
            true => Freed::Questions,
        })
    }
}
