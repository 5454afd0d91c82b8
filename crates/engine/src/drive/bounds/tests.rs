use crate::{
    Book, Ending, Order, Report,
    drive::{
        arriving::tests::{Singles, engine},
        charging::tests::bulks::{Shelf, Written, query},
    },
    limiter::tests::account,
};
use leadmill_core::{Credits, Lane, Ledger, Operation, RunId};
use std::{sync::Arc, time::Duration};
use tokio::{sync::watch, time::Instant};

/// A provider whose answers cost this where its price is 2, and of which some thirty are in flight at once.
fn dear(cost: u64) -> Singles {
    let mut provider = Singles { cost: Credits(cost), ..Singles::new() };
    provider.account.windows = account(&["100/1s"], &["100/1s"]).windows;
    provider
        .account
        .pack
        .operations
        .values_mut()
        .for_each(|offer| offer.unbounded = true);
    provider
}

/// What a run with this budget comes to, after what the journal holds, and what it has committed.
async fn asked(
    provider: Arc<Singles>,
    journal: &Written,
    run: i64,
    budget: Credits,
    questions: std::ops::Range<usize>,
) -> (Ending, Report, Credits) {
    let (_keep, stop) = watch::channel(false);
    let mut ledger = Ledger::default();
    journal.entries().iter().for_each(|entry| ledger.apply(entry).unwrap());
    let mut book = Book::new(Box::new(journal.clone()), ledger);
    let mut engine = engine(provider, &Shelf::default(), stop);
    (engine.budget, engine.run) = (budget, RunId(run));
    let count = questions.len() as u64;
    let order = Order {
        lane: Some(Lane::Single),
        ..Order::new("s", Operation::VerifyEmail, count)
    };
    let mut questions = questions.map(|n| Ok(query(n)));
    let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    let committed = book.ledger().committed(RunId(run), &"test".into());
    (ending, engine.report(), committed)
}

/// Numbers that come unasked cost five each: two of them make an answer for 2 one for 12.
#[tokio::test(start_paused = true)]
async fn answers_that_are_dearer_than_their_reserve_never_pass_the_budget() {
    let (provider, journal) = (Arc::new(dear(12)), Written::default());
    let (ending, report, committed) =
        asked(Arc::clone(&provider), &journal, 1, Credits(100), 0..300).await;
    assert_eq!(ending, Ending::AtLimit);
    assert!(committed <= Credits(100) && committed + Credits(12) > Credits(100));
    assert_eq!(
        report.dearer,
        [(Operation::VerifyEmail, Credits(12))].into(),
        "it is told"
    );
    // The next run knows it from the start, and that it may be so again is told too.
    let (ending, report, committed) =
        asked(provider, &journal, 2, Credits(11), 300..600).await;
    assert_eq!((ending, committed), (Ending::AtLimit, Credits::ZERO));
    assert_eq!(report.dearer.len(), 1);
}

/// Where no budget binds, or a source bounds the price, nothing is held back.
#[tokio::test(start_paused = true)]
async fn what_may_cost_more_than_its_price_leaves_slowly_only_where_a_budget_binds() {
    let takes = async |budget, unbounded| {
        let mut provider = dear(2);
        let offers = provider.account.pack.operations.values_mut();
        offers.for_each(|offer| offer.unbounded = unbounded);
        let (provider, began) = (Arc::new(provider), Instant::now());
        let journal = Written::default();
        asked(Arc::clone(&provider), &journal, 1, budget, 0..100).await;
        let sent = provider.asked.lock().unwrap();
        let soon = sent.iter().filter(|(at, _)| *at < began + Duration::from_millis(299));
        (soon.count() > 5, sent.len())
    };
    assert_eq!(takes(Credits::MAX, true).await, (true, 100));
    assert_eq!(takes(Credits(10_000), false).await, (true, 100));
    assert_eq!(takes(Credits(10_000), true).await, (false, 100), "one, two, four");
}
