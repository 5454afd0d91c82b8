//! What must hold at every write to the journal, whoever writes.

use super::till::Till;
use crate::simulation::Check;
use leadmill_core::{
    Credits, Entry, Event, Ledger, Line, QueryKey, RunId, State, Status, Timestamp,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// What a run may do at an account from now on.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) pipeline: usize,
    pub(crate) budget: Credits,
    /// Whom it tries before.
    pub(crate) before: Option<Arc<str>>,
    /// Who else is at work: what they have in flight is theirs to wait for.
    pub(crate) others: BTreeSet<RunId>,
    /// Since when: what they have lost since then is not heard of before something is written.
    pub(crate) began: Timestamp,
    /// The most in doubt in all.
    pub(crate) in_doubt: Credits,
    /// The most that may be taken for charged and asked again.
    pub(crate) written_off: Credits,
}

/// An account as the laws see it.
#[derive(Debug)]
pub(crate) struct Counter {
    pub(crate) purse: Arc<str>,
    pub(crate) till: Till,
}

#[derive(Debug)]
pub(crate) struct Laws {
    counters: Vec<Counter>,
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    ledger: Ledger,
    seen: usize,
    terms: HashMap<(RunId, Arc<str>), Terms>,
    /// What became of each question at each account; none while it is open.
    asked: HashMap<(Arc<str>, QueryKey), Option<Status>>,
    /// Its newest answer.
    answered: HashMap<(Arc<str>, QueryKey), Status>,
    /// Whom an account has ever found.
    known: HashSet<(Arc<str>, QueryKey)>,
}

impl Laws {
    pub(crate) fn new(counters: Vec<Counter>) -> Self {
        Self { counters, book: Mutex::default() }
    }

    /// From here on this holds for a run at an account.
    pub(crate) fn agree(&self, run: RunId, purse: Arc<str>, terms: Terms) {
        self.lock().terms.insert((run, purse), terms);
    }

    /// Whether an account has ever found this.
    pub(crate) fn has_known(&self, purse: &str, key: QueryKey) -> bool {
        self.lock().known.contains(&(purse.into(), key))
    }

