use crate::{
    Book, Ending, Order,
    drive::{
        arriving::tests::{Singles, engine},
        charging::tests::bulks::{Shelf, Written, is_known, query},
        writing::tests::Slow,
    },
};
use leadmill_core::{
    BatchId, Credits, Entry, ErrorKind, Event, JobId, Lane, Ledger, Operation, Ours,
    Part, RunId, State, Status, Timestamp, limits::Written as Time, pack::Doubtful,
};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_767_225_600_000;

/// Thirty days into January, at 09:36 UTC: in every time zone it is still January.
const LATE: f64 = 30.4;

/// What an earlier run has left: a question asked so many days before that, in this lane, and what it cost.
fn asked(
    batch: u64,
    n: usize,
    days: f64,
    lane: Lane,
    status: Status,
    cost: u64,
) -> Vec<Entry> {
    let at = Timestamp(NOW + ((LATE - days) * DAY as f64) as i64);
    let intended = Event::Intended {
        account: "test".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane,
        reserve: Credits(2),
        anchor: None,
        moment: None,
        keys: [query(n).key()].into(),
    };
    let accepted =
        (lane == Lane::Bulk).then(|| Event::Accepted { job: JobId("7".into()) });
    let settled = Event::Settled {
        cost: Credits(cost),
        statuses: [status].into(),
        part: Part::Inline([].into()),
    };
    let events = [Some(intended), accepted, Some(settled)].into_iter().flatten();
    let entry = |event| Entry { at, run: RunId(0), batch: BatchId(batch), event };
    events.map(entry).collect()
}

