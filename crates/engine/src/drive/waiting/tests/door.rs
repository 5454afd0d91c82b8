//! The provider, and a state that outlives processes.

use super::super::super::charging::tests::{Time, bulks::query};
use crate::{
    Book, Ending, Engine, GRACE, Hints, Order, PATIENCE, Parts, Report, RunError,
};
use crate::{limiter::tests::account, reconciliation::tests::lister};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, Batch, BatchId, Bill, Call, Credits, Endpoint, Entry,
    ErrorKind, Estimate, Finding, JobId, Journal, JournalError, Keys, Lane, Launch,
    Leases, Ledger, Moment, Operation, Page, Progress, Provider, ProviderError, Query,
    QueryKey, Reply, RunId, Sent, Signals, Staging, StagingError, Terms, Transactions,
    slots::{Agreement, Noted, ProcessId, Slots, Trade},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::sleep};

type Called<T> = Result<Reply<T>, ProviderError>;

/// Whether the nth call of a kind is refused, and with which wait.
pub(super) type Refusals =
    Box<dyn Fn(Call, usize) -> Option<Option<Duration>> + Send + Sync>;

/// Refuses what it likes, and knows nothing about anybody.
pub(super) struct Door {
    account: Account,
    refuses: Refusals,
    /// How long an answer takes.
    pub(super) takes: Duration,
    calls: Mutex<HashMap<Call, usize>>,
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("door")
    }
}

impl Door {
    pub(super) fn new(refuses: Refusals) -> Self {
        let mut pack = lister(None).account.pack;
        (pack.listing, pack.jobs.early_results) = (None, false);
        for offer in pack.operations.values_mut() {
            offer.repeats = None;
            offer.most_bytes = 10_000;
        }
        let account = Account { pack, ..account(&["1000/1s"], &[]) };
        let (takes, calls) = (Duration::from_millis(20), Mutex::default());
        Self { account, refuses, takes, calls }
    }

    /// The team has terms of its own.
    pub(super) fn with_terms(mut self) -> Self {
        let offers = self.account.pack.operations.values_mut();
        offers.for_each(|offer| offer.terms = true);
        self
    }

    async fn pass<T>(&self, call: Call, value: T) -> Called<T> {
        let nth = {
            let mut calls = self.calls.lock().unwrap();
            let count = calls.entry(call).or_default();
            *count += 1;
            *count - 1
        };
        sleep(self.takes).await;
        match (self.refuses)(call, nth) {
            None => Ok(Reply { value, signals: Signals::default() }),
            Some(wait) => Err(ProviderError {
                provider: "p".into(),
                action: "a call".into(),
                kind: ErrorKind::Throttled(wait),
                status: Some(429),
                detail: "slow down".into(),
                signals: Box::default(),
            }),
        }
    }
}

fn miss(key: QueryKey) -> Answered {
    Answered { key, finding: Finding::Miss, credits: Some(Credits(1)) }
}

#[async_trait]
impl Provider for Door {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Called<Credits> {
        self.pass(Call::Balance, Credits(10_000)).await
    }

    async fn transactions(&self, _: u32) -> Called<Transactions> {
        panic!("it has none")
    }

    async fn find(&self, _: Operation, _: BatchId) -> Called<Option<JobId>> {
        panic!("no jobs are listed")
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        self.pass(Call::Terms, Terms::default()).await
    }

    async fn ask(&self, query: &Query) -> Called<Answered> {
        self.pass(Call::Ask, miss(query.key())).await
    }

    async fn submit(&self, batch: &Batch) -> Called<JobId> {
        self.pass(Call::Submit, JobId(batch.id.to_string())).await
    }

    async fn launch(&self, _: Operation, _: &JobId, _: bool) -> Called<Launch> {
        panic!("its jobs start by themselves")
    }

    async fn estimate(&self, _: Operation, _: &JobId) -> Called<Estimate> {
        panic!("its submits charge")
    }

    async fn bill(&self, _: Operation, _: &JobId) -> Called<Bill> {
        panic!("its submits charge")
    }

    async fn poll(&self, _: Operation, _: &JobId) -> Called<Progress> {
        self.pass(Call::Poll, Progress::Ready).await
    }

    async fn fetch(
        &self,
        _: Operation,
        _: &JobId,
        keys: &Keys,
        _: u32,
        _: u32,
    ) -> Called<Page> {
        let answers: Vec<Answered> = keys.iter().copied().map(miss).collect();
        let items = answers.len() as u64;
        let cost = Some(Credits(items));
        let page =
            Page { ready: true, failed: false, total: Some(items), items, answers, cost };
        self.pass(Call::Page, page).await
    }
}

