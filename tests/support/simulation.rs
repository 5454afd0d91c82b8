//! The real engine and the real wire code against the sandbox in the same process, on paused time.

#[path = "simulation/callbacks.rs"]
mod callbacks;
#[path = "simulation/disk.rs"]
mod disk;
#[path = "simulation/known.rs"]
mod known;
#[path = "simulation/network.rs"]
pub(crate) mod network;
#[path = "simulation/peers.rs"]
mod peers;
#[path = "simulation/process.rs"]
pub(crate) mod process;
#[path = "simulation/rows.rs"]
mod rows;
#[path = "simulation/waterfall.rs"]
pub(crate) mod waterfall;

pub(crate) use callbacks::Receiving;
pub(crate) use disk::Crash;
pub(crate) use rows::rows;

use disk::{CrashingJournal, MemoryLeases, MemoryStaging, Shared};
use known::{Freed, Known, own_jobs};
use leadmill_core::{
    Account, BatchId, Clock, Credits, Entry, Finding, Hint, HintKind, JobId, Lane,
    Ledger, Moment, Operation, Ours, Query, RunId, Status, Timestamp,
    index::{Need, Reuse},
    pack::{Doubtful, Percent, Risk},
};
use leadmill_engine::{
    Book, Ending, Engine, GRACE, Hints, Order, PATIENCE, Parts, Report, RunError,
};
use leadmill_providers::packs;
use leadmill_sandbox::{Algorithm, Options, Sandbox, tomba::Tomba};
use network::{Calm, Weather};
use process::Process;
use std::{
    collections::{BTreeSet, HashSet},
    io,
    ops::Range,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// Times that questions are asked again which proved not to be charged, and that jobs are looked at which were named.
const AGAIN: u32 = 3;
const LOOKS: u32 = 50;

/// Wall-clock time that follows tokio's.
#[derive(Debug)]
pub(crate) struct SimulatedClock {
    start: Instant,
    /// Milliseconds by which it has been set.
    set: AtomicI64,
}

impl SimulatedClock {
    /// Sets it forward or back.
    pub(crate) fn jump(&self, milliseconds: i64) {
        self.set.fetch_add(milliseconds, Ordering::Relaxed);
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        let set = self.set.load(Ordering::Relaxed);
        Timestamp(1_767_225_600_000 + set + self.start.elapsed().as_millis() as i64)
    }

    fn moment(&self) -> Moment {
        Moment(self.start.elapsed().as_millis() as i64)
    }
}

/// A provider, a disk and the questions of one run.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    /// Who is asked in place of it, if this is another provider's world.
    pub(crate) tomba: Option<Tomba>,
    pub(crate) account: Account,
    pub(crate) rtt: Duration,
    pub(crate) budget: Credits,
    pub(crate) reuse: Reuse,
    pub(crate) run: RunId,
    pub(crate) lane: Lane,
    /// Whether the engine chooses the lanes instead.
    pub(crate) any_lane: bool,
    /// How the server counts, for telling it.
    pub(crate) algorithm: Algorithm,
    /// How long an append to the journal takes.
    pub(crate) append_takes: Duration,
    /// How long it takes to keep the answers of a job.
    pub(crate) staging_takes: Duration,
    /// Writes to the store of the windows before it fails.
    pub(crate) notes: usize,
    /// Appends to the journal, counted from 0 in each session, that fail although the process lives on.
    pub(crate) fails: Range<usize>,
    /// Runs of other processes that are at work.
    pub(crate) others: BTreeSet<RunId>,
    /// Earlier runs of this pipeline.
    pub(crate) siblings: BTreeSet<RunId>,
    /// How long a process waits where nothing is let through, and for last replies, if not for as long as is usual.
    pub(crate) patience: Duration,
    pub(crate) grace: Duration,
    /// Requests so far on this disk, and how many there may be.
    pub(crate) sent: Arc<AtomicU64>,
    pub(crate) most_requests: u64,
    /// What the network does.
    pub(crate) weather: Arc<dyn Weather>,
    /// What to do with batches in doubt; they are left alone where there is no word.
    pub(crate) doubtful: Option<Doubtful>,
    /// What must hold whenever the journal has been written.
    pub(crate) check: Option<Arc<dyn Check>>,
    pub(crate) clock: Arc<SimulatedClock>,
    /// Where the provider calls back, if it does.
    pub(crate) receiving: Option<Receiving>,
    disk: Shared,
}

/// Looks at the journal.
pub(crate) trait Check: std::fmt::Debug + Send + Sync {
    /// Panics if something does not hold, now that this is written.
    fn written(&self, entries: &[Entry]);
}

/// What one session came to.
pub(crate) struct Session {
    pub(crate) ending: Result<Ending, RunError>,
    pub(crate) report: Report,
    pub(crate) appends: usize,
}

