use super::*;
use crate::{Finding, QueryKey};
use proptest::{collection::vec, prelude::*, sample::select};

fn entry(batch: u64, event: Event) -> Entry {
    Entry { at: Timestamp(7), run: RunId(1), batch: BatchId(batch), event }
}

fn intended(reserve: u64) -> Event {
    Event::Intended {
        account: "a".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Bulk,
        reserve: Credits(reserve),
        anchor: None,
        moment: None,
        keys: [QueryKey([1; 16])].into(),
    }
}

/// The same of a single call.
fn asked_alone() -> Event {
    let mut event = intended(10);
    if let Event::Intended { lane, .. } = &mut event {
        *lane = Lane::Single;
    }
    event
}

fn answered_alone() -> Event {
    Event::Settled {
        cost: Credits(5),
        statuses: [Status::Miss].into(),
        part: Part::Inline([answer(5)].into()),
    }
}

fn answer(credits: u64) -> Answered {
    Answered {
        key: QueryKey([1; 16]),
        finding: Finding::Miss,
        credits: Some(Credits(credits)),
    }
}

fn other_keys() -> Event {
    let Event::Intended { account, step, operation, lane, reserve, .. } = intended(1)
    else {
        panic!("an intent");
    };
    let keys = [QueryKey([2; 16])].into();
    Event::Intended {
        account,
        step,
        operation,
        lane,
        reserve,
        anchor: None,
        moment: None,
        keys,
    }
}

fn other_purse() -> Event {
    let Event::Intended { step, operation, lane, reserve, keys, .. } = intended(1) else {
        panic!("an intent");
    };
    Event::Intended {
        account: "b".into(),
        step,
        operation,
        lane,
        reserve,
        anchor: None,
        moment: None,
        keys,
    }
}

fn refused() -> Event {
    Event::Refused { reason: "no".into(), again: true }
}

fn settled(cost: u64) -> Event {
    let part = Part::File("p".into());
    Event::Settled { cost: Credits(cost), statuses: [Status::Hit].into(), part }
}

fn accepted() -> Event {
    Event::Accepted { job: JobId("j".into()) }
}

fn adopted() -> Event {
    Event::Adopted { job: JobId("j".into()) }
}

/// A job that was begun without the money for it ends as if it had been refused at once.
#[test]
fn a_job_that_was_never_paid_for_is_refused_and_may_go_again() {
    let mut ledger = Ledger::default();
    for (event, expected) in
        [(intended(50), 50), (accepted(), 50), (refused(), 0), (intended(50), 50)]
    {
        ledger.apply(&entry(1, event)).unwrap();
        assert_eq!(ledger.committed(RunId(1), &"a".into()), Credits(expected));
    }
    assert_eq!(ledger.line(BatchId(1)).unwrap().job(), None);
    ledger.apply(&entry(1, refused())).unwrap();
    assert_eq!(ledger.begun("a", Operation::VerifyEmail, Timestamp(0)).count(), 0);
}

fn statuses(statuses: &[Status]) -> Event {
    let part = Part::Inline([].into());
    Event::Settled { cost: Credits(30), statuses: statuses.into(), part }
}

fn resolved(cost: u64, statuses: &[Status]) -> Event {
    Event::Resolved { cost: Credits(cost), statuses: statuses.into() }
}

fn ten_keys(reserve: u64) -> Event {
    let Event::Intended { account, step, operation, lane, .. } = intended(1) else {
        panic!("an intent");
    };
    let keys = [QueryKey([1; 16]), QueryKey([2; 16]), QueryKey([3; 16])].into();
    let reserve = Credits(reserve);
    Event::Intended {
        account,
        step,
        operation,
        lane,
        reserve,
        anchor: None,
        moment: None,
        keys,
    }
}

