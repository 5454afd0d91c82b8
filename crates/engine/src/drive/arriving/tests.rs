use crate::{
    Book, Ending, Engine, Hints, Order, Parts,
    drive::billing::tests::Logs,
    drive::charging::tests::{
        Time,
        bulks::{Bulks, Shelf, Written, error, is_known, query},
    },
    limiter::tests::account,
    reconciliation::tests::{Called, Memory, reply},
};
use async_trait::async_trait;
use leadmill_core::{
    Account, AccountLimits, Answered, Batch, BatchId, Bill, Call, Credits, ErrorKind,
    Estimate, Finding, JobId, KeepsLog, Keys, Lane, Launch, Ledger, Operation, OwnLimit,
    Page, Progress, Provider, Query, QueryKey, RunId, Scope, Status, Terms, Transactions,
    slots::Slots,
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    join,
    sync::{mpsc, watch},
    time::{Instant, sleep},
};

/// Answers single questions, each after a while: two of three.
#[derive(Debug)]
pub(in crate::drive) struct Singles {
    pub(in crate::drive) account: Account,
    pub(in crate::drive) asked: Mutex<Vec<(Instant, QueryKey)>>,
    /// What the next calls are told to wait.
    pub(in crate::drive) waits: Mutex<Vec<Duration>>,
    /// What an answer costs.
    pub(in crate::drive) cost: Credits,
    /// What is booked for a question of which nothing is known.
    pub(in crate::drive) missed: Credits,
    /// The log of calls, where it keeps one.
    pub(in crate::drive) logs: Option<Logs>,
    /// The account's own limits, where it tells some, or how they cannot be read.
    pub(in crate::drive) own: Option<Result<Vec<OwnLimit>, ErrorKind>>,
}

#[async_trait]
impl AccountLimits for Singles {
    async fn limits(&self) -> Called<Vec<OwnLimit>> {
        match self.own.clone() {
            Some(Ok(limits)) => reply(limits),
            Some(Err(kind)) => Err(error(kind, "no such route")),
            None => panic!("it tells none"),
        }
    }
}

impl Singles {
    pub(in crate::drive) fn new() -> Self {
        let mut offers = Bulks::new(&Written::default(), 10, 15).account.pack.operations;
        offers.values_mut().for_each(|offer| offer.only = Some(Lane::Single));
        let mut account = account(&["5/1s"], &["5/1s"]);
        account.pack.operations = offers;
        account.pack.scopes.insert(Call::Ask.into(), vec![Scope("global".into())]);
        let (asked, waits) = (Mutex::default(), Mutex::default());
        Self {
            account,
            asked,
            waits,
            cost: Credits(2),
            missed: Credits::ZERO,
            logs: None,
            own: None,
        }
    }
}

#[async_trait]
impl Provider for Singles {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Called<Credits> {
        reply(Credits(1_000_000))
    }

    async fn transactions(&self, _: u32) -> Called<Transactions> {
        panic!("it has none")
    }

    async fn find(&self, _: Operation, _: BatchId) -> Called<Option<JobId>> {
        panic!("it takes no jobs")
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        reply(Terms::default())
    }

    fn account_limits(&self) -> Option<&dyn AccountLimits> {
        self.own.is_some().then_some(self as _)
    }

    fn call_log(&self) -> Option<&dyn KeepsLog> {
        self.logs.as_ref().map(|logs| logs as _)
    }

    async fn ask(&self, query: &Query) -> Called<Answered> {
        let key = query.key();
        self.asked.lock().unwrap().push((Instant::now(), key));
        sleep(Duration::from_millis(300)).await;
        let wait = self.waits.lock().unwrap().pop();
        if let Some(wait) = wait {
            return Err(error(ErrorKind::Throttled(Some(wait)), "slow down"));
        }
        if let Some(logs) = &self.logs {
            logs.add(query);
        }
        let (finding, credits) = match is_known(&key) {
            true => (Finding::Hit([].into()), self.cost),
            false => (Finding::Miss, self.missed),
        };
        reply(Answered { key, finding, credits: Some(credits) })
    }

    async fn submit(&self, _: &Batch) -> Called<JobId> {
        panic!("it takes no jobs")
    }

    async fn launch(&self, _: Operation, _: &JobId, _: bool) -> Called<Launch> {
        panic!("it takes no jobs")
    }

    async fn estimate(&self, _: Operation, _: &JobId) -> Called<Estimate> {
        panic!("it takes no jobs")
    }

    async fn bill(&self, _: Operation, _: &JobId) -> Called<Bill> {
        panic!("it takes no jobs")
    }

    async fn poll(&self, _: Operation, _: &JobId) -> Called<Progress> {
        panic!("it takes no jobs")
    }

    async fn fetch(
        &self,
        _: Operation,
        _: &JobId,
        _: &Keys,
        _: u32,
        _: u32,
    ) -> Called<Page> {
        panic!("it takes no jobs")
    }
}

