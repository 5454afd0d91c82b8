//! One life of a pipeline, and what must have held in it.

use crate::{
    account::slowness,
    dice::Dice,
    random::Random,
    simulation::{Check, Crash, Receiving, World, people},
    storm::Storm,
};
use leadmill_core::{
    Credits, Entry, Event, Finding, Lane, Ledger, Operation, Query, QueryKey, RunId,
    State, Status,
    pack::{Doubtful, InDoubt},
};
use leadmill_engine::Ending;
use leadmill_sandbox::{
    Algorithm, Audit, Callbacks, Chaos, Options, Percent, Quirks, Sandbox, Trouble,
    question,
};
use std::{
    collections::{BTreeSet, HashMap},
    fmt,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    runtime::Builder,
    time::{sleep, timeout},
};

/// Questions in the world.
pub(crate) const PEOPLE: usize = 40;

/// The seed of the provider's answers.
const ANSWERS: u64 = 7;

/// Sessions in the storm, and after it: then a run must end.
const STORMY: u64 = 4;
const CALM: usize = 6;

/// What happened in all lives.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    crashes: AtomicU64,
    doubts: AtomicU64,
    proofs: AtomicU64,
    held: AtomicU64,
    adopted: AtomicU64,
    refuted: AtomicU64,
    rivals: AtomicU64,
    at_limit: AtomicU64,
    complete: AtomicU64,
}

impl Seen {
    /// A test in which nothing goes wrong shows nothing.
    pub(crate) fn assert_all_happened(&self) {
        for (what, count) in self.counts() {
            assert!(count > 20, "{what}: {count}");
        }
    }

