use super::*;
use crate::samples::{account, wants};
use leadmill_core::Call;

#[test]
fn two_processes_share_and_the_second_takes_over_when_the_first_ends() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("locks")).unwrap();
    let open = |now| {
        FolderLeases::open(folder.path(), &account("5/60s"), Timestamp(now)).unwrap()
    };
    let (mut first, mut second) = (open(0), open(0));
    let trade = |leases: &mut FolderLeases, now| {
        leases.trade(Timestamp(now), &[wants("5/60s", 5)]).unwrap().deals.remove(0)
    };
    assert_eq!(trade(&mut first, 0).held, 5);
    assert_eq!(trade(&mut second, 10).held, 0);
    first.note(&[Sent { at: Timestamp(100), to: Call::Poll.into() }]).unwrap();
    drop(first);
    // Its end is seen at once, and what it sent is known to the call.
    let deal = trade(&mut second, 1_000);
    assert_eq!((deal.held, deal.cooling), (5, vec![Timestamp(61_131)]));
    assert_eq!(fs::read_dir(folder.path().join("calls")).unwrap().count(), 1);
}

#[test]
fn a_freeze_is_everybody_s() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("locks")).unwrap();
    let open =
        || FolderLeases::open(folder.path(), &account("5/60s"), Timestamp(0)).unwrap();
    let (mut first, mut second) = (open(), open());
    first.freeze(Timestamp(0), Timestamp(9_000)).unwrap();
    let frozen = |leases: &mut FolderLeases, now| {
        leases.trade(Timestamp(now), &[]).unwrap().frozen_until
    };
    assert_eq!(frozen(&mut second, 100), Some(Timestamp(9_000)));
    assert_eq!(frozen(&mut second, 9_100), None);
}
