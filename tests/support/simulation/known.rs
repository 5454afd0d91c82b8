//! What a process knows of its questions, as the binary reads the book.

use super::World;
use leadmill_core::{
    BatchId, Clock, Index, Ledger, Line, QueryKey, State, Status, index::Need,
};
use leadmill_engine::Reconciled;
use std::collections::HashSet;

/// What there is to do that was not there before.
pub(super) enum Freed {
    Nothing,
    Jobs,
    Questions,
}

impl Freed {
    /// By what became of doubts, and of jobs that were open and surely ours.
    pub(super) fn by(reconciled: &Reconciled, jobs: &[BatchId], ledger: &Ledger) -> Self {
        let is_refused =
            |line: &Line| matches!(line.state, State::Refused { again: true, .. });
        if jobs.iter().filter_map(|job| ledger.line(*job)).any(is_refused) {
            return Self::Questions;
        }
        let Reconciled { free, retried, repeats, .. } = reconciled;
        match reconciled.frees() {
            false => Self::Nothing,
            true if free.is_empty() && retried.is_empty() && repeats.is_empty() => {
                Self::Jobs
            }
            true => Self::Questions,
        }
    }
}

/// The jobs at an account that are open and surely the batches' own.
pub(super) fn own_jobs(ledger: &Ledger, purse: &str) -> Vec<BatchId> {
    let open = ledger.open(purse);
    open.filter(|line| line.is_own_job()).map(|line| line.batch).collect()
}

/// What the book says of questions at one account, as the binary reads it.
pub(super) struct Known<'a> {
    world: &'a World,
    ledger: &'a Ledger,
    index: Index,
    /// Questions that can be asked again at no charge.
    repeats: HashSet<QueryKey>,
}

/// What is known of one question.
pub(super) struct Look {
    pub(super) need: Need,
    pub(super) is_hit: bool,
    pub(super) is_repeat: bool,
    /// The batch with which it was asked last, by its index in the ledger.
    pub(super) line: Option<usize>,
}

impl<'a> Known<'a> {
    pub(super) fn new(world: &'a World, ledger: &'a Ledger) -> Self {
        let (account, now) = (&world.account, world.clock.now());
        let open = ledger.open(&account.purse);
        let repeats = open.filter(|line| {
            account.can_repeat(line, now) && !world.others.contains(&line.run)
        });
        let repeats = repeats.flat_map(|line| line.keys.iter().copied()).collect();
        Self { world, ledger, index: Index::of(ledger, &account.purse), repeats }
    }

    pub(super) fn look(&self, key: &QueryKey) -> Look {
        let Some(asked) = self.index.get(key) else {
            return Look { need: Need::Buy, is_hit: false, is_repeat: false, line: None };
        };
        let line = &self.ledger.lines()[asked.line as usize];
        let at = match &line.state {
            State::Settled { at, .. } => *at,
            _ => line.intended_at,
        };
        let is_repeat = asked.status.is_none() && self.repeats.contains(key);
        let World { reuse, clock, run, .. } = self.world;
        let need = match is_repeat {
            true => Need::Buy,
            false => reuse.judge(asked.status, at, clock.now(), line.run == *run),
        };
        let (is_hit, line) =
            (asked.status == Some(Status::Hit), Some(asked.line as usize));
        Look { need, is_hit, is_repeat, line }
    }
}
