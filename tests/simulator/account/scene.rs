//! What a scene begins with, and how its processes end.

use super::{
    Pipeline, Scene,
    laws::{Counter, Laws},
    questions::{ANSWERS, OPERATIONS, questions},
    rates::Rates,
    till::Till,
};
use crate::{
    dice::Dice,
    life::PEOPLE,
    random::Random,
    simulation::{Crash, World, process::POWER_CUT, waterfall::Waterfall},
    storm::Storm,
};
use leadmill_core::{
    BatchId, Credits, Lane, Query, RunId, Timestamp,
    pack::{Doubtful, InDoubt, Risk},
};
use leadmill_engine::{Ending, GRACE, PATIENCE, Report, RunError, Unpaid};
use leadmill_sandbox::{
    Algorithm, Lookups, Options, Quirks, ReverseMiss,
    tomba::{self, BulkOptions, CostTable, DayBoundary, Echo, FileForm, Miss, Namesakes},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Requests of a scene: more are without end.
const MOST_REQUESTS: u64 = 30_000;

/// How much longer than its grace a process takes to end.
const TO_END: Duration = Duration::from_secs(2);

/// Writes of a process that ends.
const WRITES: u32 = 6;

/// The longest that a single call takes, without a storm.
const SLOWEST: Duration = Duration::from_secs(5);

/// How a process ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    /// Around a write to the journal, by the first of its providers or the second.
    At(Crash, usize),
    Killed(Duration),
    /// Told to stop, after this time, with so much for last replies.
    Told(Duration, Duration),
    Not,
}

impl End {
    pub(crate) fn by(dice: &mut Dice) -> Self {
        let after = Duration::from_millis(dice.below(40_000));
        let (append, written) = (dice.below(16) as usize, dice.chance(0.5));
        match dice.below(5) {
            0 => Self::At(Crash { append, written }, dice.below(2) as usize),
            1 => Self::Killed(after),
            2 => Self::Told(after, Duration::from_secs(dice.of(&[0, 2, 20]))),
            _ => Self::Not,
        }
    }

    pub(crate) const fn grace(self) -> Duration {
        match self {
            Self::Told(_, grace) => grace,
            _ => GRACE,
        }
    }

    /// Whether every reply to a single call comes in time.
    pub(crate) fn has_time(self) -> bool {
        matches!(self, Self::Told(_, grace) if grace > SLOWEST * 2)
    }
}

/// A process: of a pipeline that tries one provider, or two.
pub(crate) enum Work {
    One(Box<World>),
    Both(Box<Waterfall>),
}

/// What a process came to.
pub(crate) struct Session {
    /// None after an error.
    pub(crate) ending: Option<Ending>,
    pub(crate) said: String,
    pub(crate) resume: Option<Timestamp>,
    pub(crate) unpaid: BTreeMap<BatchId, Unpaid>,
    pub(crate) doubts: u64,
}

impl Work {
    pub(crate) fn of(mut worlds: Vec<World>) -> Self {
        let first = worlds.remove(0);
        match worlds.pop() {
            Some(second) => Self::Both(Box::new(Waterfall { first, second })),
            None => Self::One(Box::new(first)),
        }
    }

    pub(crate) fn worlds(&self) -> Vec<&World> {
        match self {
            Self::One(world) => vec![world],
            Self::Both(both) => vec![&both.first, &both.second],
        }
    }

    /// How much longer than its grace it takes to end: it still writes.
    fn to_end(&self) -> Duration {
        let worlds = self.worlds().into_iter();
        let writes =
            worlds.map(|world| world.append_takes * WRITES + world.staging_takes);
        TO_END + writes.sum::<Duration>()
    }

    async fn run(
        &self,
        people: &[Query],
        crash: Option<(Crash, usize)>,
        stop: watch::Receiver<bool>,
    ) -> (Result<Ending, RunError>, Vec<Report>) {
        match self {
            Self::One(world) => {
                let crash = crash.map(|(crash, _)| crash);
                let session = world.run_until(people, crash, stop).await;
                (session.ending, vec![session.report])
            }
            Self::Both(both) => {
                let at =
                    |place| crash.filter(|(_, at)| *at == place).map(|(crash, _)| crash);
                let flow = both.run_until(people, [at(0), at(1)], stop).await;
                (flow.ending, flow.reports.into())
            }
        }
    }

