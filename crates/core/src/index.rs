//! Which questions were already put to a provider, and what became of them.

use crate::{KeyMap, Ledger, Line, QueryKey, State, Status, Timestamp};
use std::{iter, time::Duration};

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
    /// By the last byte of the key: maps of millions of keys are filled several times as fast in parts that the
    /// processor keeps near.
    parts: Vec<KeyMap<(u32, u8)>>,
}

const OPEN: u8 = u8::MAX;

/// How many parts there are.
const PARTS: usize = 256;

/// The part in which a key is. Maps tell their keys apart by the first bytes.
const fn part_of(key: &QueryKey) -> usize {
    let [.., last] = key.0;
    last as usize
}

impl Index {
    /// Reads the book of one account.
    pub fn of(ledger: &Ledger, account: &str) -> Self {
        let lines = || {
            let lines = (0..).zip(ledger.lines());
            lines.filter(|(_, line)| {
                *line.account == *account && !matches!(line.state, State::Refused { .. })
            })
        };
        // Growing anything step by step would move what is in it again and again.
        let mut sizes = [0; PARTS];
        for key in lines().flat_map(|(_, line)| line.keys.iter()) {
            if let Some(size) = sizes.get_mut(part_of(key)) {
                *size += 1;
            }
        }
        let mut sorted: Vec<Vec<(QueryKey, (u32, u8))>> =
            sizes.into_iter().map(Vec::with_capacity).collect();
        for (place, line) in lines() {
            for (key, code) in line.keys.iter().zip(codes(line)) {
                if let Some(part) = sorted.get_mut(part_of(key)) {
                    part.push((*key, (place, code)));
                }
            }
        }
        // What was asked later stands later, and counts.
        Self { parts: sorted.into_iter().map(KeyMap::from_iter).collect() }
    }

    /// What is known about a question.
    pub fn get(&self, key: &QueryKey) -> Option<Asked> {
        let (line, code) = *self.parts.get(part_of(key))?.get(key)?;
        Some(Asked { line, status: Status::from_code(code) })
    }
}

/// What became of each question of a batch.
fn codes(line: &Line) -> impl Iterator<Item = u8> {
    let statuses = match &line.state {
        State::Settled { statuses, .. } => Some(statuses.iter()),
        _ => None,
    };
    let open = statuses.is_none().then(|| iter::repeat(OPEN));
    let told = statuses.into_iter().flatten().map(|status| status.code());
    told.chain(open.into_iter().flatten())
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
                | Status::Stale
                | Status::Deferred
                | Status::InvalidInput
                | Status::Suppressed,
            ) => Need::Buy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchId, Credits, Entry, Event, Keys, Lane, Operation, Part, RunId};

    /// Keys that differ in their last byte, as parts do, and in their first.
    fn keys(numbers: impl IntoIterator<Item = u16>) -> Keys {
        let key = |n: u16| {
            let [high, low] = n.to_be_bytes();
            QueryKey([high, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, low])
        };
        numbers.into_iter().map(key).collect()
    }

    fn ledger(events: Vec<(u64, Event)>) -> Ledger {
        let mut ledger = Ledger::default();
        for (batch, event) in events {
            let (at, run, batch) = (Timestamp(1), RunId(1), BatchId(batch));
            ledger.apply(&Entry { at, run, batch, event }).unwrap();
        }
        ledger
    }

    fn intended(account: &str, keys: Keys) -> Event {
        Event::Intended {
            account: account.into(),
            step: "s".into(),
            operation: Operation::FindEmail,
            lane: Lane::Bulk,
            reserve: Credits(1),
            anchor: None,
            moment: None,
            keys,
        }
    }

    fn settled(statuses: &[Status]) -> Event {
        let part = Part::File("p".into());
        Event::Settled { cost: Credits(1), statuses: statuses.into(), part }
    }

    #[test]
    fn of_each_question_the_last_that_was_asked_counts() {
        let accepted = || Event::Accepted { job: crate::JobId("j".into()) };
        let refused = Event::Refused { reason: "no".into(), again: true };
        let ledger = ledger(vec![
            (1, intended("a", keys([1, 2, 257, 258]))),
            (1, accepted()),
            (1, settled(&[Status::Hit, Status::Miss, Status::Failed, Status::Hit])),
            (2, intended("a", keys([257, 3]))),
            (3, intended("b", keys([4]))),
            (4, intended("a", keys([5, 1]))),
            (4, refused),
        ]);
        let index = Index::of(&ledger, "a");
        let asked = |n| index.get(&keys([n])[0]).map(|asked| (asked.line, asked.status));
        assert_eq!(
            asked(1),
            Some((0, Some(Status::Hit))),
            "what was refused was not asked"
        );
        assert_eq!(asked(2), Some((0, Some(Status::Miss))));
        assert_eq!(asked(258), Some((0, Some(Status::Hit))));
        assert_eq!(asked(257), Some((1, None)), "it is being asked");
        assert_eq!((asked(3), asked(4), asked(5)), (Some((1, None)), None, None));
        assert_eq!(Index::of(&Ledger::default(), "a").get(&keys([1])[0]), None);
    }
}
