//! The real engine and the real client against the sandbox, on paused time.

use crate::support::simulation::{
    Crash, World,
    network::{Way, Weather},
    people,
};
use bytes::Bytes;
use http::{Method, Request};
use leadmill_core::{
    Credits, Lane, Query, Status,
    pack::{Doubtful, InDoubt},
};
use leadmill_engine::Ending;
use leadmill_providers::TransportError;
use leadmill_sandbox::tomba::{
    Audit, BulkOptions, Colleagues, CostTable, DayBoundary, Options, find_email,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;

fn options() -> Options {
    let bulk = BulkOptions {
        queued: Duration::from_secs(2),
        fixed: Duration::from_secs(20),
        per_row: Duration::from_millis(50),
        day: DayBoundary::Both,
        ..BulkOptions::default()
    };
    Options { bulk, costs: CostTable::Apify, ..Options::default() }
}

fn world(options: Options, batch: u32) -> World {
    let mut world = World::of_tomba(options);
    world.batch(batch);
    world.lane = Lane::Bulk;
    world.doubtful = Some(Doubtful { act: InDoubt::Hold, budget: Credits::ZERO });
    world
}

/// Runs until all is done, and waits in between for as long as it is told. Tells how often it ran.
async fn until_done(world: &World, queries: &[Query]) -> usize {
    for sessions in 1.. {
        let session = world.run(queries, None).await;
        match session.ending.unwrap() {
            Ending::Complete => return sessions,
            Ending::DailyQuota | Ending::NoJobSlot => {
                let resume = session.report.resume_at.unwrap();
                assert!(resume > world.now());
                sleep(resume.since(world.now())).await;
            }
            other => panic!("{other:?}: {:?}", session.report),
        }
        assert!(sessions < 20, "it does not end");
    }
    unreachable!()
}

/// Every question is answered as the provider has it, was paid for once if it was found, and the books agree.
#[track_caller]
fn is_right(world: &World, queries: &[Query]) -> Audit {
    let audit = world.tomba.as_ref().unwrap().audit();
    assert_eq!((audit.throttled, audit.paid_twice), (0, 0), "{audit:?}");
    let found = |query: &Query| {
        let values: Vec<&str> = query.values().collect();
        find_email(0, values[0], values[1], values[2])
            .is_some_and(|it| it.email.is_some())
    };
    let known = queries.iter().filter(|query| found(query)).count();
    assert!(known > queries.len() / 3 && known < queries.len());
    for (query, (status, _)) in queries.iter().zip(world.output(queries)) {
        let expected = if found(query) { Status::Hit } else { Status::Miss };
        assert_eq!(status, expected, "{query:?}");
    }
    assert_eq!(audit.bulk.credits, known as u64);
    let committed = world.ledger().committed(world.run, &"tomba".into());
    assert_eq!(committed.0, audit.bulk.credits);
    assert!(audit.unbilled.values().all(|credits| *credits == 0), "{:?}", audit.unbilled);
    audit
}

/// Forty jobs at fifteen a day: each session ends cleanly and tells when to go on, and all is bought exactly once.
#[tokio::test(start_paused = true)]
async fn forty_jobs_are_spread_over_days_and_finish_exactly() {
    let world = world(options(), 25);
    let queries = people(1_000);
    let sessions = until_done(&world, &queries).await;
    let audit = is_right(&world, &queries);
    let bulk = &audit.bulk;
    assert_eq!(bulk.created.values().sum::<u64>(), 40);
    assert!(bulk.most_created <= 15 && bulk.most_running <= 2, "{bulk:?}");
    assert_eq!((bulk.refused_creations, bulk.refused_launches), (0, 0));
    assert_eq!((bulk.billed, bulk.downloads, bulk.launched), (40, 40, 40));
    assert!((3..=4).contains(&sessions), "{sessions}");
}

/// A process that dies at any write to the journal, before it or after: no second job, no second bill.
#[tokio::test(start_paused = true)]
async fn a_death_at_any_record_costs_nothing_and_loses_nothing() {
    let queries = people(60);
    let calm = world(options(), 25);
    let appends = calm.run(&queries, None).await.appends;
    assert!(appends >= 12, "{appends}");
    is_right(&calm, &queries);
    for append in 0..appends {
        for written in [false, true] {
            let world = world(options(), 25);
            let crash = Some(Crash { append, written });
            assert!(world.run(&queries, crash).await.ending.is_err());
            until_done(&world, &queries).await;
            let audit = is_right(&world, &queries);
            let bulk = audit.bulk;
            assert_eq!(bulk.created.values().sum::<u64>(), 3, "{append} {written}");
            assert_eq!((bulk.billed, bulk.launched), (3, 3), "{append} {written}");
            // Only what may have been heard of is fetched again, of the two that run at once.
            assert!(bulk.downloads <= 5, "{append} {written}: {}", bulk.downloads);
        }
    }
}

/// Loses every third reply to a call that changes something, or stops the call before it arrives.
#[derive(Debug, Default)]
struct Storm(AtomicU32);

impl Weather for Storm {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let changes = request.method() != Method::GET
            || request.uri().path().ends_with("/download");
        let count = match changes {
            true => self.0.fetch_add(1, Ordering::Relaxed),
            false => 1,
        };
        Way {
            stops: (count % 6 == 3).then(|| TransportError::Lost("reset".into())),
            loses: count % 6 == 0,
            ..Way::default()
        }
    }
}

#[tokio::test(start_paused = true)]
async fn lost_replies_begin_no_second_job_and_pay_no_second_bill() {
    let mut world = world(options(), 25);
    world.weather = Arc::new(Storm::default());
    let queries = people(150);
    until_done(&world, &queries).await;
    let audit = is_right(&world, &queries);
    assert_eq!(audit.bulk.created.values().sum::<u64>(), 6, "{:?}", audit.bulk);
    assert_eq!(audit.bulk.billed, 6);
}

/// Others of the team hold both slots, or have used up the day.
#[tokio::test(start_paused = true)]
async fn what_colleagues_hold_is_waited_for_by_a_later_run() {
    let colleagues = Colleagues { running: 2, created: 0 };
    let bulk = BulkOptions { colleagues, ..options().bulk };
    let world = world(Options { bulk, ..options() }, 25);
    let session = world.run(&people(50), None).await;
    assert_eq!(session.ending.unwrap(), Ending::NoJobSlot);
    assert!(session.report.resume_at > Some(world.now()));
    let audit = world.tomba.as_ref().unwrap().audit();
    assert_eq!((audit.bulk.launched, audit.bulk.credits), (0, 0));
}
