//! What may leave now: money first, then pace.

use super::{Drive, Ended, Errand};
use crate::{
    Ending, RunError,
    limiter::{Permit, Wait},
};
use leadmill_core::{
    Batch, Call, Credits, Event, Lane, Query,
    lane::AT_ONCE,
    sizing::{Room, fitting},
};
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

const MOST_CALLS: usize = AT_ONCE as usize;

/// What could be bought next.
enum Next {
    /// A refused batch, once more.
    Again,
    /// This many of the waiting questions.
    Fresh(usize),
    /// Nothing before something else has come back.
    Wait,
    /// Nothing at all.
    Nothing,
}

impl Drive<'_> {
    /// Sends everything that may leave now, and tells when to look again.
    pub(crate) async fn admit(&mut self) -> Result<Option<Instant>, RunError> {
        let paid = self.admit_paid().await?;
        let free = self.admit_free()?;
        self.show();
        Ok(match (paid, free) {
            (Some(paid), Some(free)) => Some(paid.min(free)),
            (paid, free) => paid.or(free),
        })
    }

    async fn admit_paid(&mut self) -> Result<Option<Instant>, RunError> {
        let call = match self.order.lane {
            Lane::Bulk => Call::Submit,
            Lane::Single => Call::Ask,
        };
        let mut leaving: Vec<(Permit, Batch)> = Vec::new();
        let mut wake = None;
        while self.calls.len() + leaving.len() < MOST_CALLS {
            let held: Credits = leaving.iter().map(|(_, batch)| batch.reserve).sum();
            // After a lost reply one paid call at a time tries whether the next is answered.
            if self.lost > 0 && (self.weighty > 0 || !leaving.is_empty()) {
                break;
            }
            let next = self.next(held, !leaving.is_empty());
            if matches!(next, Next::Wait | Next::Nothing) {
                break;
            }
            if let Some(until) =
                self.paid_not_before.filter(|until| *until > Instant::now())
            {
                wake = Some(until);
                break;
            }
            match self.engine.limiter.admit(call) {
                Ok(permit) => {
                    if let Some(batch) = self.compose(next) {
                        self.engine.wallet.intend(batch.id, batch.reserve);
                        leaving.push((permit, batch));
                    }
                }
                Err(Wait::Until(until)) => {
                    wake = Some(until);
                    break;
                }
                Err(Wait::ForReply) => break,
            }
        }
        self.leave(call, leaving).await?;
        Ok(wake)
    }

    /// What the money allows, and whether it is worth waiting for refunds.
    fn next(&mut self, held: Credits, leaving: bool) -> Next {
        if self.stopped.is_none() && self.fatal.is_none() {
            self.refill();
        }
        if self.stopped.is_some() || self.fatal.is_some() {
            return Next::Nothing;
        }
        let committed =
            self.book.ledger().committed(self.engine.run, &self.engine.purse) + held;
        let budget = self.engine.budget.less(committed);
        let room = budget.min(self.engine.wallet.available());
        while let Some(batch) = self.again.pop_front() {
            if batch.reserve <= room {
                self.again.push_front(batch);
                return Next::Again;
            }
            // It no longer fits as it is: its questions go back to where they came from.
            batch
                .queries
                .iter()
                .rev()
                .for_each(|query| self.backlog.push_front(query.clone()));
        }
        if self.backlog.is_empty() {
            return Next::Nothing;
        }
        let open = leaving || !self.jobs.is_empty() || self.weighty > 0;
        let most = match self.order.lane {
            Lane::Single => 1,
            Lane::Bulk => usize::MAX,
        };
        let fit =
            |credits| fitting(&self.offer, Room { credits, items: most }, &self.backlog);
        let (fits, wanted) = (fit(room), fit(Credits::MAX).max(1));
        let fits = if room >= self.offer.price { fits.max(1) } else { fits };
        match fits {
            0 if open => Next::Wait,
            0 => {
                let by_budget = budget < self.offer.price;
                if !by_budget && !self.wallet_read {
                    // Our own count of the wallet is careful: ask before calling it empty.
                    self.wallet_read = true;
                    self.errand(Duration::ZERO, Errand::Balance);
                }
                if !by_budget && self.is_reading_the_wallet() {
                    return Next::Wait;
                }
                self.stopped =
                    Some(if by_budget { Ending::AtLimit } else { Ending::NoCredit });
                Next::Nothing
            }
            // Refunds are on their way: a larger batch costs fewer calls.
            _ if fits < wanted / 4 && open => Next::Wait,
            _ => Next::Fresh(fits),
        }
    }

    fn is_reading_the_wallet(&self) -> bool {
        let waiting = self.errands.values().any(|errand| *errand == Errand::Balance);
        waiting || !self.calls.is_empty()
    }

    fn refill(&mut self) {
        let wanted = match self.order.lane {
            Lane::Bulk => {
                self.offer.batch.get().min(self.offer.most_items.get()) as usize
            }
            Lane::Single => MOST_CALLS,
        };
        while !self.exhausted && self.backlog.len() < wanted {
            match self.questions.next() {
                Some(Ok(query)) => self.backlog.push_back(query),
                Some(Err(error)) => return self.fail(error.into()),
                None => self.exhausted = true,
            }
        }
    }

    fn compose(&mut self, next: Next) -> Option<Batch> {
        match next {
            Next::Again => self.again.pop_front(),
            Next::Fresh(size) => {
                self.wallet_read = false;
                let queries =
                    self.backlog.drain(..size.min(self.backlog.len())).collect();
                Some(self.batch(queries))
            }
            Next::Wait | Next::Nothing => None,
        }
    }

    /// Puts questions together under a name that the book does not know.
    pub(super) fn batch(&self, queries: Vec<Query>) -> Batch {
        let (engine, order) = (&self.engine, self.order);
        let named = |attempt, queries| {
            let (price, lane) = (self.offer.price, order.lane);
            Batch::of(
                engine.run,
                &engine.purse,
                attempt,
                order.operation,
                lane,
                price,
                queries,
            )
        };
        let mut batch = named(0, queries);
        let mut attempt = 0;
        while self.book.ledger().line(batch.id).is_some() {
            attempt += 1;
            batch = named(attempt, batch.queries.to_vec());
        }
        batch
    }

    /// Journals the intents, all at once, and only then lets the calls go.
    async fn leave(
        &mut self,
        call: Call,
        leaving: Vec<(Permit, Batch)>,
    ) -> Result<(), RunError> {
        if leaving.is_empty() {
            return Ok(());
        }
        let intent = |batch: &Batch| Event::Intended {
            account: Arc::clone(&self.engine.purse),
            step: Arc::clone(&self.order.step),
            operation: batch.operation,
            lane: batch.lane,
            reserve: batch.reserve,
            keys: Arc::clone(&batch.keys),
        };
        let intents =
            leaving.iter().map(|(_, batch)| (batch.id, intent(batch))).collect();
        self.engine.note(&vec![call; leaving.len()])?;
        self.record(intents).await?;
        for (permit, batch) in leaving {
            self.weighty += 1;
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
        Ok(())
    }

    /// Makes the free calls that are due.
    fn admit_free(&mut self) -> Result<Option<Instant>, RunError> {
        if self.fatal.is_some() || self.stopped == Some(Ending::Interrupted) {
            return Ok(self.deadline);
        }
        while self.calls.len() < MOST_CALLS {
            let Some(entry) = self.errands.first_entry() else { return Ok(None) };
            let ((due, _), errand) = (*entry.key(), *entry.get());
            if due > Instant::now() {
                return Ok(Some(due));
            }
            let call = match errand {
                Errand::Poll(_) => Call::Poll,
                Errand::Page(..) => Call::Page,
                Errand::Balance => Call::Balance,
            };
            match self.engine.limiter.admit(call) {
                Ok(permit) => {
                    entry.remove();
                    self.count(call)?;
                    self.run_errand(errand, permit);
                }
                Err(Wait::Until(until)) => return Ok(Some(until)),
                Err(Wait::ForReply) => return Ok(None),
            }
        }
        Ok(None)
    }

    fn run_errand(&mut self, errand: Errand, permit: Permit) {
        let provider = Arc::clone(&self.engine.provider);
        let work = |batch| {
            let work = self.jobs.get(&batch)?;
            Some((work.job.clone(), work.operation, work.page_limit))
        };
        match errand {
            Errand::Balance => {
                self.calls.spawn(async move {
                    Ended::Balance(permit, provider.balance().await)
                });
            }
            Errand::Poll(batch) => match work(batch) {
                Some((job, operation, _)) => {
                    self.calls.spawn(async move {
                        Ended::Polled(permit, batch, provider.poll(operation, &job).await)
                    });
                }
                None => self.engine.limiter.replied(&permit),
            },
            Errand::Page(batch, page) => match work(batch) {
                Some((job, operation, limit)) => {
                    self.calls.spawn(async move {
                        let reply = provider.fetch(operation, &job, page, limit).await;
                        Ended::Fetched(permit, batch, page, reply)
                    });
                }
                None => self.engine.limiter.replied(&permit),
            },
        }
    }

    /// When a running job is worth looking at again: at its likely end, one to two poll intervals away.
    pub(super) fn next_look(
        &self,
        since: Instant,
        done: Option<u64>,
        total: Option<u64>,
    ) -> Duration {
        let interval = self.engine.provider.account().poll;
        let left = match (done, total) {
            (Some(done), Some(total)) if done > 0 && total > done => {
                since.elapsed().mul_f64((total - done) as f64 / done as f64)
            }
            _ => interval,
        };
        left.clamp(interval, interval * 2)
    }
}
