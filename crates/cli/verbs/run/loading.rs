//! A step's answers, from where they are kept. Those that can no longer be read are fetched again, which is free.

use super::{
    asking::{AGAIN, Asking},
    session::Session,
};
use crate::{
    clock::SystemClock,
    enriching::Finished,
    exit::Failure,
    prepared::{PreparedAttempt, PreparedStep},
};
use leadmill_core::{Clock, Entry, Event, KeySet, Part, State};
use leadmill_engine::{Ending, Recorded};
use leadmill_tables::{Subject, TableError};
use std::sync::Arc;

impl<'a> Session<'a> {
    /// Loads the answers of a step.
    pub(super) async fn load(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        asking: &mut Asking,
    ) -> Result<(Ending, Finished<'a>), Failure> {
        let mut ending = Ending::Complete;
        for round in 0.. {
            let (ledger, results) = (self.book.ledger(), &self.prepared.results);
            let Asking { rejections, seen, .. } = &*asking;
            let of = (place, step);
            let loaded =
                Finished::load(of, ledger, results, &self.at(), rejections, seen).await;
            match loaded {
                Ok(loaded) => return Ok((ending, loaded)),
                Err(error) => {
                    let mended = self.mend(place, step, seen, error, round).await?;
                    ending = ending.max(mended);
                }
            }
        }
        Err(Failure::failed("the staged answers cannot be read"))
    }

    /// Judges the hits that came since the last time, where the file says which are good enough.
    pub(super) async fn judge(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        asking: &mut Asking,
    ) -> Result<(), Failure> {
        for round in 0.. {
            let (ledger, results) = (self.book.ledger(), &self.prepared.results);
            let Asking { rejections, seen, .. } = asking;
            let judged = rejections.judge(step, ledger, results, &self.at(), seen).await;
            let Err(error) = judged else { return Ok(()) };
            self.mend(place, step, &asking.seen, error, round).await?;
        }
        Err(Failure::failed("the staged answers cannot be read"))
    }

    /// Fetches answers again that can no longer be read. What is wrong with an expression, or wrong again and again, is
    /// an error.
    async fn mend(
        &mut self,
        place: usize,
        step: &'a PreparedStep,
        seen: &KeySet,
        error: TableError,
        round: u32,
    ) -> Result<Ending, Failure> {
        match error.subject {
            Subject::Part if round < AGAIN && self.reopen(step, seen).await? => {
                self.fetch_jobs(place, step).await
            }
            Subject::Accept(_) => Err(self.prepared.misfit_in(place, error)),
            _ => Err(error.into()),
        }
    }

    /// Opens the jobs again whose answers can no longer be read here, as far as they are needed.
    async fn reopen(
        &mut self,
        step: &PreparedStep,
        seen: &KeySet,
    ) -> Result<bool, Failure> {
        let providers = &self.prepared.pipeline.providers;
        let is_lasting = |attempt: &&PreparedAttempt| {
            let provider = providers.get(&attempt.provider);
            provider.is_some_and(|provider| !provider.is_embedded())
        };
        let clock = self.store.clock(Arc::new(SystemClock)).await?;
        let mut entries = Vec::new();
        for attempt in step.attempts.iter().filter(is_lasting) {
            let lines = self.book.ledger().lines().iter().filter(|line| {
                *line.account == *attempt.account.purse
                    && line.operation == step.operation
                    && line.keys.iter().any(|key| seen.contains(key))
            });
            for line in lines {
                if let State::Settled { part: Part::File(name), job: Some(_), .. } =
                    &line.state
                    && !self.prepared.results.holds(name).await
                {
                    let (at, event) = (clock.now(), Event::Reopened);
                    let (run, batch) = (line.run, line.batch);
                    entries.push(Entry { at, run, batch, event });
                }
            }
        }
        match self.book.record(&entries).await {
            Ok(Recorded::Written) => {}
            Ok(Recorded::Collides) => {
                return Err(Failure::failed("the journal has changed"));
            }
            Err(error) => return Err(Failure::failed(error.to_string())),
        }
        if !entries.is_empty() {
            self.terminal.talk(&format!(
                "the answers of {} batches can no longer be read here: they are fetched again, at no charge\n",
                entries.len()
            ));
        }
        self.take_up().await?;
        Ok(!entries.is_empty())
    }
}
