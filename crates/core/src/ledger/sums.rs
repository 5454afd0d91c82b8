//! Sums over the lines of the book, kept beside them: calls are many, and each asks.

use super::{Line, State};
use crate::{Credits, Event, Lane, RunId, Status};
use std::{collections::HashMap, sync::Arc};

/// What an account and its runs come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Spent, and held by open batches, by run and account.
    pub(super) committed: HashMap<(RunId, Arc<str>), Credits>,
    /// By account.
    doubts: HashMap<Arc<str>, Doubts>,
}

/// What is in doubt at an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubts {
    /// What batches hold whose reply is not known, those in flight among them, and what was settled without an answer
    /// until a person resolves it.
    pub lost: Credits,
    /// What batches hold whose reply was one that comes where nothing is known, too.
    pub likely_misses: Credits,
    /// Replies to paid calls that were lost since one was answered.
    pub in_a_row: u32,
}

/// What one line adds to the sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Share {
    committed: Credits,
    lost: Credits,
    likely_misses: Credits,
}

impl Share {
    pub(super) fn of(line: &Line) -> Self {
        let committed = line.credits;
        let (lost, likely_misses) = match &line.state {
            State::InDoubt if line.likely_miss => (Credits::ZERO, line.credits),
            State::InDoubt => (line.credits, Credits::ZERO),
            State::Settled { statuses, .. } => {
                let all = statuses.len().max(1) as u64;
                let part = u128::from(line.credits.0) * line.unanswered() as u128;
                let part = part.div_ceil(u128::from(all));
                (Credits(u64::try_from(part).unwrap_or(u64::MAX)), Credits::ZERO)
            }
            State::Accepted(_) | State::Refused { .. } => (Credits::ZERO, Credits::ZERO),
        };
        Self { committed, lost, likely_misses }
    }
}

impl Sums {
    /// What an account's doubts come to.
    pub(super) fn doubts(&self, account: &str) -> Doubts {
        self.doubts.get(account).copied().unwrap_or_default()
    }

    /// A line adds something else from here on, and perhaps to another run: to the one that pays for it.
    pub(super) fn change(&mut self, (run, share): (RunId, Share), line: &Line) {
        let now = Share::of(line);
        let before = self.committed.entry((run, Arc::clone(&line.account))).or_default();
        *before = before.less(share.committed);
        let after = self.committed.entry((line.payer, Arc::clone(&line.account)));
        *after.or_default() += now.committed;
        let doubts = self.doubts.entry(Arc::clone(&line.account)).or_default();
        doubts.lost = doubts.lost.less(share.lost) + now.lost;
        doubts.likely_misses =
            doubts.likely_misses.less(share.likely_misses) + now.likely_misses;
    }

    /// Counts the replies in a row that were lost.
    pub(super) fn count(&mut self, event: &Event, line: &Line, was_open: bool) {
        let doubts = self.doubts.entry(Arc::clone(&line.account)).or_default();
        match event {
            Event::Doubted { likely_miss: false, .. } if was_open => doubts.in_a_row += 1,
            Event::Accepted { .. } => doubts.in_a_row = 0,
            Event::Settled { statuses, .. } if line.lane == Lane::Single => {
                let is_answer = |status: &Status| {
                    !matches!(status, Status::UnknownCharged | Status::Deferred)
                };
                if statuses.iter().any(is_answer) {
                    doubts.in_a_row = 0;
                }
            }
            _ => {}
        }
    }

    /// The sums of these lines, without what only events tell.
    pub(super) fn of(lines: &[Line]) -> Self {
        let mut sums = Self::default();
        lines.iter().for_each(|line| sums.change((line.payer, Share::default()), line));
        sums
    }

    /// The same, with what only events have told to sums of before, by the accounts' names that are others now.
    pub(super) fn after(
        mut self,
        before: &Self,
        renamed: &HashMap<Arc<str>, Arc<str>>,
    ) -> Self {
        for (account, Doubts { in_a_row, .. }) in &before.doubts {
            let account = renamed.get(account).unwrap_or(account);
            let doubts = self.doubts.entry(Arc::clone(account)).or_default();
            doubts.in_a_row = doubts.in_a_row.max(*in_a_row);
        }
        self
    }

    /// Whether both are the same, but for sums of nothing and for what only events tell.
    pub(super) fn equal(&self, other: &Self) -> bool {
        let committed = |sums: &Self| -> HashMap<_, _> {
            let all = sums.committed.clone().into_iter();
            all.filter(|(_, credits)| *credits > Credits::ZERO).collect()
        };
        let doubts = |sums: &Self| -> HashMap<_, _> {
            let all = sums.doubts.clone().into_iter();
            all.map(|(account, doubts)| (account, Doubts { in_a_row: 0, ..doubts }))
                .filter(|(_, doubts)| *doubts != Doubts::default())
                .collect()
        };
        committed(self) == committed(other) && doubts(self) == doubts(other)
    }
}
