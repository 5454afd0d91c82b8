//! How questions are spread over jobs and single calls so that all are answered soonest.
//!
//! [`best`] tries shapes of batches in a model of the account (`course`): its windows with their
//! rolling logs, job slots and daily quotas, job times and page sizes, the same that the engine works
//! under. So one model chooses the sizes, tells how long a run will take and what holds it up.

mod course;
mod shape;

use crate::{
    Account, Call, Credits, Endpoint, Lane, Operation, Scope, Window,
    pack::{Offer, PaidAct},
};
use std::{fmt, num::NonZeroU32, sync::LazyLock, time::Duration};

pub use course::Binding;

/// How long jobs of one operation take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct JobTimes {
    /// Seconds before the first item.
    pub fixed: f64,
    /// Seconds for each item.
    pub item: f64,
}

impl JobTimes {
    /// No time at all: what the limits alone allow.
    pub const INSTANT: Self = Self { fixed: 0.0, item: 0.0 };

    /// What the pack takes for typical.
    pub fn typical(account: &Account) -> Self {
        let jobs = &account.pack.jobs;
        Self {
            fixed: jobs.typical.0.as_secs_f64(),
            item: 1.0 / f64::from(jobs.items_per_second.get()),
        }
    }

    /// Seconds that a job of so many items takes.
    pub fn of(&self, items: usize) -> f64 {
        self.fixed + self.item * items as f64
    }
}

/// What a schedule is made for.
#[derive(Clone, Copy, Debug)]
pub struct Task<'a> {
    /// Where.
    pub account: &'a Account,
    /// What is asked.
    pub operation: Operation,
    /// How it must travel, if that is not free to choose.
    pub lane: Option<Lane>,
    /// How many questions there are.
    pub questions: u64,
    /// Most questions in one batch: what the pack, the pipeline and the risk allow.
    pub most: u32,
    /// Fewest questions in one batch: with fewer a job is not worth its slot.
    pub least: u32,
    /// How long jobs take.
    pub jobs: JobTimes,
    /// How long a single call takes, in seconds.
    pub single: f64,
}

/// How the questions are spread, and what comes of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// Sizes of the batches, in the order in which they are submitted.
    pub batches: Vec<u32>,
    /// Questions that travel alone, beside the batches.
    pub singles: u64,
    /// How long it takes.
    pub takes: Duration,
    /// What holds it up.
    pub binds: Binding,
    /// Pages of results.
    pub pages: u64,
}

impl Schedule {
    const NOTHING: Self = Self {
        batches: Vec::new(),
        singles: 0,
        takes: Duration::ZERO,
        binds: Binding::Nothing,
        pages: 0,
    };

    /// The lanes that are used.
    pub fn lanes(&self) -> Lanes {
        match (self.batches.is_empty(), self.singles) {
            (false, 0) => Lanes::Bulk,
            (true, _) => Lanes::Single,
            (false, _) => Lanes::Both,
        }
    }

    /// Calls in all: a submit for each batch, its pages, of which the first is its poll, and single calls.
    pub fn calls(&self) -> u64 {
        self.batches.len() as u64 + self.pages + self.singles
    }
}

/// The lanes that a schedule uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lanes {
    /// Jobs only.
    Bulk,
    /// Single calls only.
    Single,
    /// Both at once.
    Both,
}

impl fmt::Display for Lanes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bulk => "bulk",
            Self::Single => "single",
            Self::Both => "bulk and single",
        })
    }
}

impl<'a> Task<'a> {
    /// Questions under the pack's own figures.
    pub fn new(account: &'a Account, operation: Operation, questions: u64) -> Self {
        let offer = account.offer(operation);
        Self {
            account,
            operation,
            lane: None,
            questions,
            most: offer.map_or(1, |offer| offer.batch.min(offer.most_items).get()),
            least: 1,
            jobs: JobTimes::typical(account),
            single: account.pack.jobs.single.0.as_secs_f64(),
        }
    }

    /// The same with no more in one batch than a lost reply may put at risk, where handing it over is what charges.
    #[must_use]
    pub fn within(self, risk: Credits, price: Credits) -> Self {
        let bound = u32::try_from(risk.items_at(price).max(1)).unwrap_or(u32::MAX);
        match self.account.pack.jobs.paid {
            PaidAct::Submit => Self { most: self.most.min(bound), ..self },
            PaidAct::Fetch => self,
        }
    }

    /// The same with jobs and calls that take no time: what the limits alone allow.
    #[must_use]
    pub fn at_the_shortest(self) -> Self {
        Self { jobs: JobTimes::INSTANT, single: 0.0, ..self }
    }

    /// Whether a day has only so many jobs.
    fn is_short_of_jobs(&self) -> bool {
        self.offer().is_some_and(|offer| offer.daily.jobs.is_some())
    }

    fn offer(&self) -> Option<&'a Offer> {
        self.account.offer(self.operation)
    }

    /// What paces a call: the account's windows, and for single calls that only so many are in flight.
    fn windows(&self, call: Call) -> impl Iterator<Item = (&'a Scope, Window)> {
        let per = Duration::from_secs_f64(self.single);
        let flight = Window { limit: IN_FLIGHT, per };
        let flight = (call == Call::Ask && !per.is_zero()).then_some((&*FLIGHT, flight));
        self.account.windows_of(Endpoint::of(call, self.operation)).chain(flight)
    }
}

/// Most calls that are in flight at once.
pub const IN_FLIGHT: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// What that is called where it binds.
static FLIGHT: LazyLock<Scope> = LazyLock::new(|| Scope("in flight".into()));

