//! Colleagues on the same account.

use std::time::Duration;

use tokio::time::{Instant, advance};

use super::client::{get, leads, post, sandbox};
use crate::{
    Admission, Algorithm, Category, ForeignAudit, Limits, Options, Percent, Plan,
};

fn growth(percent: u8) -> Options {
    Options { plan: Plan::Growth, foreign: Percent::new(percent), ..Options::default() }
}

/// A client that polls so many times a minute, for an hour. Gives what it got through.
fn poll(limits: &mut Limits, start: Instant, a_minute: u32) -> u32 {
    let gap = Duration::from_secs(60) / a_minute;
    let admit = |nth: &u32| {
        let admission = limits.admit(Category::Global, start + gap * *nth);
        matches!(admission, Admission::Accepted(_))
    };
    (1..=60 * a_minute).filter(admit).count() as u32
}

fn run(options: &Options, a_minute: u32) -> (u32, ForeignAudit) {
    let start = Instant::now();
    let mut limits = Limits::new(options, start);
    let accepted = poll(&mut limits, start, a_minute);
    let audit = limits.audit();
    assert!(audit[1].peak <= u64::from(audit[1].limit), "{audit:?}");
    assert_eq!(audit[1].offered, u64::from(a_minute), "colleagues are not the client");
    (accepted, limits.foreign())
}

#[test]
fn what_colleagues_use_is_not_left_for_the_client() {
    // Colleagues ask for 60 of the 300 a minute, whatever becomes of it.
    for (a_minute, all_pass) in [(150, true), (240, false), (300, false), (600, false)] {
        let (accepted, foreign) = run(&growth(20), a_minute);
        let asked = foreign.accepted + foreign.refused;
        assert!((3_300..3_900).contains(&asked), "{a_minute}: {foreign:?}");
        assert_eq!(accepted == 60 * a_minute, all_pass, "{a_minute}: {accepted}");
        assert_eq!(foreign.refused == 0, all_pass, "{a_minute}: {foreign:?}");
        let passed = u64::from(accepted) + foreign.accepted;
        assert!(passed <= 60 * 300, "{a_minute}: {passed}");
    }
}

#[test]
fn colleagues_are_the_same_in_every_run_and_none_by_default() {
    for algorithm in [
        Algorithm::RollingLog,
        Algorithm::LogCountingRejects,
        Algorithm::FixedWindow,
        Algorithm::WeightedCounter,
    ] {
        let options = Options { algorithm, ..growth(20) };
        assert_eq!(run(&options, 250), run(&options, 250));
        assert_ne!(run(&options, 250), run(&Options { seed: 1, ..options.clone() }, 250));
    }
    assert_eq!(run(&Options::default(), 300), (18_000, ForeignAudit::default()));
}

#[test]
fn colleagues_count_in_the_windows_of_their_categories() {
    let start = Instant::now();
    let mut limits = Limits::new(&growth(50), start);
    // Colleagues ask for half of the 10 submits a minute: a client that wants 8 gets less. Its gap is no
    // part of a minute, since it would then come for each of its own slots in the instant it opens.
    let gap = Duration::from_millis(7_700);
    let submit = |nth: &u32| {
        let admission = limits.admit(Category::Bulk, start + gap * *nth);
        matches!(admission, Admission::Accepted(_))
    };
    let accepted = (1..=480).filter(submit).count();
    assert!((300..440).contains(&accepted), "{accepted}");
    let foreign = limits.foreign();
    assert!(foreign.accepted > 0 && foreign.refused > 0, "{foreign:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_counts_colleagues_apart_and_its_headers_show_them() {
    let sandbox = sandbox(growth(20));
    advance(Duration::from_secs(60)).await;
    let reply = get(&sandbox, "/wallets/balance").await;
    let remaining: u64 = reply.header("x-ratelimit-remaining").parse().unwrap();
    assert!((210..270).contains(&remaining), "{remaining}");
    let audit = sandbox.audit();
    assert_eq!(300 - 1 - remaining, audit.foreign_accepted);
    assert_eq!((audit.windows[1].peak, audit.windows[1].offered), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_colleagues_caused_is_told_to_the_client_alone() {
    let sandbox = sandbox(growth(100));
    advance(Duration::from_secs(600)).await;
    let mut refused = 0;
    for _ in 0..60 {
        let reply = post(&sandbox, "/email-finder/batch", leads(1)).await;
        refused += u64::from(reply.status == 429);
        advance(Duration::from_secs(6)).await;
    }
    let audit = sandbox.audit();
    assert!(refused > 0 && audit.throttled == refused, "{refused}");
    assert!(audit.foreign_refused > 0);
    assert_eq!(audit.statuses.values().sum::<u64>(), 60);
}
