//! Free calls: those that are due, where their limits let them leave.

use super::{
    Drive, Ended, Errand,
    admission::MOST_CALLS,
    waiting::{Reason, Wake},
};
use crate::{
    Ending,
    limiter::{Permit, Wait},
};
use leadmill_core::{Call, Endpoint, slots::Noted};
use std::sync::Arc;
use tokio::time::Instant;

impl Drive<'_> {
    /// Makes the free calls that are due.
    pub(super) fn admit_free(&mut self) -> Option<Wake> {
        if self.fatal.is_some() || self.stopped == Some(Ending::Interrupted) {
            return self.deadline.map(Wake::at);
        }
        let mut refused = None;
        while self.calls.len() < MOST_CALLS {
            let next = self.errands.iter().find_map(|(key, errand)| {
                let refuses =
                    self.endpoint_of(*errand).and_then(|to| self.turned_away(to));
                refused = refused.or(refuses);
                refuses.is_none().then_some((*key, *errand))
            });
            let Some((key, errand)) = next else { return refused };
            if key.0 > Instant::now() {
                return Some(Wake::at(key.0));
            }
            let Some(endpoint) = self.endpoint_of(errand) else {
                self.errands.remove(&key);
                errand.about().into_iter().for_each(|batch| self.ripe(batch));
                continue;
            };
            match self.engine.limiter.admit(endpoint) {
                Ok(permit) => {
                    match self.engine.note(&[endpoint]) {
                        Ok(Noted::Written) => {}
                        Ok(Noted::SlotsAreGone) => {
                            self.engine.limiter.withdraw(&permit);
                            return Some(Wake::at(Instant::now()));
                        }
                        Err(error) => {
                            self.engine.limiter.withdraw(&permit);
                            self.fail(error);
                            return None;
                        }
                    }
                    self.errands.remove(&key);
                    self.run_errand(errand, permit);
                }
                Err(Wait::Until(at)) => {
                    return Some(Wake { at, reason: Reason::Limits });
                }
                Err(Wait::ForReply) => return None,
            }
        }
        None
    }

    /// Where a free call goes; none of one that is no call by itself.
    fn endpoint_of(&self, errand: Errand) -> Option<Endpoint> {
        Some(match errand {
            Errand::Ripe(_) => return None,
            Errand::Poll(batch) => self.endpoint(Call::Poll, batch),
            Errand::Page(batch, _) => self.endpoint(Call::Page, batch),
            Errand::Launch(batch, _) => self.endpoint(Call::Launch, batch),
            Errand::Bill(batch) | Errand::Estimate(batch) => {
                self.endpoint(Call::Estimate, batch)
            }
            Errand::Balance => Call::Balance.into(),
        })
    }

    /// The endpoint of a call about a job.
    fn endpoint(&self, call: Call, batch: leadmill_core::BatchId) -> Endpoint {
        Endpoint { call, operation: self.jobs.get(&batch).map(|work| work.operation) }
    }

    fn run_errand(&mut self, errand: Errand, permit: Permit) {
        let provider = Arc::clone(&self.engine.provider);
        let Some(batch) = errand.about() else {
            self.calls
                .spawn(async move { Ended::Balance(permit, provider.balance().await) });
            return;
        };
        let Some(work) = self.jobs.get(&batch) else {
            return self.engine.limiter.withdraw(&permit);
        };
        let (job, operation) = (work.job.clone(), work.operation);
        match errand {
            Errand::Poll(_) => drop(self.calls.spawn(async move {
                Ended::Polled(permit, batch, provider.poll(operation, &job).await)
            })),
            Errand::Launch(_, again) => drop(self.calls.spawn(async move {
                let reply = provider.launch(operation, &job, again).await;
                Ended::Launched(permit, batch, again, reply)
            })),
            Errand::Bill(_) => drop(self.calls.spawn(async move {
                Ended::Billed(permit, batch, provider.bill(operation, &job).await)
            })),
            Errand::Estimate(_) => drop(self.calls.spawn(async move {
                Ended::Estimated(permit, batch, provider.estimate(operation, &job).await)
            })),
            Errand::Page(_, page) => {
                let (keys, limit) = (work.keys.clone(), work.page_limit);
                // Whether it was answered decides about money.
                self.weighty += usize::from(self.pays_by_fetch());
                self.calls.spawn(async move {
                    let reply = provider.fetch(operation, &job, &keys, page, limit).await;
                    Ended::Fetched(permit, batch, page, reply)
                });
            }
            Errand::Ripe(_) | Errand::Balance => {
                self.engine.limiter.withdraw(&permit);
            }
        }
    }
}
