use super::*;
use crate::{
    Credits, Pack,
    limits::Written,
    pack::{Daily, Jobs, PaidAct, Percent, Risk},
};
use std::{collections::BTreeMap, num::NonZeroU32};

/// A credit an answer, up to 10,000 questions a batch.
fn offer(page: u32) -> Offer {
    let number = |n| NonZeroU32::new(n).unwrap();
    Offer {
        price: Credits(1),
        least_price: None,
        free: String::new(),
        least: Credits(0),
        most_items: number(500_000),
        batch: number(10_000),
        page: number(page),
        most_bytes: 8 << 20,
        running: None,
        daily: Daily::default(),
        only: None,
        rows: None,
        each: NonZeroU32::MIN,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: None,
        poll: None,
        early_results: None,
        terms: false,
        free_a_month: None,
    }
}

/// An account under Enrich.so's windows of a plan, with pages of `page` and batches of up to 10,000.
fn account(global: &[&str], enrich: &[&str], bulk: &[&str], page: u32) -> Account {
    let scope = |name: &str| Scope(name.into());
    let windows =
        |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    let offer = offer(page);
    let jobs = Jobs {
        poll: Written(Duration::from_secs(5)),
        typical: Written(Duration::from_secs(15)),
        items_per_second: NonZeroU32::new(200).unwrap(),
        single: Written(Duration::from_millis(800)),
        early_results: true,
        paid: PaidAct::default(),
        launched: false,
        generation: None,
    };
    let route = |call: Call, scopes: &[&str]| {
        (Endpoint::from(call), scopes.iter().map(|name| scope(name)).collect())
    };
    let pack = Pack {
        name: "test".into(),
        source: String::new(),
        read: String::new(),
        base_url: String::new(),
        plans: BTreeMap::new(),
        scopes: [
            route(Call::Ask, &["global", "enrich"]),
            route(Call::Submit, &["global", "bulk"]),
            route(Call::Page, &["global"]),
        ]
        .into(),
        operations: [(Operation::VerifyEmail, offer)].into(),
        jobs,
        settling: None,
        listing: None,
        logged: None,
        exhausted: Vec::new(),
        confidence: BTreeMap::new(),
    };
    Account {
        name: "test".into(),
        purse: "test".into(),
        windows: [
            (scope("global"), windows(global)),
            (scope("enrich"), windows(enrich)),
            (scope("bulk"), windows(bulk)),
        ]
        .into(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    }
}

fn growth(page: u32) -> Account {
    account(&["25/1s", "300/60s"], &["100/60s"], &["3/1s", "10/60s"], page)
}

fn best_of(account: &Account, questions: u64) -> Schedule {
    let schedule = best(&Task::new(account, Operation::VerifyEmail, questions));
    let bulk: u64 = schedule.batches.iter().map(|size| u64::from(*size)).sum();
    assert_eq!(bulk + schedule.singles, questions, "no question is lost");
    assert!(schedule.batches.iter().all(|size| *size <= 10_000));
    schedule
}

fn seconds(schedule: &Schedule) -> f64 {
    schedule.takes.as_secs_f64()
}

#[test]
fn a_thousand_leads_go_in_batches_that_end_together() {
    let schedule = best_of(&growth(100), 1_000);
    assert!(schedule.batches.windows(2).all(|pair| pair[0] >= pair[1]), "{schedule:?}");
    // The bound for this case is 16.3 s.
    assert!(seconds(&schedule) < 16.3 * 1.05, "{schedule:?}");
    assert_eq!(schedule.binds, Binding::JobTime);
}

#[test]
fn small_pages_bind_and_large_ones_do_not() {
    let small = best_of(&growth(100), 100_000);
    assert!(matches!(small.binds, Binding::Pages(..)), "{}", small.binds);
    assert!(seconds(&small) < 186.0 * 1.2, "{}", seconds(&small));
    let large = best_of(&growth(1_000), 1_000_000);
    assert!(matches!(large.binds, Binding::Submits(..)), "{}", large.binds);
    assert!(seconds(&large) < 640.0, "{}", seconds(&large));
}

#[test]
fn few_questions_go_alone_and_many_never_do() {
    assert_eq!(best_of(&growth(1_000), 20).lanes(), Lanes::Single);
    assert_eq!(best_of(&growth(1_000), 10_000_000).singles, 0);
}

/// Without narrow windows, single calls are still no faster than the calls in flight come back.
#[test]
fn what_is_in_flight_bounds_single_calls() {
    let wide = ["1000000/1s"];
    let account = account(&wide, &wide, &wide, 1_000);
    assert_eq!(best_of(&account, 100_000).lanes(), Lanes::Bulk);
    let task = Task::new(&account, Operation::VerifyEmail, 25_600);
    let schedule = best(&Task { lane: Some(Lane::Single), ..task });
    assert!((80.0..90.0).contains(&seconds(&schedule)), "{schedule:?}");
    assert!(schedule.binds.to_string().contains("in flight 256/800ms"), "{schedule:?}");
}

#[test]
fn a_forced_lane_is_kept() {
    let account = growth(1_000);
    let task = Task::new(&account, Operation::VerifyEmail, 500);
    let single = best(&Task { lane: Some(Lane::Single), ..task });
    assert_eq!((single.singles, single.batches.len()), (500, 0));
    // 100 a rolling minute: the last leaves after four of them.
    assert!((240.0..246.0).contains(&seconds(&single)), "{}", seconds(&single));
    let bulk = best(&Task { lane: Some(Lane::Bulk), ..task });
    assert_eq!(bulk.singles, 0);
}

#[test]
fn daily_jobs_and_job_slots_bind() {
    let mut account = account(&["5/1s", "300/60s"], &["150/60s"], &[], 10_000);
    let offer = account.pack.operations.get_mut(&Operation::VerifyEmail).unwrap();
    (offer.running, offer.daily.jobs) = (NonZeroU32::new(2), NonZeroU32::new(15));
    let bulk = Task {
        lane: Some(Lane::Bulk),
        ..Task::new(&account, Operation::VerifyEmail, 400_000)
    };
    let schedule = best(&bulk);
    assert_eq!(schedule.binds, Binding::Daily(15), "{schedule:?}");
    assert!(seconds(&schedule) > 2.0 * 86_400.0);
    let few = best(&Task { questions: 100_000, ..bulk });
    assert_eq!(few.binds, Binding::Running(2), "{few:?}");
}

/// What several small jobs win in time would be lost on the next run of the day.
#[test]
fn where_a_day_has_few_jobs_each_is_filled() {
    let mut account = account(&["5/1s", "300/60s"], &["150/60s"], &[], 10_000);
    let bulk = Task {
        lane: Some(Lane::Bulk),
        ..Task::new(&account, Operation::VerifyEmail, 9_000)
    };
    assert!(best(&bulk).batches.len() > 1);
    let offer = account.pack.operations.get_mut(&Operation::VerifyEmail).unwrap();
    (offer.running, offer.daily.jobs) = (NonZeroU32::new(2), NonZeroU32::new(15));
    let bulk = Task {
        lane: Some(Lane::Bulk),
        ..Task::new(&account, Operation::VerifyEmail, 9_000)
    };
    assert_eq!(best(&bulk).batches, [9_000]);
    let more = best(&Task { questions: 24_000, ..bulk });
    assert_eq!(more.batches, [10_000, 10_000, 4_000]);
}

#[test]
fn a_job_that_would_hold_too_few_is_not_begun() {
    let mut account = account(&["5/1s", "300/60s"], &["2/1s", "100/60s"], &[], 10_000);
    let offer = account.pack.operations.get_mut(&Operation::VerifyEmail).unwrap();
    (offer.running, offer.daily.jobs) = (NonZeroU32::new(2), NonZeroU32::new(15));
    let task = Task::new(&account, Operation::VerifyEmail, 3_000);
    assert!(!best(&task).batches.is_empty(), "a job ends sooner");
    let guarded = best(&Task { least: 5_000, ..task });
    assert_eq!((guarded.batches.len(), guarded.singles), (0, 3_000));
    let many = best(&Task { least: 5_000, questions: 43_000, ..task });
    assert!(!many.batches.is_empty());
    assert!(many.batches.iter().all(|size| *size >= 5_000), "{:?}", many.batches);
    assert!(many.singles >= 3_000, "{many:?}");
}

/// By the day 15 jobs of 10,000 and 144,000 to 216,000 single calls: both together end first.
#[test]
fn where_jobs_are_scarce_both_lanes_run_at_once() {
    let mut account = account(&["5/1s", "300/60s"], &["5/2s", "150/60s"], &[], 10_000);
    let offer = account.pack.operations.get_mut(&Operation::VerifyEmail).unwrap();
    (offer.running, offer.daily.jobs) = (NonZeroU32::new(2), NonZeroU32::new(15));
    let schedule = best_of(&account, 1_000_000);
    assert_eq!(schedule.lanes(), Lanes::Both);
    let days = seconds(&schedule) / 86_400.0;
    assert!((2.5..3.2).contains(&days), "{days} days, {} alone", schedule.singles);
}

#[test]
fn what_the_limits_alone_allow_is_shorter() {
    let account = growth(1_000);
    let task = Task::new(&account, Operation::VerifyEmail, 1_000_000);
    let (shortest, likely) = (best(&task.at_the_shortest()), best(&task));
    assert!(shortest.takes < likely.takes);
    assert!(shortest.takes.as_secs() >= 540, "{shortest:?}");
}
