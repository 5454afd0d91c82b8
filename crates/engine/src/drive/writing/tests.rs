use crate::{
    Book, Ending, Engine, Order, RunError,
    drive::{
        arriving::tests::engine,
        charging::tests::bulks::{Bulks, Shelf, Written, error, query},
    },
    limiter::tests::account,
    reconciliation::tests::{Called, reply},
};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, Batch, BatchId, Bill, Call, Credits, Entry, ErrorKind,
    Estimate, Event, Finding, JobId, Journal, JournalError, Keys, Lane, Launch, Ledger,
    Operation, Page, Progress, Provider, ProviderError, Query, Scope, Terms,
    Transactions, Value,
    pack::{Daily, PaidAct},
};
use std::{
    ops::Range,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::sleep};

/// Takes jobs, each a second later than the one before, and answers single questions likewise.
#[derive(Debug)]
pub(in crate::drive) struct Slow {
    pub(in crate::drive) account: Account,
    pub(in crate::drive) taken: Mutex<u64>,
    /// What becomes of each call, if that is not an answer.
    pub(in crate::drive) fails: Option<ErrorKind>,
    /// What an answer costs.
    pub(in crate::drive) costs: Credits,
}

impl Slow {
    pub(in crate::drive) fn new() -> Self {
        let mut account = account(&["100/1s"], &["100/1s"]);
        let offers = Bulks::new(&Written::default(), 10, 15).account.pack.operations;
        account.pack.operations = offers;
        for offer in account.pack.operations.values_mut() {
            (offer.only, offer.running, offer.daily) = (None, None, Daily::default());
        }
        account.pack.jobs.paid = PaidAct::Submit;
        account.pack.scopes.insert(Call::Ask.into(), vec![Scope("global".into())]);
        Self { account, taken: Mutex::default(), fails: None, costs: Credits(2) }
    }

    async fn take(&self) -> Result<u64, ProviderError> {
        let number = {
            let mut taken = self.taken.lock().unwrap();
            *taken += 1;
            *taken
        };
        sleep(Duration::from_secs(1 + number % 5)).await;
        match self.fails {
            Some(kind) => Err(error(kind, "it fails")),
            None => Ok(number),
        }
    }
}

#[async_trait]
impl Provider for Slow {
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
        panic!("it lists none")
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        panic!("it has none")
    }

    async fn ask(&self, query: &Query) -> Called<Answered> {
        self.take().await?;
        let verdict = Value::Text("valid".into());
        let finding = Finding::Hit([verdict, Value::Integer(90)].into());
        reply(Answered { key: query.key(), finding, credits: Some(self.costs) })
    }

    async fn submit(&self, _: &Batch) -> Called<JobId> {
        reply(JobId(format!("j{}", self.take().await?)))
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
        reply(Progress::Running { done: None, total: None })
    }

    async fn fetch(
        &self,
        _: Operation,
        _: &JobId,
        _: &Keys,
        _: u32,
        _: u32,
    ) -> Called<Page> {
        panic!("nothing has ended")
    }
}

/// A journal of which some appends fail, counted from 0: without a trace, or after all is written.
#[derive(Debug)]
struct Failing {
    journal: Written,
    fails: Range<usize>,
    is_written: bool,
    appends: usize,
    seen: usize,
}

#[async_trait]
impl Journal for Failing {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        let fails = self.fails.contains(&self.appends);
        self.appends += 1;
        let before = self.journal.entries()[self.seen..].to_vec();
        if leadmill_core::journal::collide(entries, &before) {
            self.seen += before.len();
            return Ok(Appended::Collides { before });
        }
        if !fails || self.is_written {
            entries.iter().for_each(|entry| self.journal.add(entry.clone()));
        }
        match fails {
            true => Err(JournalError("the disk is full".into())),
            false => {
                self.seen += before.len() + entries.len();
                Ok(Appended::Written { before })
            }
        }
    }
}

/// Asks so many questions while these appends fail: the error, and what is written.
async fn bought(
    lane: Lane,
    questions: usize,
    fails: Range<usize>,
    is_written: bool,
) -> (RunError, Vec<Entry>) {
    let (_keep, stop) = watch::channel(false);
    let (shelf, journal) = (Shelf::default(), Written::default());
    let mut engine: Engine = engine(Arc::new(Slow::new()), &shelf, stop);
    let failing =
        Failing { journal: journal.clone(), fails, is_written, appends: 0, seen: 0 };
    let mut book = Book::new(Box::new(failing), Ledger::default());
    let order = Order {
        lane: Some(lane),
        ..Order::new("s", Operation::VerifyEmail, questions as u64)
    };
    let mut all = (0..questions).map(|n| Ok(query(n)));
    let error = engine.buy(&mut book, &order, &mut all, None).await.unwrap_err();
    // What is written can be read.
    let mut ledger = Ledger::default();
    journal.entries().iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
    (error, journal.entries())
}

