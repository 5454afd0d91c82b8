//! Batches in doubt, once nothing is in flight: what the wallet's history proves, then what the pipeline
//! says.

mod listing;
mod logged;
mod midway;
mod proving;
mod rungs;

pub(crate) use listing::Listing;

use crate::{Again, Book, Engine, Recorded, RunError, engine::stopped, free::Heard};
use leadmill_core::{
    Answered, BatchId, Call, Credits, Entry, Event, Finding, JobId, Line, Ours, Part,
    ProviderError, QueryKey, Reply, State, Status,
    history::Proofs,
    pack::{Doubtful, InDoubt},
};
use proving::Blind;

/// What became of batches in doubt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciled {
    /// Proved not to have been charged: their questions may be asked again.
    pub free: Vec<BatchId>,
    /// Proved not to have been charged, with a reply that says so where nothing is known: misses.
    pub missed: Vec<BatchId>,
    /// Taken for charged by the pipeline's word, and to be asked again.
    pub retried: Vec<BatchId>,
    /// Taken for charged by the pipeline's word, and not to be asked again.
    pub skipped: Vec<BatchId>,
    /// Single calls whose question can be asked again at no charge: what they hold stays held until that is answered.
    pub repeats: Vec<BatchId>,
    /// Jobs that callbacks or the wallet's transactions named for batches: they are to be fetched, and may turn out to be
    /// another's.
    pub adopted: Vec<(BatchId, JobId)>,
    /// Still in doubt, and why.
    pub held: Vec<(BatchId, String)>,
}

impl Reconciled {
    /// Whether there is something to ask or to fetch that was not there before.
    pub fn frees(&self) -> bool {
        !self.free.is_empty()
            || !self.retried.is_empty()
            || !self.repeats.is_empty()
            || !self.adopted.is_empty()
    }
}

impl Engine {
    /// Ends every doubt at this account that can be ended, but for those of other processes that are at
    /// work. Nothing of this process may be in flight, and the book must be as it is now: what is written
    /// from here on explains nothing.
    pub async fn reconcile(
        &mut self,
        book: &mut Book,
        ours: &Ours,
        policy: &Doubtful,
    ) -> Result<Reconciled, RunError> {
        let adopted = self.adopt(book, ours).await?;
        let free = self.suspects.take_freed();
        let mut reconciled = Reconciled { adopted, free, ..Reconciled::default() };
        // What they turn out to be explains what the others are judged by.
        if !reconciled.adopted.is_empty() {
            return Ok(reconciled);
        }
        self.judge_by_log(book, ours, &mut reconciled).await?;
        reconciled.repeats = self.new_repeats(book, ours);
        let doubts = self.doubts(book, ours);
        let is_new = |line: &Line| !self.judged.contains(&(line.batch, line.order));
        if !doubts.iter().any(is_new) {
            return Ok(reconciled);
        }
        let mut stop = self.stop.clone();
        let read = self.look_into(book, ours, doubts, &mut reconciled);
        let read = tokio::select! { biased;
            () = stopped(&mut stop, None) => None,
            read = read => read?,
        };
        let Some((doubts, proofs)) = read else { return Ok(reconciled) };
        let events = self.judge(book, doubts, &proofs, policy, &mut reconciled);
        self.conclude(book, events).await?;
        Ok(reconciled)
    }

    /// What there is to know of doubts, one way after the other. `None` where jobs are to be looked at first.
    async fn look_into(
        &mut self,
        book: &mut Book,
        ours: &Ours,
        doubts: Vec<Line>,
        reconciled: &mut Reconciled,
    ) -> Result<Option<(Vec<Line>, Result<Proofs, Blind>)>, RunError> {
        let adopted = self.settle_down(book, ours, &doubts).await?;
        reconciled.adopted.extend(adopted);
        let doubts = self.doubts(book, ours);
        self.find_by_name(book, &doubts, reconciled).await?;
        if !reconciled.adopted.is_empty() {
            return Ok(None);
        }
        let doubts = self.doubts(book, ours);
        let proofs = self.prove(book, &doubts).await?;
        if let Ok(proofs) = &proofs {
            self.hear_of_jobs(&doubts, proofs);
            reconciled.adopted.extend(self.adopt(book, ours).await?);
        }
        Ok(reconciled.adopted.is_empty().then_some((doubts, proofs)))
    }

    /// Writes down what became of doubts.
    async fn conclude(
        &self,
        book: &mut Book,
        events: Vec<(BatchId, Event)>,
    ) -> Result<(), RunError> {
        let (at, run) = (self.clock.now(), self.run);
        let entry = |(batch, event)| Entry { at, run, batch, event };
        let entries: Vec<Entry> = events.into_iter().map(entry).collect();
        match book.record(&entries).await? {
            Recorded::Written => Ok(()),
            Recorded::Collides => {
                Err(RunError::Broken("another process has ended a doubt of ours".into()))
            }
        }
    }

