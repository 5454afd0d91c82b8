use crate::{
    Billed, Book, Ending, Order, Report,
    drive::{
        arriving::tests::{Singles, engine},
        charging::tests::bulks::{Shelf, Written, error, is_known, query},
    },
    reconciliation::tests::{Called, reply},
};
use async_trait::async_trait;
use leadmill_core::{
    Answered, BatchId, CallLog, CallName, Credits, Entry, ErrorKind, Event, KeepsLog,
    Lane, Ledger, LoggedCall, Mark, Operation, Ours, Part, Query, RunId, State,
    pack::{Doubtful, InDoubt},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{sync::watch, time::Instant};

/// A log of calls.
#[derive(Debug)]
pub(in crate::drive) struct Logs {
    /// What an answer costs by it.
    price: Credits,
    /// Most calls that it shows.
    shown: usize,
    /// After what time a call is in it.
    delay: Duration,
    /// How it cannot be read.
    fails: Option<ErrorKind>,
    calls: Mutex<Vec<(Instant, LoggedCall)>>,
    reads: Mutex<usize>,
}

impl Logs {
    fn of(price: u64) -> Self {
        let (calls, reads) = Default::default();
        let (price, delay) = (Credits(price), Duration::ZERO);
        Self { price, shown: 100, delay, fails: None, calls, reads }
    }

    /// A call came. What is not known costs nothing.
    pub(in crate::drive) fn add(&self, query: &Query) {
        let cost = if is_known(&query.key()) { self.price } else { Credits::ZERO };
        self.put(query, cost);
    }

    fn put(&self, query: &Query, cost: Credits) {
        let mut calls = self.calls.lock().unwrap();
        let id = 1_000 + calls.len() as u64;
        let call = LoggedCall { id, name: Some(name(query)), cost: Some(cost) };
        calls.push((Instant::now(), call));
    }
}

fn name(query: &Query) -> CallName {
    let key = query.key().0;
    CallName { form: 7, question: u64::from_be_bytes(*key.first_chunk().unwrap()) }
}

#[async_trait]
impl KeepsLog for Logs {
    async fn calls(&self) -> Called<CallLog> {
        *self.reads.lock().unwrap() += 1;
        if let Some(kind) = self.fails {
            return Err(error(kind, "no such route"));
        }
        let calls = self.calls.lock().unwrap();
        let shows = |(at, _): &&(Instant, LoggedCall)| at.elapsed() >= self.delay;
        let calls = calls.iter().filter(shows).rev().take(self.shown);
        reply(CallLog::new(calls.map(|(_, call)| *call).collect()).unwrap())
    }

    fn name_of(&self, query: &Query) -> Option<CallName> {
        Some(name(query))
    }

    fn tells_of(&self, _: Operation) -> bool {
        true
    }
}

/// Answers for 2 credits by the price list, also where nothing is known.
fn logged(logs: Logs) -> Singles {
    let mut provider = Singles::new();
    provider.account.pack.logged = Some(leadmill_core::limits::Written(SHOWS));
    (provider.missed, provider.logs) = (Credits(2), Some(logs));
    provider
}

const SHOWS: Duration = Duration::from_secs(600);

/// What a run of so many questions came to.
struct Ran {
    provider: Arc<Singles>,
    journal: Written,
    report: Report,
}

async fn run(provider: Singles, questions: usize) -> Ran {
    let (_keep, stop) = watch::channel(false);
    let (provider, journal) = (Arc::new(provider), Written::default());
    let mut engine = engine(provider.clone(), &Shelf::default(), stop);
    let mut book = Book::new(Box::new(journal.clone()), Ledger::default());
    let order = Order {
        lane: Some(Lane::Single),
        ..Order::new("s", Operation::VerifyEmail, questions as u64)
    };
    let mut questions = (0..questions).map(|n| Ok(query(n)));
    let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    assert_eq!(ending, Ending::Complete);
    Ran { provider, journal, report: engine.report() }
}

impl Ran {
    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        self.journal.entries().iter().for_each(|entry| ledger.apply(entry).unwrap());
        assert!(ledger.adds_up());
        ledger
    }

    fn reads(&self) -> usize {
        *self.provider.logs.as_ref().unwrap().reads.lock().unwrap()
    }
}

fn hits(questions: usize) -> u64 {
    (0..questions).filter(|n| is_known(&query(*n).key())).count() as u64
}