/// Candidates that end within this part of the best, and this much later, are as good: the one with the
/// fewest calls is taken.
const AS_GOOD: f64 = 1.003;
const NO_MATTER: Duration = Duration::from_millis(20);

/// Calls in the model, over all candidates, from which on only the plainest are tried.
const MOST_CALLS: u64 = 3_000_000;

/// Single calls in one model from which on the windows' own arithmetic must do.
const MOST_SINGLES: u64 = 50_000;

/// The schedule that ends soonest, of those that are tried.
pub fn best(task: &Task<'_>) -> Schedule {
    let Some(offer) = task.offer().filter(|_| task.questions > 0) else {
        return Schedule::NOTHING;
    };
    let mut tried: Vec<Schedule> = Vec::new();
    if task.lane != Some(Lane::Bulk) {
        tried.extend(alone(task));
    }
    if task.lane != Some(Lane::Single) {
        let budget = MOST_CALLS / (task.questions / u64::from(offer.page.get())).max(1);
        for sizes in
            shape::candidates(task, usize::try_from(budget).unwrap_or(usize::MAX))
        {
            let bulk = course::run(task, &sizes, 0);
            if task.lane.is_none() {
                tried.extend(beside(task, &bulk, sizes.len()));
            }
            tried.push(bulk);
        }
        if task.lane.is_none() {
            tried.extend(balanced(task));
            tried.extend(full(task));
        }
    }
    tried.retain(|schedule| schedule.batches.iter().all(|size| *size >= task.least));
    if tried.is_empty() {
        // No shape fills its jobs: all travel alone.
        tried.extend(alone(&Task { lane: Some(Lane::Single), ..*task }));
    }
    let soonest = tried.iter().map(|schedule| schedule.takes).min().unwrap_or_default();
    let good = soonest.mul_f64(AS_GOOD) + NO_MATTER;
    let good = tried.into_iter().filter(|schedule| schedule.takes <= good);
    good.min_by_key(Schedule::calls).unwrap_or(Schedule::NOTHING)
}

/// Single calls only, unless there are so many that they cannot be worth a look.
fn alone(task: &Task<'_>) -> Option<Schedule> {
    let is_forced = task.lane == Some(Lane::Single);
    let floor = course::soonest(task, Call::Ask, task.questions);
    let hopeless = !is_forced
        && task.questions > 20_000
        && floor
            > course::soonest(
                task,
                Call::Submit,
                task.questions.div_ceil(u64::from(task.most)),
            ) * 4
        && task.offer()?.daily.jobs.is_none();
    if hopeless {
        return None;
    }
    match task.questions > MOST_SINGLES {
        // The windows' own arithmetic is exact enough for so many.
        true => Some(Schedule {
            singles: task.questions,
            takes: floor + Duration::from_secs_f64(task.single),
            binds: course::narrowest(task, Call::Ask),
            ..Schedule::NOTHING
        }),
        false => Some(course::run(task, &[], task.questions)),
    }
}

/// Both lanes for as long as either takes: where jobs are scarce, single calls are no drop in the bucket.
fn balanced(task: &Task<'_>) -> Option<Schedule> {
    let scarce = task.offer()?;
    if scarce.daily.jobs.is_none() && scarce.running.is_none() {
        return None;
    }
    let alone = |singles| {
        course::soonest(task, Call::Ask, singles) + Duration::from_secs_f64(task.single)
    };
    let jobs = |questions: u64| {
        let count = questions.div_ceil(u64::from(task.most));
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        let sizes = match task.is_short_of_jobs() {
            true => shape::filled(questions, task.most),
            false => shape::equal(questions, count, task.most),
        };
        course::run(task, &sizes, 0)
    };
    let (mut low, mut high) = (0_u64, task.questions);
    for _ in 0..24 {
        let singles = low.midpoint(high);
        match alone(singles) < jobs(task.questions - singles).takes {
            true => low = singles,
            false => high = singles,
        }
    }
    let both = [low, high].into_iter().filter_map(|singles| {
        let bulk = jobs(task.questions - singles);
        if singles == 0 || bulk.batches.is_empty() {
            return None;
        }
        if singles < MOST_SINGLES {
            return Some(course::run(task, &bulk.batches, singles));
        }
        // They hardly meet: either lane's own time is exact enough.
        Some(Schedule { singles, takes: bulk.takes.max(alone(singles)), ..bulk })
    });
    both.min_by_key(|schedule| schedule.takes)
}

/// Jobs that are full, and what does not fill one alone: where so few are not worth a job.
fn full(task: &Task<'_>) -> Option<Schedule> {
    let rest = task.questions % u64::from(task.most);
    let is_few = rest > 0 && rest < u64::from(task.least) && rest < task.questions;
    is_few.then(|| {
        let sizes = shape::filled(task.questions - rest, task.most);
        course::run(task, &sizes, rest)
    })
}

/// The same with single calls beside the batches, as many as fit into their time.
fn beside(task: &Task<'_>, bulk: &Schedule, batches: usize) -> Vec<Schedule> {
    let time = bulk.takes.as_secs_f64() - task.single;
    let most =
        course::fitting(task, Call::Ask, time).min(task.questions / 2).min(MOST_SINGLES);
    let part = |part: f64| {
        let singles = (most as f64 * part) as u64;
        // Where single calls are a drop in the bucket they are not worth their calls.
        if singles * 100 < task.questions {
            return None;
        }
        let sizes = shape::staggered(task, task.questions - singles, batches, 1.0)?;
        Some(course::run(task, &sizes, singles))
    };
    [0.45, 0.7, 0.95].into_iter().filter_map(part).collect()
}

#[cfg(test)]
mod tests;
