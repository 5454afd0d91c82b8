//! What the wallet's transactions prove about a batch in doubt.
//!
//! Only one thing can be proved: that a batch was *not* charged. Between the newest transaction that was
//! known before it was sent and the balance of now, every change is listed without a gap, and every
//! deduction that could be the batch's is another's of ours. Colleagues who spend make the proof fail,
//! never wrong.

use crate::{Credits, JobId, Lane, Ledger, Line, Part, State, Transaction};
use std::collections::{BTreeMap, HashSet};

/// The wallet's transactions as read back to some point, and the balance after them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Newest first.
    pub rows: Vec<Transaction>,
    /// Whether they reach back to the wallet's beginning.
    pub is_whole: bool,
    /// Read after them.
    pub balance: Credits,
}

/// Why a batch stays in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// Nothing of the wallet's history was known when it was sent.
    #[error("the wallet's history was not read before it was sent")]
    NoAnchor,
    /// The history does not reach back so far.
    #[error("the wallet's transactions do not reach back to its submit")]
    TooShort,
    /// Something has changed the balance that no transaction tells of.
    #[error("the wallet's transactions do not add up to its balance")]
    Gap,
    /// It, or somebody else, was charged.
    #[error("a deduction of {} credits since its submit may be for it", .0.0)]
    Charged(Credits),
}

impl History {
    /// Whether a batch in doubt was not charged; else why that is not proved.
    pub fn proves_free(&self, ledger: &Ledger, doubt: &Line) -> Result<(), Unproved> {
        let since = self.since(doubt)?;
        let ours = ledger.lines().iter().filter(|line| line.account == doubt.account);
        let jobs: HashSet<&str> =
            ours.clone().filter_map(surely_ours).map(|job| job.0.as_str()).collect();
        let mut named = HashSet::new();
        let mut charges: BTreeMap<u64, usize> = BTreeMap::new();
        for row in since {
            let charge = row.amount.min(0).unsigned_abs();
            if charge == 0 {
                continue;
            }
            // A deduction that names a job is that job's.
            if let Some(job) = words(&row.about).find_map(|word| jobs.get(word)) {
                named.insert(*job);
                continue;
            }
            // Also a larger one: prices rise, and a row may sum up several calls.
            *charges.entry(charge).or_default() += 1;
        }
        let is_named =
            |line: &Line| line.job().is_some_and(|job| named.contains(job.0.as_str()));
        let is_later =
            |line: &&Line| line.order > doubt.order || line.anchor == doubt.anchor;
        for line in ours.filter(is_later).filter(|line| !is_named(line)) {
            let count = charged(line).and_then(|charge| charges.get_mut(&charge.0));
            if let Some(count) = count {
                *count = count.saturating_sub(1);
            }
        }
        match charges.into_iter().find(|(_, count)| *count > 0) {
            Some((charge, _)) => Err(Unproved::Charged(Credits(charge))),
            None => Ok(()),
        }
    }

    /// The changes since a batch was sent, if all of them are there.
    fn since(&self, doubt: &Line) -> Result<&[Transaction], Unproved> {
        let anchor = doubt.anchor.as_deref().ok_or(Unproved::NoAnchor)?;
        let place = self.rows.iter().position(|row| *row.id == *anchor);
        let until = match place {
            Some(place) => place,
            None if anchor.is_empty() && self.is_whole => self.rows.len(),
            None => return Err(Unproved::TooShort),
        };
        let (since, before) = self.rows.split_at(until);
        let mut after = i128::from(self.balance.0);
        for row in since {
            if i128::from(row.balance_after.0) != after {
                return Err(Unproved::Gap);
            }
            after -= i128::from(row.amount);
        }
        match before.first() {
            Some(row) if i128::from(row.balance_after.0) != after => Err(Unproved::Gap),
            _ => Ok(since),
        }
    }
}

/// Characters of a name that is not taken for another word.
const LONG: usize = 12;

/// A job of ours: by the reply to its submit, or by its questions, once they were seen.
fn surely_ours(line: &Line) -> Option<&JobId> {
    let is_seen = !line.adopted || matches!(line.state, State::Settled { .. });
    // A short one may stand in a text for something else.
    line.job().filter(|job| is_seen && line.lane == Lane::Bulk && job.0.len() >= LONG)
}

/// What may be names in a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '_'))
}

/// The deduction that a batch of ours has surely caused, as far as no row names it.
fn charged(line: &Line) -> Option<Credits> {
    // A job that somebody has named for it may have been paid for by a colleague, or long before.
    if line.adopted {
        return None;
    }
    // What was revealed before is free: less may be taken than was reserved, and nothing tells how much.
    if !line.operation.wishes().is_empty() {
        return None;
    }
    match (&line.state, line.lane) {
        (State::Accepted(_), Lane::Bulk) => Some(line.reserve),
        (State::Settled { job: Some(_), .. }, Lane::Bulk) => Some(line.reserve),
        (State::Settled { part: Part::Inline(answers), .. }, Lane::Single) => {
            // By its reply, or at its list price where that named none.
            answers.first()?.credits.filter(|cost| *cost > Credits::ZERO)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