/// What outlives a process.
#[derive(Clone, Debug, Default)]
struct Disk {
    entries: Arc<Mutex<Vec<Entry>>>,
    slots: Arc<Mutex<Slots>>,
    process: u64,
    /// The nth notes, by which others have taken the slots.
    gone: Arc<Mutex<(usize, Vec<usize>)>>,
}

#[async_trait]
impl Journal for Disk {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        self.entries.lock().unwrap().extend(entries.iter().cloned());
        Ok(Appended::Written { before: Vec::new() })
    }
}

#[async_trait]
impl Staging for Disk {
    async fn stage(
        &self,
        batch: BatchId,
        _: Operation,
        _: Vec<Answered>,
    ) -> Result<String, StagingError> {
        Ok(batch.to_string())
    }
}

impl Leases for Disk {
    fn note(&mut self, _: &[Sent]) -> Result<Noted, JournalError> {
        let (notes, gone) = &mut *self.gone.lock().unwrap();
        *notes += 1;
        if !gone.contains(notes) {
            return Ok(Noted::Written);
        }
        let process = ProcessId(self.process);
        self.slots.lock().unwrap().bury(process, Moment(0), &[], |_| Vec::new());
        Ok(Noted::SlotsAreGone)
    }

    fn heard(&mut self, _: Moment, _: Endpoint) -> Result<(), JournalError> {
        Ok(())
    }

    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError> {
        self.slots.lock().unwrap().freeze(now, until);
        Ok(())
    }

    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError> {
        self.slots.lock().unwrap().close(now, to, until);
        Ok(())
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        Ok(self.slots.lock().unwrap().trade(ProcessId(self.process), now, trades))
    }
}

/// A provider and a disk.
pub(super) struct World {
    door: Arc<Door>,
    lane: Lane,
    disk: Disk,
    pub(super) clock: Arc<Time>,
    pub(super) patience: Duration,
    pub(super) grace: Duration,
}

impl World {
    pub(super) fn new(door: Door, lane: Lane) -> Self {
        Self {
            door: Arc::new(door),
            lane,
            disk: Disk::default(),
            clock: Arc::new(Time(tokio::time::Instant::now())),
            patience: PATIENCE,
            grace: GRACE,
        }
    }

    /// Others take the slots by the time of the nth notes, counted from 1.
    pub(super) fn lose_slots(&self, notes: Vec<usize>) {
        self.disk.gone.lock().unwrap().1 = notes;
    }

    /// Calls that were made, of whatever kind.
    pub(super) fn calls(&self) -> usize {
        self.door.calls.lock().unwrap().values().sum()
    }

    /// What the journal says.
    pub(super) fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        let entries = self.disk.entries.lock().unwrap();
        entries.iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
        ledger
    }

    /// One process: it asks what the journal does not know of so many questions.
    pub(super) async fn run(
        &self,
        questions: usize,
    ) -> (Result<Ending, RunError>, Report) {
        let (_keep, stop) = watch::channel(false);
        self.run_until(questions, stop).await
    }

    pub(super) async fn run_until(
        &self,
        questions: usize,
        stop: watch::Receiver<bool>,
    ) -> (Result<Ending, RunError>, Report) {
        // A process that has ended has left its slots.
        let disk = Disk { process: self.calls() as u64 + 1, ..self.disk.clone() };
        *disk.slots.lock().unwrap() = self.left_by_others();
        let parts = Parts {
            provider: Arc::clone(&self.door) as _,
            staging: Arc::new(disk.clone()),
            clock: Arc::clone(&self.clock) as _,
            leases: Box::new(disk.clone()),
            budget: Credits::MAX,
            stop,
            hints: Hints::default(),
        };
        let mut engine = Engine::new(RunId(1), parts)
            .with_patience(self.patience)
            .with_grace(self.grace);
        let ledger = self.ledger();
        let known = |query: &Query| {
            let mut lines = ledger.lines().iter();
            lines.any(|line| {
                !matches!(line.state, leadmill_core::State::Refused { .. })
                    && line.keys.contains(&query.key())
            })
        };
        let asked: Vec<Query> =
            (0..questions).map(query).filter(|query| !known(query)).collect();
        let order = Order {
            lane: Some(self.lane),
            ..Order::new("s", Operation::VerifyEmail, asked.len() as u64)
        };
        let mut book = Book::new(Box::new(disk), ledger);
        if let Err(error) = engine.open_wallet().await {
            return (Err(error), engine.report());
        }
        let mut asked = asked.into_iter().map(Ok);
        let ending = engine.buy(&mut book, &order, &mut asked, None).await;
        (ending, engine.report())
    }

    fn left_by_others(&self) -> Slots {
        let mut slots = self.disk.slots.lock().unwrap().clone();
        let processes: Vec<ProcessId> = slots.processes().collect();
        let now = leadmill_core::Clock::moment(&*self.clock);
        for process in processes {
            slots.bury(process, now, &[], |_| Vec::new());
        }
        slots
    }
}
