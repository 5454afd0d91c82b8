//! Answers that are too old to be reused: they stand where no newer one could be bought.

use crate::prepared::{PreparedAttempt, PreparedStep};
use leadmill_core::{KeyMap, Ledger, Line, Part, QueryKey, State, Status, Timestamp};
use leadmill_tables::{Results, TableError};
use std::collections::BTreeSet;

/// Where an answer stands: when it was settled, and with which batch, by its place in the ledger.
type Place = (Timestamp, usize);

/// The older answers of questions that have no newer one: for each the attempt and the batch that it is from.
#[derive(Debug, Default)]
pub(crate) struct Older(KeyMap<(usize, usize)>);

/// What one attempt has said of a question, in all runs.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    /// Its last hit.
    hit: Option<Place>,
    /// Its last answer: a hit or a miss.
    last: Option<Place>,
}

impl Older {
    /// Looks for older answers of the questions that `is_unanswered` names. Hits that are turned down are none, nor are
    /// those that can no longer be read.
    pub(crate) async fn of(
        step: &PreparedStep,
        ledger: &Ledger,
        results: &Results,
        is_unanswered: &(dyn Fn(&QueryKey) -> bool + Sync),
    ) -> Result<Self, TableError> {
        let mut all = Vec::with_capacity(step.attempts.len());
        for attempt in &step.attempts {
            let mut said = said(step, attempt, ledger, is_unanswered);
            forget_unreadable(&mut said, ledger, results).await;
            forget_rejected(&mut said, attempt, ledger, results).await?;
            all.push(said);
        }
        Ok(Self(standing(&all)))
    }

    /// Whether this is the older answer to a question: of an attempt, with the batch in this place of the ledger.
    pub(crate) fn is(&self, attempt: usize, line: usize, key: &QueryKey) -> bool {
        self.0.get(key) == Some(&(attempt, line))
    }
}

/// What an attempt has said of questions.
fn said(
    step: &PreparedStep,
    attempt: &PreparedAttempt,
    ledger: &Ledger,
    is_unanswered: &(dyn Fn(&QueryKey) -> bool + Sync),
) -> KeyMap<Said> {
    let mut all: KeyMap<Said> = KeyMap::default();
    for (place, line) in ledger.lines().iter().enumerate() {
        let State::Settled { at, statuses, .. } = &line.state else { continue };
        if *line.account != *attempt.account.purse || line.operation != step.operation {
            continue;
        }
        for (key, status) in line.keys.iter().zip(statuses.iter()) {
            let is_hit = *status == Status::Hit;
            if (is_hit || *status == Status::Miss) && is_unanswered(key) {
                let (said, at) = (all.entry(*key).or_default(), Some((*at, place)));
                said.last = said.last.max(at);
                if is_hit {
                    said.hit = said.hit.max(at);
                }
            }
        }
    }
    all
}

/// The batches that hits are from.
fn batches<'l>(
    said: &KeyMap<Said>,
    ledger: &'l Ledger,
) -> Vec<(usize, &'l Line, &'l Part)> {
    let places: BTreeSet<usize> =
        said.values().filter_map(|said| Some(said.hit?.1)).collect();
    let batch = |place: usize| {
        let line = ledger.lines().get(place)?;
        match &line.state {
            State::Settled { part, .. } => Some((place, line, part)),
            _ => None,
        }
    };
    places.into_iter().filter_map(batch).collect()
}

/// What cannot be read is as good as unknown: nobody is to miss their newer answers for it.
async fn forget_unreadable(said: &mut KeyMap<Said>, ledger: &Ledger, results: &Results) {
    for (place, line, part) in batches(said, ledger) {
        let Part::File(name) = part else { continue };
        if !results.holds(name).await {
            forget(said, place, line.keys.iter());
        }
    }
}

/// A hit that is not good enough has no value.
async fn forget_rejected(
    said: &mut KeyMap<Said>,
    attempt: &PreparedAttempt,
    ledger: &Ledger,
    results: &Results,
) -> Result<(), TableError> {
    let Some(accept) = &attempt.accept else { return Ok(()) };
    let batches = batches(said, ledger);
    let parts: Vec<&Part> = batches.iter().map(|(.., part)| *part).collect();
    let is_from = |said: &KeyMap<Said>, key: &QueryKey, place: usize| {
        said.get(key).and_then(|said| said.hit).is_some_and(|hit| hit.1 == place)
    };
    let rejected = {
        let said = &*said;
        let is_judged = |batch: usize, key: &QueryKey| {
            batches.get(batch).is_some_and(|(place, ..)| is_from(said, key, *place))
        };
        accept.rejected(results, &parts, &is_judged).await?
    };
    for (place, ..) in batches {
        forget(said, place, rejected.iter());
    }
    Ok(())
}

/// These hits count no more, as far as they are from this batch.
fn forget<'k>(
    said: &mut KeyMap<Said>,
    place: usize,
    keys: impl Iterator<Item = &'k QueryKey>,
) {
    for key in keys {
        if let Some(said) = said.get_mut(key)
            && said.hit.is_some_and(|hit| hit.1 == place)
        {
            said.hit = None;
        }
    }
}

/// Of each question the newest hit, unless every attempt has said something else since: then that is the newer answer.
fn standing(all: &[KeyMap<Said>]) -> KeyMap<(usize, usize)> {
    let mut standing: KeyMap<(usize, usize)> = KeyMap::default();
    for key in all.iter().flat_map(KeyMap::keys) {
        let hits = all.iter().enumerate().filter_map(|(attempt, said)| {
            said.get(key)?.hit.map(|(at, line)| ((at, line), attempt))
        });
        let Some((hit, attempt)) = hits.max() else { continue };
        let is_superseded =
            all.iter().all(|said| said.get(key).and_then(|said| said.last) > Some(hit));
        if !is_superseded {
            standing.insert(*key, (attempt, hit.1));
        }
    }
    standing
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: QueryKey = QueryKey([7; 16]);

    /// A hit and the last answer, by when they came.
    fn said(hit: Option<i64>, last: Option<i64>) -> KeyMap<Said> {
        let place = |at: i64| (Timestamp(at), at as usize);
        let said = Said { hit: hit.map(place), last: last.map(place) };
        [(KEY, said)].into_iter().filter(|_| last.is_some()).collect()
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
            let got = standing(&all).get(&KEY).copied();
            assert_eq!(got, expected, "{all:?}");
        }
    }
}
