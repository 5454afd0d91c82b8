//! What a step still has to ask: its rows, less what cannot be asked, what was asked and what is held.

use crate::{enriching::At, prepared::PreparedStep};
use leadmill_core::{
    Asked, Index, KeyMap, KeySet, Ledger, Query, QueryKey, RunId, State, Status,
    Timestamp,
    index::{Need, Reuse},
};
use leadmill_tables::Asked as Row;
use std::{collections::BTreeSet, io};

/// What is known about a step's questions before and after it buys.
pub(crate) struct Known<'a> {
    ledger: &'a Ledger,
    index: Index,
    reuse: Reuse,
    run: Option<RunId>,
    /// When the session began: answers are judged by this time throughout.
    now: Timestamp,
    /// Runs of other processes that are at work.
    others: &'a BTreeSet<RunId>,
    refused: KeyMap<Status>,
}

impl<'a> Known<'a> {
    /// What the book says about the questions of a step.
    pub(crate) fn new(ledger: &'a Ledger, step: &PreparedStep, session: &At<'a>) -> Self {
        let (purse, reuse) = (step.account.purse.as_str(), step.reuse);
        let At { run, now, others } = *session;
        let mut refused = KeyMap::default();
        for line in ledger
            .lines()
            .iter()
            .filter(|line| *line.account == *purse && Some(line.run) == run)
        {
            if let State::Refused { again: false, .. } = line.state {
                refused.extend(line.keys.iter().map(|key| (*key, Status::Failed)));
            }
        }
        let index = Index::of(ledger, purse);
        Self { ledger, index, reuse, run, now, others, refused }
    }

    /// Whether a question is to be asked.
    pub(crate) fn judge(&self, key: &QueryKey) -> Need {
        let Some(asked) = self.index.get(key) else { return Need::Buy };
        let Some(line) = self.ledger.lines().get(asked.line as usize) else {
            return Need::Held;
        };
        let at = match &line.state {
            State::Settled { at, .. } => *at,
            _ => line.intended_at,
        };
        self.reuse.judge(asked.status, at, self.now, Some(line.run) == self.run)
    }

    /// What becomes of a row whose question has no answer.
    pub(crate) fn standing(&self, key: &QueryKey) -> Status {
        match self.index.get(key) {
            // Another process is about to have the answer: the next run finds it.
            Some(Asked { status: None, line }) if self.is_of_another(line) => {
                Status::Deferred
            }
            Some(Asked { status: None | Some(Status::UnknownCharged), .. }) => {
                Status::UnknownCharged
            }
            Some(Asked { status: Some(Status::Failed), line })
                if self.is_of_this_session(line) =>
            {
                Status::Failed
            }
            _ => self.refused.get(key).copied().unwrap_or(Status::Deferred),
        }
    }

    fn is_of_another(&self, line: u32) -> bool {
        let line = self.ledger.lines().get(line as usize);
        line.is_some_and(|line| self.others.contains(&line.run))
    }

    /// Whether a line was settled since this session began.
    fn is_of_this_session(&self, line: u32) -> bool {
        let line = self.ledger.lines().get(line as usize);
        matches!(line.map(|line| &line.state), Some(State::Settled { at, .. }) if *at >= self.now)
    }
}

/// Counts of one pass over a step's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Rows of the source.
    pub(crate) rows: u64,
    /// Rows that make no question: `when:` is not true, or an input is empty or malformed.
    pub(crate) no_input: u64,
    /// Rows whose question an earlier row asks.
    pub(crate) duplicates: u64,
    /// Questions whose answer is known.
    pub(crate) reused: u64,
    /// Questions that are open or in doubt at the provider.
    pub(crate) held: u64,
    /// Questions to ask.
    pub(crate) to_buy: u64,
}

/// Sorts out the questions of a step, each key once.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) counts: Counts,
    pub(crate) seen: KeySet,
}

impl Needs {
    /// Takes in the rows of a batch; what is to be asked goes to `buy`.
    pub(crate) fn take(
        &mut self,
        asked: &[Row],
        known: &Known<'_>,
        mut buy: impl FnMut(&Query) -> io::Result<()>,
    ) -> io::Result<()> {
        for row in asked {
            self.counts.rows += 1;
            let Ok(query) = row else {
                self.counts.no_input += 1;
                continue;
            };
            let key = query.key();
            if !self.seen.insert(key) {
                self.counts.duplicates += 1;
                continue;
            }
            match known.judge(&key) {
                Need::Reuse => self.counts.reused += 1,
                Need::Held => self.counts.held += 1,
                Need::Buy => {
                    self.counts.to_buy += 1;
                    buy(query)?;
                }
            }
        }
        Ok(())
    }
}
