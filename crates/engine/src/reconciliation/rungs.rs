//! The rungs above the wallet: what is free to ask again, what callbacks name, what the provider lists.

use super::Reconciled;
use crate::{Book, Engine, Recorded, RunError};
use leadmill_core::{
    BatchId, Call, Entry, Event, JobId, Lane, Line, Ours, pack::PaidAct,
    provider::CALL_TIMEOUT,
};
use std::{sync::Arc, time::Duration};
use tokio::time::{Instant, sleep_until};

/// Times that a job which was named for a batch is looked at, over all sessions: it may have been the provider
/// that was ill.
const TRIES: usize = 3;

impl Engine {
    /// Single calls in doubt whose question can be asked again at no charge: whether they were charged does not matter.
    /// Each is told once. Nothing is let go for that: until the question is answered it may have been charged.
    pub(super) fn new_repeats(&mut self, book: &Book, ours: &Ours) -> Vec<BatchId> {
        let (account, now) = (self.provider.account(), self.clock.now());
        let open = book.ledger().open(&self.purse);
        let free = open.filter(|line| account.can_repeat(line, now) && ours.holds(line));
        let free: Vec<_> = free.map(|line| (line.batch, line.order)).collect();
        let new = free.into_iter().filter(|repeat| self.judged.insert(*repeat));
        new.map(|(batch, _)| batch).collect()
    }

    /// Looks for the jobs by the names that we gave them. One that is not listed, when it would have to be, was
    /// never begun.
    pub(super) async fn find_by_name(
        &mut self,
        book: &mut Book,
        doubts: &[Line],
        reconciled: &mut Reconciled,
    ) -> Result<(), RunError> {
        if self.provider.account().pack.listing.is_none() {
            return Ok(());
        }
        let mut events = Vec::new();
        for line in doubts.iter().filter(|line| line.lane == Lane::Bulk) {
            let (provider, batch) = (Arc::clone(&self.provider), line.batch);
            let found = self
                .free_call(Call::Find, async || {
                    provider.find(line.operation, batch).await
                })
                .await?;
            match found {
                None => {}
                Some(None) => {
                    let reason = "the provider lists no job of its name".to_owned();
                    events.push((batch, Event::Refused { reason, again: true }));
                    self.wallet.refused(batch);
                    reconciled.free.push(batch);
                }
                Some(Some(job)) if book.ledger().has_job(&self.purse, &job) => {}
                Some(Some(job)) => {
                    events.push((batch, Event::Adopted { job: job.clone() }));
                    reconciled.adopted.push((batch, job));
                }
            }
        }
        self.conclude(book, events).await
    }

    /// Waits until a charge for any of these would show, or its job would be listed, and takes up what callbacks name meanwhile.
    pub(super) async fn settle_down(
        &mut self,
        book: &mut Book,
        ours: &Ours,
        doubts: &[Line],
    ) -> Result<Vec<(BatchId, JobId)>, RunError> {
        let mut adopted = Vec::new();
        let waits = doubts.iter().filter_map(|line| self.shows_in(line));
        let Some(wait) = waits.max().filter(|wait| !wait.is_zero()) else {
            return Ok(adopted);
        };
        let mut told = self.hints.listen();
        self.progress.send_modify(|shown| shown.settling = true);
        let end = Instant::now() + wait;
        while Instant::now() < end && adopted.len() < doubts.len() {
            tokio::select! { biased;
                () = told.heard() => adopted.extend(self.adopt(book, ours).await?),
                () = sleep_until(end) => {}
            }
        }
        self.progress.send_modify(|shown| shown.settling = false);
        Ok(adopted)
    }

    /// After what time a charge for a doubt would show, or its job would be listed; nothing where neither ever does. A
    /// call of an earlier process was given up when that ended, or when no reply had come for so long as any is waited
    /// for.
    fn shows_in(&self, line: &Line) -> Option<Duration> {
        let pack = &self.provider.account().pack;
        let charge = pack.settling.filter(|_| line.anchor.is_some());
        let listed = pack.listing.filter(|_| line.lane == Lane::Bulk);
        let after = [charge, listed].into_iter().flatten().map(|wait| wait.0).max()?;
        let left = match self.suspects.given_up(line.batch) {
            Some(at) => (at + after).saturating_duration_since(Instant::now()),
            None => {
                let age = line.age(self.clock.now(), self.clock.moment());
                (CALL_TIMEOUT + after).saturating_sub(age).min(after)
            }
        };
        Some(left)
    }

    /// Takes the jobs that were named for batches in doubt for theirs, until they are looked at.
    pub(super) async fn adopt(
        &mut self,
        book: &mut Book,
        ours: &Ours,
    ) -> Result<Vec<(BatchId, JobId)>, RunError> {
        let doubts = self.doubts(book, ours);
        let mut adopted: Vec<(BatchId, JobId)> = Vec::new();
        let account = self.provider.account();
        // Where the fetch is what charges, what somebody says could make us pay for a job of theirs. Such a provider
        // lists its jobs by their names.
        if account.pack.jobs.paid == PaidAct::Fetch {
            return Ok(Vec::new());
        }
        // Of a job whose answers name no question nobody can tell whose it is.
        let can_be_told = |line: &&Line| {
            let offer = account.offer(line.operation);
            line.lane == Lane::Bulk && offer.is_some_and(|offer| offer.echo)
        };
        for line in doubts.iter().filter(can_be_told) {
            let tried =
                |job: &JobId| line.tried.iter().filter(|other| *other == job).count();
            let named = self.hints.jobs(line.batch).into_iter().filter(|job| {
                !self.refuted.contains(&(line.batch, job.clone()))
                    && !book.ledger().has_job(&self.purse, job)
                    && adopted.iter().all(|(_, other)| other != job)
                    && tried(job) < TRIES
            });
            let job = named.min_by_key(tried);
            adopted.extend(job.map(|job| (line.batch, job)));
        }
        let (at, run) = (self.clock.now(), self.run);
        let entries: Vec<Entry> = adopted
            .iter()
            .map(|(batch, job)| {
                let event = Event::Adopted { job: job.clone() };
                Entry { at, run, batch: *batch, event }
            })
            .collect();
        match book.record(&entries).await? {
            Recorded::Written => Ok(adopted),
            Recorded::Collides => Ok(Vec::new()),
        }
    }
}