/// A person says what became of what was settled without an answer: of that, and of nothing else.
#[test]
fn what_was_settled_without_an_answer_can_be_resolved_and_what_was_answered_cannot() {
    const HIT: Status = Status::Hit;
    const UNKNOWN: Status = Status::UnknownCharged;
    const LATER: Status = Status::Deferred;
    let unknown = [UNKNOWN; 3];
    for (settled, after, lost, is_legal) in [
        (statuses(&unknown), vec![resolved(0, &[LATER; 3])], 0, true),
        (statuses(&unknown), vec![resolved(30, &unknown)], 0, true),
        (
            statuses(&unknown),
            vec![resolved(30, &unknown), resolved(0, &[LATER; 3])],
            0,
            true,
        ),
        (statuses(&unknown), vec![], 30, true),
        (statuses(&unknown), vec![adopted()], 0, true),
        (statuses(&unknown), vec![resolved(30, &unknown), adopted()], 0, true),
        (statuses(&[HIT, UNKNOWN, UNKNOWN]), vec![], 20, true),
        (
            statuses(&[HIT, UNKNOWN, UNKNOWN]),
            vec![resolved(30, &[HIT, LATER, LATER])],
            0,
            true,
        ),
        (statuses(&unknown), vec![resolved(31, &unknown)], 30, false),
        (statuses(&unknown), vec![resolved(0, &[LATER; 2])], 30, false),
        (
            statuses(&unknown),
            vec![resolved(0, &[LATER; 3]), resolved(0, &[LATER; 3])],
            0,
            false,
        ),
        (statuses(&[HIT; 3]), vec![resolved(0, &[LATER; 3])], 0, false),
        (statuses(&[HIT, UNKNOWN, UNKNOWN]), vec![resolved(0, &[LATER; 3])], 20, false),
        (statuses(&[HIT, UNKNOWN, UNKNOWN]), vec![adopted()], 20, false),
    ] {
        let mut ledger = Ledger::default();
        ledger.apply(&entry(1, ten_keys(30))).unwrap();
        ledger.apply(&entry(1, settled.clone())).unwrap();
        let mut applied = Ok(());
        for event in &after {
            applied = applied.and_then(|()| ledger.apply(&entry(1, event.clone())));
        }
        assert_eq!(applied.is_ok(), is_legal, "{settled:?} {after:?}");
        assert_eq!(ledger.doubts("a").lost, Credits(lost), "{settled:?} {after:?}");
        assert!(ledger.adds_up());
    }
}

/// What is in doubt in all is the sum over all runs, and what is in flight counts.
#[test]
fn doubts_add_up_over_all_runs() {
    let doubted = |likely_miss| Event::Doubted { reason: "reset".into(), likely_miss };
    let unknown = [Status::UnknownCharged].as_slice();
    let mut ledger = Ledger::default();
    for (batch, run, event, expected) in [
        (1, 1, intended(50), (50, 0, 0)),
        (1, 1, doubted(false), (50, 0, 1)),
        (2, 2, intended(20), (70, 0, 1)),
        (2, 2, doubted(true), (50, 20, 1)),
        (3, 2, intended(5), (55, 20, 1)),
        (3, 2, doubted(false), (55, 20, 2)),
        (2, 3, refused(), (55, 0, 2)),
        (3, 3, statuses(unknown), (80, 0, 2)),
        (3, 3, resolved(30, unknown), (50, 0, 2)),
        (4, 3, intended(9), (59, 0, 2)),
        (4, 3, accepted(), (50, 0, 0)),
        (1, 4, adopted(), (0, 0, 0)),
        (1, 4, doubted(false), (50, 0, 0)),
    ] {
        let (at, run, batch) = (Timestamp(7), RunId(run), BatchId(batch));
        ledger.apply(&Entry { at, run, batch, event: event.clone() }).unwrap();
        let Doubts { lost, likely_misses, in_a_row } = ledger.doubts("a");
        assert_eq!((lost.0, likely_misses.0, in_a_row), expected, "{event:?}");
        assert!(ledger.adds_up(), "{event:?}");
    }
}

