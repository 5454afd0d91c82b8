//! No limit is broken: on every plan, whatever algorithm the server keeps its windows with, and when it
//! says 429 all the same.

use crate::support::simulation::{World, people};
use leadmill_core::{Lane, Status};
use leadmill_engine::Ending;
use leadmill_sandbox::{Algorithm, Options, ThrottleBody};
use std::time::Duration;
use tokio::time::{Instant, sleep};

#[tokio::test(start_paused = true)]
async fn no_plan_sees_a_429_in_either_lane() {
    for plan in ["free", "growth", "scale", "pro", "enterprise"] {
        for (lane, count) in [(Lane::Bulk, 130), (Lane::Single, 130)] {
            for algorithm in [
                Algorithm::RollingLog,
                Algorithm::LogCountingRejects,
                Algorithm::FixedWindow,
            ] {
                let mut world =
                    World::new(plan, Options { algorithm, ..Options::default() });
                world.lane = lane;
                world.batch(10);
                let people = people(count);
                let session = world.run(&people, None).await;
                assert_eq!(session.ending.unwrap(), Ending::Complete, "{plan} {lane:?}");
                world.audit();
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_windows_are_used_in_full() {
    // Growth: 100 single calls a rolling minute. 250 need two full windows and a half: the last leaves
    // no earlier than after two minutes, and soon after that.
    let mut world = World::new("growth", Options::default());
    world.lane = Lane::Single;
    let start = Instant::now();
    world.run(&people(250), None).await.ending.unwrap();
    let took = start.elapsed();
    assert!((120.0..126.5).contains(&took.as_secs_f64()), "{took:?}");
    world.audit();
}

/// The plan is overstated, so that the server must say 429: nothing is lost, nothing paid twice, and no
/// call leaves before the time that it named.
#[tokio::test(start_paused = true)]
async fn a_429_freezes_everything_for_as_long_as_it_says() {
    for throttle_body in [ThrottleBody::Problem, ThrottleBody::Flat, ThrottleBody::Auth] {
        for lane in [Lane::Bulk, Lane::Single] {
            let mut world =
                World::new("free", Options { throttle_body, ..Options::default() });
            world.account.windows = world.account.pack.plans["growth"].clone();
            world.lane = lane;
            world.batch(5);
            let people = people(40);
            let session = world.run(&people, None).await;
            assert_eq!(session.ending.unwrap(), Ending::Complete);
            let audit = world.sandbox.audit();
            assert!(
                audit.throttled > 0
                    && session.report.throttled as usize == audit.throttled as usize
            );
            assert_eq!(audit.asked_twice, 0);
            // Calls in flight when the first 429 came may be told too; afterwards one tries at a time.
            assert!(audit.throttled < 60, "{lane:?}: {} times", audit.throttled);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn jitter_breaks_no_window() {
    for rtt in [1, 20, 400, 900] {
        let mut world = World::new("growth", Options::default());
        world.rtt = Duration::from_millis(rtt);
        world.batch(3);
        let people = people(60);
        assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
        world.audit();
    }
}

/// A process that is told to wait and killed does not forget it: the next one waits too.
#[tokio::test(start_paused = true)]
async fn a_freeze_holds_for_the_next_process_too() {
    // A window of submits that the plan does not know, so that several leave at once and are refused.
    let windows = ["global=600/60s", "bulk=2/60s"].map(|window| window.parse().unwrap());
    let windows = Some(windows.into());
    let mut world = World::new("enterprise", Options { windows, ..Options::default() });
    world.batch(5);
    let people = people(40);
    let start = Instant::now();
    let cut =
        tokio::time::timeout(Duration::from_secs(3), world.run(&people, None)).await;
    assert!(cut.is_err(), "the run ended before it could be cut off");
    let before = world.sandbox.audit();
    assert!(before.throttled > 0);
    // The submits are 2 a minute: whatever the server said, nothing leaves for most of one.
    let again =
        tokio::time::timeout(Duration::from_secs(40), world.run(&people, None)).await;
    assert!(again.is_err());
    let after = world.sandbox.audit();
    assert_eq!(after.requests, before.requests, "{:?} after the start", start.elapsed());
}

/// A day's window of which nobody told: the run ends at once, says when to go on, and does then.
#[tokio::test(start_paused = true)]
async fn a_window_that_opens_in_hours_is_not_waited_for() {
    let windows =
        ["global=600/60s", "bulk=3/20000s"].map(|window| window.parse().unwrap());
    let windows = Some(windows.into());
    let mut world = World::new("enterprise", Options { windows, ..Options::default() });
    world.batch(10);
    let people = people(50);
    let start = Instant::now();
    let session = world.run(&people, None).await;
    assert_eq!(session.ending.unwrap(), Ending::Throttled);
    assert!(start.elapsed() < Duration::from_secs(600), "{:?}", start.elapsed());
    let mut resume_at = session.report.resume_at.unwrap();
    // Whoever comes too early is told the same, without a call.
    let requests = world.sandbox.audit().requests;
    let early = world.run(&people, None).await;
    assert_eq!(early.ending.unwrap(), Ending::Throttled);
    assert_eq!(world.sandbox.audit().requests, requests);
    assert!(early.report.resume_at.unwrap().0.abs_diff(resume_at.0) < 10);
    for _ in 0..3 {
        sleep(resume_at.since(world.now())).await;
        let session = world.run(&people, None).await;
        match session.report.resume_at {
            Some(at) => resume_at = at,
            None => break,
        }
    }
    let output = world.output(&people);
    assert!(output.iter().all(|(status, _)| *status != Status::Deferred));
    assert_eq!(world.sandbox.audit().asked_twice, 0);
}

/// A disk on which an append takes longer than the lease of the windows: slow, and still right.
#[tokio::test(start_paused = true)]
async fn a_slow_disk_breaks_no_window() {
    let mut world = World::new("growth", Options::default());
    world.append_takes = Duration::from_secs(40);
    world.batch(5);
    let people = people(60);
    assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
    world.audit();
}

/// The store of the windows fails somewhere in the run: nothing leaves that is not written down, what is on
/// its way is settled, and the next run goes on.
#[tokio::test(start_paused = true)]
async fn a_failing_store_of_the_windows_loses_nothing() {
    for lane in [Lane::Bulk, Lane::Single] {
        for notes in 0..12 {
            let mut world = World::new("growth", Options::default());
            (world.lane, world.notes) = (lane, notes);
            world.batch(5);
            let people = people(30);
            let session = world.run(&people, None).await;
            let Err(error) = session.ending else { continue };
            assert!(error.to_string().contains("the disk is full"), "{error}");
            let doubts = world.output(&people);
            let is_held = |(status, _): &&(Status, _)| *status == Status::UnknownCharged;
            let jobs = world.sandbox.audit().unsettled as usize * 5;
            assert!(doubts.iter().filter(is_held).count() <= jobs, "{lane:?} {notes}");
            world.notes = usize::MAX;
            assert_eq!(world.run(&people, None).await.ending.unwrap(), Ending::Complete);
            let output = world.output(&people);
            let answered =
                |(status, _): &(Status, _)| matches!(status, Status::Hit | Status::Miss);
            assert!(output.iter().all(answered), "{lane:?} {notes}");
            world.audit();
        }
    }
}