    fn counts(&self) -> [(&'static str, u64); 9] {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        [
            ("crashes", of(&self.crashes)),
            ("doubts", of(&self.doubts)),
            ("proved free", of(&self.proofs)),
            ("held to the end", of(&self.held)),
            ("adopted", of(&self.adopted)),
            ("refuted", of(&self.refuted)),
            ("rivals", of(&self.rivals)),
            ("at the limit", of(&self.at_limit)),
            ("complete", of(&self.complete)),
        ]
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (what, count)) in self.counts().into_iter().enumerate() {
            write!(f, "{}{count} {what}", if place > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// Lives a life, panics if it breaks a promise, and tells its trace.
pub(crate) fn live(seed: u64, seen: &Seen) -> String {
    let runtime =
        Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(lived(seed, seen))
}

/// I3: the journal's bound is never below what the provider has charged or holds.
#[derive(Debug)]
struct Bound {
    sandbox: Sandbox,
    ledger: Mutex<(Ledger, usize)>,
}

impl Check for Bound {
    fn written(&self, entries: &[Entry]) {
        let (ledger, seen) = &mut *self.ledger.lock().unwrap();
        entries[*seen..].iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
        *seen = entries.len();
        let bound: Credits = ledger.lines().iter().map(|line| line.credits).sum();
        assert!(ledger.adds_up(), "the sums of the book are not those of its batches");
        let audit = self.sandbox.audit();
        let charged = audit.charged + audit.reserved;
        assert!(charged <= bound.0, "I3: {charged} are charged, {} written", bound.0);
    }
}

fn world(dice: &mut Dice) -> World {
    let algorithm = dice.of(&[
        Algorithm::RollingLog,
        Algorithm::LogCountingRejects,
        Algorithm::FixedWindow,
        Algorithm::WeightedCounter,
    ]);
    let quirks = Quirks {
        duplicate: dice.chance(0.3).then_some(dice.below(5) as usize),
        extra: dice.chance(0.3),
        plain: dice.chance(0.3),
        ..Quirks::default()
    };
    let (mut callbacks, mut receiving, mut chaos) = (Callbacks::default(), None, vec![]);
    if dice.chance(0.5) {
        let (outlet, heard) = Receiving::start(dice.of(&[0, 3, 20]));
        let completion_ahead = Duration::from_millis(dice.of(&[0, 0, 3_000]));
        let jitter = Duration::from_millis(dice.of(&[0, 2_000]));
        callbacks = Callbacks { outlet, completion_ahead, jitter, ..callbacks };
        receiving = Some(heard);
        chaos = [
            (Trouble::WebhookLost, 40),
            (Trouble::WebhookTwice, 20),
            (Trouble::WebhookLate, 20),
            (Trouble::WebhookForged, 20),
            (Trouble::WebhookEarly, 30),
        ]
        .into_iter()
        .filter(|_| dice.chance(0.4))
        .map(|(what, part)| Chaos { what, part: Percent::new(part) })
        .collect();
    }
    let options = Options {
        algorithm,
        callbacks,
        chaos,
        quirks,
        shuffled: dice.chance(0.5),
        seed: ANSWERS,
        job_fixed: Duration::from_millis(200 + dice.below(20_000)),
        ..Options::default()
    };
    let plan = dice.of(&["growth", "scale", "pro", "enterprise"]);
    let mut world = World::new(plan, options);
    world.receiving = receiving;
    world.batch(2 + dice.below(14) as u32);
    world.lane = dice.of(&[Lane::Bulk, Lane::Bulk, Lane::Single]);
    world.any_lane = dice.chance(0.3);
    world.rtt = Duration::from_millis(dice.below(120));
    world.append_takes = slowness(dice);
    world.staging_takes = slowness(dice);
    if dice.chance(0.25) {
        world.budget = Credits(dice.below(300));
    }
    if dice.chance(0.2) {
        world.running(1 + dice.below(3) as u32);
    }
    world.doubtful = Some(Doubtful { act: InDoubt::Hold, budget: Credits::ZERO });
    world
}

async fn lived(seed: u64, seen: &Seen) -> String {
    let mut dice = Dice::new(seed);
    let mut world = world(&mut dice);
    let part = dice.of(&[0.0, 0.02, 0.1, 0.3]);
    let stragglers = dice.chance(0.5);
    let storm = Arc::new(Storm::new(Random::new(seed ^ 0xabcd), part, stragglers));
    world.weather = Arc::clone(&storm) as _;
    world.check = Some(Arc::new(Bound {
        sandbox: world.sandbox.clone(),
        ledger: Mutex::default(),
    }));
    let count = 1 + dice.below(PEOPLE as u64) as usize;
    let people = &all_people()[..count];
    let rival = dice.chance(0.25);
    let theirs = &all_people()[count / 2..(count + 8).min(PEOPLE)];
    let mut second = world.beside(RunId(2));
    let (jumps, weather) = (dice.chance(0.2), Weather { stragglers });
    for session in 0..dice.below(STORMY) {
        let jump = dice.of(&[-3_600_000, -1_000, 1_000, 3_600_000]);
        if jumps {
            world.clock.jump(jump);
        }
        // Now and then the disk is full for a while, and the process lives on.
        let (full, appends) = (dice.below(8) as usize, 1 + dice.below(4) as usize);
        world.fails = if dice.chance(0.15) { full..full + appends } else { 0..0 };
        let (ours, other) = (death(&mut dice), death(&mut dice));
        let delay = Duration::from_millis(dice.below(5_000));
        if rival && session > 0 {
            seen.rivals.fetch_add(1, Ordering::Relaxed);
            world.others = [RunId(2)].into();
            let later = async {
                sleep(delay).await;
                session_of(&second, theirs, other, seen).await;
            };
            tokio::join!(session_of(&world, people, ours, seen), later);
            world.others.clear();
        } else {
            session_of(&world, people, ours, seen).await;
        }
    }
    storm.end();
    world.fails = 0..0;
    second.others.clear();
    // What was on its way has arrived.
    sleep(Duration::from_secs(90)).await;
    if rival {
        calm(&second, theirs, seen).await;
    }
    calm(&world, people, seen).await;
    let count = |counter: &AtomicU64, is_so: fn(&Entry) -> bool| {
        let found = world.entries().iter().filter(|entry| is_so(entry)).count();
        counter.fetch_add(found as u64, Ordering::Relaxed);
    };
    count(&seen.proofs, is_proof);
    count(&seen.adopted, |entry| matches!(entry.event, Event::Adopted { .. }));
    count(&seen.refuted, is_refutation);
    judge(&world, people, weather, seen);
    if rival {
        judge(&second, theirs, weather, seen);
    }
    format!("{:?}", world.entries())
}

fn is_proof(entry: &Entry) -> bool {
    matches!(&entry.event, Event::Refused { reason, .. } if reason.contains("show no charge"))
}

fn is_refutation(entry: &Entry) -> bool {
    let is_told =
        |reason: &str| reason.contains("is not that of") || reason.contains("HTTP 404");
    matches!(&entry.event, Event::Doubted { reason, .. } if is_told(reason))
}

/// How a session is cut short.
#[derive(Clone, Copy, Debug)]
enum Death {
    At(Crash),
    After(Duration),
    Not,
}

fn death(dice: &mut Dice) -> Death {
    match dice.below(4) {
        0 | 1 => {
            let crash =
                Crash { append: dice.below(12) as usize, written: dice.chance(0.5) };
            Death::At(crash)
        }
        2 => Death::After(Duration::from_millis(dice.below(40_000))),
        _ => Death::Not,
    }
}

async fn session_of(world: &World, people: &[Query], death: Death, seen: &Seen) {
    let (crash, after) = match death {
        Death::At(crash) => (Some(crash), Duration::MAX),
        Death::After(after) => (None, after),
        Death::Not => (None, Duration::MAX),
    };
    let died = match timeout(after, world.run(people, crash)).await {
        Ok(session) => {
            seen.doubts.fetch_add(session.report.doubts.len() as u64, Ordering::Relaxed);
            session.ending.is_err()
        }
        Err(_) => true,
    };
    seen.crashes.fetch_add(u64::from(died), Ordering::Relaxed);
}

/// I11: the faults have stopped, and the run ends.
async fn calm(world: &World, people: &[Query], seen: &Seen) {
    let mut endings = Vec::new();
    for _ in 0..CALM {
        match world.run(people, None).await.ending {
            Ok(Ending::Complete) => {
                seen.complete.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(Ending::AtLimit) => {
                seen.at_limit.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(Ending::NoJobSlot)
                if world.ledger().lines().iter().any(|l| l.is_open()) =>
            {
                // Doubts hold their slots for a day.
                sleep(Duration::from_secs(87_000)).await;
            }
            other => endings.push(format!("{other:?}")),
        }
    }
    panic!("I11: it does not end: {endings:?}");
}

/// Everything else, by the provider's books.
fn judge(world: &World, people: &[Query], weather: Weather, seen: &Seen) {
    let audit = world.sandbox.audit();
    charged_once(world, &audit);
    windows_held(world, &audit, weather);
    let ledger = world.ledger();
    let purse: Arc<str> = world.account.purse.as_str().into();
    for run in [RunId(1), RunId(2)] {
        let committed = ledger.committed(run, &purse);
        assert!(committed <= world.budget, "I8: {committed}");
    }
    let left =
        ledger.lines().iter().find(|line| matches!(line.state, State::Accepted(_)));
    assert!(left.is_none(), "I2: nobody fetches {left:?}");
    let let_go: BTreeSet<QueryKey> = world
        .entries()
        .iter()
        .filter(|entry| is_proof(entry))
        .filter_map(|entry| ledger.line(entry.batch))
        .filter(|line| line.lane == Lane::Single)
        .flat_map(|line| line.keys.iter().copied())
        .collect();
    let output = world.output(people);
    assert_eq!(output.len(), people.len(), "I5");
    for (query, (status, finding)) in people.iter().zip(output) {
        let fields: Vec<&str> = query.values().collect();
        let asked = audit.asked.contains_key(&question("email-finder", &fields));
        match status {
            Status::Hit | Status::Miss => {
                assert!(asked, "I9: {query:?} was never asked");
                assert_eq!(
                    (status, text(finding.as_ref())),
                    expected()[&query.key()],
                    "I6, I9: {query:?}"
                );
            }
            Status::UnknownCharged => {
                seen.held.fetch_add(1, Ordering::Relaxed);
            }
            // A single call that finds nobody is free. Where its reply was lost that is proved while the run goes on, which
            // lets its question go with what was held for it: others that wait may then use up the budget.
            other => {
                let is_let_go = expected()[&query.key()].0 == Status::Miss
                    && let_go.contains(&query.key())
                    && world.budget < Credits::MAX;
                // Nobody is found, and nothing was charged, of a row that is a namesake's or not.
                let is_free =
                    other == Status::Failed && expected()[&query.key()].0 == Status::Miss;
                assert!(
                    !asked || is_let_go || is_free,
                    "I2: {query:?} was charged and is {other:?}"
                );
            }
        }
    }
}

/// What a life has that bears on the windows.
#[derive(Clone, Copy, Debug)]
struct Weather {
    stragglers: bool,
}

/// I7. A call that was half a minute on its way may arrive in a second that others have filled: a window so
/// short is kept by what calls usually take, the longer ones by what they took.
fn windows_held(world: &World, audit: &Audit, weather: Weather) {
    for window in &audit.windows {
        let is_kept = window.length_ms > 5_000 || !weather.stragglers;
        let held = !is_kept || window.offered <= u64::from(window.limit);
        assert!(held, "I7: {:?} {window:?}\n{}", world.algorithm, story(world));
    }
    let throttled = audit.throttled == 0 || weather.stragglers;
    assert!(throttled, "I7: {:?} {:?}\n{}", world.algorithm, audit.windows, story(world));
}

/// I1, I4: a question may be put twice only where that is free, as a single call that finds nobody.
fn charged_once(world: &World, audit: &Audit) {
    let name =
        |query: &Query| question("email-finder", &query.values().collect::<Vec<_>>());
    let hits: BTreeSet<String> = all_people()
        .iter()
        .filter(|query| expected()[&query.key()].0 == Status::Hit)
        .map(name)
        .collect();
    let twice = audit.asked.iter().filter(|(_, times)| **times > 1).map(|(name, _)| name);
    let paid: Vec<&String> = twice.filter(|name| hits.contains(*name)).collect();
    assert!(paid.is_empty(), "I1: {paid:?}\n{}", story(world));
    let most = 10 * audit.asked.keys().filter(|name| hits.contains(*name)).count() as u64;
    assert!(audit.charged <= most, "I1: {} of {most}\n{}", audit.charged, story(world));
}

/// The journal, for people.
pub(crate) fn story(world: &World) -> String {
    let entries = world.entries();
    let line = |entry: &Entry| {
        let event = format!("{:?}", entry.event);
        let keys = match &entry.event {
            Event::Intended { keys, .. } => {
                keys.iter().map(|key| format!("{key:?} ")).collect()
            }
            _ => String::new(),
        };
        let event = event.split("keys").next().unwrap_or_default().chars().take(150);
        let event: String = event.collect();
        format!("{} run {} {} {event} {keys}\n", entry.at.0, entry.run.0, entry.batch)
    };
    entries.iter().map(line).collect()
}

/// What a finding says, whichever lane it came by.
pub(crate) fn text(finding: Option<&Finding>) -> String {
    match finding {
        Some(Finding::Hit(values)) => format!("{:?}", values.first()),
        other => format!("{other:?}"),
    }
}

pub(crate) fn all_people() -> &'static [Query] {
    static PEOPLE_: OnceLock<Vec<Query>> = OnceLock::new();
    PEOPLE_.get_or_init(|| {
        let mut all = people(PEOPLE);
        // Some are namesakes, if accents are left out.
        for (number, pair) in all.chunks_exact_mut(2).enumerate().step_by(3) {
            let (last, domain) =
                (format!("Lovelace{number}"), format!("company{number}.example"));
            for (person, first) in pair.iter_mut().zip(["Zo\u{eb}", "Zoe"]) {
                let inputs = [Some(first), Some(&*last), Some(&*domain)];
                *person = Query::read(Operation::FindEmail, inputs).unwrap();
            }
        }
        all
    })
}

/// What a calm run finds for each question.
fn expected() -> &'static HashMap<QueryKey, (Status, String)> {
    static EXPECTED: OnceLock<HashMap<QueryKey, (Status, String)>> = OnceLock::new();
    EXPECTED.get_or_init(|| {
        let runtime =
            Builder::new_current_thread().enable_time().start_paused(true).build();
        // A runtime within a runtime wants a thread of its own.
        std::thread::scope(|scope| {
            let calm = scope.spawn(|| {
                runtime.unwrap().block_on(async {
                    let options = Options { seed: ANSWERS, ..Options::default() };
                    let world = World::new("enterprise", options);
                    world.run(all_people(), None).await.ending.unwrap();
                    let output = world.output(all_people());
                    let found = all_people().iter().zip(output);
                    found.map(|(q, (s, f))| (q.key(), (s, text(f.as_ref())))).collect()
                })
            });
            calm.join().unwrap()
        })
    })
}
