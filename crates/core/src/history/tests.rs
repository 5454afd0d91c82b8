use super::*;
use crate::{
    Answered, BatchId, Entry, Event, Finding, JobId, Ledger, Operation, QueryKey, RunId,
    Status, Timestamp,
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

fn no_price(_: Operation) -> Option<Credits> {
    None
}

fn shows(_: &Line) -> bool {
    true
}

fn proofs(world: &World, history: &History) -> Proofs {
    let facts = Facts { least_price: &no_price, shows: &shows };
    history.proofs(usize::MAX, world.ledger.lines().iter(), &facts)
}

fn proof(world: &World, batch: u64) -> Result<(), Unproved> {
    proof_by(world, &world.history(), batch)
}

fn proof_by(world: &World, history: &History, batch: u64) -> Result<(), Unproved> {
    proofs(world, history).proves_free(world.ledger.line(BatchId(batch)).unwrap())
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
    let bent = |bend: &dyn Fn(&mut History)| {
        let mut history = world.history();
        bend(&mut history);
        proof_by(&world, &history, lost)
    };
    // The balance has fallen, and no row says so.
    assert_eq!(bent(&|history| history.balance.0 -= 30), Err(Unproved::Gap));
    assert_eq!(bent(&|history| history.rows.clear()), Err(Unproved::TooShort));
    world.change(7);
    world.change(-40);
    assert_eq!(
        proof(&world, lost),
        Err(Unproved::Charged(Credits(40))),
        "it is nobody's"
    );
    let mut history = world.history();
    history.rows.remove(1);
    assert_eq!(proof_by(&world, &history, lost), Err(Unproved::Gap));
    world.look();
    let later = world.intend(3, Lane::Bulk);
    world.change(-30);
    assert_eq!(proof(&world, later), Err(Unproved::Charged(Credits(30))));
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
        let proof = proof(&world, lost);
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
        (Operation::CountFollowers, Err(Unproved::Charged(Credits(30)))),
        (Operation::FindFollowers, Err(Unproved::Charged(Credits(30)))),
        (Operation::FindPerson, Err(Unproved::Charged(Credits(30)))),
    ] {
        let mut world = World::new();
        world.look();
        let lost = world.intend_for(operation, 3, Lane::Bulk);
        let other = world.intend_for(operation, 3, Lane::Bulk);
        world.tell(other, Event::Accepted { job: JobId("j".into()) });
        world.charge(3, 0);
        assert_eq!(self::proof(&world, lost), proof, "{operation}");
    }
}

/// So many calls are in flight at once, and the newest transaction is read every now and then meanwhile: what left
/// before it was read is charged after it. `quiet`: whether the first was read while nothing was in flight.
fn flow(calls: usize) -> (World, Vec<u64>) {
    const IN_FLIGHT: usize = 8;
    let mut world = World::new();
    world.look();
    let (mut flying, mut lost) = (VecDeque::new(), Vec::new());
    for call in 0..calls + IN_FLIGHT {
        if call < calls {
            flying.push_back((call, world.intend(1, Lane::Single)));
        }
        if call % 50 == 49 {
            world.look();
        }
        if call >= IN_FLIGHT {
            let (call, batch) = flying.pop_front().unwrap();
            match call % 2 {
                0 => lost.push(batch),
                _ => {
                    world.charge(1, 0);
                    world.settle(batch, 1, true);
                }
            }
        }
    }
    (world, lost)
}

#[test]
fn calls_that_left_before_an_anchor_and_were_charged_after_it_spoil_no_proof() {
    let (world, lost) = flow(2_000);
    let proofs = proofs(&world, &world.history());
    for batch in &lost {
        let line = world.ledger.line(BatchId(*batch)).unwrap();
        assert_eq!(proofs.proves_free(line), Ok(()), "{batch}");
    }
    assert_eq!(lost.len(), 1_000);
}

/// One of them was charged all the same: then none that may be it is free.
#[test]
fn one_charge_too_many_holds_all_that_it_may_be_for() {
    let (mut world, lost) = flow(200);
    world.charge(1, 0);
    let proofs = proofs(&world, &world.history());
    for batch in lost {
        let line = world.ledger.line(BatchId(batch)).unwrap();
        assert_eq!(proofs.proves_free(line), Err(Unproved::Charged(Credits(10))));
    }
}

/// A colleague's charge holds what left before it, and nothing that left after the next quiet moment.
#[test]
fn a_proof_begins_anew_after_a_charge_that_is_nobody_s() {
    let mut world = World::new();
    world.look();
    let before = world.intend(1, Lane::Single);
    world.charge(1, 0);
    world.look();
    let after = world.intend(1, Lane::Single);
    assert_eq!(proof(&world, before), Err(Unproved::Charged(Credits(10))));
    assert_eq!(proof(&world, after), Ok(()));
}

