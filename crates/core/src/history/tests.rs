use super::*;
use crate::{
    Answered, BatchId, Entry, Event, Finding, JobId, Operation, QueryKey, RunId, Status,
    Timestamp,
};
use proptest::prelude::*;
use std::sync::Arc;

const PRICE: u64 = 10;

/// A wallet that writes down what happens to it, and the book of one of those who use it.
struct World {
    ledger: Ledger,
    rows: Vec<Transaction>,
    balance: u64,
    anchor: Option<Arc<str>>,
    batches: u64,
}

impl World {
    fn new() -> Self {
        let (ledger, rows) = (Ledger::default(), Vec::new());
        Self { ledger, rows, balance: 1_000_000, anchor: None, batches: 0 }
    }

    fn change(&mut self, amount: i64) {
        self.change_for("", amount);
    }

    fn change_for(&mut self, about: &str, amount: i64) {
        self.balance = self.balance.checked_add_signed(amount).unwrap();
        let id = format!("t{}", self.rows.len()).into();
        let balance_after = Credits(self.balance);
        self.rows.push(Transaction { id, amount, balance_after, about: about.into() });
    }

    fn look(&mut self) {
        let newest = self.rows.last().map(|row| Arc::clone(&row.id));
        self.anchor = Some(newest.unwrap_or_default());
    }

    fn tell(&mut self, batch: u64, event: Event) {
        let (at, run, batch) = (Timestamp(0), RunId(1), BatchId(batch));
        self.ledger.apply(&Entry { at, run, batch, event }).unwrap();
    }

    fn intend(&mut self, items: u8, lane: Lane) -> u64 {
        self.intend_for(Operation::VerifyEmail, items, lane)
    }

    fn intend_for(&mut self, operation: Operation, items: u8, lane: Lane) -> u64 {
        self.batches += 1;
        let intent = Event::Intended {
            account: "a".into(),
            step: "s".into(),
            operation,
            lane,
            reserve: Credits(PRICE * u64::from(items)),
            anchor: self.anchor.clone(),
            moment: None,
            keys: (0..items).map(|n| QueryKey([n; 16])).collect(),
        };
        self.tell(self.batches, intent);
        self.batches
    }

    /// Charges a job: some of its items may be one to the provider.
    fn charge(&mut self, items: u8, same: u8) {
        let items = items.saturating_sub(same).max(1);
        self.change(-((PRICE * u64::from(items)) as i64));
    }

    fn settle(&mut self, batch: u64, items: u8, hit: bool) {
        let status = if hit { Status::Hit } else { Status::Miss };
        let cost = Credits(if hit { PRICE } else { 0 });
        let statuses = (0..items).map(|_| status).collect();
        let finding = if hit { Finding::Hit([].into()) } else { Finding::Miss };
        let answer = Answered { key: QueryKey([0; 16]), finding, credits: Some(cost) };
        let part = match items {
            1 => Part::Inline([answer].into()),
            _ => Part::File("f".into()),
        };
        self.tell(batch, Event::Settled { cost, statuses, part });
    }

