//! At most once: whatever breaks, and wherever, no question is paid for twice, and none is lost.

use crate::support::simulation::{Crash, World, addresses, people};
use leadmill_core::{Credits, Lane, Query, RunId, State, Status};
use leadmill_engine::Ending;
use leadmill_sandbox::{Fault, Options, Quirks, answer_finder};
use std::time::Duration;

fn growth() -> Options {
    Options { balance: 1_000_000, ..Options::default() }
}

fn found(queries: &[Query]) -> u64 {
    let seed = Options::default().seed;
    let hit = |query: &&Query| {
        let values: Vec<&str> = query.values().collect();
        answer_finder(seed, values[0], values[1], values[2]).is_some()
    };
    queries.iter().filter(hit).count() as u64
}

#[tokio::test(start_paused = true)]
async fn a_run_answers_every_question_and_pays_for_the_hits_alone() {
    for lane in [Lane::Bulk, Lane::Single] {
        let mut world = World::new("growth", growth());
        world.lane = lane;
        world.batch(70);
        let people = people(250);
        let session = world.run(&people, None).await;
        assert_eq!(session.ending.unwrap(), Ending::Complete);
        world.audit();
        let audit = world.sandbox.audit();
        assert_eq!(audit.charged, 10 * found(&people), "{lane:?}");
        assert_eq!((audit.reserved, audit.unsettled), (0, 0));
        let hits = world
            .output(&people)
            .iter()
            .filter(|(status, _)| *status == Status::Hit)
            .count();
        assert_eq!(hits as u64, found(&people));
        assert_eq!(session.report.spent, Credits(audit.charged));
    }
}

