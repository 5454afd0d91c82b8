//! Paid calls on their way out: the intent is durable first, or nothing leaves.

use super::{Drive, Ended};
use crate::{Recorded, RunError, limiter::Permit};
use leadmill_core::{Batch, Endpoint, Event, Lane, slots::Noted};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long the machine may have slept between an intent and its call, by what its clocks differ.
const FRESH: Duration = Duration::from_secs(30);

impl Drive<'_> {
    /// Journals the intents, all at once, and only then lets the calls go.
    pub(super) async fn leave(
        &mut self,
        endpoint: Endpoint,
        leaving: Vec<(Permit, Batch)>,
    ) {
        if leaving.is_empty() {
            return;
        }
        let (intended_at, here) = (self.engine.clock.moment(), Instant::now());
        let intents =
            leaving.iter().map(|(_, batch)| (batch.id, self.intent(batch))).collect();
        match self.record(intents).await {
            Ok(Recorded::Written) => {}
            Ok(Recorded::Collides) => {
                leaving
                    .into_iter()
                    .for_each(|(permit, batch)| self.yield_to_others(&permit, batch));
                return;
            }
            // Nothing leaves; what has left is still to be heard of.
            Err(error) => {
                for (permit, batch) in leaving {
                    self.engine.limiter.withdraw(&permit);
                    self.engine.wallet.refused(batch.id);
                }
                return self.fail(error);
            }
        }
        const GONE: &str = "its slots went to another process";
        let noted = match self.still_may_leave(endpoint) {
            // The machine slept meanwhile: another process may have taken over, and waited for this call, and
            // judged that it will not come.
            Ok(true)
                if self.engine.clock.moment().since(intended_at)
                    > here.elapsed() + FRESH =>
            {
                return self.stay(leaving, "the machine slept meanwhile").await;
            }
            Ok(true) => self.engine.note(&vec![endpoint; leaving.len()]),
            Ok(false) => return self.stay(leaving, GONE).await,
            Err(error) => Err(error),
        };
        match noted {
            Ok(Noted::Written) => {}
            Ok(Noted::SlotsAreGone) => return self.stay(leaving, GONE).await,
            Err(error) => {
                let reason = error.to_string();
                self.fail(error);
                return self.stay(leaving, &reason).await;
            }
        }
        if self.engine.settling().is_some() {
            self.engine.suspects.leave(leaving.iter().map(|(_, batch)| batch.id));
        }
        leaving.into_iter().for_each(|(permit, batch)| self.send(permit, batch));
    }

    fn intent(&self, batch: &Batch) -> Event {
        match self.is_repeat(batch.id) {
            true => Event::Repeated { reserve: batch.reserve },
            false => Event::Intended {
                account: Arc::clone(&self.engine.purse),
                step: Arc::clone(&self.order.step),
                operation: batch.operation,
                lane: batch.lane,
                reserve: batch.reserve,
                anchor: match batch.lane {
                    Lane::Single => self.engine.anchor_of(batch.queries.first()),
                    Lane::Bulk => self.engine.anchor.clone(),
                },
                moment: Some(self.engine.clock.moment()),
                keys: batch.keys.clone(),
            },
        }
    }

    /// The call goes.
    fn send(&mut self, permit: Permit, batch: Batch) {
        self.weighty += 1;
        self.remember(batch.id, &batch.queries);
        self.engine.report.asked += batch.queries.len() as u64;
        let provider = Arc::clone(&self.engine.provider);
        match batch.lane {
            Lane::Bulk => self.calls.spawn(async move {
                let reply = provider.submit(&batch).await;
                Ended::Submitted(permit, batch, reply)
            }),
            Lane::Single => self.calls.spawn(async move {
                let reply = match batch.queries.first() {
                    Some(query) => provider.ask(query).await,
                    None => return std::future::pending().await,
                };
                Ended::Asked(permit, batch, reply)
            }),
        };
    }

    /// Where writing down took longer than the lease lasts, others may have our slots.
    fn still_may_leave(&mut self, endpoint: Endpoint) -> Result<bool, RunError> {
        if self.engine.limiter.has_lease() {
            return Ok(true);
        }
        self.engine.trade()?;
        let limiter = &mut self.engine.limiter;
        Ok(limiter.has_lease() && limiter.frozen().is_none() && limiter.holds(endpoint))
    }

    /// What was about to leave stays, to leave later.
    async fn stay(&mut self, leaving: Vec<(Permit, Batch)>, reason: &str) {
        let ledger = self.book.ledger();
        let refused = |batch: &Batch| {
            let is_repeat = ledger.line(batch.id).is_some_and(|line| line.repeated);
            let reason = reason.to_owned();
            let event = match is_repeat {
                true => Event::Doubted { reason, likely_miss: false },
                false => Event::Refused { reason, again: true },
            };
            (batch.id, event)
        };
        let events = leaving.iter().map(|(_, batch)| refused(batch)).collect();
        for (permit, batch) in leaving {
            self.engine.limiter.withdraw(&permit);
            self.engine.wallet.refused(batch.id);
            self.again.push_back(batch);
        }
        self.keep(events).await;
    }

    /// Another process was there first: what it has not claimed waits to be asked again.
    fn yield_to_others(&mut self, permit: &Permit, batch: Batch) {
        self.engine.limiter.withdraw(permit);
        self.engine.wallet.refused(batch.id);
        if self.is_repeat(batch.id) {
            return self.again.push_back(batch);
        }
        // A repeat that another process has ended.
        if self.repeats.has(batch.id) {
            self.engine.report.left_to_others += 1;
            return;
        }
        let queries = self.unclaimed(batch.queries.to_vec());
        queries.into_iter().rev().for_each(|query| self.backlog.push_front(query));
    }
}

#[cfg(test)]
mod tests;