/// Booked at 2 each by the price list; by the log answers cost 1 and the rest nothing.
#[tokio::test(start_paused = true)]
async fn what_was_booked_by_the_price_list_is_settled_by_the_log() {
    for (delay, shown) in [(0, 100), (1_500, 100), (0, 15)] {
        let delay = Duration::from_millis(delay);
        let ran = run(logged(Logs { delay, shown, ..Logs::of(1) }), 130).await;
        let (hits, ledger) = (hits(130), ran.ledger());
        let committed =
            ledger.committed(RunId(1), &ran.provider.account.purse.as_str().into());
        assert_eq!(committed, Credits(hits), "{delay:?} {shown}");
        assert_eq!(ran.report.spent, Credits(hits));
        let expected =
            Billed { answers: 130, less: Credits(260 - hits), more: Credits::ZERO };
        assert_eq!(ran.report.billed, expected);
        for line in ledger.lines() {
            let State::Settled { part: Part::Inline(answers), .. } = &line.state else {
                panic!("{line:?}");
            };
            let [Answered { credits, .. }] = &**answers else { panic!("{line:?}") };
            assert_eq!(*credits, Some(line.credits), "the receipt says the same");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_log_is_read_first_at_the_end_and_seldom_between() {
    let ran = run(logged(Logs::of(2)), 400).await;
    assert!((3..=20).contains(&ran.reads()), "{}", ran.reads());
    assert_eq!(ran.report.throttled, 0);
}

/// What is dearer than the price list says is booked as it is, and reserved for the next.
#[tokio::test(start_paused = true)]
async fn a_dearer_price_is_learnt() {
    let ran = run(logged(Logs::of(5)), 60).await;
    let committed =
        ran.ledger().committed(RunId(1), &ran.provider.account.purse.as_str().into());
    assert_eq!(committed, Credits(5 * hits(60)));
    assert_eq!(ran.report.billed.more, Credits(3 * hits(60)));
    assert_eq!(ran.report.dearer.get(&Operation::VerifyEmail), Some(&Credits(5)));
}

#[tokio::test(start_paused = true)]
async fn a_log_that_cannot_be_read_changes_nothing_and_that_is_told() {
    for kind in [
        ErrorKind::Fatal,
        ErrorKind::InDoubt,
        ErrorKind::Unsent,
        ErrorKind::Gone,
        ErrorKind::Foreign,
        ErrorKind::Throttled(None),
        ErrorKind::Throttled(Some(Duration::from_secs(86_400))),
    ] {
        let began = Instant::now();
        let ran = run(logged(Logs { fails: Some(kind), ..Logs::of(1) }), 30).await;
        assert_eq!((ran.reads(), ran.report.spent), (1, Credits(60)), "{kind:?}");
        assert!(ran.report.log_unread.is_some());
        // What the log is told to wait holds nothing else up.
        assert!(began.elapsed().as_secs() < 10, "{kind:?}");
        assert!(ran.journal.entries().iter().all(|entry| {
            !matches!(entry.event, Event::Billed { .. })
                && !matches!(&entry.event, Event::Intended { anchor: Some(_), .. })
        }));
    }
}

/// A colleague has asked the same: nobody knows which of both was charged.
#[tokio::test(start_paused = true)]
async fn a_charge_that_may_be_another_s_is_not_ours() {
    let provider = logged(Logs::of(1));
    let ran = {
        let (_keep, stop) = watch::channel(false);
        let (provider, journal) = (Arc::new(provider), Written::default());
        let mut engine = engine(provider.clone(), &Shelf::default(), stop);
        let mut book = Book::new(Box::new(journal.clone()), Ledger::default());
        let order = Order {
            lane: Some(Lane::Single),
            ..Order::new("s", Operation::VerifyEmail, 3)
        };
        // While the questions are put together the log has been read.
        let others = provider.clone();
        let mut questions = (0..3).map(move |n| {
            let logs = others.logs.as_ref().unwrap();
            logs.put(&query(n), Credits::ZERO);
            Ok(query(n))
        });
        engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
        Ran { provider, journal, report: engine.report() }
    };
    assert_eq!((ran.report.billed, ran.report.spent), (Billed::default(), Credits(6)));
}

/// What the log did not show in time another run settles.
#[tokio::test(start_paused = true)]
async fn another_run_settles_what_the_log_has_not_told_in_time() {
    let logs = Logs { delay: Duration::from_secs(30), ..Logs::of(1) };
    let ran = run(logged(logs), 5).await;
    assert_eq!(ran.report.spent, Credits(10));
    tokio::time::advance(Duration::from_secs(60)).await;
    let (_keep, stop) = watch::channel(false);
    let mut engine = engine(ran.provider.clone(), &Shelf::default(), stop);
    let mut book = Book::new(Box::new(ran.journal.clone()), ran.ledger());
    let order =
        Order { lane: Some(Lane::Single), ..Order::new("s", Operation::VerifyEmail, 1) };
    let mut questions = [Ok(query(900))].into_iter();
    engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    let committed: u64 =
        ran.ledger().lines().iter().take(5).map(|line| line.credits.0).sum();
    assert_eq!(committed, hits(5));
    let own = 2 * u64::from(!is_known(&query(900).key())) + 2 * hits_of(900);
    assert_eq!(engine.report().spent, Credits(own), "not what others have settled");
}

/// Two of our own batches ask the same at about the same time: the charge may be that of either.
#[tokio::test(start_paused = true)]
async fn a_charge_of_a_question_that_two_batches_have_asked_is_nobody_s() {
    let logs = Logs { delay: Duration::from_secs(30), ..Logs::of(1) };
    let ran = run(logged(logs), 1).await;
    let (_keep, stop) = watch::channel(false);
    let mut engine = engine(ran.provider.clone(), &Shelf::default(), stop);
    let mut book = Book::new(Box::new(ran.journal.clone()), ran.ledger());
    let order =
        Order { lane: Some(Lane::Single), ..Order::new("s", Operation::VerifyEmail, 1) };
    let mut questions = [Ok(query(0))].into_iter();
    engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let mut questions = [Ok(query(900))].into_iter();
    engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    let lines = ran.ledger();
    let first = lines.lines().iter().take(2).map(|line| line.credits.0);
    assert_eq!(first.collect::<Vec<_>>(), [2, 2]);
}

fn hits_of(n: usize) -> u64 {
    u64::from(is_known(&query(n).key()))
}

/// A doubt of an hour ago at a provider that does not repeat itself for free: what became of it, and what is left of its
/// reserve.
async fn doubt(logs: Logs, after: u64, age: Duration) -> (bool, Credits) {
    let (_keep, stop) = watch::channel(false);
    let provider = Arc::new(logged(logs));
    let mut engine = engine(provider.clone(), &Shelf::default(), stop);
    let now = engine.clock.now();
    let mark = Mark { after, name: name(&query(1)) };
    let event = Event::Intended {
        account: provider.account.purse.as_str().into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Single,
        reserve: Credits(2),
        anchor: Some(mark.to_string().into()),
        moment: None,
        keys: [query(1).key()].into(),
    };
    let entry = Entry { at: now.before(age), run: RunId(1), batch: BatchId(1), event };
    let journal = Written::default();
    journal.add(entry.clone());
    let mut ledger = Ledger::default();
    ledger.apply(&entry).unwrap();
    let mut book = Book::new(Box::new(journal), ledger);
    let policy = Doubtful { act: InDoubt::Hold, budget: Credits::ZERO };
    let reconciled = engine.reconcile(&mut book, &Ours::All, &policy).await.unwrap();
    let line = book.ledger().line(BatchId(1)).unwrap();
    assert_eq!(reconciled.free.is_empty(), line.is_open());
    (line.is_open(), line.credits)
}

#[tokio::test(start_paused = true)]
async fn the_log_ends_doubts_about_what_was_not_charged() {
    const HOUR: Duration = Duration::from_secs(3_600);
    let logs = |calls: &[(usize, u64)]| {
        let logs = Logs::of(1);
        calls.iter().for_each(|(n, cost)| logs.put(&query(*n), Credits(*cost)));
        logs
    };
    let (open, freed) = ((true, Credits(2)), (false, Credits::ZERO));
    assert_eq!(doubt(logs(&[(5, 1), (6, 1)]), 1_000, HOUR).await, freed, "never came");
    assert_eq!(doubt(logs(&[(5, 1), (1, 0)]), 1_000, HOUR).await, freed, "for nothing");
    assert_eq!(doubt(logs(&[(5, 1), (1, 1)]), 1_000, HOUR).await, open, "charged");
    assert_eq!(doubt(logs(&[(5, 1), (6, 1)]), 999, HOUR).await, open, "not shown");
    assert_eq!(doubt(logs(&[]), 0, HOUR).await, open, "an empty log proves nothing");
    let young = Duration::from_secs(60);
    assert_eq!(doubt(logs(&[(5, 1), (6, 1)]), 1_000, young).await, open, "too early");
}
