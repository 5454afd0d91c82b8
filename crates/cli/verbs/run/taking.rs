//! Batches that processes take up from each other: from one that was killed, by whoever comes first.

use super::session::Session;
use crate::{exit::Failure, prepared::PreparedStep};
use leadmill_core::{Line, RunId};
use leadmill_engine::PATIENCE;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};

/// How often others are looked at that work on batches of this run.
const LOOK: Duration = Duration::from_secs(1);

/// Whether others work on batches that this run has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Elsewhere {
    /// No.
    Nothing,
    /// They did: all have ended, or some are ours now.
    Moved,
    /// They still do, and are not waited for any longer.
    Still,
}

impl<'a> Session<'a> {
    /// Takes up what processes that have ended left open.
    pub(super) async fn take_up(&mut self) -> Result<(), Failure> {
        // At other accounts others may want to.
        let attempts = self.prepared.attempts();
        let purses: BTreeSet<&str> =
            attempts.map(|attempt| attempt.account.purse.as_str()).collect();
        let open = self.book.ledger().lines().iter().filter(|line| line.is_open());
        let open = open.filter(|line| purses.contains(&*line.account));
        let open: Vec<_> = open.map(|line| (line.batch, line.run)).collect();
        self.ours = self.store.take_up(self.run.id, open).await?;
        Ok(())
    }

    /// What this process has taken up from another pipeline and could not end goes back: the run that began it may be
    /// able to.
    pub(super) async fn hand_back(&mut self) -> Result<(), Failure> {
        let (ledger, siblings) = (self.book.ledger(), self.siblings());
        let is_ours =
            |line: &Line| line.run == self.run.id || siblings.contains(&line.run);
        let lines = self.ours.taken().filter_map(|batch| ledger.line(batch));
        let open: Vec<_> = lines
            .filter(|line| line.is_open() && !is_ours(line))
            .map(|line| (line.batch, line.run))
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        self.store.hand_back(open.iter().copied()).await?;
        self.ours.leave(open.into_iter().map(|(batch, _)| batch));
        Ok(())
    }

    /// Waits for other processes that work on batches which this run has begun, and which it has left open when it was
    /// killed: what they find is ours too.
    pub(super) async fn elsewhere(
        &mut self,
        step: &PreparedStep,
    ) -> Result<Elsewhere, Failure> {
        let (before, had) = self.shares(step);
        if before == 0 {
            return Ok(Elsewhere::Nothing);
        }
        self.terminal.talk(&format!(
            "another process works on {before} batches of this run: waiting for it\n"
        ));
        let end = Instant::now() + self.waits.patience.unwrap_or(PATIENCE);
        let mut stop = self.stop.clone();
        loop {
            tokio::select! { biased;
                _ = stop.wait_for(|stop| *stop) => return Ok(Elsewhere::Still),
                () = sleep(LOOK) => {}
            }
            let refreshed = self.book.refresh().await;
            refreshed.map_err(|error| Failure::failed(error.to_string()))?;
            self.take_up().await?;
            match self.shares(step) {
                (left, has) if left == 0 || has > had => return Ok(Elsewhere::Moved),
                _ if Instant::now() >= end => return Ok(Elsewhere::Still),
                _ => {}
            }
        }
    }

    /// How many of the open batches that this run has begun in a step are others', and how many are ours.
    fn shares(&self, step: &PreparedStep) -> (usize, usize) {
        let ledger = self.book.ledger();
        let attempts = step.attempts.iter();
        let open = attempts.flat_map(|attempt| ledger.open(&attempt.account.purse));
        let begun = open
            .filter(|line| line.run == self.run.id && line.operation == step.operation);
        let (ours, others): (Vec<&Line>, Vec<&Line>) =
            begun.partition(|line| self.ours.holds(line));
        (others.len(), ours.len())
    }

    /// Earlier runs of this pipeline that have left jobs open. Of runs that a damaged state has lost nobody knows
    /// whose they were: whoever goes on with it goes on with them.
    pub(super) fn siblings(&self) -> BTreeSet<RunId> {
        let is_ours = |run: &RunId| match self.pipelines.get(run) {
            Some(pipeline) => *pipeline == self.prepared.pipeline.name,
            None => *run < self.run.id,
        };
        let open = self.book.ledger().lines().iter().filter(|line| line.is_open());
        open.map(|line: &Line| line.run).filter(is_ours).collect()
    }
}
