//! Jobs that charge at their first fetch, at a provider of the tests that keeps its own books.

mod budgets;
pub(in crate::drive) mod bulks;

use super::super::Ended;
use super::*;
use crate::{Book, Engine, Hints, Order, Parts, RunError, reconciliation::tests::Memory};
use bulks::{Bulks, DAY, PRICE, Shelf, Written, is_known, query};
use leadmill_core::{
    Call, Clock, Entry, JobId, Lane, Ledger, Moment, Operation, RunId, Signals, State,
    Timestamp, slots::Slots,
};
use std::collections::BTreeSet;
use tokio::{sync::watch, time::sleep};

/// The wall clock, by the time of the tests.
#[derive(Debug)]
pub(in crate::drive) struct Time(pub(in crate::drive) Instant);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        Timestamp(1_767_225_600_000 + self.moment().0)
    }

    fn moment(&self) -> Moment {
        Moment(i64::try_from(self.0.elapsed().as_millis()).unwrap())
    }
}

/// A provider, a journal and a shelf that outlive processes.
pub(in crate::drive) struct World {
    provider: Arc<Bulks>,
    journal: Written,
    shelf: Shelf,
    clock: Arc<Time>,
    run: RunId,
    /// Earlier runs of the same pipeline.
    siblings: BTreeSet<RunId>,
    budget: Credits,
    buys: bool,
    began: Instant,
}

impl World {
    fn new(most: u32, daily: u32) -> Self {
        let journal = Written::default();
        Self {
            provider: Arc::new(Bulks::new(&journal, most, daily)),
            journal,
            shelf: Shelf::default(),
            clock: Arc::new(Time(Instant::now())),
            run: RunId(1),
            siblings: BTreeSet::new(),
            budget: Credits::MAX,
            buys: true,
            began: Instant::now(),
        }
    }

    fn books(&self) -> std::sync::MutexGuard<'_, bulks::Books> {
        self.provider.books.lock().unwrap()
    }

    fn ledger(&self) -> Ledger {
        let mut ledger = Ledger::default();
        for entry in self.journal.entries() {
            ledger.apply(&entry).unwrap();
        }
        ledger
    }

    fn engine(&self, stop: watch::Receiver<bool>) -> Engine {
        let parts = Parts {
            provider: self.provider.clone(),
            staging: Arc::new(self.shelf.clone()),
            clock: self.clock.clone(),
            leases: Box::new(Memory(Slots::default())),
            budget: self.budget,
            stop,
            hints: Hints::default(),
        };
        Engine::new(self.run, parts)
    }

    /// One process: it asks what the journal does not know of these questions.
    async fn process(&self, questions: usize) -> (Result<Ending, RunError>, Engine) {
        let (_keep, stop) = watch::channel(false);
        let mut engine = self.engine(stop);
        let ledger = self.ledger();
        let lines = ledger.lines().iter();
        let known = lines.filter(|line| !matches!(line.state, State::Refused { .. }));
        let known: std::collections::HashSet<_> =
            known.flat_map(|line| line.keys.to_vec()).collect();
        let asked =
            (0..questions).map(query).filter(|query| !known.contains(&query.key()));
        let asked: Vec<_> = asked.filter(|_| self.buys).collect();
        let order = Order {
            lane: Some(Lane::Bulk),
            buys: self.buys,
            siblings: self.siblings.clone(),
            ..Order::new("s", Operation::VerifyEmail, asked.len() as u64)
        };
        let mut book = Book::new(Box::new(self.journal.clone()), ledger);
        engine.open_wallet().await.unwrap();
        let mut asked = asked.into_iter().map(Ok);
        let ending = engine.buy(&mut book, &order, &mut asked, None).await;
        (ending, engine)
    }

    /// Each known question was charged for once, and the journal knows what that came to.
    #[track_caller]
    fn is_right_to_the_credit(&self, questions: usize) {
        let known = (0..questions).filter(|n| is_known(&query(*n).key())).count();
        let books = self.books();
        assert_eq!(books.charged, PRICE * known as u64);
        assert!(books.sold.values().all(|times| *times == 1));
        assert_eq!(self.ledger().committed(RunId(1), &"test".into()), books.charged);
        assert_eq!(self.shelf.count(Status::Hit), known);
        assert_eq!(self.shelf.count(Status::Miss), questions - known);
    }

    /// The names of the events of the first batch, in their order.
    fn story(&self) -> Vec<&'static str> {
        let entries = self.journal.entries();
        let first = entries[0].batch;
        let name = |event: &Event| match event {
            Event::Intended { .. } => "intended",
            Event::Accepted { .. } => "accepted",
            Event::Authorized { .. } => "authorized",
            Event::Settled { .. } => "settled",
            _ => "something else",
        };
        let own = entries.iter().filter(|entry| entry.batch == first);
        own.map(|entry| name(&entry.event)).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_launched_estimated_authorized_and_only_then_fetched() {
    let world = World::new(40, 15);
    let (ending, engine) = world.process(100).await;
    assert_eq!(ending.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(100);
    assert_eq!(world.story(), ["intended", "accepted", "authorized", "settled"]);
    let books = world.books();
    assert_eq!((books.downloads, books.most_at_once), (3, 2));
    assert_eq!(engine.report().spent, books.charged);
    drop(books);
    let left = engine.report().balance.unwrap();
    assert_eq!(left.0 + engine.report().spent.0, 1_000_000, "as its wallet has it");
}

#[tokio::test(start_paused = true)]
async fn a_fetch_whose_reply_is_lost_is_made_again_and_charges_once() {
    let world = World::new(40, 15);
    world.books().lost = 2;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.books().downloads, 3);
    world.is_right_to_the_credit(40);
}