/// What a run comes to that asks a question with an answer, so many days after the clock's beginning and after these.
async fn costs_at(days: f64, n: usize, earlier: Vec<Vec<Entry>>) -> Credits {
    let (_keep, stop) = watch::channel(false);
    let mut provider = Singles::new();
    let offers = provider.account.pack.operations.values_mut();
    offers.for_each(|offer| offer.repeats = Some(Time(Duration::from_secs(30 * 86_400))));
    let mut ledger = Ledger::default();
    earlier.iter().flatten().for_each(|entry| ledger.apply(entry).unwrap());
    let mut book = Book::new(Box::new(Written::default()), ledger);
    let mut engine = engine(Arc::new(provider), &Shelf::default(), stop);
    sleep(Duration::from_secs_f64(days * 86_400.0)).await;
    let order =
        Order { lane: Some(Lane::Single), ..Order::new("s", Operation::VerifyEmail, 1) };
    let mut questions = [Ok(query(n))].into_iter();
    let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    assert_eq!((ending, engine.report().hits), (Ending::Complete, 1));
    let committed = book.ledger().committed(RunId(1), &"test".into());
    assert_eq!(engine.report().spent, committed);
    committed
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_for_within_thirty_days_costs_nothing_again() {
    let (n, other) = {
        let mut known = (0..).filter(|n| is_known(&query(*n).key()));
        (known.next().unwrap(), known.next().unwrap())
    };
    let (single, bulk, hit) = (Lane::Single, Lane::Bulk, Status::Hit);
    let paid = |batch, days| asked(batch, n, days, single, hit, 2);
    let free = |batch, days| asked(batch, n, days, single, hit, 0);
    for (earlier, cost, why) in [
        (vec![], 2, "never asked"),
        (vec![paid(1, 1.0)], 0, "a day ago"),
        (vec![paid(1, 29.85)], 0, "nearly thirty days ago"),
        (vec![paid(1, 30.1)], 2, "longer ago"),
        (vec![paid(1, 29.99)], 2, "too near to the end to be sure of"),
        (vec![asked(1, other, 1.0, single, hit, 2)], 2, "another question"),
        (vec![asked(1, n, 1.0, single, Status::Miss, 0)], 2, "it was a miss, and free"),
        (vec![asked(1, n, 1.0, bulk, hit, 2)], 2, "another endpoint"),
        // The time runs from when it was paid for, and not from when it was repeated.
        (vec![paid(1, 40.0), free(2, 20.0)], 2, "repeated in between"),
        (vec![paid(1, 70.0), paid(2, 20.0)], 0, "paid for again"),
        // The second was asked at the very end of the first's time: which of them was paid for is not known.
        (vec![paid(1, 31.0), paid(2, 1.01)], 2, "paid for, or a repeat"),
    ] {
        assert_eq!(costs_at(LATE, n, earlier).await, Credits(cost), "{why}");
    }
}

/// By one source a repeat is free for thirty days, by another within the calendar month: what is booked is never less
/// than what may be charged.
#[tokio::test(start_paused = true)]
async fn what_was_paid_for_in_another_month_is_paid_for_again() {
    let n = (0..).find(|n| is_known(&query(*n).key())).unwrap();
    let paid = |batch, days| asked(batch, n, days, Lane::Single, Status::Hit, 2);
    const FEBRUARY: f64 = LATE + 3.0;
    for (at, earlier, cost, why) in [
        (FEBRUARY, vec![paid(1, 2.0)], 2, "five days ago, in January"),
        (FEBRUARY, vec![paid(1, -2.0)], 0, "a day ago, in February"),
        (LATE + 0.3, vec![paid(1, 1.0)], 2, "in the east it is February"),
        // By thirty days that of February was a repeat, and what is free ends with January.
        (FEBRUARY, vec![paid(1, 10.0), paid(2, -2.0)], 2, "paid for, or a repeat"),
    ] {
        assert_eq!(costs_at(at, n, earlier).await, Credits(cost), "{why}");
    }
}

/// A single call of an earlier run, whose reply was lost nine days after the clock's beginning.
fn lost(n: usize) -> [Entry; 2] {
    let at = Timestamp(NOW + 9 * DAY);
    let intended = Event::Intended {
        account: "test".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Single,
        reserve: Credits(2),
        anchor: None,
        moment: None,
        keys: [query(n).key()].into(),
    };
    let doubted = Event::Doubted { reason: "reset".into(), likely_miss: false };
    [intended, doubted].map(|event| Entry { at, run: RunId(0), batch: BatchId(1), event })
}

/// A later run a day after that: its doubts first, then these questions. Tells what was asked, and the book.
async fn repeated(
    questions: Vec<usize>,
    fails: Option<ErrorKind>,
    budget: Credits,
) -> (u64, Book, Vec<Entry>) {
    let (_keep, stop) = watch::channel(false);
    let mut provider = Slow::new();
    provider.fails = fails;
    let offers = provider.account.pack.operations.values_mut();
    offers.for_each(|offer| offer.repeats = Some(Time(Duration::from_secs(30 * 86_400))));
    let (provider, journal) = (Arc::new(provider), Written::default());
    let mut ledger = Ledger::default();
    lost(0).iter().for_each(|entry| ledger.apply(entry).unwrap());
    let mut book = Book::new(Box::new(journal.clone()), ledger);
    let mut engine = engine(Arc::clone(&provider) as _, &Shelf::default(), stop);
    engine.budget = budget;
    sleep(Duration::from_secs(10 * 86_400)).await;
    let (ours, policy) = (Ours::All, Doubtful::default());
    let reconciled = engine.reconcile(&mut book, &ours, &policy).await.unwrap();
    assert_eq!(reconciled.repeats, [BatchId(1)]);
    let held = book.ledger().line(BatchId(1)).unwrap().credits;
    assert_eq!(held, Credits(2), "it may have been charged, until it is answered");
    let count = questions.len() as u64;
    let order = Order::new("s", Operation::VerifyEmail, count);
    let mut questions = questions.into_iter().map(|n| Ok(query(n)));
    engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    let taken = *provider.taken.lock().unwrap();
    (taken, book, journal.entries())
}

#[tokio::test(start_paused = true)]
async fn a_question_in_doubt_is_asked_again_under_the_name_of_its_batch_and_paid_once() {
    let (taken, book, entries) = repeated(vec![0], None, Credits::MAX).await;
    let line = book.ledger().line(BatchId(1)).unwrap();
    assert!(matches!(line.state, State::Settled { .. }), "{line:?}");
    assert_eq!((taken, line.credits, line.run), (1, Credits(2), RunId(1)));
    let intents = entries.iter().filter(|entry| entry.batch != BatchId(1));
    assert_eq!(intents.count(), 0, "no other batch is bought");
    for (run, committed) in [(0, 0), (1, 2)] {
        let sum = book.ledger().committed(RunId(run), &"test".into());
        assert_eq!(sum, Credits(committed), "run {run}");
    }
    assert!(book.ledger().adds_up());
}

/// No row wants it any more, or there is no money for it: it stays in doubt, with what it may have cost.
#[tokio::test(start_paused = true)]
async fn a_question_in_doubt_that_is_not_asked_again_stays_counted() {
    for (questions, budget) in [(vec![], Credits::MAX), (vec![0], Credits(1))] {
        let (taken, book, _) = repeated(questions, None, budget).await;
        let line = book.ledger().line(BatchId(1)).unwrap();
        assert_eq!((taken, &line.state, line.credits), (0, &State::InDoubt, Credits(2)));
        assert_eq!(book.ledger().committed(RunId(0), &"test".into()), Credits(2));
    }
}

/// What is said of the second call says nothing of the first.
#[tokio::test(start_paused = true)]
async fn a_repeat_that_is_refused_or_lost_proves_nothing_of_the_first_call() {
    for kind in
        [ErrorKind::Refused, ErrorKind::Gone, ErrorKind::NoCredit, ErrorKind::InDoubt]
    {
        let (taken, book, _) = repeated(vec![0], Some(kind), Credits::MAX).await;
        let line = book.ledger().line(BatchId(1)).unwrap();
        assert_eq!((taken, &line.state), (1, &State::InDoubt), "{kind:?}");
        assert_eq!(line.credits, Credits(2), "{kind:?}");
        assert!(line.doubt.is_some(), "{kind:?}");
        assert!(book.ledger().adds_up());
    }
}