#[test]
fn a_reserve_counts_until_it_settles_or_is_refused() {
    let mut ledger = Ledger::default();
    let spent = |ledger: &Ledger| ledger.committed(RunId(1), &"a".into()).0;
    for (event, expected) in [
        (entry(1, intended(50)), 50),
        (entry(2, intended(30)), 80),
        (entry(2, refused()), 50),
        (entry(1, accepted()), 50),
        (entry(1, settled(20)), 20),
        (entry(2, intended(30)), 50),
        (entry(2, Event::Doubted { reason: "reset".into(), likely_miss: false }), 50),
    ] {
        ledger.apply(&event).unwrap();
        assert_eq!(spent(&ledger), expected, "{event:?}");
    }
    let open: Vec<_> = ledger.open("a").map(|line| line.batch).collect();
    assert_eq!(open, [BatchId(2)]);
}

/// Whoever authorises a charge has the money for it: from then on it counts there, and nowhere else.
#[test]
fn a_charge_counts_in_the_budget_of_the_run_that_authorises_it() {
    let mut ledger = Ledger::default();
    let committed =
        |ledger: &Ledger| [1, 2].map(|run| ledger.committed(RunId(run), &"a".into()).0);
    let undecided =
        |ledger: &Ledger| [1, 2].map(|run| ledger.undecided(RunId(run), "a").0);
    let authorized = |charge, paid| Event::Authorized { charge: Credits(charge), paid };
    let steps = [
        (1, intended(50), [50, 0], [50, 0]),
        (1, accepted(), [50, 0], [50, 0]),
        (2, authorized(40, false), [0, 40], [0, 0]),
        // What was paid for is no less, and counts where it did, whoever finds out.
        (1, authorized(45, true), [0, 45], [0, 0]),
        (1, settled(41), [0, 41], [0, 0]),
    ];
    for (run, event, expected, open) in steps {
        let entry = Entry { run: RunId(run), ..entry(1, event) };
        ledger.apply(&entry).unwrap();
        assert_eq!(
            (committed(&ledger), undecided(&ledger)),
            (expected, open),
            "{entry:?}"
        );
    }
}

#[test]
fn what_cannot_happen_is_an_error() {
    let authorized = || Event::Authorized { charge: Credits(1), paid: false };
    let doubted = || Event::Doubted { reason: "lost".into(), likely_miss: false };
    // What is looked at before it is written says the same.
    let book = |events: Vec<Event>| {
        let mut ledger = Ledger::default();
        events.into_iter().try_for_each(|event| {
            let entry = entry(1, event);
            let checked = ledger.check(std::slice::from_ref(&entry)).is_ok();
            let applied = ledger.apply(&entry);
            assert_eq!(checked, applied.is_ok(), "{entry:?}");
            applied
        })
    };
    for events in [
        vec![accepted()],
        vec![settled(1)],
        vec![refused()],
        vec![intended(1), intended(1)],
        vec![intended(1), accepted(), accepted()],
        vec![intended(1), adopted(), refused()],
        vec![intended(1), accepted(), settled(1), refused()],
        vec![intended(1), accepted(), settled(1), Event::Reopened, refused()],
        vec![intended(1), accepted(), refused(), settled(1)],
        vec![intended(1), accepted(), refused(), accepted()],
        vec![intended(1), accepted(), settled(1), settled(1)],
        vec![intended(1), accepted(), settled(1), intended(1)],
        vec![intended(1), refused(), settled(1)],
        vec![intended(1), refused(), other_keys()],
        vec![intended(1), refused(), other_purse()],
        // What may have been charged by a fetch is let go by its settlement alone.
        vec![intended(1), authorized()],
        vec![intended(1), accepted(), authorized(), refused()],
        vec![intended(1), adopted(), authorized(), doubted()],
        vec![intended(1), accepted(), settled(1), authorized()],
        vec![intended(1), accepted(), settled(1), Event::Reopened, authorized()],
    ] {
        assert!(book(events.clone()).is_err(), "{events:?}");
    }
    for events in [
        vec![intended(1), accepted(), authorized(), authorized(), settled(1)],
        vec![intended(1), adopted(), doubted(), adopted(), authorized(), settled(1)],
        vec![intended(1), refused(), intended(1), accepted(), authorized(), settled(1)],
    ] {
        assert!(book(events.clone()).is_ok(), "{events:?}");
    }
}

