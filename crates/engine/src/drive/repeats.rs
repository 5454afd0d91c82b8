//! Single questions that were paid for before, or may have been, and that the provider answers again at no charge.

use super::{Drive, admission::Next, settlement::Events};
use crate::Engine;
use leadmill_core::{
    Answered, Batch, BatchId, Credits, ErrorKind, Event, KeyMap, Lane, Ledger, Operation,
    ProviderError, Query, QueryKey, State, Status, Timestamp, pack::Offer,
};

/// When each question was first paid for, of those that may be asked again at no charge.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    paid: KeyMap<Timestamp>,
    /// For how long that holds; none where each time is charged.
    offer: Option<Offer>,
    /// Questions of single calls in doubt, by their batches: they are never asked but under these.
    doubted: KeyMap<BatchId>,
}

impl Repeats {
    /// Reads the book, where the provider repeats itself at no charge.
    ///
    /// Jobs are another endpoint, and whether a question in one is the same as a single one is not known: those do not
    /// count, nor does what cost nothing.
    pub(super) fn of(ledger: &Ledger, engine: &Engine, operation: Operation) -> Self {
        let offer = engine.provider.account().offer(operation);
        let doubted = doubted(ledger, &engine.purse);
        let Some(offer) = offer.filter(|offer| offer.repeats.is_some()) else {
            return Self { doubted, ..Self::default() };
        };
        let mut paid = KeyMap::default();
        let lines = ledger.lines().iter().filter(|line| {
            line.lane == Lane::Single
                && line.operation == operation
                && line.account == engine.purse
                && line.credits > Credits::ZERO
        });
        for line in lines {
            let State::Settled { statuses, .. } = &line.state else { continue };
            if statuses.iter().any(|status| *status != Status::Hit) {
                continue;
            }
            for key in &*line.keys {
                let at = paid.entry(*key).or_insert(line.intended_at);
                // Between the two it may have been a repeat, and then the time still runs from the first.
                if offer.is_paid_anew(*at, line.intended_at) {
                    *at = line.intended_at;
                }
            }
        }
        let now = engine.clock.now();
        paid.retain(|_, at| offer.is_free_repeat(*at, now));
        Self { paid, offer: Some(offer.clone()), doubted }
    }

    /// Whether a batch was a single call in doubt when buying began.
    pub(super) fn has(&self, batch: BatchId) -> bool {
        self.doubted.values().any(|doubted| *doubted == batch)
    }

    /// Whether a question is answered at no charge.
    fn is_free(&self, key: &QueryKey, now: Timestamp) -> bool {
        let first = self.paid.get(key).copied();
        let is_free = |first| Some(self.offer.as_ref()?.is_free_repeat(first, now));
        first.and_then(is_free).unwrap_or_default()
    }
}

fn doubted(ledger: &Ledger, account: &str) -> KeyMap<BatchId> {
    let doubts = ledger
        .open(account)
        .filter(|line| line.state == State::InDoubt && line.lane == Lane::Single);
    doubts.flat_map(|line| line.keys.iter().map(|key| (*key, line.batch))).collect()
}

impl Drive<'_> {
    /// A question to ask. One that is in doubt is asked again under the name of its batch, alone, while that is free,
    /// and else not at all.
    pub(super) fn take_question(&mut self, query: Query) {
        let Some(batch) = self.repeats.doubted.get(&query.key()).copied() else {
            return self.backlog.push_back(query);
        };
        let now = self.engine.clock.now();
        let account = self.engine.provider.account();
        let line = self.book.ledger().line(batch);
        match line.filter(|line| line.state == State::InDoubt) {
            Some(line) if account.can_repeat(line, now) => {
                let keys = line.keys.clone();
                let (operation, lane, reserve) =
                    (line.operation, line.lane, self.bound(line.lane));
                let queries = [query].into();
                let batch = Batch { id: batch, operation, lane, queries, keys, reserve };
                self.again.push_back(batch);
            }
            Some(_) => {}
            // It has ended since this drive began.
            None => self.backlog.push_back(query),
        }
    }

    /// Whether a batch is to be asked although it is in doubt.
    pub(super) fn is_repeat(&self, batch: BatchId) -> bool {
        let line = self.book.ledger().line(batch);
        line.is_some_and(|line| line.state == State::InDoubt)
    }

    /// Whether a repeat may leave: what its first call holds in this run's budget is held once.
    pub(super) fn admit_repeat(&mut self, place: usize, budget: Credits) -> Option<Next> {
        let batch = self.again.get(place)?;
        let line = self.book.ledger().line(batch.id)?;
        let held = match line.run == self.engine.run {
            true => line.credits,
            false => Credits::ZERO,
        };
        let fits = batch.reserve.less(held) <= budget
            && batch.reserve <= self.engine.wallet.available();
        if !fits {
            // It stays in doubt, with what it holds.
            self.again.remove(place);
            return None;
        }
        Some(Next::Again(place))
    }

    /// A repeat was not answered. What that says is about this call, and not about the first: it stays in doubt.
    pub(super) fn not_repeated(
        &mut self,
        batch: Batch,
        error: &ProviderError,
        events: &mut Events,
    ) {
        let reason = format!("asked again: {error}");
        events.push((batch.id, Event::Doubted { reason, likely_miss: false }));
        self.engine.wallet.refused(batch.id);
        self.engine.report.asked -= 1;
        if matches!(error.kind, ErrorKind::Throttled(_) | ErrorKind::Unsent) {
            self.again.push_back(batch);
        }
    }

    /// No reply says that it was free: the book does.
    pub(super) fn price_repeat(&self, answered: &mut Answered) {
        if self.repeats.is_free(&answered.key, self.engine.clock.now()) {
            answered.credits = Some(Credits::ZERO);
        }
    }
}

#[cfg(test)]
mod tests;