    /// One process. Nothing if it died.
    pub(crate) async fn session(&self, people: &[Query], end: End) -> Option<Session> {
        let (tell, stop) = watch::channel(false);
        let (ending, reports) = match end {
            End::At(crash, place) => self.run(people, Some((crash, place)), stop).await,
            End::Killed(after) => {
                timeout(after, self.run(people, None, stop)).await.ok()?
            }
            End::Told(after, grace) => {
                let run = self.run(people, None, stop);
                tokio::pin!(run);
                tokio::select! { biased;
                    ended = &mut run => ended,
                    () = sleep(after) => {
                        tell.send(true).unwrap();
                        let ended = timeout(grace + self.to_end(), run).await;
                        ended.unwrap_or_else(|_| panic!("I13: it outlasts its {grace:?}"))
                    }
                }
            }
            End::Not => self.run(people, None, stop).await,
        };
        if let Err(RunError::Broken(why)) = &ending {
            if why == POWER_CUT {
                return None;
            }
            assert!(why.contains("has ended a doubt"), "I16: {why}");
        }
        let troubles: Vec<_> =
            reports.iter().filter_map(|report| report.trouble.as_ref()).collect();
        Some(Session {
            said: format!("{ending:?} {troubles:?}"),
            ending: ending.ok(),
            resume: reports.iter().filter_map(|report| report.resume_at).max(),
            doubts: reports.iter().map(|report| report.doubts.len() as u64).sum(),
            unpaid: reports.into_iter().flat_map(|report| report.unpaid).collect(),
        })
    }
}

/// A pipeline's file is changed between two of its sessions.
pub(crate) fn change(pipeline: &mut Pipeline, dice: &mut Dice) {
    for one in &mut pipeline.budgets {
        if dice.chance(0.4) {
            *one = budget(dice);
        }
    }
    if dice.chance(0.2) {
        pipeline.doubtful = doubtful(dice);
    }
}

fn budget(dice: &mut Dice) -> Credits {
    let some = dice.of(&[10, 40, 200]);
    match dice.chance(0.4) {
        true => Credits::MAX,
        false => Credits(dice.below(some)),
    }
}

fn doubtful(dice: &mut Dice) -> Doubtful {
    let act = dice.of(&[
        InDoubt::Hold,
        InDoubt::Hold,
        InDoubt::Hold,
        InDoubt::Retry,
        InDoubt::Skip,
    ]);
    Doubtful { act, budget: Credits(dice.below(100)) }
}

/// The most that may be in doubt in all, as the world's account has it.
pub(crate) fn in_doubt(world: &World) -> Credits {
    world.account.in_doubt_limit.map_or(Credits::MAX, |limit| limit.bound(None))
}

impl Scene {
    /// An account or two at one provider.
    pub(crate) fn of_accounts(seed: u64, dice: &mut Dice) -> Self {
        let is_tomba = dice.chance(0.5);
        let mut worlds = vec![world(dice, is_tomba)];
        if dice.chance(0.3) {
            let is_tomba = if dice.chance(0.8) { is_tomba } else { !is_tomba };
            let other = world(dice, is_tomba);
            let purse = format!("{} of somebody else", other.account.purse);
            worlds.push(worlds[0].at(other, &purse));
        }
        let accounts = worlds.len() as u64;
        let pipelines = (1..=1 + dice.below(3) as i64).map(|run| {
            let account = dice.below(accounts) as usize;
            pipeline(dice, run, vec![account])
        });
        let pipelines = pipelines.collect();
        Self::new(seed, dice, worlds, pipelines)
    }

    /// Two providers, and pipelines that try both, in either order, or one of them.
    pub(crate) fn of_waterfalls(seed: u64, dice: &mut Dice) -> Self {
        let mut worlds = vec![world(dice, false)];
        let other = world(dice, true);
        worlds.push(worlds[0].at(other, "tomba"));
        let pipelines = (1..=1 + dice.below(2) as i64).map(|run| {
            let chains = [vec![0, 1], vec![0, 1], vec![1, 0], vec![0], vec![1]];
            let accounts = if run == 1 { &chains[..3] } else { &chains[..] };
            let accounts = dice.of(accounts);
            pipeline(dice, run, accounts)
        });
        let pipelines = pipelines.collect();
        Self::new(seed, dice, worlds, pipelines)
    }

    fn new(
        seed: u64,
        dice: &mut Dice,
        mut worlds: Vec<World>,
        pipelines: Vec<Pipeline>,
    ) -> Self {
        let part = dice.of(&[0.0, 0.0, 0.02, 0.1, 0.3]);
        let stragglers = dice.chance(0.4);
        let is_still = dice.chance(0.3);
        let storm = Random::new(seed ^ 0xabcd);
        let storm = Arc::new(Storm::new(storm, part, stragglers).wild().still(is_still));
        let tills: Vec<Till> = worlds.iter().map(till).collect();
        let counters = worlds.iter().zip(&tills).map(|(world, till)| Counter {
            purse: world.account.purse.as_str().into(),
            till: till.clone(),
        });
        let laws = Arc::new(Laws::new(counters.collect()));
        for world in &mut worlds {
            world.weather = Arc::clone(&storm) as _;
            world.check = Some(Arc::clone(&laws) as _);
            world.most_requests = MOST_REQUESTS;
        }
        Self {
            began: worlds[0].now(),
            runs: pipelines.len() as i64,
            pipelines,
            rates: worlds.iter().map(|_| Rates::new()).collect(),
            worlds,
            tills,
            laws,
            storm,
            stragglers,
            is_quiet: part == 0.0 && !stragglers && is_still,
        }
    }
}

