//! Answers that are too old to be reused: they stand where no newer one could be bought.

use crate::{KeyMap, Ledger, Operation, QueryKey, State, Status, Timestamp};
use std::collections::BTreeSet;

/// Where an answer stands: when it was settled, and with which batch, by its index in the ledger.
type Position = (Timestamp, usize);

/// The older answers of questions that have no newer one: for each the attempt and the batch that it is from.
#[derive(Debug, Default)]
pub struct Older(KeyMap<(usize, usize)>);

/// What one attempt has said of questions, in all runs.
#[derive(Clone, Debug, Default)]
pub struct Said(KeyMap<Last>);

/// What one attempt has said of a question.
#[derive(Clone, Copy, Debug, Default)]
struct Last {
    /// Its last hit.
    hit: Option<Position>,
    /// Its last answer: a hit or a miss.
    answer: Option<Position>,
}

impl Older {
    /// Of each question the newest hit of any attempt, unless every attempt has said something else since: then that is
    /// the newer answer.
    pub fn standing(all: &[Said]) -> Self {
        let mut standing: KeyMap<(usize, usize)> = KeyMap::default();
        for key in all.iter().flat_map(|said| said.0.keys()) {
            let hits = all.iter().enumerate().filter_map(|(attempt, said)| {
                said.0.get(key)?.hit.map(|(at, line)| ((at, line), attempt))
            });
            let Some((hit, attempt)) = hits.max() else { continue };
            let is_superseded = all
                .iter()
                .all(|said| said.0.get(key).and_then(|last| last.answer) > Some(hit));
            if !is_superseded {
                standing.insert(*key, (attempt, hit.1));
            }
        }
        Self(standing)
    }

    /// The attempt and the batch, by its index in the ledger, whose answer to a question stands.
    pub fn get(&self, key: &QueryKey) -> Option<(usize, usize)> {
        self.0.get(key).copied()
    }

    /// Whether this is the older answer to a question: of an attempt, with the batch at this index of the ledger.
    pub fn is(&self, attempt: usize, line: usize, key: &QueryKey) -> bool {
        self.get(key) == Some((attempt, line))
    }
}

impl Said {
    /// What an account has said of the questions that `is_unanswered` names.
    pub fn by(
        ledger: &Ledger,
        account: &str,
        operation: Operation,
        is_unanswered: &dyn Fn(&QueryKey) -> bool,
    ) -> Self {
        let mut all: KeyMap<Last> = KeyMap::default();
        for (index, line) in ledger.lines().iter().enumerate() {
            let State::Settled { at, statuses, .. } = &line.state else { continue };
            if *line.account != *account || line.operation != operation {
                continue;
            }
            for (key, status) in line.keys.iter().zip(statuses.iter()) {
                let is_hit = *status == Status::Hit;
                if (is_hit || *status == Status::Miss) && is_unanswered(key) {
                    let (last, at) = (all.entry(*key).or_default(), Some((*at, index)));
                    last.answer = last.answer.max(at);
                    if is_hit {
                        last.hit = last.hit.max(at);
                    }
                }
            }
        }
        Self(all)
    }

    /// The batches that hits are from, by their indices in the ledger.
    pub fn batches(&self) -> BTreeSet<usize> {
        self.0.values().filter_map(|last| Some(last.hit?.1)).collect()
    }

    /// Whether the hit of a question is from this batch.
    pub fn is_from(&self, key: &QueryKey, line: usize) -> bool {
        self.0.get(key).and_then(|last| last.hit).is_some_and(|hit| hit.1 == line)
    }

    /// These hits count no more, as far as they are from this batch.
    pub fn forget<'k>(&mut self, line: usize, keys: impl Iterator<Item = &'k QueryKey>) {
        for key in keys {
            if let Some(last) = self.0.get_mut(key)
                && last.hit.is_some_and(|hit| hit.1 == line)
            {
                last.hit = None;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: QueryKey = QueryKey([7; 16]);

    /// A hit and the last answer, by when they came.
    fn said(hit: Option<i64>, last: Option<i64>) -> Said {
        let position = |at: i64| (Timestamp(at), at as usize);
        let known = Last { hit: hit.map(position), answer: last.map(position) };
        Said([(KEY, known)].into_iter().filter(|_| last.is_some()).collect())
    }

    #[test]
    fn a_hit_stands_until_all_have_said_something_else() {
        let (hit, miss) = (|at| said(Some(at), Some(at)), |at| said(None, Some(at)));
        let (unasked, lost_it) =
            (|| said(None, None), |at, last| said(Some(at), Some(last)));
        for (all, expected) in [
            (vec![hit(1)], Some((0, 1))),
            (vec![miss(1)], None),
            (vec![unasked()], None),
            // It was asked again, and knows nothing any more.
            (vec![lost_it(1, 2)], None),
            // The next might, and was not asked.
            (vec![lost_it(1, 2), unasked()], Some((0, 1))),
            (vec![lost_it(2, 3), miss(1)], Some((0, 2))),
            (vec![lost_it(1, 2), miss(3)], None),
            (vec![miss(2), hit(1)], Some((1, 1))),
            (vec![unasked(), hit(1)], Some((1, 1))),
            // The newest counts.
            (vec![hit(1), hit(2)], Some((1, 2))),
            (vec![hit(2), hit(1)], Some((0, 2))),
            (vec![lost_it(1, 3), hit(2)], Some((1, 2))),
        ] {
            assert_eq!(Older::standing(&all).get(&KEY), expected, "{all:?}");
        }
    }
}
