use crate::{
    Book, Ending, Order,
    drive::{
        arriving::tests::{Singles, engine},
        charging::tests::bulks::{Shelf, Written, is_known, query},
    },
};
use leadmill_core::{
    BatchId, Credits, Entry, Event, JobId, Lane, Ledger, Operation, Part, RunId, Status,
    Timestamp, limits::Written as Time,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

const DAY: i64 = 86_400_000;
const NOW: i64 = 1_767_225_600_000;

/// What an earlier run has left: a question asked so many days ago, in this lane, and what it cost.
fn asked(
    batch: u64,
    n: usize,
    days: f64,
    lane: Lane,
    status: Status,
    cost: u64,
) -> Vec<Entry> {
    let at = Timestamp(NOW - (days * DAY as f64) as i64);
    let intended = Event::Intended {
        account: "test".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane,
        reserve: Credits(2),
        anchor: None,
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

/// What a run comes to that asks a question with an answer, after these.
async fn costs(n: usize, earlier: Vec<Vec<Entry>>) -> Credits {
    let (_keep, stop) = watch::channel(false);
    let mut provider = Singles::new();
    let offers = provider.account.pack.operations.values_mut();
    offers.for_each(|offer| offer.repeats = Some(Time(Duration::from_secs(30 * 86_400))));
    let mut ledger = Ledger::default();
    earlier.iter().flatten().for_each(|entry| ledger.apply(entry).unwrap());
    let mut book = Book::new(Box::new(Written::default()), ledger);
    let mut engine = engine(Arc::new(provider), &Shelf::default(), stop);
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
        (vec![paid(1, 29.9)], 0, "nearly thirty days ago"),
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
        assert_eq!(costs(n, earlier).await, Credits(cost), "{why}");
    }
}