fn pipeline(dice: &mut Dice, run: i64, accounts: Vec<usize>) -> Pipeline {
    let operation = dice.of(&[
        OPERATIONS[0],
        OPERATIONS[0],
        OPERATIONS[0],
        OPERATIONS[1],
        OPERATIONS[2],
    ]);
    let first = dice.below(PEOPLE as u64 / 2) as usize;
    let count = 1 + dice.below((PEOPLE - first) as u64) as usize;
    Pipeline {
        budgets: accounts.iter().map(|_| budget(dice)).collect(),
        accounts,
        people: questions(operation)[first..first + count].to_vec(),
        run: RunId(run),
        closed: BTreeSet::new(),
        doubtful: doubtful(dice),
        unpaid: BTreeMap::new(),
    }
}

fn till(world: &World) -> Till {
    match &world.tomba {
        Some(tomba) => Till::Tomba(tomba.clone()),
        None => Till::Enrich(world.sandbox.clone()),
    }
}

fn world(dice: &mut Dice, is_tomba: bool) -> World {
    let mut world = match is_tomba {
        true => World::of_tomba(tomba(dice)),
        false => enrich(dice),
    };
    world.batch(2 + dice.below(14) as u32);
    world.lane = dice.of(&[Lane::Bulk, Lane::Single]);
    world.any_lane = dice.chance(0.3);
    world.rtt = Duration::from_millis(dice.below(120));
    world.append_takes = slowness(dice);
    world.staging_takes = slowness(dice);
    world.patience = dice.of(&[PATIENCE, PATIENCE, Duration::from_secs(60)]);
    if dice.chance(0.2) {
        let most = Credits(10 + dice.below(100));
        world.account.in_doubt_limit = Some(Risk::Credits(most));
        world.account.batch_risk = Risk::Credits(most);
    }
    world
}

/// Mostly some milliseconds, seldom seconds.
pub(crate) fn slowness(dice: &mut Dice) -> Duration {
    match dice.chance(0.1) {
        true => Duration::from_millis(dice.below(3_000)),
        false => Duration::from_millis(dice.below(4) * 3),
    }
}

fn latency(dice: &mut Dice) -> Duration {
    Duration::from_millis(dice.of(&[0, 300, 3_000]))
}

/// Some give names back without their accents and capitals.
fn spelling(dice: &mut Dice) -> Quirks {
    Quirks { plain: dice.chance(0.3), ..Quirks::default() }
}

fn enrich(dice: &mut Dice) -> World {
    let options = Options {
        algorithm: dice.of(&[Algorithm::RollingLog, Algorithm::WeightedCounter]),
        shuffled: dice.chance(0.5),
        quirks: spelling(dice),
        seed: ANSWERS,
        job_fixed: Duration::from_millis(200 + dice.below(20_000)),
        single_latency: latency(dice),
        deductions_name_batch: dice.chance(0.3),
        lookups: Lookups {
            reverse_miss: dice.of(&[ReverseMiss::Error, ReverseMiss::default()]),
            ..Lookups::default()
        },
        ..Options::default()
    };
    World::new(dice.of(&["growth", "pro", "enterprise"]), options)
}

fn tomba(dice: &mut Dice) -> tomba::Options {
    let file = FileForm {
        echo: dice.of(&[Echo::All, Echo::All, Echo::Asked]),
        namesakes: dice.of(&[Namesakes::Both, Namesakes::Result]),
        ..FileForm::default()
    };
    let bulk = BulkOptions {
        queued: Duration::from_secs(dice.below(3)),
        fixed: Duration::from_secs(2 + dice.below(60)),
        per_row: Duration::from_millis(50),
        day: dice.of(&[DayBoundary::Utc, DayBoundary::Rolling, DayBoundary::Both]),
        shuffled: dice.chance(0.5),
        quirks: spelling(dice),
        file,
        // A wait may be a year.
        expiry: Duration::from_secs(10 * 365 * 86_400),
        ..BulkOptions::default()
    };
    tomba::Options {
        bulk,
        costs: dice.of(&[CostTable::Limits, CostTable::Apify]),
        miss: dice.of(&[Miss::Usual, Miss::Null, Miss::NotFound, Miss::Person]),
        single_latency: latency(dice),
        seed: ANSWERS,
        ..tomba::Options::default()
    }
}
