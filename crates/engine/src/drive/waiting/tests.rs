//! A provider that refuses some calls for as long as it likes, and takes its time for others.

mod door;

use super::*;
use crate::{PATIENCE, Report};
use door::{Door, Refusals, World};
use leadmill_core::{Call, Clock, Lane};
use tokio::time::{sleep, timeout};

/// What refuses all calls of a kind, each with the same wait.
fn refuses(call: Call, wait: Option<Duration>) -> Refusals {
    Box::new(move |other, _| (other == call).then_some(wait))
}

const fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

/// When a run that was put off may go on, from now on.
fn left(world: &World, report: &Report) -> Duration {
    report.resume_at.unwrap().since(world.clock.now())
}

/// As where the database was started anew, and another process was back before this one.
#[tokio::test(start_paused = true)]
async fn a_run_whose_slots_went_to_others_takes_new_ones_and_goes_on() {
    for (lane, calls) in [(Lane::Single, 1 + 3), (Lane::Bulk, 1 + 3 * 3)] {
        for lost in [vec![1], vec![2], vec![3], vec![4], vec![1, 2, 3, 5, 6]] {
            let world = World::new(Door::new(Box::new(|_, _| None)), lane);
            world.lose_slots(lost.clone());
            let (ending, report) = world.run(3).await;
            assert_eq!(ending.unwrap(), Ending::Complete, "{lane:?} {lost:?}");
            // The wallet, and a call or a whole job for each question: nothing has left without slots.
            assert_eq!(world.calls(), calls, "{lane:?} {lost:?}");
            assert_eq!(report.calls.values().sum::<u64>(), calls as u64, "{lost:?}");
            assert_eq!((report.misses, report.asked), (3, 3), "{lane:?} {lost:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_calls_are_refused_ends_when_its_patience_does() {
    let lane = |call| if call == Call::Ask { Lane::Single } else { Lane::Bulk };
    for (call, terms) in [
        (Call::Balance, false),
        (Call::Terms, true),
        (Call::Ask, false),
        (Call::Submit, false),
        (Call::Submit, true),
        (Call::Poll, false),
        (Call::Page, false),
    ] {
        for wait in [None, seconds(0), seconds(1), seconds(30), seconds(600)] {
            let case = format!("{call:?} {wait:?}");
            let door = Door::new(refuses(call, wait));
            let door = if terms { door.with_terms() } else { door };
            let world = World::new(door, lane(call));
            let begin = Instant::now();
            let run = timeout(Duration::from_secs(3 * 3_600), world.run(3));
            let (ending, report) = run.await.unwrap_or_else(|_| panic!("{case}: no end"));
            assert_eq!(ending.unwrap(), Ending::Throttled, "{case}");
            let most = PATIENCE + Duration::from_secs(30);
            assert!(begin.elapsed() <= most, "{case}: {:?}", begin.elapsed());
            let left = left(&world, &report);
            assert!(left > Duration::ZERO && left <= PATIENCE, "{case}: {left:?}");
            // Nothing passed: whoever comes too early makes no call.
            if matches!(call, Call::Balance | Call::Ask) {
                let calls = world.calls();
                let early = timeout(left - Duration::from_secs(1), world.run(3)).await;
                assert!(early.is_err(), "{case}: it did not wait");
                assert_eq!(world.calls(), calls, "{case}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_is_longer_than_patience_ends_the_run_at_once() {
    for call in [Call::Balance, Call::Terms, Call::Ask, Call::Submit, Call::Poll] {
        let lane = if call == Call::Ask { Lane::Single } else { Lane::Bulk };
        for days in [1_u64, 12, 365, 400] {
            let wait = Duration::from_secs(days * 86_400);
            let first =
                move |other, nth| (other == call && nth == 0).then_some(Some(wait));
            let door = Door::new(Box::new(first));
            let door = if call == Call::Terms { door.with_terms() } else { door };
            let world = World::new(door, lane);
            let begin = Instant::now();
            let (ending, report) = world.run(1).await;
            assert_eq!(ending.unwrap(), Ending::Throttled, "{call:?} {days}");
            assert!(begin.elapsed() < Duration::from_secs(60), "{call:?} {days}");
            let until = left(&world, &report);
            assert!(until.abs_diff(wait) < Duration::from_secs(1), "{call:?} {until:?}");
            // One that comes too early makes no call, and is told the same.
            let calls = world.calls();
            sleep(until / 2).await;
            let (ending, report) = world.run(1).await;
            assert_eq!(ending.unwrap(), Ending::Throttled, "{call:?} {days}");
            assert_eq!(world.calls(), calls, "{call:?} {days}");
            let again = left(&world, &report);
            assert!(again.abs_diff(until / 2) < Duration::from_secs(1), "{again:?}");
            sleep(again).await;
            let (ending, _) = world.run(1).await;
            assert_eq!(ending.unwrap(), Ending::Complete, "{call:?} {days}");
        }
    }
}

/// Refusals in between are no end: it is the time without a call that passes that counts.
#[tokio::test(start_paused = true)]
async fn a_run_goes_on_while_some_calls_pass() {
    let mostly = |call, nth: usize| {
        (call == Call::Ask && nth % 4 != 3).then_some(Some(Duration::from_secs(200)))
    };
    let world = World::new(Door::new(Box::new(mostly)), Lane::Single);
    let begin = Instant::now();
    let (ending, report) = world.run(8).await;
    assert_eq!(ending.unwrap(), Ending::Complete);
    assert!(begin.elapsed() > 2 * PATIENCE, "{:?}", begin.elapsed());
    assert_eq!((report.throttled, report.resume_at), (24, None));
}

#[tokio::test(start_paused = true)]
async fn patience_is_as_long_as_it_is_set() {
    for patience in [1, 60, 86_400].map(Duration::from_secs) {
        let mut world =
            World::new(Door::new(refuses(Call::Ask, seconds(7))), Lane::Single);
        world.patience = patience;
        let begin = Instant::now();
        let run = timeout(2 * Duration::from_secs(86_400), world.run(2));
        let (ending, _) = run.await.unwrap_or_else(|_| panic!("{patience:?}: no end"));
        assert_eq!(ending.unwrap(), Ending::Throttled);
        let took = begin.elapsed();
        let least = patience.saturating_sub(Duration::from_secs(10));
        assert!(least <= took && took <= patience, "{patience:?}: {took:?}");
    }
}

/// Calls that take longer than the usual grace are answered within one that is long enough.
#[tokio::test(start_paused = true)]
async fn paid_calls_on_the_wire_are_waited_for_as_long_as_is_granted() {
    let six = Duration::from_secs(6);
    for (grace, answered) in [(2_500, false), (5_500, false), (20_000, true)] {
        let mut door = Door::new(Box::new(|_, _| None));
        door.takes = six;
        let mut world = World::new(door, Lane::Single);
        world.grace = Duration::from_millis(grace);
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let interrupt = async {
            // The wallet is read first.
            while world.calls() < 101 {
                sleep(Duration::from_millis(10)).await;
            }
            stop.send_replace(true);
            Instant::now()
        };
        let ((ending, _), begin) = tokio::join!(world.run_until(100, stopped), interrupt);
        assert_eq!(ending.unwrap(), Ending::Interrupted);
        let ledger = world.ledger();
        let settled = ledger.lines().iter().filter(|line| !line.is_open()).count();
        assert_eq!(settled, if answered { 100 } else { 0 }, "{grace}");
        let most = six.min(Duration::from_millis(grace)) + Duration::from_millis(20);
        assert!(begin.elapsed() <= most, "{grace}: {:?}", begin.elapsed());
    }
}
