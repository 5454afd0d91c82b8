//! Which rows are certainly about the questions that they are tied to.
//!
//! A file may bear no ids and spell all names plainly. Then a row that is spelt as one question can be about another one
//! that is reduced to the same spelling: what cannot be told apart is nobody's.

use super::ties::Tied;
use csv::StringRecord;
use leadmill_core::{KeyMap, KeySet, Keys, Operation};

/// Unties the rows that may be somebody else's. `echoed`: whether they are told by what was sent. What was found may be
/// spelt in full where the question was not, so that its spelling tells no namesakes apart.
pub(super) fn tell_apart(
    operation: Operation,
    keys: &Keys,
    echoed: bool,
    rows: &mut [(&StringRecord, Option<Tied>)],
) {
    let named = keys_of(rows, |tied| !matches!(tied, Tied::Plainly(_)));
    let mut doubtful = contradicted(operation, rows);
    // What is spelt in full is not outdone by what is spelt plainly.
    doubtful.extend(&named);
    untie(rows, |tied| matches!(tied, Tied::Plainly(key) if doubtful.contains(&key)));
    let mut unclear = KeySet::default();
    for namesakes in keys.namesakes() {
        match echoed {
            true if namesakes.others.iter().all(|key| named.contains(key)) => {}
            false if namesakes.all().all(|key| named.contains(key)) => {}
            true => unclear.extend(namesakes.plain),
            false => unclear.extend(namesakes.all()),
        }
    }
    untie(rows, |tied| matches!(tied, Tied::Exactly(key) if unclear.contains(&key)));
}

fn keys_of(
    rows: &[(&StringRecord, Option<Tied>)],
    is_wanted: impl Fn(Tied) -> bool,
) -> KeySet {
    let tied = rows.iter().filter_map(|(_, tied)| *tied);
    tied.filter(|tied| is_wanted(*tied)).map(Tied::key).collect()
}

/// The questions with one row each that several plain rows are tied to which differ.
fn contradicted(operation: Operation, rows: &[(&StringRecord, Option<Tied>)]) -> KeySet {
    let mut contradicted = KeySet::default();
    if has_many_rows(operation) {
        return contradicted;
    }
    let mut first: KeyMap<&StringRecord> = KeyMap::default();
    for (row, tied) in rows {
        let Some(Tied::Plainly(key)) = tied else { continue };
        if *first.entry(*key).or_insert(row) != *row {
            contradicted.insert(*key);
        }
    }
    contradicted
}

/// Whether an answer has a row for each of what was found.
const fn has_many_rows(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::SearchDomain | Operation::FindSimilar | Operation::FindEmailByProfile
    )
}

fn untie(rows: &mut [(&StringRecord, Option<Tied>)], is_unclear: impl Fn(Tied) -> bool) {
    for (_, tied) in rows {
        *tied = tied.filter(|tied| !is_unclear(*tied));
    }
}
