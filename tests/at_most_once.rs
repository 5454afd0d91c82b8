//! At most once: whatever breaks, and wherever, no question is paid for twice, and none is lost.

use crate::support::simulation::{Crash, World, addresses, people};
use leadmill_core::{Credits, Lane, Query, Status};
use leadmill_engine::Ending;
use leadmill_sandbox::{Fault, Options, answer_finder};
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
            let mut world = World::new("scale", growth());
            world.lane = lane;
            world.batch(3);
            world
        };
        let calm = world(());
        let appends = calm.run(&people, None).await.appends;
        let (expected, bill) = (calm.output(&people), calm.sandbox.audit().charged);
        let mut crashed = 0;
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
                let in_doubt =
                    world.ledger().lines().iter().filter(|line| line.is_open()).count();
                let audit = world.sandbox.audit();
                if held == 0 {
                    assert_eq!(audit.charged, bill, "{place}");
                    assert_eq!(audit.unsettled, 0, "{place}");
                } else {
                    assert!(audit.charged <= bill, "{place}");
                    assert!(audit.unsettled <= in_doubt as u64, "{place}");
                }
            }
        }
        assert!(crashed > 20, "{lane:?}: only {crashed} crashes happened");
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
    world.run = leadmill_core::RunId(2);
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
    world.run = leadmill_core::RunId(2);
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