impl World {
    /// A world on a plan's limits; the sandbox's options may be anything.
    pub(crate) fn new(plan: &str, options: Options) -> Self {
        let algorithm = options.algorithm;
        let mut packs = packs().unwrap();
        let mut pack = packs.remove(0);
        // The sandbox's usual jobs.
        pack.jobs.typical = "2s".parse().unwrap();
        pack.jobs.items_per_second = 1000.try_into().unwrap();
        let account = Account {
            name: "enrich".into(),
            purse: "enrich.so".into(),
            windows: pack.plans[plan].clone(),
            poll: Duration::from_secs(5),
            share: Percent::WHOLE,
            batch_risk: Risk::Credits(Credits::MAX),
            in_doubt_limit: None,
            pack,
        };
        Self {
            sandbox: Sandbox::new(Options { plan: plan.parse().unwrap(), ..options }),
            tomba: None,
            account,
            rtt: Duration::from_millis(60),
            budget: Credits::MAX,
            reuse: Reuse::default(),
            run: RunId(1),
            lane: Lane::Bulk,
            any_lane: false,
            algorithm,
            append_takes: Duration::ZERO,
            staging_takes: Duration::ZERO,
            notes: usize::MAX,
            fails: 0..0,
            others: BTreeSet::new(),
            siblings: BTreeSet::new(),
            patience: PATIENCE,
            grace: GRACE,
            sent: Arc::default(),
            most_requests: u64::MAX,
            clock: Arc::new(SimulatedClock {
                start: Instant::now(),
                set: AtomicI64::new(0),
            }),
            weather: Arc::new(Calm),
            doubtful: None,
            check: None,
            receiving: None,
            disk: Shared::default(),
        }
    }

    /// Sets the largest batch.
    pub(crate) fn batch(&mut self, size: u32) {
        for offer in self.account.pack.operations.values_mut() {
            offer.batch = size.try_into().unwrap();
        }
    }

    /// Lets an operation run so many jobs at once.
    pub(crate) fn running(&mut self, most: u32) {
        for offer in self.account.pack.operations.values_mut() {
            offer.running = Some(most.try_into().unwrap());
        }
    }

    /// Another run on the same disk, at the same provider.
    pub(crate) fn beside(&self, run: RunId) -> Self {
        Self {
            run,
            sandbox: self.sandbox.clone(),
            tomba: self.tomba.clone(),
            account: self.account.clone(),
            clock: Arc::clone(&self.clock),
            weather: Arc::clone(&self.weather),
            check: self.check.clone(),
            receiving: self.receiving.clone(),
            disk: Arc::clone(&self.disk),
            others: [self.run].into(),
            siblings: self.siblings.clone(),
            sent: Arc::clone(&self.sent),
            fails: self.fails.clone(),
            reuse: self.reuse,
            ..*self
        }
    }

    /// Runs once, as a new process would: from what the disk holds.
    pub(crate) async fn run(&self, queries: &[Query], crash: Option<Crash>) -> Session {
        let (_keep, stop) = watch::channel(false);
        self.run_until(queries, crash, stop).await
    }

    /// Like [`Self::run`], with a way to stop it.
    pub(crate) async fn run_until(
        &self,
        queries: &[Query],
        crash: Option<Crash>,
        stop: watch::Receiver<bool>,
    ) -> Session {
        let process = Arc::new(Process::new(self.patience, self.append_takes));
        let (mut engine, mut book) =
            (self.engine(stop, &process), self.book(crash, &process));
        let before = self.disk.lock().unwrap().appends;
        let run = self.session(&mut engine, &mut book, queries);
        let ending = process.lasting(run).await;
        process.judge(&self.disk.lock().unwrap().entries, &ending);
        let appends = self.disk.lock().unwrap().appends - before;
        Session { ending, report: engine.report(), appends }
    }

    fn engine(&self, stop: watch::Receiver<bool>, process: &Arc<Process>) -> Engine {
        let parts = Parts {
            provider: self.provider(process),
            staging: Arc::new(MemoryStaging(Arc::clone(&self.disk), self.staging_takes)),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            leases: Box::new(MemoryLeases::join(&self.disk, &self.account, self.notes)),
            budget: self.budget,
            stop,
            hints: self.hints(),
        };
        let engine = Engine::new(self.run, parts);
        engine.with_patience(self.patience).with_grace(self.grace)
    }

    fn book(&self, crash: Option<Crash>, process: &Arc<Process>) -> Book {
        let journal = CrashingJournal {
            disk: Arc::clone(&self.disk),
            crash,
            appends: 0,
            seen: self.disk.lock().unwrap().entries.len(),
            takes: self.append_takes,
            check: self.check.clone(),
            fails: self.fails.clone(),
            process: Arc::clone(process),
        };
        Book::new(Box::new(journal), self.ledger())
    }

