//! What the wallet's transactions prove about batches in doubt.
//!
//! Only one thing can be proved: that a batch was *not* charged.
//!
//! **Why the proof is sound.** Each line of the book carries an anchor: the newest transaction that was known before
//! its call left. Its charge, if there is one, is a later row. Take any row *A* at or before a doubt's anchor, and all
//! rows after *A*, listed without a gap: each fits the balance of the one before it, and the newest fits the
//! wallet's. The doubt's charge, if there is one, is among them. A line whose anchor is *A* or a later row, and that was
//! surely charged *c* credits, has caused exactly one row of *c* credits after *A*. So where there are no more rows
//! of *c* credits than such lines, each of these rows is one of theirs, and none is the doubt's. A line with an
//! earlier anchor explains nothing: it may have been charged before *A*. Where that holds for every amount that the doubt
//! may have cost, after any one *A*, it was not charged.
//!
//! **Why it can be found.** A line that left before a row and was charged after it has an earlier anchor than its
//! neighbours, so that no *A* in between explains all. One that was read while no paid call was in flight has no such
//! lines: the first of a session, and every later one that the engine waits for. Colleagues who spend from the wallet
//! make the proof fail after each *A* before their charge, and never wrong.
//!
//! **What is surely charged.** A single call by the bill of its reply. A job by its whole reserve, and only where its
//! answers cannot be free from the start. A job may have been charged less, where the provider takes two of its
//! questions for one: where a smaller row is unexplained that may be its charge, it explains nothing.
//!
//! **What may be the doubt's.** The reference lets a submit take the whole reserve at once: so many questions as it
//! sees, each at its price. So a row is not the doubt's where it is smaller than a quarter of its questions at the
//! lowest price that is known. A larger row may be: prices rise, and a row may sum up several calls.

mod explained;

use crate::{Credits, JobId, Lane, Line, Operation, Part, State, Transaction};
use explained::Sums;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

/// The wallet's transactions as read back to some point, and the balance after them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Newest first.
    pub rows: VecDeque<Transaction>,
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
    /// What was charged a moment ago may not show yet.
    #[error("charges of the last minutes may not be among the wallet's transactions yet")]
    Early,
    /// It, or somebody else, was charged.
    #[error("a deduction of {} credits since its submit may be for it", .0.0)]
    Charged(Credits),
}

/// What is known beside the book and the transactions.
pub struct Facts<'a> {
    /// The least that any source says of the price of one question, where sources differ.
    pub least_price: &'a dyn Fn(Operation) -> Option<Credits>,
    /// Whether a charge for a line that was answered would be among the transactions.
    pub shows: &'a dyn Fn(&Line) -> bool,
}

/// What a history proves, for all doubts at an account. It takes one pass over rows and lines.
#[derive(Debug)]
pub struct Proofs {
    /// The anchors of lines, each with the number of rows after it.
    anchors: HashMap<Arc<str>, usize>,
    /// So many rows are without a gap, and no more; none, if not even the newest fits the balance.
    sound: Option<usize>,
    /// By the number of rows after a base, ascending: the greatest amount that is not explained after it, or after the
    /// base before it at which that is least.
    unexplained: Vec<(usize, u64)>,
    /// Whether lines explain nothing because their charges may not show yet.
    is_early: bool,
    /// The lowest price of one question.
    prices: HashMap<Operation, u64>,
    /// Names in rows that name no job of ours, by amount, with the row, newest first.
    names: BTreeMap<u64, Vec<(usize, JobId)>>,
    /// Rows, lines and anchors that were looked at.
    #[cfg(test)]
    steps: usize,
}

