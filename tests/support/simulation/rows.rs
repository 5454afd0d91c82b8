//! The rows of an output, as the binary decides on them: by whose turn it is, and by what stands where no newer answer could
//! be bought.

use super::{World, known::Known};
use leadmill_core::{
    Answered, Finding, Ledger, Line, Part, Query, QueryKey, State, Status,
    chain::{Turn, turn},
    older::{Older, Said},
};
use std::collections::{HashMap, HashSet};

/// What becomes of a question.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) status: Status,
    pub(crate) finding: Option<Finding>,
    /// Who has said so, by the place among those that are tried.
    pub(crate) by: Option<usize>,
}

/// What a run writes that tries these accounts one after the other. They are on one disk.
pub(crate) fn rows(tried: &[&World], queries: &[Query]) -> Vec<Row> {
    let Some(first) = tried.first() else { return Vec::new() };
    let ledger = first.ledger();
    let known: Vec<Known<'_>> =
        tried.iter().map(|world| Known::new(world, &ledger)).collect();
    let turn_of = |key: &QueryKey| {
        turn(known.iter().map(|known| {
            let look = known.look(key);
            (look.need, look.is_hit)
        }))
    };
    let is_open = |key: &QueryKey| matches!(turn_of(key), Turn::At(..));
    let open = queries.iter().map(Query::key).filter(is_open);
    let open: HashSet<QueryKey> = open.collect();
    let operation = queries.first().map(Query::operation);
    let said =
        tried.iter().zip(operation.into_iter().cycle()).map(|(world, operation)| {
            let purse = &world.account.purse;
            Said::by(&ledger, purse, operation, &|key| open.contains(key))
        });
    let older = Older::standing(&said.collect::<Vec<_>>());
    let standing = match open.is_empty() {
        true => HashMap::new(),
        false => standing(&ledger, tried),
    };
    let row = |query: &Query| {
        let key = query.key();
        let by = match turn_of(&key) {
            Turn::Over(by) => known[by].look(&key).line.map(|line| (by, line)),
            Turn::At(..) => older.get(&key),
        };
        let Some((by, line)) = by else {
            let status = standing.get(&key).copied().unwrap_or(Status::Deferred);
            return Row { status, finding: None, by: None };
        };
        let finding = first.finding(&ledger.lines()[line], &key);
        let status = match (&finding, open.contains(&key)) {
            (Some(_), true) => Status::Stale,
            (Some(finding), false) => finding.status(),
            (None, _) => panic!("{query:?} is answered, and by nothing"),
        };
        Row { status, finding, by: Some(by) }
    };
    queries.iter().map(row).collect()
}

/// What becomes of questions that have no answer.
fn standing(ledger: &Ledger, tried: &[&World]) -> HashMap<QueryKey, Status> {
    let mut standing = HashMap::new();
    let is_asked =
        |line: &&Line| tried.iter().any(|world| *line.account == *world.account.purse);
    for line in ledger.lines().iter().filter(is_asked) {
        let keys = line.keys.iter().copied();
        match &line.state {
            State::Settled { statuses, .. } => {
                let status = |status: &Status| match status {
                    Status::Hit | Status::Miss => Status::Deferred,
                    other => *other,
                };
                standing.extend(keys.zip(statuses.iter().map(status)));
            }
            State::Refused { again, .. } => {
                let status = if *again { Status::Deferred } else { Status::Failed };
                standing.extend(keys.map(|key| (key, status)));
            }
            State::InDoubt | State::Accepted(_) => {
                standing.extend(keys.map(|key| (key, Status::UnknownCharged)));
            }
        }
    }
    standing
}

impl World {
    /// What the disk holds of an answer.
    fn finding(&self, line: &Line, key: &QueryKey) -> Option<Finding> {
        let State::Settled { part, .. } = &line.state else { return None };
        let disk = self.disk.lock().unwrap();
        let answers: &[Answered] = match part {
            Part::File(name) => &disk.answers[name],
            Part::Inline(answers) => answers,
        };
        let answer = answers.iter().find(|answer| answer.key == *key);
        answer.map(|answer| answer.finding.clone())
    }
}