/// The batches that have left, in this order: several, or nothing is shown.
fn left(entries: &[Entry]) -> Vec<BatchId> {
    let intents =
        entries.iter().filter(|entry| matches!(entry.event, Event::Intended { .. }));
    let left: Vec<BatchId> = intents.map(|entry| entry.batch).collect();
    assert!(left.len() >= 3, "{left:?}");
    left
}

fn count(entries: &[Entry], is_so: fn(&Event) -> bool) -> usize {
    entries.iter().filter(|entry| is_so(&entry.event)).count()
}

const fn is_accepted(event: &Event) -> bool {
    matches!(event, Event::Accepted { .. })
}

const fn is_settled(event: &Event) -> bool {
    matches!(event, Event::Settled { .. })
}

/// Submits are on their way when the journal begins to fail. Their replies come one after the other, and by the last of
/// them, or a little later, it works again.
#[tokio::test(start_paused = true)]
async fn jobs_whose_replies_come_while_the_journal_fails_are_written_once_it_works_again()
{
    for (fails, is_written) in [(1..2, false), (1..3, false), (1..8, false), (1..4, true)]
    {
        let (error, entries) = bought(Lane::Bulk, 60, fails.clone(), is_written).await;
        assert_eq!(count(&entries, is_accepted), left(&entries).len(), "{fails:?}");
        assert!(matches!(error, RunError::Book(_)), "{fails:?}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_that_cannot_be_written_at_all_are_said_by_the_error() {
    let (error, entries) = bought(Lane::Bulk, 60, 1..1_000, false).await;
    assert_eq!(count(&entries, is_accepted), 0);
    let text = error.to_string();
    for (batch, number) in left(&entries).iter().zip(1..) {
        assert!(text.contains(&format!("batch {batch} is job j{number}")), "{text}");
    }
    assert!(matches!(error, RunError::Unwritten { .. }), "{text}");
}

#[tokio::test(start_paused = true)]
async fn answers_that_were_paid_for_are_written_or_said_too() {
    let (_, entries) = bought(Lane::Single, 12, 1..4, false).await;
    assert_eq!(count(&entries, is_settled), left(&entries).len());
    let (error, entries) = bought(Lane::Single, 12, 1..1_000, false).await;
    let text = error.to_string();
    assert_eq!(count(&entries, is_settled), 0);
    for n in 0..left(&entries).len() {
        let answer =
            format!("verify_email of {n}@x.io: verdict = valid, confidence = 90");
        assert!(text.contains(&answer), "{text}");
    }
    assert!(text.contains("cost 2 credits"), "{text}");
}

/// A journal that is far away, and how many intents and settlements each append has held.
#[derive(Debug)]
struct Far {
    journal: Written,
    appends: Arc<Mutex<Vec<[usize; 2]>>>,
}

#[async_trait]
impl Journal for Far {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        sleep(Duration::from_millis(40)).await;
        entries.iter().for_each(|entry| self.journal.add(entry.clone()));
        let is_intent = |event: &Event| matches!(event, Event::Intended { .. });
        self.appends
            .lock()
            .unwrap()
            .push([count(entries, is_intent), count(entries, is_settled)]);
        Ok(Appended::Written { before: Vec::new() })
    }
}

/// Calls come back one by one, and each write takes as long as many of them.
#[tokio::test(start_paused = true)]
async fn one_write_holds_all_that_has_happened_and_all_that_leaves_next() {
    const QUESTIONS: usize = 2_000;
    let (_keep, stop) = watch::channel(false);
    let mut slow = Slow::new();
    slow.account.windows = account(&["5000/1s"], &["5000/1s"]).windows;
    let shelf = Shelf::default();
    let mut engine: Engine = engine(Arc::new(slow), &shelf, stop);
    let (journal, appends) = (Written::default(), Arc::default());
    let far = Far { journal: journal.clone(), appends: Arc::clone(&appends) };
    let mut book = Book::new(Box::new(far), Ledger::default());
    let order = Order {
        lane: Some(Lane::Single),
        ..Order::new("s", Operation::VerifyEmail, QUESTIONS as u64)
    };
    let mut all = (0..QUESTIONS).map(|n| Ok(query(n)));
    let ending = engine.buy(&mut book, &order, &mut all, None).await;
    assert_eq!(ending.unwrap(), Ending::Complete);
    let appends = appends.lock().unwrap().clone();
    for kind in 0..2 {
        let written: usize = appends.iter().map(|counts| counts[kind]).sum();
        assert_eq!(written, QUESTIONS);
    }
    let last = appends.iter().rposition(|[intents, _]| *intents > 0).unwrap();
    let between = &appends[1..=last];
    assert!(between.len() > 3, "{appends:?}");
    let is_both = |[intents, settled]: &[usize; 2]| *intents > 0 && *settled > 0;
    assert!(between.iter().all(is_both), "{appends:?}");
    assert!(appends.len() * 10 < QUESTIONS, "{appends:?}");
    let mut ledger = Ledger::default();
    journal.entries().iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
}
