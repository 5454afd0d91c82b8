//! The client: everything that a run has between a question and its settled answer, but the files.

use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, BatchId, Clock, Credits, Lane, Moment, Operation, Query, Staging,
    StagingError, Timestamp,
    limits::Written,
    pack::{Percent, Risk},
};
use leadmill_engine::{Book, Ending, Engine, Hints, Order, Parts};
use leadmill_providers::{Enrich, Network, packs};
use leadmill_state::{Place, Store};
use std::{
    collections::BTreeMap,
    error::Error,
    fs, io,
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{sync::watch, time::Instant};

/// Buys answers to so many distinct questions, checks that all of them were bought, journalled and
/// settled, and tells how long it took, from the first question in the engine's hands to the last
/// settlement in the journal.
pub(crate) async fn buy(
    lane: Lane,
    address: &str,
    questions: u64,
) -> Result<String, Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&Place::Folder(folder.path().to_owned())).await?;
    let run = store.begin("requests", "requests", SystemClock.now()).await?;
    let account = account(address)?;
    let purse: Arc<str> = account.purse.as_str().into();
    let network = Network::new(Duration::from_secs(10))?;
    let leases = store.leases(&account, Arc::new(SystemClock)).await?;
    let (_stop, stop) = watch::channel(false);
    let parts = Parts {
        provider: Arc::new(Enrich::new(
            account,
            "sk_live_0123456789",
            Arc::new(network),
        )?),
        staging: Arc::new(Nowhere),
        clock: Arc::new(SystemClock),
        leases,
        budget: Credits::MAX,
        stop,
        hints: Hints::default(),
    };
    let mut engine = Engine::new(run.id, parts);
    let (ledger, journal) = store.book().await?;
    let mut book = Book::new(journal, ledger);
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
        true => {
            Ok(format!(r#"{{"questions":{questions},"seconds":{seconds},"cpu":{cpu}}}"#))
        }
        false => Err(format!("not all was bought: {ending:?}, {report:?}").into()),
    }
}

/// The provider's own facts, at another address, without windows, and with jobs that end at once.
fn account(address: &str) -> Result<Account, Box<dyn Error>> {
    let mut pack = packs()?.into_iter().next().ok_or("no pack")?;
    pack.base_url = format!("http://{address}");
    (pack.jobs.typical, pack.jobs.items_per_second) =
        (Written(Duration::ZERO), NonZeroU32::MAX);
    Ok(Account {
        name: "enrich".into(),
        purse: "enrich.so".into(),
        windows: BTreeMap::new(),
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