/// Dies at every append of a run of twenty batches, before and after it is written, then goes on.
/// Only a batch whose intent was written and whose reply was not may be held; it is never sent again.
#[tokio::test(start_paused = true)]
async fn a_crash_at_any_journal_write_pays_once_and_loses_nothing() {
    for lane in [Lane::Bulk, Lane::Single] {
        let people = people(match lane {
            Lane::Bulk => 60,
            Lane::Single => 20,
        });
        let world = |_: ()| {
            // Under the smallest plan single calls do not all leave together.
            let plan = if lane == Lane::Bulk { "scale" } else { "free" };
            let mut world = World::new(plan, growth());
            world.lane = lane;
            world.batch(3);
            world
        };
        let calm = world(());
        let appends = calm.run(&people, None).await.appends;
        let (expected, bill) = (calm.output(&people), calm.sandbox.audit().charged);
        let (mut crashed, mut identical) = (0, 0);
        for append in 0..appends {
            for written in [false, true] {
                let world = world(());
                let first = world.run(&people, Some(Crash { append, written })).await;
                crashed += usize::from(first.ending.is_err());
                let second = world.run(&people, None).await;
                let place = format!("{lane:?}, append {append}, written {written}");
                assert_eq!(second.ending.unwrap(), Ending::Complete, "{place}");
                world.audit();
                let mut held = 0;
                for (got, wanted) in world.output(&people).iter().zip(&expected) {
                    match got.0 {
                        Status::UnknownCharged => held += 1,
                        _ => assert_eq!(got, wanted, "{place}"),
                    }
                }
                // What is held is what was on its way when the process died, no more.
                let ledger = world.ledger();
                let open: Vec<_> =
                    ledger.lines().iter().filter(|line| line.is_open()).collect();
                let settled = open.iter().all(|line| line.state == State::InDoubt);
                assert!(settled, "{place}: a job is left");
                let in_doubt: usize = open.iter().map(|line| line.keys.len()).sum();
                assert_eq!(held, in_doubt, "{place}");
                let audit = world.sandbox.audit();
                assert!(audit.unsettled <= open.len() as u64, "{place}");
                identical += usize::from(held == 0);
                if held == 0 {
                    assert_eq!((audit.charged, audit.unsettled), (bill, 0), "{place}");
                }
            }
        }
        assert!(crashed > 20, "{lane:?}: only {crashed} crashes happened");
        // Single calls are in flight together, so that a crash finds some of them nearly always.
        let least = if lane == Lane::Bulk { crashed / 2 } else { 1 };
        assert!(
            identical >= least,
            "{lane:?}: {identical} of {crashed} as if nothing had been"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_is_held_and_never_resent() {
    for (lane, fault) in [
        (Lane::Bulk, Fault::LostReply),
        (Lane::Bulk, Fault::ErrorAfter),
        (Lane::Bulk, Fault::RefusedBefore),
        (Lane::Single, Fault::LostReply),
        (Lane::Single, Fault::ErrorAfter),
    ] {
        let options = Options { faults: vec![Fault::None, fault], ..growth() };
        let mut world = World::new("growth", options);
        world.lane = lane;
        world.batch(5);
        let people = people(20);
        let session = world.run(&people, None).await;
        assert_eq!(session.ending.unwrap(), Ending::Complete);
        let held = match lane {
            Lane::Bulk => 5,
            Lane::Single => 1,
        };
        for again in 0..3 {
            let output = world.output(&people);
            let unknown =
                output.iter().filter(|(s, _)| *s == Status::UnknownCharged).count();
            assert_eq!(unknown, held, "{fault:?}, run {again}");
            let committed = world.ledger().committed(world.run, &"enrich.so".into());
            assert!(
                committed.0 >= world.sandbox.audit().charged,
                "the bound is below the bill"
            );
            assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
            world.audit();
        }
        assert_eq!(session.report.doubts.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_run_costs_nothing_and_new_leads_cost_only_themselves() {
    let mut world = World::new("growth", growth());
    let everyone = people(600);
    world.run(&everyone[..500], None).await.ending.unwrap();
    let before = world.sandbox.audit();
    world.run = RunId(2);
    world.run(&everyone[..500], None).await.ending.unwrap();
    assert_eq!(world.sandbox.audit().charged, before.charged);
    assert_eq!(world.sandbox.audit().jobs, before.jobs);
    world.run(&everyone, None).await.ending.unwrap();
    assert_eq!(
        world.sandbox.audit().charged,
        before.charged + 10 * found(&everyone[500..])
    );
    world.audit();
}

#[tokio::test(start_paused = true)]
async fn answers_grow_old_hits_and_misses_each_in_their_time() {
    let mut world = World::new("growth", growth());
    let people = people(100);
    let hits = found(&people);
    world.run(&people, None).await.ending.unwrap();
    let asked = |world: &World| world.sandbox.audit().asked.values().sum::<u32>() as u64;
    assert_eq!(asked(&world), 100);
    tokio::time::advance(Duration::from_secs(8 * 86_400)).await;
    // Within the run nothing grows old.
    world.run(&people, None).await.ending.unwrap();
    assert_eq!(asked(&world), 100);
    world.run = RunId(2);
    world.run(&people, None).await.ending.unwrap();
    assert_eq!(asked(&world), 100 + (100 - hits));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_ends_soon_and_leaves_nothing_in_doubt() {
    let mut world = World::new("growth", growth());
    world.batch(10);
    let people = people(100);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let start = tokio::time::Instant::now();
    let run = world.run_until(&people, None, stopped);
    let cut = async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        stop.send(true).unwrap();
        std::future::pending::<()>().await
    };
    let session = tokio::select! { session = run => session, () = cut => unreachable!() };
    assert_eq!(session.ending.unwrap(), Ending::Interrupted);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert_eq!(session.report.doubts.len(), 0);
    assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
    world.audit();
    assert!(
        world
            .output(&people)
            .iter()
            .all(|(s, _)| matches!(s, Status::Hit | Status::Miss))
    );
    assert_eq!(world.sandbox.audit().charged, 10 * found(&people));
}

#[tokio::test(start_paused = true)]
async fn validation_is_billed_as_the_provider_says() {
    for invalid_charged in [true, false] {
        let options = Options {
            invalid_charged,
            flat_validation: true,
            shuffled: true,
            ..growth()
        };
        let world = World::new("growth", options);
        let addresses = addresses(2_500);
        let session = world.run(&addresses, None).await;
        assert_eq!(session.ending.unwrap(), Ending::Complete);
        assert_eq!(session.report.spent.0, world.sandbox.audit().charged);
        assert_eq!(session.report.hits, 2_500);
        world.audit();
    }
}

/// Every reply is lost: each one holds a batch, so buying ends after a few, and what is held is named.
#[tokio::test(start_paused = true)]
async fn a_provider_that_loses_every_reply_is_bought_from_no_more() {
    for lane in [Lane::Bulk, Lane::Single] {
        let faults = vec![Fault::ErrorAfter; 200];
        let mut world = World::new("growth", Options { faults, ..growth() });
        world.lane = lane;
        world.batch(5);
        let people = people(100);
        let session = world.run(&people, None).await;
        assert_eq!(session.ending.unwrap(), Ending::GaveUp, "{lane:?}");
        assert!(session.report.trouble.is_some());
        let held = world.ledger().lines().iter().filter(|line| line.is_open()).count();
        assert!((4..30).contains(&held), "{lane:?}: {held} batches are held");
        world.audit();
    }
}

/// A job fails with a part of its items done: they are kept, and the rest, which the bill does not hold,
/// is asked again by the next run.
#[tokio::test(start_paused = true)]
async fn a_failed_job_keeps_what_it_answered_and_the_rest_is_asked_again() {
    let mut world =
        World::new("growth", Options { faults: vec![Fault::FailedJob(7)], ..growth() });
    let people = people(40);
    world.run(&people, None).await.ending.unwrap();
    let failed = |world: &World| {
        let output = world.output(&people);
        output.iter().filter(|(status, _)| *status == Status::Failed).count()
    };
    assert_eq!(failed(&world), 33);
    let before = world.sandbox.audit().charged;
    world.run = RunId(2);
    world.run(&people, None).await.ending.unwrap();
    assert_eq!(failed(&world), 0);
    assert_eq!(world.sandbox.audit().charged, 10 * found(&people));
    assert!(before < world.sandbox.audit().charged);
}

/// The results leave an item out: whether it was charged is judged by the bill, and a question that may
/// have been charged is never asked again.
#[tokio::test(start_paused = true)]
async fn a_missing_item_is_asked_again_only_if_the_bill_does_not_hold_it() {
    let people = people(12);
    let mut outcomes = std::collections::BTreeSet::new();
    for drop in 0..12 {
        let quirks = Quirks { drop: Some(drop), ..Quirks::default() };
        let mut world = World::new("growth", Options { quirks, ..growth() });
        world.run(&people, None).await.ending.unwrap();
        let output = world.output(&people);
        let is_lost =
            |(status, _): &(Status, _)| !matches!(status, Status::Hit | Status::Miss);
        let lost = output.iter().position(is_lost).unwrap();
        let hit = found(&people[lost..=lost]) == 1;
        let expected = if hit { Status::UnknownCharged } else { Status::Failed };
        assert_eq!(output[lost].0, expected, "item {drop}");
        world.run = RunId(2);
        world.run(&people, None).await.ending.unwrap();
        let asked = world.sandbox.audit().asked.values().sum::<u32>();
        assert_eq!(asked, if hit { 12 } else { 13 }, "item {drop}");
        outcomes.insert(hit);
    }
    assert_eq!(outcomes.len(), 2, "both a hit and a miss were left out");
}

/// The provider refuses a body that is too large: halves of it go, and nothing is paid for a refusal.
#[tokio::test(start_paused = true)]
async fn a_refused_batch_goes_in_halves() {
    let mut world =
        World::new("enterprise", Options { max_body: Some(2_000), ..growth() });
    world.batch(100);
    let people = people(150);
    let session = world.run(&people, None).await;
    assert_eq!(session.ending.unwrap(), Ending::Complete);
    assert!(
        world
            .output(&people)
            .iter()
            .all(|(s, _)| matches!(s, Status::Hit | Status::Miss))
    );
    assert_eq!(world.sandbox.audit().charged, 10 * found(&people));
    assert!(session.report.refusals.is_empty(), "{:?}", session.report.refusals);
    world.audit();
}

/// Where every half is refused too, it is not the questions: it ends, free of charge, and says why.
#[tokio::test(start_paused = true)]
async fn a_provider_that_refuses_everything_is_believed() {
    let mut world = World::new("enterprise", Options { max_body: Some(10), ..growth() });
    world.batch(100);
    let people = people(150);
    let session = world.run(&people, None).await;
    assert_eq!(session.ending.unwrap(), Ending::Complete);
    assert_eq!(session.report.refusals.values().sum::<u64>(), 150);
    assert_eq!(world.sandbox.audit().charged, 0);
    let submits = session.report.calls[&leadmill_core::Call::Submit];
    assert!(submits < 150, "{submits} submits");
    assert!(world.output(&people).iter().all(|(s, _)| *s == Status::Failed));
}