    /// As the binary does it: doubts, then what is needed, then the doubts that came of it.
    async fn session(
        &self,
        engine: &mut Engine,
        book: &mut Book,
        queries: &[Query],
    ) -> Result<Ending, RunError> {
        let ours = self.ours(book.ledger());
        engine.open_wallet().await?;
        if let Some(policy) = &self.doubtful {
            book.refresh().await?;
            engine.reconcile(book, &ours, policy).await?;
        }
        let (mut rounds, mut looks) = (0, 0);
        loop {
            let needed = self.needed(book.ledger(), queries);
            let order = self.order(&ours, queries[0].operation(), needed.len());
            let jobs = own_jobs(book.ledger(), &self.account.purse);
            let mut questions = needed.into_iter().map(io::Result::Ok);
            let ending = engine.buy(book, &order, &mut questions, None).await?;
            let Some(policy) = &self.doubtful else { return Ok(ending) };
            if !matches!(ending, Ending::Complete | Ending::TooMuchInDoubt) {
                return Ok(ending);
            }
            book.refresh().await?;
            let reconciled = engine.reconcile(book, &ours, policy).await?;
            match Freed::by(&reconciled, &jobs, book.ledger()) {
                Freed::Nothing => return Ok(ending),
                Freed::Jobs => looks += 1,
                Freed::Questions => rounds += 1,
            }
            if rounds > AGAIN || looks > LOOKS {
                return Ok(ending);
            }
        }
    }

    /// What this session works on: all but what the other processes do.
    fn ours(&self, ledger: &Ledger) -> Ours {
        if self.others.is_empty() {
            return Ours::All;
        }
        let open = ledger.open(&self.account.purse);
        let taken = open.filter(|line| !self.others.contains(&line.run));
        let taken = taken.map(|line| line.batch).collect();
        Ours::Of { run: self.run, taken, left: BTreeSet::new() }
    }

    fn order(&self, ours: &Ours, operation: Operation, questions: usize) -> Order {
        Order {
            lane: self.lane_of(),
            ours: ours.clone(),
            siblings: self.siblings.clone(),
            ..Order::new("step", operation, questions as u64)
        }
    }

    /// Whatever somebody says at the address of a batch.
    pub(crate) fn tell(&self, batch: BatchId, job: &str) {
        let hint = Hint { batch, job: JobId(job.into()), kind: HintKind::End };
        self.receiving.as_ref().unwrap().hints.tell(hint);
    }

    fn hints(&self) -> Hints {
        self.receiving.as_ref().map(|all| all.hints.clone()).unwrap_or_default()
    }

    const fn lane_of(&self) -> Option<Lane> {
        if self.any_lane { None } else { Some(self.lane) }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The most jobs that ran at once, or may have, by the journal.
    pub(crate) fn most_running(&self, operation: Operation) -> usize {
        let mut ledger = Ledger::default();
        let disk = self.disk.lock().unwrap();
        let running = disk.entries.iter().map(|entry| {
            ledger.apply(entry).unwrap();
            ledger.running(&self.account.purse, operation).count()
        });
        running.max().unwrap_or_default()
    }

    /// What the journal holds.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.disk.lock().unwrap_or_else(PoisonError::into_inner).entries.clone()
    }

    /// The fold of what the disk holds.
    pub(crate) fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        let disk = self.disk.lock().unwrap();
        disk.entries.iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
        ledger
    }

    fn needed(&self, ledger: &Ledger, queries: &[Query]) -> Vec<Query> {
        let known = Known::new(self, ledger);
        let mut seen = HashSet::new();
        let wanted = |query: &&Query| {
            let key = query.key();
            seen.insert(key) && known.look(&key).need == Need::Buy
        };
        queries.iter().filter(wanted).cloned().collect()
    }

    /// What the output says about each question.
    pub(crate) fn output(&self, queries: &[Query]) -> Vec<(Status, Option<Finding>)> {
        let rows = rows(&[self], queries);
        rows.into_iter().map(|row| (row.status, row.finding)).collect()
    }

    /// Panics unless the provider's own books agree with ours and no limit was broken.
    pub(crate) fn audit(&self) {
        let audit = self.sandbox.audit();
        assert_eq!(audit.throttled, 0, "429s of our own making");
        for window in &audit.windows {
            assert!(window.offered <= u64::from(window.limit), "{window:?}");
        }
        assert_eq!(
            audit.asked_twice,
            0,
            "{:?}",
            audit.asked.iter().filter(|(_, n)| **n > 1).collect::<Vec<_>>()
        );
    }
}

/// Distinct e-mail finder questions.
pub(crate) fn people(count: usize) -> Vec<Query> {
    (0..count)
        .map(|n| {
            let (first, last) = (format!("Ada{n}"), format!("Lovelace{}", n % 7));
            let domain = format!("company{}.example", n % 13);
            Query::read(Operation::FindEmail, [Some(&*first), Some(&last), Some(&domain)])
                .unwrap()
        })
        .collect()
}

/// Distinct validation questions.
pub(crate) fn addresses(count: usize) -> Vec<Query> {
    (0..count)
        .map(|n| {
            Query::read(
                Operation::VerifyEmail,
                [Some(&*format!("p{n}@c{}.example", n % 13))],
            )
            .unwrap()
        })
        .collect()
}