/// What is open, and what was begun, is kept beside the lines: it says the same as they do.
#[test]
fn open_lines_and_jobs_are_found_as_they_stand_in_the_book() {
    let mut ledger = Ledger::default();
    let single = |event| match event {
        Event::Intended { account, step, operation, reserve, keys, .. } => {
            let lane = Lane::Single;
            Event::Intended {
                account,
                step,
                operation,
                lane,
                reserve,
                anchor: None,
                moment: None,
                keys,
            }
        }
        other => other,
    };
    for (batch, event) in [
        (1, intended(1)),
        (2, single(intended(1))),
        (3, intended(1)),
        (1, refused()),
        (4, intended(1)),
        (3, accepted()),
        (1, intended(1)),
        (2, settled(1)),
        (3, settled(1)),
        (5, single(intended(1))),
        (4, refused()),
    ] {
        ledger.apply(&entry(batch, event)).unwrap();
        let open = |line: &&Line| line.is_open();
        let ids = |lines: &mut dyn Iterator<Item = &Line>| {
            lines.map(|line| line.batch.0).collect::<Vec<_>>()
        };
        let read = ids(&mut ledger.lines().iter().filter(open));
        assert_eq!(ids(&mut ledger.open("a")), read);
    }
    assert_eq!(ledger.open("a").map(|line| line.batch.0).collect::<Vec<_>>(), [1, 5]);
    assert_eq!(ledger.running("a", Operation::VerifyEmail).count(), 1);
    let begun = ledger.begun("a", Operation::VerifyEmail, Timestamp(0));
    assert_eq!(begun.count(), 2, "1 and 3: 4 was refused, the others are no jobs");
}

fn doubted() -> Event {
    Event::Doubted { reason: "lost".into(), likely_miss: false }
}

/// What is written at once is read one after the other.
#[test]
fn each_event_of_a_write_is_held_against_what_those_before_it_make() {
    let mut ledger = Ledger::default();
    ledger.apply(&entry(1, intended(5))).unwrap();
    let checked = |events: &[Event]| {
        let entries: Vec<Entry> =
            events.iter().map(|event| entry(1, event.clone())).collect();
        ledger.check(&entries).is_ok()
    };
    assert!(!checked(&[settled(1), doubted()]));
    assert!(!checked(&[accepted(), doubted()]));
    assert!(!checked(&[settled(1), settled(1)]));
    // A job of ours may be refused, and one that somebody named may not, whoever held it before.
    assert!(!checked(&[refused(), intended(1), adopted(), refused()]));
    assert!(checked(&[adopted(), doubted(), accepted(), refused(), intended(2)]));
}

fn any_event() -> impl Strategy<Value = Event> {
    let authorized = Event::Authorized { charge: Credits(3), paid: false };
    let events = vec![
        intended(5),
        intended(7),
        other_keys(),
        other_purse(),
        accepted(),
        adopted(),
        authorized,
        Event::Reopened,
        refused(),
        doubted(),
        settled(2),
        statuses(&[Status::UnknownCharged]),
        resolved(1, &[Status::Deferred]),
        Event::Repeated { reserve: Credits(9) },
        asked_alone(),
        answered_alone(),
        Event::Billed { cost: Credits(0) },
        Event::Billed { cost: Credits(8) },
    ];
    select(events)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    /// Whatever may be written can be read again, and nothing else is kept from being written.
    #[test]
    fn what_is_checked_is_what_a_state_opens_with(
        writes in vec(vec((1..4_u64, any_event()), 1..5), 1..40),
    ) {
        let (mut ledger, mut written) = (Ledger::default(), Vec::new());
        for write in writes {
            let entries: Vec<Entry> =
                write.into_iter().map(|(batch, event)| entry(batch, event)).collect();
            let mut reopened = Ledger::default();
            let all = || written.iter().chain(&entries);
            let opens = all().try_for_each(|entry| reopened.apply(entry)).is_ok();
            prop_assert_eq!(ledger.check(&entries).is_ok(), opens, "{:?}", entries);
            if opens {
                for entry in &entries {
                    prop_assert!(ledger.apply(entry).is_ok(), "{:?}", entry);
                }
                prop_assert!(ledger.adds_up());
                written.extend(entries);
            }
        }
    }
}

