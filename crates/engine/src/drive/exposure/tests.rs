use crate::{
    Book, Ending, Order, Report,
    drive::{
        arriving::tests::engine,
        charging::tests::bulks::{Shelf, Written, query},
        writing::tests::Slow,
    },
};
use async_trait::async_trait;
use leadmill_core::{
    Appended, Credits, Entry, ErrorKind, Event, Index, Journal, JournalError, Lane,
    Ledger, Operation, pack::Risk,
};
use std::sync::Arc;
use tokio::sync::watch;

/// A journal that looks at what is in doubt, with what is in flight, at every write.
#[derive(Debug)]
struct Watched {
    journal: Written,
    most: Credits,
}

#[async_trait]
impl Journal for Watched {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        let appended = self.journal.append(entries).await;
        let ledger = ledger(&self.journal);
        let lost = ledger.doubts("test").lost;
        assert!(lost <= self.most, "{lost} credits in doubt or in flight");
        assert!(ledger.adds_up(), "the sums are not those of the batches");
        appended
    }
}

fn ledger(journal: &Written) -> Ledger {
    let mut ledger = Ledger::default();
    journal.entries().iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
    ledger
}

/// One session, as a scheduler starts it again and again, at a provider that loses every reply.
async fn session(
    journal: &Written,
    lane: Option<Lane>,
    limit: Risk,
    most: Credits,
) -> (Ending, Report) {
    let loses = Slow { fails: Some(ErrorKind::InDoubt), ..Slow::new() };
    session_at(loses, 200, journal, lane, limit, most).await
}

/// The same for so many questions at this provider.
async fn session_at(
    mut provider: Slow,
    questions: usize,
    journal: &Written,
    lane: Option<Lane>,
    limit: Risk,
    most: Credits,
) -> (Ending, Report) {
    let (_keep, stop) = watch::channel(false);
    provider.account.in_doubt_limit = Some(limit);
    // A few leave before the first reply is lost.
    let windows = provider.account.windows.values_mut();
    windows.for_each(|windows| *windows = vec!["5/1s".parse().unwrap()]);
    let before = ledger(journal);
    let index = Index::of(&before, "test");
    let is_new = |n: &usize| index.get(&query(*n).key()).is_none();
    let open: Vec<usize> = (0..questions).filter(is_new).collect();
    let mut engine = engine(Arc::new(provider), &Shelf::default(), stop);
    let watched = Watched { journal: journal.clone(), most };
    let mut book = Book::new(Box::new(watched), before);
    let order =
        Order { lane, ..Order::new("s", Operation::VerifyEmail, open.len() as u64) };
    let mut questions = open.into_iter().map(|n| Ok(query(n)));
    engine.open_wallet().await.unwrap();
    let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    (ending, engine.report())
}

fn lost(journal: &Written) -> usize {
    let is_lost = |entry: &&Entry| matches!(entry.event, Event::Doubted { .. });
    journal.entries().iter().filter(is_lost).count()
}

/// However often it is started again, and whatever is in flight when the first reply is lost.
#[tokio::test(start_paused = true)]
async fn what_is_in_doubt_over_all_sessions_stays_below_its_bound() {
    for lane in [Some(Lane::Bulk), Some(Lane::Single), None] {
        let journal = Written::default();
        let (limit, most) = (Risk::Credits(Credits(50)), Credits(50));
        let mut last = None;
        for _ in 0..30 {
            last = Some(session(&journal, lane, limit, most).await);
        }
        let (ending, report) = last.unwrap();
        assert_eq!(ending, Ending::TooMuchInDoubt, "{lane:?}");
        let doubts = ledger(&journal).doubts("test").lost;
        assert_eq!(report.in_doubt, Some((doubts, Credits(50))), "{lane:?}");
        assert!(doubts > Credits(48), "{lane:?}: it stops once there is no more room");
    }
}

/// What answers have cost beyond their price is what the next may cost.
#[tokio::test(start_paused = true)]
async fn a_dearer_answer_than_was_thought_counts_as_dear_in_doubt() {
    let journal = Written::default();
    let (lane, limit) = (Some(Lane::Single), Risk::Credits(Credits(25)));
    let most = Credits(25);
    let dear = Slow { costs: Credits(10), ..Slow::new() };
    let (ending, _) = session_at(dear, 20, &journal, lane, limit, most).await;
    assert_eq!(ending, Ending::Complete);
    for _ in 0..3 {
        let (ending, _) = session(&journal, lane, limit, most).await;
        assert_eq!(ending, Ending::TooMuchInDoubt);
    }
    assert_eq!(ledger(&journal).doubts("test").lost, Credits(20));
}

/// Where nothing is in doubt one question may always be asked, however little may be.
#[tokio::test(start_paused = true)]
async fn one_question_may_always_be_asked_where_nothing_is_in_doubt() {
    let journal = Written::default();
    let limit = Risk::Credits(Credits(1));
    for _ in 0..3 {
        let (ending, _) = session(&journal, Some(Lane::Single), limit, Credits(2)).await;
        assert_eq!(ending, Ending::TooMuchInDoubt);
        assert_eq!(lost(&journal), 1);
    }
}

/// Somebody in between who refuses every paid call is asked for no more of them: what has left together is in doubt, and
/// no session adds more than may be.
#[tokio::test(start_paused = true)]
async fn a_session_ends_with_the_first_call_that_somebody_in_between_refuses() {
    for lane in [Lane::Bulk, Lane::Single] {
        let journal = Written::default();
        let (limit, most) = (Risk::Credits(Credits(50)), Credits(50));
        let mut before = 0;
        for _ in 0..30 {
            let refuses = Slow { fails: Some(ErrorKind::Intercepted), ..Slow::new() };
            let (ending, report) =
                session_at(refuses, 200, &journal, Some(lane), limit, most).await;
            let more = lost(&journal) - before;
            before += more;
            match more {
                0 => assert_eq!(ending, Ending::TooMuchInDoubt),
                _ => assert_eq!(ending, Ending::Intercepted),
            }
            // Five may leave in the second in which the first reply comes.
            assert!(more <= 5, "{lane:?}: {more} in one session");
            assert!(report.trouble.is_some() || more == 0);
        }
        assert!(ledger(&journal).doubts("test").lost > Credits(48), "{lane:?}");
    }
}

/// A scheduler that tries again adds one lost reply each time, and not as many as the first session did.
#[tokio::test(start_paused = true)]
async fn a_session_after_lost_replies_tries_one_call() {
    for lane in [Lane::Bulk, Lane::Single] {
        let journal = Written::default();
        let (limit, most) = (Risk::Credits(Credits::MAX), Credits::MAX);
        let (ending, _) = session(&journal, Some(lane), limit, most).await;
        assert_eq!(ending, Ending::GaveUp);
        let first = lost(&journal);
        for more in 1..4 {
            let (ending, _) = session(&journal, Some(lane), limit, most).await;
            assert_eq!((ending, lost(&journal)), (Ending::GaveUp, first + more));
        }
    }
}
