//! Batches in doubt, once nothing is in flight: what the wallet's history proves, then what the pipeline
//! says.

mod rungs;

use crate::{Again, Book, Engine, Recorded, RunError, engine::stopped, free::Heard};
use leadmill_core::{
    Answered, BatchId, Call, Credits, Entry, Event, Finding, History, JobId, Line, Part,
    ProviderError, QueryKey, Reply, RunId, State, Status, Transactions, Unproved,
    pack::{Doubtful, InDoubt},
};
use std::{collections::BTreeSet, sync::Arc};

/// Most pages of the wallet's transactions that are read to reach back to a submit.
const MOST_PAGES: u32 = 100;

/// Times that the history is read: a page that grew while it was read does not add up.
const READS: u32 = 3;

/// Why the wallet's history says nothing.
#[derive(Clone, Debug)]
enum Blind {
    /// It never will: the provider has none, or it was not read before the batch was sent.
    Always(&'static str),
    /// It may another time.
    Now(&'static str),
}

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
    /// Jobs that callbacks named for batches: they are to be fetched, and may turn out to be another's.
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
        others: &BTreeSet<RunId>,
        policy: &Doubtful,
    ) -> Result<Reconciled, RunError> {
        let adopted = self.adopt(book, others).await?;
        let mut reconciled = Reconciled { adopted, ..Reconciled::default() };
        // What they turn out to be explains what the others are judged by.
        if !reconciled.adopted.is_empty() {
            return Ok(reconciled);
        }
        reconciled.repeats = self.new_repeats(book, others);
        let doubts = self.doubts(book, others);
        let is_new = |line: &Line| !self.judged.contains(&(line.batch, line.order));
        if !doubts.iter().any(is_new) {
            return Ok(reconciled);
        }
        let mut stop = self.stop.clone();
        let read = async {
            let adopted = self.settle_down(book, others, &doubts).await?;
            reconciled.adopted.extend(adopted);
            let doubts = self.doubts(book, others);
            self.find_by_name(book, &doubts, &mut reconciled).await?;
            if !reconciled.adopted.is_empty() {
                return Ok((Vec::new(), Err(Blind::Now("a job is looked at first"))));
            }
            let doubts = self.doubts(book, others);
            let history = self.history(book, &doubts).await?;
            Ok::<_, RunError>((doubts, history))
        };
        let (doubts, history) = tokio::select! { biased;
            () = stopped(&mut stop, None) => return Ok(reconciled),
            read = read => read?,
        };
        let events = self.judge(book, doubts, &history, policy, &mut reconciled);
        self.conclude(book, events).await?;
        Ok(reconciled)
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
        history: &Result<History, Blind>,
        policy: &Doubtful,
        reconciled: &mut Reconciled,
    ) -> Vec<(BatchId, Event)> {
        let mut events = Vec::new();
        let mut retried = self.retried(book);
        for line in doubts {
            self.judged.insert((line.batch, line.order));
            let (why, is_final) = match history {
                Err(Blind::Always(why)) => ((*why).to_owned(), true),
                Err(Blind::Now(why)) => ((*why).to_owned(), false),
                Ok(history) => match history.proves_free(book.ledger(), &line) {
                    Err(unproved) => (unproved.to_string(), unproved != Unproved::Gap),
                    Ok(()) if line.likely_miss => {
                        events.push((line.batch, missed(&line)));
                        self.wallet.refused(line.batch);
                        reconciled.missed.push(line.batch);
                        continue;
                    }
                    Ok(()) => {
                        let reason =
                            "the wallet's transactions show no charge".to_owned();
                        events.push((line.batch, Event::Refused { reason, again: true }));
                        self.wallet.refused(line.batch);
                        reconciled.free.push(line.batch);
                        continue;
                    }
                },
            };
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
    fn doubts(&self, book: &Book, others: &BTreeSet<RunId>) -> Vec<Line> {
        let (account, now) = (self.provider.account(), self.clock.now());
        let open = book.ledger().open(&self.purse);
        open.filter(|line| line.state == State::InDoubt && !others.contains(&line.run))
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

    /// Reads the wallet's history back to the oldest doubt; else tells why that cannot be done.
    async fn history(
        &mut self,
        book: &Book,
        doubts: &[Line],
    ) -> Result<Result<History, Blind>, RunError> {
        if self.provider.account().pack.settling.is_none() {
            return Ok(Err(Blind::Always("the provider lists no transactions")));
        }
        if doubts.iter().all(|line| line.anchor.is_none()) {
            return Ok(Err(Blind::Always(
                "the wallet's history was not read before it was sent",
            )));
        }
        let mut history = Err(Blind::Now("the wallet's history was not read"));
        for _ in 0..READS {
            history = self.read_history(doubts).await?;
            let is_sound = |history: &History| {
                doubts.iter().all(|line| {
                    !matches!(
                        history.proves_free(book.ledger(), line),
                        Err(Unproved::Gap)
                    )
                })
            };
            if history.as_ref().is_ok_and(is_sound) {
                break;
            }
        }
        Ok(history)
    }

    async fn read_history(
        &mut self,
        doubts: &[Line],
    ) -> Result<Result<History, Blind>, RunError> {
        let mut history = History::default();
        let anchors: BTreeSet<&str> =
            doubts.iter().filter_map(|line| line.anchor.as_deref()).collect();
        let mut missing = anchors.clone();
        for page in 1..=MOST_PAGES {
            let provider = Arc::clone(&self.provider);
            let read = self
                .free_call(Call::Transactions, async || provider.transactions(page).await)
                .await?;
            let Some(read) = read else {
                return Ok(Err(Blind::Now(
                    "the wallet's transactions could not be read",
                )));
            };
            for row in &read.rows {
                missing.remove(&*row.id);
            }
            history.rows.extend(read.rows);
            history.is_whole = page >= read.pages;
            // An empty anchor is the history's beginning.
            if missing.is_empty() || history.is_whole {
                break;
            }
        }
        let provider = Arc::clone(&self.provider);
        let balance =
            self.free_call(Call::Balance, async || provider.balance().await).await?;
        let Some(balance) = balance else {
            return Ok(Err(Blind::Now("the wallet could not be read")));
        };
        history.balance = balance;
        Ok(Ok(history))
    }

    /// Remembers the wallet's newest transaction: what is charged from here on is newer.
    pub(crate) async fn drop_anchor(&mut self) -> Result<(), RunError> {
        if self.provider.account().pack.settling.is_none() {
            return Ok(());
        }
        let provider = Arc::clone(&self.provider);
        let read = self
            .free_call(Call::Transactions, async || provider.transactions(1).await)
            .await?;
        if let Some(read) = read {
            self.anchored(&read);
        }
        Ok(())
    }

    /// Takes in the first page of the wallet's transactions.
    pub(crate) fn anchored(&mut self, newest: &Transactions) {
        let id = newest.rows.first().map(|row| Arc::clone(&row.id));
        self.anchor = Some(id.unwrap_or_default());
        self.unanchored = 0;
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