impl History {
    /// Holds the newest `most` rows against lines of an account, which must be all those whose anchor is among these rows.
    pub fn proofs<'a>(
        &self,
        most: usize,
        lines: impl Iterator<Item = &'a Line>,
        facts: &Facts<'_>,
    ) -> Proofs {
        let lines: Vec<&Line> = lines.collect();
        let most = most.min(self.rows.len());
        let jobs: HashSet<&str> = lines
            .iter()
            .filter_map(|line| surely_ours(line))
            .map(|job| &*job.0)
            .collect();
        let mut anchors: HashMap<Arc<str>, Option<usize>> = lines
            .iter()
            .filter_map(|line| line.anchor.clone())
            .map(|id| (id, None))
            .collect();
        let (mut named, mut found) = (HashSet::new(), Names::default());
        for (place, row) in self.rows.iter().take(most + 1).enumerate() {
            if let Some(anchor) = anchors.get_mut(&row.id) {
                anchor.get_or_insert(place);
            }
            if place < most && row.amount < 0 {
                match words(&row.about).find_map(|word| jobs.get(word)) {
                    Some(job) => {
                        named.insert((place, *job));
                    }
                    None => found.take(place, row),
                }
            }
        }
        // An empty anchor is the history's beginning.
        if let Some(anchor) = anchors.get_mut("")
            && self.is_whole
            && most == self.rows.len()
        {
            *anchor = Some(most);
        }
        let anchors: HashMap<Arc<str>, usize> =
            anchors.into_iter().filter_map(|(id, place)| Some((id, place?))).collect();
        let rows_named: HashSet<usize> = named.iter().map(|(place, _)| *place).collect();
        let jobs_named: HashSet<&str> = named.iter().map(|(_, job)| *job).collect();
        let mut proofs = Proofs {
            sound: self.sound(most),
            unexplained: Vec::new(),
            is_early: false,
            prices: prices(&lines, facts),
            names: found.by_amount(),
            anchors,
            #[cfg(test)]
            steps: lines.len() + most,
        };
        let ours = proofs.explaining(&lines, &jobs_named, facts);
        proofs.sweep(self, &rows_named, ours);
        proofs
    }

    /// So many rows, counted from the newest, are without a gap.
    fn sound(&self, most: usize) -> Option<usize> {
        let mut after = i128::from(self.balance.0);
        for (place, row) in self.rows.iter().take(most + 1).enumerate() {
            if i128::from(row.balance_after.0) != after {
                // The rows after it are there, and it is no base: something has happened in between.
                return place.checked_sub(1);
            }
            after -= i128::from(row.amount);
        }
        Some(most)
    }
}

/// A line that was surely charged: rows after its anchor, the amount, and the least that it may have been if it is a job.
type Charge = (usize, u64, Option<u64>);

impl Proofs {
    /// Whether a batch in doubt was not charged; else why that is not proved.
    pub fn proves_free(&self, doubt: &Line) -> Result<(), Unproved> {
        let anchor = doubt.anchor.as_ref().ok_or(Unproved::NoAnchor)?;
        let rows = *self.anchors.get(anchor).ok_or(Unproved::TooShort)?;
        if self.sound.is_none_or(|sound| rows > sound) {
            return Err(Unproved::Gap);
        }
        let base = self.unexplained.partition_point(|(base, _)| *base < rows);
        let left = self.unexplained.get(base).map_or(u64::MAX, |(_, left)| *left);
        match left < self.least(doubt) {
            true => Ok(()),
            false if self.is_early => Err(Unproved::Early),
            false => Err(Unproved::Charged(Credits(left))),
        }
    }

    /// Names that rows since a doubt's submit hold which may be its: of those that took its reserve first, then of
    /// smaller ones, each oldest first. `turn`: how many doubts of as much are before it.
    pub fn jobs(&self, doubt: &Line, turn: usize) -> Vec<JobId> {
        /// Rows that are looked at for one doubt.
        const MOST: usize = 12;
        let Some(rows) = doubt.anchor.as_ref().and_then(|id| self.anchors.get(id)) else {
            return Vec::new();
        };
        let since = |amount: u64, skip: usize| {
            let names = self.names.get(&amount).map(Vec::as_slice).unwrap_or_default();
            let until = names.partition_point(|(place, _)| place < rows);
            let skip = skip.checked_rem(until).unwrap_or_default();
            let oldest_first = names.iter().take(until).rev();
            let in_turn = oldest_first.clone().skip(skip).chain(oldest_first.take(skip));
            in_turn.take(MOST).map(|(_, job)| job.clone())
        };
        let (least, reserve) = (self.least(doubt), doubt.reserve.0.max(1));
        let smaller = self.names.range(least.min(reserve)..reserve).rev();
        let smaller = smaller.take(MOST).flat_map(|(amount, _)| since(*amount, 0));
        since(reserve, turn).chain(smaller).take(MOST).collect()
    }

    /// The least that a batch may have cost, if it was charged.
    fn least(&self, line: &Line) -> u64 {
        let questions = line.keys.len() as u64;
        let price = self.prices.get(&line.operation).copied().unwrap_or(1);
        let own = line.reserve.0.checked_div(questions).unwrap_or(1);
        match is_flat(line.operation) {
            // The provider may take for one what are several to us.
            true => questions.div_ceil(4).saturating_mul(price.min(own)).max(1),
            false => 1,
        }
    }

    /// The lines whose charges are surely among the rows.
    fn explaining(
        &mut self,
        lines: &[&Line],
        named: &HashSet<&str>,
        facts: &Facts<'_>,
    ) -> Vec<Charge> {
        let mut ours = Vec::new();
        for line in lines {
            let Some(charge) = charged(line) else { continue };
            let Some(rows) = line.anchor.as_ref().and_then(|id| self.anchors.get(id))
            else {
                continue;
            };
            if line.job().is_some_and(|job| named.contains(&*job.0)) {
                continue;
            }
            if !(facts.shows)(line) {
                self.is_early = true;
                continue;
            }
            let least = (line.lane == Lane::Bulk).then(|| self.least(line));
            ours.push((*rows, charge.0, least));
        }
        ours.sort_unstable();
        ours
    }