/// A process that ends at any record goes on at the next one, and nothing is begun or charged for again.
#[tokio::test(start_paused = true)]
async fn a_process_that_ended_at_any_record_is_gone_on_with() {
    for ended_after in 1..=4 {
        let first = World::new(40, 15);
        first.process(40).await.0.unwrap();
        let world = World { journal: first.journal.cut(ended_after), ..first };
        world.provider.follow(&world.journal);
        if ended_after == 1 {
            // What the submit came to is a doubt, and not this test's.
            continue;
        }
        // Whether the fetch was charged is not known to the next process.
        if ended_after < 3 {
            world.books().jobs[0].paid = false;
            world.books().charged = Credits::ZERO;
            world.books().sold.clear();
        }
        world.shelf.0.lock().unwrap().clear();
        assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
        assert_eq!(world.books().jobs.len(), 1, "{ended_after}");
        if ended_after < 4 {
            world.is_right_to_the_credit(40);
            let story = ["intended", "accepted", "authorized", "settled"];
            assert_eq!(world.story(), story, "{ended_after}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_quota_does_not_cover_stays_unpaid_until_it_does() {
    let world = World::new(40, 15);
    world.books().surcharge = Credits(2_000_000);
    let (ending, engine) = world.process(40).await;
    assert_eq!(ending.unwrap(), Ending::NoCredit);
    assert!(engine.report().trouble.unwrap().contains("stays at the provider, unpaid"));
    assert_eq!(world.books().charged, Credits::ZERO);
    assert_eq!(world.books().downloads, 0);
    assert_eq!(world.story(), ["intended", "accepted"]);
    world.books().surcharge = Credits::ZERO;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.books().jobs.len(), 1, "no other job was begun");
    world.is_right_to_the_credit(40);
}

/// The budget bounds what is authorised, whatever the reserve was.
#[tokio::test(start_paused = true)]
async fn a_charge_beyond_the_budget_is_not_authorized() {
    let world = World { budget: Credits(90), ..World::new(40, 15) };
    world.books().surcharge = Credits(60);
    let (ending, engine) = world.process(40).await;
    assert_eq!(ending.unwrap(), Ending::AtLimit);
    assert!(engine.report().trouble.unwrap().contains("more than the budget holds"));
    assert_eq!(world.books().downloads, 0);
    let world = World { budget: Credits(1_000), ..world };
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert!(world.books().downloads > 0);
}

/// Two charges that are judged in the same moment bind together.
#[tokio::test(start_paused = true)]
async fn charges_that_come_together_do_not_each_take_what_is_left() {
    let world = World { budget: Credits(60), ..World::new(10, 15) };
    for n in 0..2 {
        let batch = BatchId(n);
        let keys = [query(usize::try_from(n).unwrap()).key()].into();
        let intended = Event::Intended {
            account: "test".into(),
            step: "s".into(),
            operation: Operation::VerifyEmail,
            lane: Lane::Bulk,
            reserve: Credits(20),
            anchor: None,
            moment: None,
            keys,
        };
        let accepted = Event::Accepted { job: JobId(n.to_string()) };
        for event in [intended, accepted] {
            let (at, run) = (world.clock.now(), RunId(1));
            world.journal.add(Entry { at, run, batch, event });
        }
    }
    let (_keep, stop) = watch::channel(false);
    let mut engine = world.engine(stop);
    engine.open_wallet().await.unwrap();
    let order = Order::new("s", Operation::VerifyEmail, 0);
    let mut book = Book::new(Box::new(world.journal.clone()), world.ledger());
    let mut none = std::iter::empty();
    let mut drive =
        Drive::new(&mut engine, &mut book, &order, &mut none, Ok(None)).unwrap();
    drive.engine.trade().unwrap();
    let mut told = |n| {
        let permit = drive.engine.limiter.admit(Call::Estimate).unwrap();
        let (cost, is_covered) = (Some(Credits(38)), Some(true));
        let value = Estimate { cost, is_exact: true, is_covered, is_paid: false };
        let reply = Ok(Reply { value, signals: Signals::default() });
        Ended::Estimated(permit, BatchId(n), reply)
    };
    let replies = vec![told(0), told(1)];
    drive.settle(replies).await;
    drop(drive);
    assert_eq!(book.ledger().committed(RunId(1), &"test".into()), Credits(58));
}

#[tokio::test(start_paused = true)]
async fn slots_that_others_hold_are_waited_for_and_not_for_ever() {
    let world = World::new(40, 15);
    world.books().others = (2, Instant::now() + Duration::from_secs(200));
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(40);
    let world = World::new(40, 15);
    world.books().others = (2, Instant::now() + DAY);
    let (ending, engine) = world.process(40).await;
    assert_eq!(ending.unwrap(), Ending::NoJobSlot);
    assert!(engine.report().resume_at > Some(world.clock.now()));
    sleep(DAY).await;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.books().jobs.len(), 1, "the job that waited was launched");
    world.is_right_to_the_credit(40);
}

/// A job that waits for its turn says the same as one that was never launched: it is looked at, and left alone.
#[tokio::test(start_paused = true)]
async fn a_job_that_waits_for_its_turn_is_not_given_up() {
    for (queued, launches) in [(10, 1), (50, 1), (1_800, 12)] {
        let world = World::new(40, 15);
        world.books().queued = Duration::from_secs(queued);
        assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
        world.is_right_to_the_credit(40);
        assert!(
            world.books().launches <= launches,
            "{queued}: {}",
            world.books().launches
        );
        let takes = world.began.elapsed();
        let soonest = Duration::from_secs(queued + 300);
        assert!(takes < soonest + Duration::from_secs(70), "{queued}: {takes:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_is_started_again_once_and_then_closed_at_no_charge() {
    let world = World::new(40, 15);
    world.books().failures = 1;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(40);
    let world = World::new(40, 15);
    world.books().failures = 2;
    let (ending, engine) = world.process(40).await;
    assert_eq!(ending.unwrap(), Ending::Complete);
    assert_eq!(engine.report().failed, 40);
    assert_eq!(world.books().charged, Credits::ZERO);
    assert_eq!(world.ledger().committed(RunId(1), &"test".into()), Credits::ZERO);
    let since = Timestamp(world.clock.now().0 - 1_000_000);
    let begun = world.ledger();
    let begun = begun.begun("test", Operation::VerifyEmail, since);
    assert_eq!(begun.count(), 1, "it has used up a job of the day");
}

#[tokio::test(start_paused = true)]
async fn fetching_buys_nothing_and_takes_what_may_be_paid() {
    // After how many records the process before ended, whether it was charged, and whether the provider tells.
    for (ended_after, paid, tells, is_fetched) in [
        (2, false, true, false),
        (3, false, true, false),
        (3, true, true, true),
        (3, true, false, true),
    ] {
        let first = World::new(40, 15);
        first.process(40).await.0.unwrap();
        let journal = first.journal.cut(ended_after);
        let world = World { journal, buys: false, ..first };
        world.provider.follow(&world.journal);
        let charged = {
            let mut books = world.books();
            (books.jobs[0].paid, books.is_silent, books.downloads) = (paid, !tells, 0);
            books.charged
        };
        let (ending, engine) = world.process(40).await;
        let expected = if is_fetched { Ending::Complete } else { Ending::Fetched };
        assert_eq!(ending.unwrap(), expected, "{ended_after} {paid} {tells}");
        let books = world.books();
        assert_eq!((books.downloads, books.charged), (u32::from(is_fetched), charged));
        assert_eq!(engine.report().unpaid.len(), usize::from(!is_fetched));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_file_leaves_out_is_a_miss_only_where_the_job_says_so() {
    // It has found more than came: the file is fetched once more, at no charge.
    let world = World::new(40, 15);
    world.books().short = 1;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.books().downloads, 2);
    world.is_right_to_the_credit(40);
    // It comes no better: what is left out was charged, perhaps, and is held.
    let world = World::new(40, 15);
    world.books().short = 2;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    let known = (0..40).filter(|n| is_known(&query(*n).key())).count();
    assert_eq!(world.shelf.count(Status::UnknownCharged), 1);
    assert_eq!(world.shelf.count(Status::Miss), 40 - known, "they stand in a file");
    assert_eq!(world.books().charged, PRICE * known as u64);
    // It has failed at one: which that is only the file of what was not found tells.
    let world = World::new(40, 15);
    world.books().fails_at = 1;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    assert_eq!(world.shelf.count(Status::Miss), 40 - known - 1);
    assert_eq!(world.shelf.count(Status::Failed), 1);
}

/// Forty jobs at fifteen a day: each session ends cleanly and says when to go on, and all is bought exactly once.
/// A job says that it costs nothing until it was charged: what was authorised is what counts.
#[tokio::test(start_paused = true)]
async fn a_bill_that_is_not_sent_yet_is_no_bill() {
    let world = World::new(40, 15);
    world.books().bills_late = true;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(40);
}

/// What was staged of a job can no longer be read: it is fetched again, and nothing more is authorised.
#[tokio::test(start_paused = true)]
async fn a_job_that_is_opened_again_is_fetched_and_not_paid() {
    let world = World::new(40, 15);
    world.process(40).await.0.unwrap();
    let last = world.journal.entries().pop().unwrap();
    let again = Entry { event: Event::Reopened, ..last };
    world.journal.add(again);
    world.books().is_silent = true;
    world.books().surcharge = Credits(50);
    world.shelf.0.lock().unwrap().clear();
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.books().surcharge = Credits::ZERO;
    let story = world.story();
    assert_eq!(story.iter().filter(|event| **event == "authorized").count(), 1);
    let known = (0..40).filter(|n| is_known(&query(*n).key())).count();
    assert_eq!(world.shelf.count(Status::Hit), known);
    assert_eq!(world.books().charged, PRICE * known as u64);
}

/// A day has only so many downloads of a job: what is here is kept, and what is not is left to a later run.
#[tokio::test(start_paused = true)]
async fn a_download_that_is_refused_for_the_day_freezes_nothing() {
    // The second one, of a file that seems to lack something.
    let world = World::new(40, 15);
    world.books().short = 2;
    world.books().most_downloads = 1;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    let known = (0..40).filter(|n| is_known(&query(*n).key())).count();
    assert_eq!(world.shelf.count(Status::Hit), known - 1);
    assert!(world.began.elapsed() < Duration::from_secs(400));
    // The first one, after one whose reply was lost.
    let world = World::new(40, 15);
    world.books().lost = 1;
    world.books().most_downloads = 1;
    let (ending, engine) = world.process(40).await;
    assert_eq!(ending.unwrap(), Ending::Throttled);
    assert!(engine.report().resume_at > Some(world.clock.now()));
    world.books().most_downloads = 9;
    assert_eq!(world.process(40).await.0.unwrap(), Ending::Complete);
    world.is_right_to_the_credit(40);
}

/// Where files do not say whose answers they hold, one was paid for too many: no other is, however often it is run.
#[tokio::test(start_paused = true)]
async fn a_file_that_says_nothing_ends_the_buying() {
    let world = World::new(10, 15);
    world.books().is_untied = true;
    for _ in 0..3 {
        let (ending, _) = world.process(40).await;
        let error = ending.unwrap_err();
        assert!(matches!(error, RunError::Unusable { .. }), "it takes a person: {error}");
        let paid = world.books().jobs.iter().filter(|job| job.paid).count();
        assert!(paid <= 2, "no more than were authorised when that was seen: {paid}");
        sleep(DAY * 2).await;
    }
    world.books().is_untied = false;
    while world.process(40).await.0.unwrap() != Ending::Complete {}
    world.is_right_to_the_credit(40);
}

/// Nothing is left over that would be waited for: a run that is put off ends when its jobs have.
#[tokio::test(start_paused = true)]
async fn a_run_that_is_put_off_ends_when_its_jobs_have() {
    let world = World::new(25, 2);
    let (ending, _) = world.process(100).await;
    assert_eq!(ending.unwrap(), Ending::DailyQuota);
    assert!(
        world.began.elapsed() < Duration::from_secs(320),
        "{:?}",
        world.began.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn forty_jobs_are_spread_over_days() {
    const QUESTIONS: usize = 40 * 25;
    let world = World::new(25, 15);
    let mut sessions = 0;
    loop {
        sessions += 1;
        let (ending, engine) = world.process(QUESTIONS).await;
        match ending.unwrap() {
            Ending::Complete => break,
            Ending::DailyQuota => {
                let resume = engine.report().resume_at.unwrap();
                sleep(resume.since(world.clock.now())).await;
            }
            other => panic!("{other:?}"),
        }
    }
    let books = world.books();
    assert_eq!((books.jobs.len(), books.most_at_once), (40, 2));
    let created: Vec<Instant> = books.jobs.iter().map(|job| job.created).collect();
    for at in &created {
        let day = created.iter().filter(|other| **other >= *at && **other < *at + DAY);
        assert!(day.count() <= 15, "no 24 hours hold more");
    }
    assert!(sessions >= 3 && world.began.elapsed() < DAY * 3, "{sessions}");
    drop(books);
    world.is_right_to_the_credit(QUESTIONS);
}
