use super::*;
use crate::samples::{account, wants};
use leadmill_core::Call;
use std::sync::atomic::{AtomicI64, Ordering};

/// What the wall clock says; the moments are told beside it.
#[derive(Debug, Default)]
struct Wall(AtomicI64);

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    fn moment(&self) -> Moment {
        Moment(0)
    }
}

/// A folder, on a machine that can be started anew.
struct Place {
    folder: tempfile::TempDir,
    wall: Arc<Wall>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("locks")).unwrap();
        Self { folder, wall: Arc::default() }
    }

    fn open(&self, boot: &str, limits: &str) -> FolderLeases {
        let clock = Arc::clone(&self.wall) as Arc<dyn Clock>;
        let account = account(limits);
        FolderLeases::open(self.folder.path(), &account, clock, boot.into()).unwrap()
    }

    fn calls(&self) -> usize {
        fs::read_dir(self.folder.path().join("calls")).unwrap().count()
    }
}

/// A call that is answered a second later.
fn send(leases: &mut FolderLeases, at: i64) {
    let noted = leases.note(&[Sent::leaving(Moment(at), Call::Poll)]).unwrap();
    assert_eq!(noted, Noted::Written);
    leases.heard(Moment(at + 1_000), Call::Poll.into()).unwrap();
}

#[test]
fn two_processes_share_and_the_second_takes_over_when_the_first_ends() {
    let place = Place::new();
    let (mut first, mut second) = (place.open("a", "5/60s"), place.open("a", "5/60s"));
    let trade = |leases: &mut FolderLeases, now| {
        leases.trade(Moment(now), &[wants("5/60s", 5)]).unwrap().deals.remove(0)
    };
    assert_eq!(trade(&mut first, 0).held, 5);
    assert_eq!(trade(&mut second, 10).held, 0);
    send(&mut first, 100);
    drop(first);
    // Its end is seen at once, and what it sent is known to the call.
    let deal = trade(&mut second, 1_000);
    assert_eq!((deal.held, deal.cooling), (5, vec![Moment(61_131)]));
    assert_eq!(place.calls(), 1);
}

#[test]
fn a_freeze_is_everybody_s() {
    let place = Place::new();
    let (mut first, mut second) = (place.open("a", "5/60s"), place.open("a", "5/60s"));
    first.freeze(Moment(0), Moment(9_000)).unwrap();
    let frozen = |leases: &mut FolderLeases, now| {
        leases.trade(Moment(now), &[]).unwrap().frozen_until
    };
    assert_eq!(frozen(&mut second, 100), Some(Moment(9_000)));
    assert_eq!(frozen(&mut second, 9_100), None);
}

/// People set the wall clock, and a killed process's calls are where they were.
#[test]
fn a_clock_that_was_set_frees_nothing() {
    for set in [-3_600_000, 3_600_000] {
        let place = Place::new();
        let mut first = place.open("a", "5/60s");
        assert_eq!(
            first.trade(Moment(0), &[wants("5/60s", 5)]).unwrap().deals[0].held,
            5
        );
        send(&mut first, 100);
        drop(first);
        place.wall.0.fetch_add(set, Ordering::Relaxed);
        let mut next = place.open("a", "5/60s");
        let deal =
            next.trade(Moment(1_000), &[wants("5/60s", 5)]).unwrap().deals.remove(0);
        assert_eq!(deal.cooling, [Moment(61_131)]);
    }
}

/// How long the machine was down is known by the wall clock only: for a window of a minute nothing is believed
/// of it, for one of some days all but what a wrong time zone would make of it.
#[test]
fn a_machine_that_was_started_anew_remembers_its_calls() {
    const HOUR: i64 = 3_600_000;
    for (limits, down, free) in [
        ("5/60s", 10 * HOUR, 7_000 + 61_131 - 50_000),
        ("5/172800s", 24 * HOUR, 7_000 + 172_887_501 - 50_000 + 14 * HOUR - 24 * HOUR),
    ] {
        let place = Place::new();
        let mut first = place.open("a", limits);
        let wants = [wants(limits, 5)];
        assert_eq!(first.trade(Moment(0), &wants).unwrap().deals[0].held, 5);
        send(&mut first, 100);
        // Renewed at last half a minute and more before the power went.
        first.trade(Moment(50_000), &wants).unwrap();
        drop(first);
        place.wall.0.fetch_add(down, Ordering::Relaxed);
        let mut next = place.open("b", limits);
        let deal = next.trade(Moment(7_000), &wants).unwrap().deals.remove(0);
        assert_eq!(deal.cooling, [Moment(free)], "{limits}");
        assert_eq!(place.calls(), 1);
        // It is told of by the time of this life from now on.
        drop(next);
        let mut third = place.open("b", limits);
        let deal = third.trade(Moment(8_000), &wants).unwrap().deals.remove(0);
        assert_eq!(deal.cooling, [Moment(free)], "{limits}");
    }
}