/// Lines, rows and anchors are looked at once, however many doubts there are.
#[test]
fn the_work_grows_with_lines_and_rows_and_not_with_doubts() {
    let steps = |calls: usize| {
        let (world, _) = flow(calls);
        proofs(&world, &world.history()).steps
    };
    let (one, ten) = (steps(1_000), steps(10_000));
    assert!(ten <= 10 * one + 10, "{one} {ten}");
    assert!(ten < 3 * 10_000, "{ten}");
}

/// A batch takes its whole reserve at once: a small deduction is another's. A larger one may be its, and one that is
/// as small as the batch would be if most of its questions were one to the provider.
#[test]
fn an_unrelated_deduction_holds_no_batch_that_costs_more() {
    for (amount, proof) in [
        (10, Ok(())),
        (120, Ok(())),
        // It may be the other job's, whose deduction may then be this one's.
        (130, Err(Unproved::Charged(Credits(500)))),
        (500, Err(Unproved::Charged(Credits(500)))),
        (900, Err(Unproved::Charged(Credits(900)))),
    ] {
        let mut world = World::new();
        world.look();
        let lost = world.intend(50, Lane::Bulk);
        let other = world.intend(50, Lane::Bulk);
        world.tell(other, Event::Accepted { job: JobId("j".into()) });
        world.charge(50, 0);
        world.change(-amount);
        assert_eq!(self::proof(&world, lost), proof, "{amount}");
    }
}

/// Sources differ about a price: the lowest of them counts, and what was paid for one before.
#[test]
fn the_lowest_price_that_is_known_tells_what_a_batch_may_have_cost() {
    let proof = |least: Option<u64>, paid: Option<u64>| {
        let mut world = World::new();
        world.look();
        let lost = world.intend(40, Lane::Bulk);
        if let Some(paid) = paid {
            let single = world.intend(1, Lane::Single);
            let finding = Finding::Hit([].into());
            let credits = Some(Credits(paid));
            let answer = Answered { key: QueryKey([0; 16]), finding, credits };
            let (cost, part) = (Credits(paid), Part::Inline([answer].into()));
            let statuses = [Status::Hit].into();
            world.tell(single, Event::Settled { cost, statuses, part });
            world.change(-(paid as i64));
        }
        world.change(-40);
        let least_price = |_| least.map(Credits);
        let facts = Facts { least_price: &least_price, shows: &shows };
        let lines = world.ledger.lines().iter();
        let proofs = world.history().proofs(usize::MAX, lines, &facts);
        proofs.proves_free(world.ledger.line(BatchId(lost)).unwrap()).is_ok()
    };
    assert!(proof(None, None));
    assert!(!proof(Some(1), None));
    assert!(!proof(None, Some(4)));
    assert!(proof(Some(10), Some(10)));
}

/// What was answered a moment ago may not be listed yet: it explains nothing until it surely is.
#[test]
fn a_charge_that_may_not_show_yet_explains_no_row() {
    let mut world = World::new();
    world.look();
    let (lost, other) = (world.intend(1, Lane::Single), world.intend(1, Lane::Single));
    world.charge(1, 0);
    world.settle(other, 1, true);
    let is_old = |line: &Line| line.batch != BatchId(other);
    let facts = Facts { least_price: &no_price, shows: &is_old };
    let proofs = world.history().proofs(usize::MAX, world.ledger.lines().iter(), &facts);
    let line = world.ledger.line(BatchId(lost)).unwrap();
    assert_eq!(proofs.proves_free(line), Err(Unproved::Early));
    assert_eq!(proof(&world, lost), Ok(()));
}

/// Words that stand in one deduction and could be the name of a job are names to look at: first where as much was taken
/// as the batch reserves. What stands in all of them, and what is a job of ours, is none.
#[test]
fn a_row_names_jobs_to_look_at() {
    const TEAM: &str = "6421bc2e9f8d3a0012c45e91";
    let mut world = World::new();
    world.look();
    let lost = world.intend(4, Lane::Bulk);
    let ours = world.intend(4, Lane::Bulk);
    world.tell(ours, Event::Accepted { job: JobId("65f000000000000000000001".into()) });
    for (amount, job) in [
        (40, "65f000000000000000000001"),
        (30, "65f000000000000000000002"),
        (40, "65f000000000000000000003"),
        (5, "65f000000000000000000004"),
    ] {
        let about = format!(
            "\"Email verification batch\" {{\"batchId\":\"{job}\",\"team\":\"{TEAM}\"}}"
        );
        world.change_for(&about, -amount);
    }
    let proofs = proofs(&world, &world.history());
    let line = world.ledger.line(BatchId(lost)).unwrap();
    let jobs: Vec<String> = proofs.jobs(line, 0).into_iter().map(|job| job.0).collect();
    assert_eq!(jobs, ["65f000000000000000000003", "65f000000000000000000002"]);
}
