//! The client: everything that a run has between a question and its settled answer, but the files.

use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, BatchId, Clock, Credits, Entry, Journal, JournalError,
    Lane, Moment, Operation, Query, Scope, Staging, StagingError, Timestamp, Window,
    limits::Written,
    pack::{Percent, Risk},
};
use leadmill_engine::{Book, Ending, Engine, Hints, Order, Parts};
use leadmill_providers::{Enrich, Transport, packs};
use leadmill_state::{Place, Store};
use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};
use tokio::{sync::watch, time::Instant};

/// What buying came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bought {
    /// From the first question in the engine's hands to the last settlement in the journal.
    pub(crate) seconds: f64,
    /// CPU time of this process meanwhile.
    pub(crate) cpu: f64,
    /// How often the journal was written.
    pub(crate) writes: u64,
}

/// Buys answers to so many distinct questions, and checks that all of them were bought, journalled and
/// settled.
pub(crate) async fn buy(
    lane: Lane,
    questions: u64,
    account: Account,
    transport: Arc<dyn Transport>,
    place: &Place,
) -> Result<Bought, Box<dyn Error>> {
    let store = Store::open(place).await?;
    let run = store.begin("requests", "requests", SystemClock.now()).await?;
    let purse: Arc<str> = account.purse.as_str().into();
    let leases = store.leases(&account, Arc::new(SystemClock)).await?;
    let (_stop, stop) = watch::channel(false);
    let parts = Parts {
        provider: Arc::new(Enrich::new(account, "sk_live_0123456789", transport)?),
        staging: Arc::new(Nowhere),
        clock: Arc::new(SystemClock),
        leases,
        budget: Credits::MAX,
        stop,
        hints: Hints::default(),
    };
    let mut engine = Engine::new(run.id, parts);
    let (ledger, journal) = store.book().await?;
    let writes = Arc::new(AtomicU64::new(0));
    let journal = Counted { journal, writes: Arc::clone(&writes) };
    let mut book = Book::new(Box::new(journal), ledger);
    let order = Order {
        lane: Some(lane),
        ..Order::new("mail", Operation::VerifyEmail, questions)
    };
    engine.open_wallet().await?;
    let waiting = asking(questions).collect::<io::Result<Vec<_>>>()?;
    let (start, used) = (Instant::now(), cpu_seconds()?);
    let ending =
        engine.buy(&mut book, &order, &mut waiting.into_iter().map(Ok), None).await?;
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - used);
    let report = engine.report();
    let settled = store.ledger().await?;
    let whole = ending == Ending::Complete
        && report.hits == questions
        && report.doubts.is_empty()
        && settled.committed(run.id, &purse) == Credits(questions)
        && settled.open(&purse).next().is_none();
    match whole {
        true => Ok(Bought { seconds, cpu, writes: writes.load(Ordering::Relaxed) }),
        false => Err(format!("not all was bought: {ending:?}, {report:?}").into()),
    }
}

/// The provider's own facts, at another address, with these windows for all calls together, and with jobs that end at
/// once.
pub(crate) fn account(
    base_url: String,
    windows: Vec<Window>,
) -> Result<Account, Box<dyn Error>> {
    let mut pack = packs()?.into_iter().next().ok_or("no pack")?;
    pack.base_url = base_url;
    let windows = match windows.is_empty() {
        true => BTreeMap::new(),
        false => BTreeMap::from([(Scope("global".into()), windows)]),
    };
    (pack.jobs.typical, pack.jobs.items_per_second) =
        (Written(Duration::ZERO), NonZeroU32::MAX);
    Ok(Account {
        name: "enrich".into(),
        purse: "enrich.so".into(),
        windows,
        poll: Duration::from_millis(1),
        share: Percent::WHOLE,
        batch_risk: Risk::Credits(Credits::MAX),
        in_doubt_limit: None,
        pack,
    })
}

fn asking(questions: u64) -> impl Iterator<Item = io::Result<Query>> + Send {
    (0..questions).map(|n| {
        let email = format!("lead.{n}@company{}.example", n % 1000);
        Query::read(Operation::VerifyEmail, [Some(email.as_str())])
            .map_err(io::Error::other)
    })
}

/// CPU time of this process so far, in steps of a hundredth.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The name may hold blanks; after it, user and system ticks are the 12th and 13th field.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u32>);
    Ok(f64::from(ticks.sum::<Result<u32, _>>()?) / 100.0)
}

/// A journal, and how often it was written.
#[derive(Debug)]
struct Counted {
    journal: Box<dyn Journal>,
    writes: Arc<AtomicU64>,
}

#[async_trait]
impl Journal for Counted {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        self.writes.fetch_add(u64::from(!entries.is_empty()), Ordering::Relaxed);
        self.journal.append(entries).await
    }
}

/// Keeps nothing: the parts have a measurement of their own.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Staging for Nowhere {
    async fn stage(
        &self,
        batch: BatchId,
        _operation: Operation,
        _answers: Vec<Answered>,
    ) -> Result<String, StagingError> {
        Ok(batch.to_string())
    }
}

#[derive(Debug)]
struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the time of a measurement is real")]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp(
            i64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(i64::MAX),
        )
    }

    fn moment(&self) -> Moment {
        Moment(self.now().0)
    }
}