    /// Also after a law was broken: who ends then still writes.
    fn lock(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn counter(&self, purse: &str) -> &Counter {
        self.counters.iter().find(|counter| *counter.purse == *purse).unwrap()
    }
}

impl Book {
    /// Keeps what became of the questions of a batch.
    fn ask(&mut self, entry: &Entry) {
        let line = self.ledger.line(entry.batch).unwrap();
        let of = |key: &QueryKey| (Arc::clone(&line.account), *key);
        match &line.state {
            State::Refused { .. } => {
                // An answer of before stands.
                for key in &*line.keys {
                    match self.answered.get(&of(key)) {
                        Some(status) => self.asked.insert(of(key), Some(*status)),
                        None => self.asked.remove(&of(key)),
                    };
                }
            }
            State::Settled { statuses, .. } => {
                let told = line.keys.iter().zip(&**statuses);
                let hits = told.clone().filter(|(_, status)| **status == Status::Hit);
                self.known.extend(hits.map(|(key, _)| of(key)));
                self.answered
                    .extend(told.clone().map(|(key, status)| (of(key), *status)));
                self.asked.extend(told.map(|(key, status)| (of(key), Some(*status))));
            }
            State::InDoubt | State::Accepted(_) => {
                self.asked.extend(line.keys.iter().map(|key| (of(key), None)));
            }
        }
    }
}

impl Check for Laws {
    fn written(&self, entries: &[Entry]) {
        let mut book = self.lock();
        let new = &entries[book.seen..];
        book.seen = entries.len();
        let mut acts = Vec::new();
        for entry in new {
            let before = book.ledger.line(entry.batch).cloned();
            if let Err(error) = book.ledger.apply(entry) {
                panic!("I14: {error}");
            }
            book.ask(entry);
            acts.push((entry, before));
        }
        assert!(book.ledger.adds_up(), "I14: the sums are not those of the batches");
        for counter in &self.counters {
            let lines = book.ledger.lines().iter();
            let ours = lines.filter(|line| line.account == counter.purse);
            let bound: Credits = ours.map(|line| line.credits).sum();
            let taken = counter.till.taken();
            assert!(
                taken <= bound.0,
                "I3: {} has taken {taken}, {bound} are written",
                counter.purse
            );
        }
        for (entry, before) in acts {
            self.judge(&book, entry, before.as_ref());
        }
    }
}

impl Laws {
    /// I8: who lets money go has it in the budget of the moment, and lets it go for its own pipeline.
    fn judge(&self, book: &Book, entry: &Entry, before: Option<&Line>) {
        let line = book.ledger.line(entry.batch).unwrap();
        let terms = &book.terms[&(entry.run, Arc::clone(&line.account))];
        let is_by_fetch = matches!(self.counter(&line.account).till, Till::Tomba(_));
        let committed = book.ledger.committed(entry.run, &line.account);
        let undecided = book.ledger.undecided(entry.run, &line.account);
        match &entry.event {
            Event::Intended { .. } => {
                assert!(
                    committed <= terms.budget,
                    "I8: {committed} of {} with {}",
                    terms.budget,
                    entry.batch
                );
                self.doubts(book, line, terms);
                let Some(first) = &terms.before else { return };
                for key in &*line.keys {
                    let known = book.asked.get(&(Arc::clone(first), *key));
                    assert_eq!(
                        known,
                        Some(&Some(Status::Miss)),
                        "I15: somebody else is asked what {first} may know"
                    );
                }
            }
            Event::Repeated { .. }
                if before.is_some_and(|line| line.run != entry.run) =>
            {
                assert!(
                    committed <= terms.budget,
                    "I8: {committed} of {} with the repeat {}",
                    terms.budget,
                    entry.batch
                );
            }
            Event::Authorized { paid: false, charge }
                if is_by_fetch && *charge > Credits::ZERO =>
            {
                assert!(
                    committed.less(undecided) <= terms.budget,
                    "I8: {} holds {charge} of {committed} less {undecided}",
                    terms.budget
                );
                let begun_by = &book.terms[&(line.run, Arc::clone(&line.account))];
                assert_eq!(
                    begun_by.pipeline, terms.pipeline,
                    "I8: a pipeline pays for another's job"
                );
            }
            Event::Settled { statuses, .. }
                if statuses.contains(&Status::Deferred)
                    && before.is_some_and(|line| line.state == State::InDoubt) =>
            {
                self.taken_for_charged(book, entry.run, line, terms);
            }
            _ => {}
        }
    }

    /// What was taken for charged by a run, to be asked again, stays within what may be.
    fn taken_for_charged(&self, book: &Book, run: RunId, line: &Line, terms: &Terms) {
        let lines = book.ledger.lines().iter();
        let ours = lines.filter(|one| {
            one.account == line.account
                && one.settled_by == Some(run)
                && is_written_off(one)
        });
        let written_off: Credits = ours.map(|line| line.credits).sum();
        assert!(
            written_off <= terms.written_off,
            "I8: {written_off} are taken for charged, of {}",
            terms.written_off
        );
    }

    /// What is in doubt and in flight stays within what may be. One question may always be asked.
    fn doubts(&self, book: &Book, line: &Line, terms: &Terms) {
        let price = self.counter(&line.account).till.price(line.operation);
        let most = terms.in_doubt.max(Credits(price));
        let in_flight = book.ledger.open(&line.account).filter(|line| {
            line.state == State::InDoubt
                && (line.doubt.is_none() || line.intended_at >= terms.began)
                && terms.others.contains(&line.run)
        });
        // What another process has just lost this one reads with its next write.
        let just_lost = book.ledger.lines().iter().filter(|other| {
            other.account == line.account
                && other.unanswered() > 0
                && terms.others.contains(&other.run)
                && matches!(other.state, State::Settled { at, .. } if at >= terms.began)
        });
        let theirs = in_flight.chain(just_lost).map(|line| line.credits);
        let theirs: Credits = theirs.sum();
        let lost = book.ledger.doubts(&line.account).lost.less(theirs);
        assert!(lost <= most, "I8: {lost} may be in doubt, of {most}");
    }
}

/// Whether a batch was taken for charged, to be asked again.
pub(crate) fn is_written_off(line: &Line) -> bool {
    match &line.state {
        State::Settled { statuses, .. } => statuses.contains(&Status::Deferred),
        _ => false,
    }
}