/// A wall clock that was set forward makes no intent old, and one of another machine, or of before a restart, none
/// young.
#[test]
fn an_intent_is_as_old_as_the_clock_says_that_nobody_sets() {
    let age = |moment: Option<i64>, wall: i64, now: i64| {
        let mut event = intended(1);
        if let Event::Intended { moment: at, .. } = &mut event {
            *at = moment.map(Moment);
        }
        let mut ledger = Ledger::default();
        ledger.apply(&entry(1, event)).unwrap();
        let line = ledger.line(BatchId(1)).unwrap();
        line.age(Timestamp(7 + wall), Moment(now)).as_millis()
    };
    assert_eq!(age(Some(100), 50, 150), 50);
    assert_eq!(age(Some(100), 3_600_050, 150), 50, "the wall clock was set forward");
    assert_eq!(age(Some(100), -3_600_000, 150), 0, "it was set back");
    assert_eq!(age(Some(9_000_000), 3_600_050, 150), 3_600_050, "another machine");
    assert_eq!(age(None, 50, 150), 50, "an earlier version wrote it");
}

#[test]
fn an_account_s_new_name_takes_all_that_is_counted_by_it() {
    let mut ledger = Ledger::default();
    let doubted = Event::Doubted { reason: "reset".into(), likely_miss: false };
    for (batch, event) in [(1, intended(10)), (1, doubted), (2, other_purse())] {
        ledger.apply(&entry(batch, event)).unwrap();
    }
    let old = ledger.doubts("a");
    assert_eq!((old.lost, old.in_a_row), (Credits(10), 1));
    ledger.rename(|line| (&*line.account == "a").then(|| "c".into()));
    assert_eq!((ledger.doubts("a"), ledger.doubts("c")), (Doubts::default(), old));
    assert_eq!(ledger.committed(RunId(1), &"c".into()), Credits(10));
    assert_eq!(ledger.open("c").count(), 1);
    assert_eq!(ledger.open("b").count(), 1);
    assert!(ledger.adds_up());
}

/// A log says what a single call has cost: the book and the receipt say the same from then on, as often as it does.
#[test]
fn what_a_log_says_of_a_single_call_is_what_it_has_cost() {
    let settled = |answers: &[Answered]| Event::Settled {
        cost: Credits(5),
        statuses: [Status::Miss].into(),
        part: Part::Inline(answers.into()),
    };
    let billed = |cost| Event::Billed { cost: Credits(cost) };
    let mut ledger = Ledger::default();
    for event in [asked_alone(), answered_alone(), billed(0), billed(7)] {
        ledger.apply(&entry(1, event)).unwrap();
        assert!(ledger.adds_up());
    }
    let line = ledger.line(BatchId(1)).unwrap();
    let State::Settled { part: Part::Inline(answers), .. } = &line.state else {
        panic!()
    };
    assert_eq!((line.credits, &**answers), (Credits(7), &[answer(7)][..]));
    assert_eq!(ledger.committed(RunId(1), &"a".into()), Credits(7));
    // Nothing but an answer has a bill.
    for events in [
        vec![billed(1)],
        vec![asked_alone(), billed(1)],
        vec![asked_alone(), settled(&[]), billed(1)],
        vec![asked_alone(), settled(&[answer(1), answer(1)]), billed(1)],
        vec![intended(10), answered_alone(), billed(1)],
    ] {
        let mut ledger = Ledger::default();
        let (last, before) = events.split_last().unwrap();
        before.iter().for_each(|event| ledger.apply(&entry(1, event.clone())).unwrap());
        assert!(ledger.apply(&entry(1, last.clone())).is_err(), "{before:?}");
    }
}