    fn history(&self) -> History {
        let rows = self.rows.iter().rev().cloned().collect();
        History { rows, is_whole: true, balance: Credits(self.balance) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    Look,
    Job { items: u8, same: u8, settled: bool, hit: bool },
    Single { hit: bool, refunded: bool },
    Lost { items: u8, lane: Lane, charged: bool },
    Colleague { items: u8 },
    TopUp,
}

fn act() -> impl Strategy<Value = Act> {
    let job = |(items, same, settled, hit)| Act::Job { items, same, settled, hit };
    let lost = |(items, bulk, charged)| match bulk {
        true => Act::Lost { items, lane: Lane::Bulk, charged },
        false => Act::Lost { items: 1, lane: Lane::Single, charged },
    };
    prop_oneof![
        Just(Act::Look),
        (1..6u8, 0..3u8, any::<bool>(), any::<bool>()).prop_map(job),
        any::<(bool, bool)>().prop_map(|(hit, refunded)| Act::Single { hit, refunded }),
        (1..6u8, any::<bool>(), any::<bool>()).prop_map(lost),
        (1..6u8).prop_map(|items| Act::Colleague { items }),
        Just(Act::TopUp),
    ]
}

/// Plays the acts, and tells the lost batches and whether each was charged.
fn play(acts: &[Act]) -> (World, Vec<(u64, bool)>) {
    let mut world = World::new();
    let mut lost = Vec::new();
    for act in acts {
        match *act {
            Act::Look => world.look(),
            Act::TopUp => world.change(500),
            Act::Colleague { items } => world.charge(items, 0),
            Act::Job { items, same, settled, hit } => {
                let batch = world.intend(items, Lane::Bulk);
                world.charge(items, same);
                world.tell(batch, Event::Accepted { job: JobId("j".into()) });
                if settled {
                    world.settle(batch, items, hit);
                    world.change((PRICE * u64::from(items)) as i64);
                }
            }
            Act::Single { hit, refunded } => {
                let batch = world.intend(1, Lane::Single);
                if hit || refunded {
                    world.charge(1, 0);
                }
                if !hit && refunded {
                    world.change(PRICE as i64);
                }
                world.settle(batch, 1, hit);
            }
            Act::Lost { items, lane, charged } => {
                let batch = world.intend(items, lane);
                if charged {
                    world.charge(items, 0);
                }
                lost.push((batch, charged));
            }
        }
    }
    (world, lost)
}

fn proof(world: &World, batch: u64) -> Result<(), Unproved> {
    let line = world.ledger.line(BatchId(batch)).unwrap();
    world.history().proves_free(&world.ledger, line)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    /// Whoever else spends, whatever the provider takes for one: a batch that was charged is never said to
    /// be free.
    #[test]
    fn what_was_charged_is_never_proved_free(acts in proptest::collection::vec(act(), 1..14)) {
        let (world, lost) = play(&acts);
        for (batch, charged) in lost {
            prop_assert!(!charged || proof(&world, batch).is_err(), "{:?}", world.rows);
        }
    }

    /// Where nobody else spends and every charge is as intended, what was not charged is proved free.
    #[test]
    fn what_was_not_charged_is_proved_free_where_nobody_else_spends(
        acts in proptest::collection::vec(act(), 1..14),
    ) {
        let plain = |act: &Act| match *act {
            Act::Colleague { .. } | Act::Lost { charged: true, .. } => Act::TopUp,
            Act::Job { items, settled, hit, .. } => Act::Job { items, same: 0, settled, hit },
            Act::Single { hit, .. } => Act::Single { hit, refunded: false },
            act => act,
        };
        let acts: Vec<Act> = [Act::Look].into_iter().chain(acts.iter().map(plain)).collect();
        let (world, lost) = play(&acts);
        for (batch, _) in lost {
            prop_assert_eq!(proof(&world, batch), Ok(()));
        }
    }
}

#[test]
fn a_history_with_a_hole_proves_nothing() {
    let mut world = World::new();
    let blind = world.intend(3, Lane::Bulk);
    assert_eq!(proof(&world, blind), Err(Unproved::NoAnchor));
    world.change(5);
    world.look();
    let lost = world.intend(3, Lane::Bulk);
    assert_eq!(proof(&world, lost), Ok(()));
    let line = world.ledger.line(BatchId(lost)).unwrap();
    let bent = |bend: &dyn Fn(&mut History)| {
        let mut history = world.history();
        bend(&mut history);
        history.proves_free(&world.ledger, line)
    };
    // The balance has fallen, and no row says so.
    assert_eq!(bent(&|history| history.balance.0 -= 30), Err(Unproved::Gap));
    assert_eq!(bent(&|history| history.rows.clear()), Err(Unproved::TooShort));
    world.change(7);
    world.change(-40);
    let line = world.ledger.line(BatchId(lost)).unwrap();
    assert_eq!(
        proof(&world, lost),
        Err(Unproved::Charged(Credits(40))),
        "it is nobody's"
    );
    let mut history = world.history();
    history.rows.remove(1);
    assert_eq!(history.proves_free(&world.ledger, line), Err(Unproved::Gap));
    world.change(-30);
    assert_eq!(proof(&world, lost), Err(Unproved::Charged(Credits(30))));
}

/// A job that somebody named for a batch explains the deduction that names it, once its questions were seen, and
/// no other.
#[test]
fn an_adopted_job_explains_the_deduction_that_names_it_and_no_other() {
    const JOB: &str = "65f000000000000000000001";
    for (about, seen, proved) in [
        (format!("\"Batch: 4 leads\" {{\"batchId\":\"{JOB}\"}}"), true, true),
        (format!("{{\"batchId\":\"{JOB}\"}}"), false, false),
        (format!("{{\"batchId\":\"{JOB}2\"}}"), true, false),
        (String::new(), true, false),
    ] {
        let mut world = World::new();
        world.look();
        let (lost, other) = (world.intend(4, Lane::Bulk), world.intend(4, Lane::Bulk));
        world.tell(other, Event::Adopted { job: JobId(JOB.into()) });
        world.change_for(&about, -((PRICE * 4) as i64));
        if seen {
            world.settle(other, 4, true);
        }
        let line = world.ledger.line(BatchId(lost)).unwrap();
        let proof = world.history().proves_free(&world.ledger, line);
        assert_eq!(proof.is_ok(), proved, "{about} {seen}: {proof:?}");
    }
}

/// What was revealed before is free, so that a job of ours may have taken nothing at all: the deduction is the
/// lost one's.
#[test]
fn a_job_that_may_have_been_free_explains_no_deduction() {
    for (operation, proof) in [
        (Operation::VerifyEmail, Ok(())),
        (Operation::RevealEmail, Err(Unproved::Charged(Credits(30)))),
    ] {
        let mut world = World::new();
        world.look();
        let lost = world.intend_for(operation, 3, Lane::Bulk);
        let other = world.intend_for(operation, 3, Lane::Bulk);
        world.tell(other, Event::Accepted { job: JobId("j".into()) });
        world.charge(3, 0);
        let line = world.ledger.line(BatchId(lost)).unwrap();
        assert_eq!(
            world.history().proves_free(&world.ledger, line),
            proof,
            "{operation}"
        );
    }
}
