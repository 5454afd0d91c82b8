//! Doubts and the wallet's transactions: what was not charged is found out, also of many and while the run goes on, and
//! what was charged comes back where a row names its job.

use crate::{
    random::Random,
    simulation::{
        Check, World,
        network::{Way, Weather},
        people,
    },
};
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::Request;
use leadmill_core::{
    Call, Credits, Entry, Lane, Ledger, Operation, Query, State, Status,
    pack::{Doubtful, InDoubt},
};
use leadmill_engine::Ending;
use leadmill_sandbox::{Fault, Lookups, Options, ReverseMiss, answer_reverse, question};
use std::{
    env,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::sleep;
use tower::ServiceExt;

const HOLD: Doubtful = Doubtful { act: InDoubt::Hold, budget: Credits::ZERO };

/// Single calls take a while, and not all the same.
#[derive(Debug)]
struct Jitter(Mutex<Random>);

impl Weather for Jitter {
    fn next(&self, _: &Request<Bytes>) -> Way {
        let mut random = self.0.lock().unwrap();
        let mut some = || Duration::from_secs_f64(random.unit() / 100.0);
        Way { there: some(), back: some(), ..Way::default() }
    }
}

/// The most batches that were in doubt at once, and entries that were seen.
#[derive(Debug, Default)]
struct Peak(Mutex<(Ledger, usize, usize)>);

impl Check for Peak {
    fn written(&self, entries: &[Entry]) {
        let (ledger, seen, most) = &mut *self.0.lock().unwrap();
        entries[*seen..].iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
        *seen = entries.len();
        let held = ledger.open("enrich.so").filter(|line| line.doubt.is_some());
        // Counting them each time would be most of the work.
        if seen.is_multiple_of(97) {
            *most = (*most).max(held.count());
        }
    }
}

fn addresses(count: usize) -> Vec<Query> {
    let address = |n| format!("ada{n}@company{}.example", n % 13);
    let query = |n| Query::read(Operation::FindPerson, [Some(&*address(n))]).unwrap();
    (0..count).map(query).collect()
}

fn hits(queries: &[Query]) -> u64 {
    let is_hit =
        |query: &&Query| answer_reverse(0, query.values().next().unwrap()).is_some();
    queries.iter().filter(is_hit).count() as u64
}

/// A world in which nobody is found by a miss: the server says that it is broken, and each call takes its time.
fn of_broken_misses(balance: u64) -> (World, Arc<Peak>) {
    let lookups = Lookups { reverse_miss: ReverseMiss::Error, ..Lookups::default() };
    let options = Options {
        balance,
        lookups,
        single_latency: Duration::from_millis(300),
        ..Options::default()
    };
    let mut world = World::new("pro", options);
    world.lane = Lane::Single;
    world.rtt = Duration::from_millis(80);
    world.weather = Arc::new(Jitter(Mutex::new(Random::new(7))));
    world.doubtful = Some(HOLD);
    let peak = Arc::new(Peak::default());
    world.check = Some(Arc::clone(&peak) as _);
    (world, peak)
}

fn count(world: &World, queries: &[Query], wanted: Status) -> u64 {
    let output = world.output(queries);
    output.iter().filter(|(status, _)| *status == wanted).count() as u64
}

/// `LEADMILL_MISSES=100000` buys so many.
#[tokio::test(start_paused = true)]
async fn misses_that_come_as_errors_are_misses_whatever_else_is_in_flight() {
    let number = env::var("LEADMILL_MISSES").ok().map(|text| text.parse().unwrap());
    let questions = addresses(number.unwrap_or(6_000));
    let (mut world, peak) = of_broken_misses(10_000_000);
    if number.is_none() {
        world.account.pack.settling = Some("20s".parse().unwrap());
    }
    let session = world.run(&questions, None).await;
    assert_eq!(session.ending.unwrap(), Ending::Complete);
    let found = hits(&questions);
    assert_eq!(count(&world, &questions, Status::Hit), found);
    assert_eq!(count(&world, &questions, Status::Miss), questions.len() as u64 - found);
    assert_eq!(world.sandbox.audit().charged, 10 * found);
    world.audit();
    let open = world.ledger().lines().iter().filter(|line| line.is_open()).count();
    let most = peak.0.lock().unwrap().2;
    let pages = session.report.calls[&Call::Transactions];
    println!(
        "{} questions, {found} hits, at most {most} in doubt, {pages} pages",
        questions.len()
    );
    assert_eq!(open, 0);
    // While the run goes on: else half of all are held at its end.
    assert!(most < questions.len() / 5, "{most}");
    assert!(pages < 20 + questions.len() as u64 / 50, "{pages}");
}

/// What is in doubt holds its reserve: once it is judged the run goes on, as long as its budget holds what is bought.
#[tokio::test(start_paused = true)]
async fn a_budget_is_not_used_up_by_what_was_not_charged() {
    let questions = addresses(300);
    let (mut world, _) = of_broken_misses(10_000_000);
    let found = hits(&questions);
    world.budget = Credits(10 * found + 200);
    let session = world.run(&questions, None).await;
    assert_eq!(session.ending.unwrap(), Ending::Complete);
    assert_eq!(count(&world, &questions, Status::Hit), found);
    assert_eq!(count(&world, &questions, Status::Miss), 300 - found);
    assert_eq!(world.sandbox.audit().charged, 10 * found);
}

fn of_batches(faults: Vec<Fault>, named: bool) -> World {
    let options = Options { faults, deductions_name_batch: named, ..Options::default() };
    let mut world = World::new("enterprise", options);
    world.batch(20);
    world.doubtful = Some(HOLD);
    world
}

#[tokio::test(start_paused = true)]
async fn a_lost_reply_comes_back_where_its_deduction_names_the_job() {
    for faults in [
        vec![Fault::LostReply],
        vec![Fault::None, Fault::ErrorAfter, Fault::RefusedBefore, Fault::LostReply],
    ] {
        let world = of_batches(faults, true);
        let people = people(100);
        let session = world.run(&people, None).await;
        assert_eq!(session.ending.unwrap(), Ending::Complete);
        let ledger = world.ledger();
        assert!(ledger.lines().iter().all(|line| !line.is_open()));
        assert!(ledger.lines().iter().any(|line| line.adopted));
        world.audit();
        let held = [Status::UnknownCharged, Status::Deferred];
        assert!(held.iter().all(|status| count(&world, &people, *status) == 0));
        assert_eq!(world.sandbox.audit().reserved, 0);
    }
}

/// A colleague's batch takes as much as ours would have: its job is looked at, and is not ours.
#[tokio::test(start_paused = true)]
async fn a_job_that_a_deduction_names_counts_only_if_it_holds_the_batch_s_questions() {
    let mut world = of_batches(vec![Fault::None, Fault::RefusedBefore], true);
    world.account.pack.settling = Some("20s".parse().unwrap());
    let people = people(100);
    let (ours, theirs) = people.split_at(60);
    let colleague = async {
        sleep(Duration::from_secs(3)).await;
        let lead = |query: &Query| {
            let values: Vec<&str> = query.values().collect();
            let [first, last, domain] = values.try_into().unwrap();
            serde_json::json!({ "firstName": first, "lastName": last, "domain": domain })
        };
        let leads: Vec<_> = theirs[..20].iter().map(lead).collect();
        let request = Request::post("/api/v3/email-finder/batch")
            .header("content-type", "application/json")
            .header("x-api-key", "sk_sandbox")
            .body(Body::from(serde_json::json!({ "leads": leads }).to_string()))
            .unwrap();
        let response = world.sandbox.router().oneshot(request).await.unwrap();
        assert!(response.status().is_success());
        to_bytes(response.into_body(), usize::MAX).await.unwrap();
    };
    let (session, ()) = tokio::join!(world.run(ours, None), colleague);
    session.ending.unwrap();
    let ledger = world.ledger();
    let [held] = ledger.open("enrich.so").collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(held.state, State::InDoubt);
    assert_eq!(held.tried.len(), 1, "{:?}", held.tried);
    world.audit();
}

/// A batch takes all of its reserve at once: what a single question cost a colleague is not its charge.
#[tokio::test(start_paused = true)]
async fn a_small_deduction_of_somebody_else_holds_no_batch() {
    let world = of_batches(vec![Fault::None, Fault::RefusedBefore], false);
    let people = people(60);
    let colleague = async {
        sleep(Duration::from_secs(3)).await;
        world.sandbox.top_up(-10);
    };
    let (session, ()) = tokio::join!(world.run(&people, None), colleague);
    assert_eq!(session.ending.unwrap(), Ending::Complete);
    assert_eq!(world.ledger().open("enrich.so").count(), 0);
    let name =
        |query: &Query| question("email-finder", &query.values().collect::<Vec<_>>());
    let audit = world.sandbox.audit();
    assert!(people.iter().all(|query| audit.asked.get(&name(query)) == Some(&1)));
}

/// Nobody waits for what would have shown long ago, and everybody for what may still come.
#[tokio::test(start_paused = true)]
async fn an_old_doubt_delays_no_run() {
    let world = of_batches(vec![Fault::LostReply], false);
    let people = people(20);
    let took = async || {
        let start = world.now();
        world.run(&people, None).await.ending.unwrap();
        world.now().since(start)
    };
    assert!(took().await >= Duration::from_secs(180), "the charge may still come");
    assert_eq!(world.ledger().open("enrich.so").count(), 1);
    sleep(Duration::from_secs(3_600)).await;
    assert!(took().await < Duration::from_secs(30), "it would have come");
    assert_eq!(world.ledger().open("enrich.so").count(), 1);
    world.audit();
}

/// The wall clock is set forward between two processes: what has just left is not old.
#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_forward_makes_no_doubt_old() {
    let mut world = of_batches(vec![Fault::LostReply], false);
    let people = people(20);
    world.doubtful = None;
    world.run(&people, None).await.ending.unwrap();
    world.doubtful = Some(HOLD);
    world.clock.jump(3_600_000);
    let start = tokio::time::Instant::now();
    world.run(&people, None).await.ending.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(150), "{:?}", start.elapsed());
}