    /// From the newest row to the oldest: what is not explained after each base.
    fn sweep(&mut self, history: &History, named: &HashSet<usize>, ours: Vec<Charge>) {
        let bases: BTreeSet<usize> = self
            .anchors
            .values()
            .copied()
            .filter(|base| Some(*base) <= self.sound)
            .collect();
        let mut rows = history.rows.iter().enumerate().peekable();
        let mut ours = ours.into_iter().peekable();
        let mut sums = Sums::default();
        for base in bases {
            while let Some((place, row)) = rows.next_if(|(place, _)| *place < base) {
                if row.amount < 0 && !named.contains(&place) {
                    sums.row(row.amount.unsigned_abs());
                }
            }
            while let Some((_, charge, least)) = ours.next_if(|(rows, ..)| *rows <= base)
            {
                sums.line(charge, least);
            }
            self.unexplained.push((base, sums.greatest_left()));
        }
        // An earlier base proves as much.
        let mut best = u64::MAX;
        for (_, left) in self.unexplained.iter_mut().rev() {
            best = best.min(*left);
            *left = best;
        }
        #[cfg(test)]
        {
            self.steps += self.unexplained.len() + sums.steps;
        }
    }
}

/// The lowest price of one question that is known: by the pack, or by the bill of a reply.
fn prices(lines: &[&Line], facts: &Facts<'_>) -> HashMap<Operation, u64> {
    let mut prices: HashMap<Operation, u64> = HashMap::new();
    for line in lines {
        let price = prices.entry(line.operation).or_insert_with(|| {
            (facts.least_price)(line.operation).map_or(u64::MAX, |price| price.0)
        });
        if let Some(bill) = charged(line).filter(|_| line.lane == Lane::Single) {
            *price = (*price).min(bill.0);
        }
    }
    prices
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

/// Words of rows that may be names of jobs.
#[derive(Debug, Default)]
struct Names<'a> {
    /// The only row that holds it, with its amount.
    rows: HashMap<&'a str, Option<(usize, u64)>>,
}

impl<'a> Names<'a> {
    fn take(&mut self, place: usize, row: &'a Transaction) {
        let is_name =
            |word: &&str| word.len() >= LONG && word.bytes().any(|b| b.is_ascii_digit());
        for word in words(&row.about).filter(is_name) {
            let here = Some((place, row.amount.unsigned_abs()));
            // What stands in several is the name of something else, such as the team.
            let held = self.rows.entry(word).or_insert(here);
            *held = held.filter(|_| *held == here);
        }
    }

    fn by_amount(self) -> BTreeMap<u64, Vec<(usize, JobId)>> {
        let mut names: BTreeMap<u64, Vec<(usize, JobId)>> = BTreeMap::new();
        for (word, row) in self.rows {
            if let Some((place, amount)) = row {
                names.entry(amount).or_default().push((place, JobId(word.into())));
            }
        }
        names.values_mut().for_each(|names| {
            names.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.0.cmp(&b.1.0)))
        });
        names
    }
}

/// The deduction that a batch of ours has surely caused, as far as no row names it.
fn charged(line: &Line) -> Option<Credits> {
    // A job that somebody has named for it may have been paid for by a colleague, or long before.
    if line.adopted {
        return None;
    }
    match (&line.state, line.lane) {
        (State::Accepted(_) | State::Settled { job: Some(_), .. }, Lane::Bulk) => {
            takes_its_reserve(line.operation).then_some(line.reserve)
        }
        (State::Settled { part: Part::Inline(answers), .. }, Lane::Single) => {
            // Searches tell no bill: theirs is reckoned, by what the month still holds.
            let is_told = line.operation != Operation::SearchLeads;
            let bill = answers.first().filter(|_| is_told)?.credits;
            bill.filter(|cost| *cost > Credits::ZERO)
        }
        _ => None,
    }
}

/// Whether a question of these has one price. What was revealed before is free in part, and rows are paid as they come.
const fn is_flat(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::FindEmail
            | Operation::VerifyEmail
            | Operation::FindPhone
            | Operation::FindPerson
            | Operation::UnlockName
            | Operation::CountFollowers
    )
}

/// Whether a job of these takes its whole reserve as it is handed over. What was revealed, estimated, scraped or looked
/// up before may be free, so that a job of another kind may have taken nothing, and nothing tells.
const fn takes_its_reserve(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::FindEmail | Operation::VerifyEmail | Operation::FindPhone
    )
}

#[cfg(test)]
mod tests;