pub(in crate::drive) fn engine(
    provider: Arc<dyn Provider>,
    shelf: &Shelf,
    stop: watch::Receiver<bool>,
) -> Engine {
    let parts = Parts {
        provider,
        staging: Arc::new(shelf.clone()),
        clock: Arc::new(Time(Instant::now())),
        leases: Box::new(Memory(Slots::default())),
        budget: Credits::MAX,
        stop,
        hints: Hints::default(),
    };
    Engine::new(RunId(1), parts)
}

fn book(journal: &Written) -> Book {
    Book::new(Box::new(journal.clone()), Ledger::default())
}

fn order(lane: Lane, questions: u64) -> Order {
    Order { lane: Some(lane), ..Order::new("s", Operation::VerifyEmail, questions) }
}

fn unknown(questions: usize) -> usize {
    (0..questions).filter(|n| !is_known(&query(*n).key())).count()
}

/// The next provider is asked while the first still works, about its misses and nothing else.
#[tokio::test(start_paused = true)]
async fn misses_arrive_at_the_next_while_the_first_still_works() {
    let (_keep, stop) = watch::channel(false);
    let (first, second) = (Arc::new(Singles::new()), Arc::new(Singles::new()));
    let shelf = Shelf::default();
    let mut up = engine(first.clone(), &shelf, stop.clone());
    let mut down = engine(second.clone(), &shelf, stop);
    let (mut above, mut below) = (book(&Written::default()), book(&Written::default()));
    let (missed, arriving) = mpsc::channel(1_000);
    let upper = async move {
        // Once it has ended nobody sends any more.
        let order = Order { missed: Some(missed), ..order(Lane::Single, 60) };
        let mut questions = (0..60).map(|n| Ok(query(n)));
        up.buy(&mut above, &order, &mut questions, None).await.unwrap()
    };
    let lower = async {
        let order = order(Lane::Single, 1);
        let mut questions = [Ok(query(900))].into_iter();
        down.buy(&mut below, &order, &mut questions, Some(arriving)).await.unwrap()
    };
    assert_eq!(join!(upper, lower), (Ending::Complete, Ending::Complete));
    let asked = second.asked.lock().unwrap();
    let at: HashMap<QueryKey, Instant> =
        asked.iter().map(|(at, key)| (*key, *at)).collect();
    assert_eq!((at.len(), asked.len()), (unknown(60) + 1, unknown(60) + 1));
    let keys = (0..60).map(|n| query(n).key());
    let misses: Vec<QueryKey> = keys.filter(|key| !is_known(key)).collect();
    assert!(misses.iter().all(|key| at.contains_key(key)), "all misses and no hit");
    let last = first.asked.lock().unwrap().last().unwrap().0;
    let early = misses.iter().filter(|key| at[*key] < last).count();
    assert!(early > misses.len() / 2, "{early} before the first was done");
}

/// Where there is no room for a miss it is left out: the journal knows it.
#[tokio::test(start_paused = true)]
async fn a_miss_that_nobody_takes_holds_nothing_up() {
    let (_keep, stop) = watch::channel(false);
    let (missed, mut arriving) = mpsc::channel(1);
    let (shelf, journal) = (Shelf::default(), Written::default());
    let mut up = engine(Arc::new(Singles::new()), &shelf, stop);
    let order = Order { missed: Some(missed), ..order(Lane::Single, 30) };
    let mut questions = (0..30).map(|n| Ok(query(n)));
    let mut book = book(&journal);
    let ending = up.buy(&mut book, &order, &mut questions, None).await.unwrap();
    assert_eq!((ending, up.report().misses), (Ending::Complete, unknown(30) as u64));
    drop(order);
    assert!(!is_known(&arriving.recv().await.unwrap().key()));
    assert!(arriving.recv().await.is_none());
}

/// What may only travel in jobs waits until it fills one, or until nothing more can come.
#[tokio::test(start_paused = true)]
async fn what_arrives_fills_jobs() {
    let (_keep, stop) = watch::channel(false);
    let (send, arriving) = mpsc::channel(1_000);
    let (shelf, journal) = (Shelf::default(), Written::default());
    let provider = Arc::new(Bulks::new(&journal, 10, 15));
    let mut down = engine(provider.clone(), &shelf, stop);
    let mut book = book(&journal);
    let order = order(Lane::Bulk, 0);
    let mut none = std::iter::empty();
    let buy = down.buy(&mut book, &order, &mut none, Some(arriving));
    let arrive = async move {
        for n in 0..25 {
            send.send(query(n)).await.unwrap();
            sleep(Duration::from_secs(60)).await;
        }
    };
    let (ending, ()) = join!(buy, arrive);
    assert_eq!(ending.unwrap(), Ending::Complete);
    let books = provider.books.lock().unwrap();
    let sizes: Vec<usize> = books.jobs.iter().map(|job| job.keys.len()).collect();
    assert_eq!(sizes, [10, 10, 5]);
    assert_eq!(shelf.count(Status::Miss), unknown(25));
}
