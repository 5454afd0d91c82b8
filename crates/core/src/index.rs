//! Which questions were already put to a provider, and what became of them.

use crate::{KeyMap, Ledger, Line, QueryKey, State, Status, Timestamp};
use std::time::Duration;

/// What the journal knows about a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The place of its batch among the ledger's lines.
    pub line: u32,
    /// What became of it; `None` while its batch is open.
    pub status: Option<Status>,
}

/// Every question that was put to one account, in its latest state.
#[derive(Debug, Default)]
pub struct Index {
    asked: KeyMap<(u32, u8)>,
}

const OPEN: u8 = u8::MAX;

impl Index {
    /// Reads the book of one account.
    pub fn of(ledger: &Ledger, account: &str) -> Self {
        let mut index = Self::default();
        let lines = || {
            let lines = (0..).zip(ledger.lines());
            lines.filter(|(_, line)| *line.account == *account)
        };
        // Growing it step by step would move what is in it again and again.
        index.asked.reserve(lines().map(|(_, line)| line.keys.len()).sum());
        lines().for_each(|(place, line)| index.enter(place, line));
        index
    }

    fn enter(&mut self, place: u32, line: &Line) {
        match &line.state {
            State::Refused { .. } => {}
            State::InDoubt | State::Accepted(_) => {
                self.asked.extend(line.keys.iter().map(|key| (*key, (place, OPEN))));
            }
            State::Settled { statuses, .. } => {
                let codes = statuses.iter().map(|status| (place, status.code()));
                self.asked.extend(line.keys.iter().copied().zip(codes));
            }
        }
    }

    /// What is known about a question.
    pub fn get(&self, key: &QueryKey) -> Option<Asked> {
        let (line, code) = *self.asked.get(key)?;
        Some(Asked { line, status: Status::from_code(code) })
    }
}

/// How long answers are good for. Errors are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Hits.
    pub hit: Duration,
    /// Misses.
    pub miss: Duration,
}

impl Default for Reuse {
    fn default() -> Self {
        const DAY: u64 = 86_400;
        Self { hit: Duration::from_secs(30 * DAY), miss: Duration::from_secs(7 * DAY) }
    }
}

/// What to do with a question, judged by what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Ask it.
    Buy,
    /// The answer is here.
    Reuse,
    /// It is being asked, or nobody knows whether it was: never ask it again by itself.
    Held,
}

impl Reuse {
    /// Judges a question. `same_run` tells whether its batch belongs to the run that asks: within a run an
    /// answer never grows old.
    pub fn judge(
        &self,
        asked: Option<Status>,
        at: Timestamp,
        now: Timestamp,
        same_run: bool,
    ) -> Need {
        let fresh = |window: Duration| match same_run || now.since(at) < window {
            true => Need::Reuse,
            false => Need::Buy,
        };
        match asked {
            None | Some(Status::UnknownCharged) => Need::Held,
            Some(Status::Hit) => fresh(self.hit),
            Some(Status::Miss) => fresh(self.miss),
            Some(
                Status::Failed
                | Status::Deferred
                | Status::InvalidInput
                | Status::Suppressed,
            ) => Need::Buy,
        }
    }
}