    /// What becomes of each doubt: what the history proves, else what the pipeline says.
    fn judge(
        &mut self,
        book: &Book,
        doubts: Vec<Line>,
        proofs: &Result<Proofs, Blind>,
        policy: &Doubtful,
        reconciled: &mut Reconciled,
    ) -> Vec<(BatchId, Event)> {
        let mut events = Vec::new();
        let mut retried = self.retried(book);
        for line in doubts {
            let (why, is_final) = match proofs {
                Err(Blind::Always(why)) => ((*why).to_owned(), true),
                Err(Blind::Now(why)) => (why.clone(), false),
                Ok(proofs) => match proofs.proves_free(&line) {
                    Err(unproved) => self.held(unproved),
                    Ok(()) => {
                        self.judged.insert((line.batch, line.order));
                        self.wallet.refused(line.batch);
                        match line.likely_miss {
                            true => reconciled.missed.push(line.batch),
                            false => reconciled.free.push(line.batch),
                        }
                        events.push((line.batch, not_charged(&line, TRANSACTIONS)));
                        continue;
                    }
                },
            };
            // What may be known later is judged again.
            if is_final {
                self.judged.insert((line.batch, line.order));
            }
            let within = retried + line.reserve <= policy.budget;
            match policy.act {
                InDoubt::Retry if is_final && within => {
                    retried += line.reserve;
                    events.push((line.batch, written_off(&line, Status::Deferred)));
                    reconciled.retried.push(line.batch);
                }
                InDoubt::Skip if is_final => {
                    events.push((line.batch, written_off(&line, Status::UnknownCharged)));
                    reconciled.skipped.push(line.batch);
                }
                _ => reconciled.held.push((line.batch, why)),
            }
        }
        events
    }

    /// Batches in doubt that are ours to judge: not those that can be asked again at no charge.
    fn doubts(&self, book: &Book, ours: &Ours) -> Vec<Line> {
        let (account, now) = (self.provider.account(), self.clock.now());
        let open = book.ledger().open(&self.purse);
        open.filter(|line| line.state == State::InDoubt && ours.holds(line))
            .filter(|line| !account.can_repeat(line, now))
            .cloned()
            .collect()
    }

    /// What this run has written off to ask again, in whichever session, and whichever run had asked it.
    fn retried(&self, book: &Book) -> Credits {
        let is_retried = |line: &&Line| match &line.state {
            // What a person has let go again is not the run's doing.
            State::Settled { statuses, .. } => {
                statuses.contains(&Status::Deferred) && !line.resolved
            }
            _ => false,
        };
        let lines = book.ledger().lines().iter();
        lines
            .filter(|line| {
                line.settled_by == Some(self.run) && line.account == self.purse
            })
            .filter(is_retried)
            .map(|line| line.credits)
            .sum()
    }

    /// Makes a free call while nothing else goes on. `None` if it failed, or is not let through for long.
    async fn free_call<T>(
        &mut self,
        call: Call,
        send: impl AsyncFn() -> Result<Reply<T>, ProviderError>,
    ) -> Result<Option<T>, RunError> {
        match self.free(call, Again::Harmless, send).await? {
            Heard::Answer(value) => Ok(Some(value)),
            Heard::Failure(_) | Heard::Nothing(_) => Ok(None),
        }
    }
}

/// The witness of most proofs.
const TRANSACTIONS: &str = "the wallet's transactions show";

/// What becomes of a batch that was not charged, by this witness: a miss, where the reply says so; else its questions go again.
fn not_charged(line: &Line, witness: &str) -> Event {
    match line.likely_miss {
        true => missed(line),
        false => Event::Refused { reason: format!("{witness} no charge"), again: true },
    }
}

/// The provider knows nothing, and charged nothing.
fn missed(line: &Line) -> Event {
    let answer = |key: &QueryKey| Answered {
        key: *key,
        finding: Finding::Miss,
        credits: Some(Credits::ZERO),
    };
    Event::Settled {
        cost: Credits::ZERO,
        statuses: line.keys.iter().map(|_| Status::Miss).collect(),
        part: Part::Inline(line.keys.iter().map(answer).collect()),
    }
}

/// Closes a batch in doubt as if it had been charged and its answers lost; `status` says what becomes of its
/// questions.
pub fn written_off(line: &Line, status: Status) -> Event {
    Event::Settled {
        cost: line.reserve,
        statuses: line.keys.iter().map(|_| status).collect(),
        part: Part::Inline([].into()),
    }
}

#[cfg(test)]
pub(crate) mod tests;
