//! The course of a schedule: every call in a model of the account, one after the other.

use super::{Schedule, Task};
use crate::{Call, Scope, Window};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    fmt,
    time::Duration,
};

/// A network's round trip, in seconds, roughly.
const ROUND_TRIP: f64 = 0.06;

/// Windows up to this many seconds are short.
const SHORT: f64 = 1.0;

/// A day in seconds.
const DAY: f64 = 86_400.0;

/// What holds a schedule up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binding {
    /// There is nothing to do.
    Nothing,
    /// A window of the submits.
    Submits(Scope, Window),
    /// A window of the result pages.
    Pages(Scope, Window),
    /// A window of the single calls.
    Singles(Scope, Window),
    /// Jobs that may run at once.
    Running(u32),
    /// What one day holds.
    Daily(u32),
    /// The time that jobs or calls take at the provider.
    JobTime,
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::Submits(scope, window) => write!(f, "submits ({scope} {window})"),
            Self::Pages(scope, window) => write!(f, "result pages ({scope} {window})"),
            Self::Singles(scope, window) => write!(f, "single calls ({scope} {window})"),
            Self::Running(jobs) => write!(f, "jobs at once ({jobs})"),
            Self::Daily(jobs) => write!(f, "jobs a day ({jobs})"),
            Self::JobTime => f.write_str("the time that jobs take"),
        }
    }
}

/// A rolling window in model time.
struct Ring {
    scope: Scope,
    window: Window,
    per: f64,
    limit: usize,
    times: VecDeque<f64>,
}

impl Ring {
    /// When one more call may leave, if the window is full now.
    ///
    /// Headers seldom speak of a short window, so that the engine keeps it as a weighted counter would too:
    /// after a burst room comes back evenly.
    fn free(&self) -> Option<f64> {
        let (first, last) = (self.times.front()?, self.times.back()?);
        if self.times.len() < self.limit {
            return None;
        }
        let apart = self.per / self.limit as f64;
        match self.per <= SHORT {
            true => Some((first + self.per + apart + ROUND_TRIP).max(last + apart)),
            false => Some(first + self.per),
        }
    }
}

/// The windows of all calls.
struct Rings {
    rings: Vec<Ring>,
    routes: BTreeMap<Call, Vec<usize>>,
}

/// When a call may leave, and the window that keeps it from leaving sooner.
#[derive(Clone, Copy)]
struct Slot {
    at: f64,
    held_by: Option<usize>,
}

impl Rings {
    fn new(task: &Task<'_>, calls: &[Call]) -> Self {
        let mut places: BTreeMap<(Scope, Duration), usize> = BTreeMap::new();
        let mut rings: Vec<Ring> = Vec::new();
        let mut route = |call: Call| {
            let windows = task.windows(call).map(|(scope, window)| {
                *places.entry((scope.clone(), window.per)).or_insert_with(|| {
                    let part = task.account.share.of(u64::from(window.limit.get()));
                    rings.push(Ring {
                        scope: scope.clone(),
                        window,
                        per: window.per.as_secs_f64(),
                        limit: usize::try_from(part).unwrap_or(usize::MAX).max(1),
                        times: VecDeque::new(),
                    });
                    rings.len() - 1
                })
            });
            windows.collect()
        };
        let routes = calls.iter().map(|call| (*call, route(*call))).collect();
        Self { rings, routes }
    }

    fn route(&self, call: Call) -> impl Iterator<Item = (usize, &Ring)> {
        let route = self.routes.get(&call).into_iter().flatten();
        route.filter_map(|place| Some((*place, self.rings.get(*place)?)))
    }

    fn earliest(&self, call: Call, at: f64) -> Slot {
        let mut slot = Slot { at, held_by: None };
        for (place, ring) in self.route(call) {
            let Some(free) = ring.free() else { continue };
            if free > slot.at {
                slot = Slot { at: free, held_by: Some(place) };
            }
        }
        slot
    }

    fn take(&mut self, call: Call, at: f64) {
        for place in self.routes.get(&call).into_iter().flatten() {
            if let Some(ring) = self.rings.get_mut(*place) {
                if ring.times.len() == ring.limit {
                    ring.times.pop_front();
                }
                ring.times.push_back(at);
            }
        }
    }

    fn window(&self, place: Option<usize>) -> Option<(Scope, Window)> {
        let ring = self.rings.get(place?)?;
        Some((ring.scope.clone(), ring.window))
    }
}

/// Times at which jobs can be submitted, the first `count` of them, where nothing else is sent.
pub(super) fn submit_times(task: &Task<'_>, count: usize) -> Vec<f64> {
    let mut rings = Rings::new(task, &[Call::Submit]);
    let mut at = 0.0;
    (0..count)
        .map(|_| {
            at = rings.earliest(Call::Submit, at).at;
            rings.take(Call::Submit, at);
            at
        })
        .collect()
}

/// The soonest that the last of `calls` can leave under its windows, starting with empty ones.
///
/// The k-th call of a window of n in t cannot leave before t × ⌊k / n⌋, and a burst within a longer
/// window repeats in each of its stretches.
pub(super) fn soonest(task: &Task<'_>, call: Call, calls: u64) -> Duration {
    let Some(last) = calls.checked_sub(1) else { return Duration::ZERO };
    let mut windows = parts(task, call);
    windows.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (mut left, mut wait) = (last, 0.0);
    for (limit, per) in &windows {
        wait += per * (left / limit) as f64;
        left %= limit;
    }
    let alone = windows.iter().map(|(limit, per)| per * (last / limit) as f64);
    Duration::from_secs_f64(alone.fold(wait, f64::max).min(1e15))
}

/// How many calls can leave within `time` seconds, starting with empty windows.
pub(super) fn fitting(task: &Task<'_>, call: Call, time: f64) -> u64 {
    let windows = parts(task, call);
    if time < 0.0 {
        return 0;
    }
    let fits =
        |(limit, per): &(u64, f64)| (*limit as f64 * ((time / per).floor() + 1.0)) as u64;
    windows.iter().map(fits).min().unwrap_or(u64::MAX)
}

/// The window of a call that takes the longest for many calls.
pub(super) fn narrowest(task: &Task<'_>, call: Call) -> Binding {
    let pace = |window: &Window| window.per.as_secs_f64() / f64::from(window.limit.get());
    let narrowest =
        task.windows(call).max_by(|(_, a), (_, b)| pace(a).total_cmp(&pace(b)));
    narrowest.map_or(Binding::JobTime, |(scope, window)| {
        Binding::Singles(scope.clone(), window)
    })
}

fn parts(task: &Task<'_>, call: Call) -> Vec<(u64, f64)> {
    let part =
        |window: Window| task.account.share.of(u64::from(window.limit.get())).max(1);
    task.windows(call)
        .map(|(_, window)| (part(window), window.per.as_secs_f64()))
        .collect()
}

/// A job that ended, by when.
#[derive(Clone, Copy, PartialEq)]
struct Ended {
    ready: f64,
    pages: u32,
    /// How much of its end was waiting for its submit.
    submitted: f64,
}

impl Eq for Ended {}

impl PartialOrd for Ended {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ended {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.ready.total_cmp(&other.ready).then(self.pages.cmp(&other.pages))
    }
}

/// What is left to do, and what was done last.
struct Course<'a> {
    task: &'a Task<'a>,
    rings: Rings,
    sizes: &'a [u32],
    singles: u64,
    ended: BinaryHeap<Reverse<Ended>>,
    /// The job whose pages are being fetched, with the pages that are left.
    fetching: Option<Ended>,
    /// When job slots are free, and when jobs were begun.
    slots: BinaryHeap<Reverse<Moment>>,
    begun: VecDeque<f64>,
    end: f64,
    binds: Binding,
    /// What submits have waited for, and how long in all.
    submits_held: Vec<(Binding, f64)>,
    now: f64,
}

#[derive(Clone, Copy, PartialEq)]
struct Moment(f64);

impl Eq for Moment {}

impl PartialOrd for Moment {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Moment {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

/// Runs batches of these sizes and so many single calls through the account: submits first, then pages,
/// then single calls, each as soon as it may leave.
pub(super) fn run(task: &Task<'_>, sizes: &[u32], singles: u64) -> Schedule {
    let mut course = Course {
        task,
        rings: Rings::new(task, &[Call::Submit, Call::Page, Call::Ask]),
        sizes,
        singles,
        ended: BinaryHeap::new(),
        fetching: None,
        slots: BinaryHeap::new(),
        begun: VecDeque::new(),
        end: 0.0,
        binds: Binding::JobTime,
        submits_held: Vec::new(),
        now: 0.0,
    };
    while let Some(next) = course.step(course.now) {
        course.now = next;
    }
    let pages = |size: &u32| {
        task.offer().map_or(u64::from(*size), |offer| offer.pages(u64::from(*size)))
    };
    Schedule {
        batches: sizes.to_vec(),
        singles,
        takes: Duration::from_secs_f64(course.end),
        binds: course.binds,
        pages: sizes.iter().map(pages).sum(),
    }
}

impl Course<'_> {
    /// Makes the next call; tells when it left.
    fn step(&mut self, now: f64) -> Option<f64> {
        let submit = (!self.sizes.is_empty()).then(|| self.next_submit(now));
        if self.fetching.is_none() {
            self.fetching = self.ended.pop().map(|Reverse(ended)| ended);
        }
        let page =
            self.fetching.map(|job| self.rings.earliest(Call::Page, now.max(job.ready)));
        let single = (self.singles > 0).then(|| self.rings.earliest(Call::Ask, now));
        let at = |slot: Option<Slot>| slot.map_or(f64::INFINITY, |slot| slot.at);
        let (s, p, a) =
            (at(submit.as_ref().map(|(slot, _)| *slot)), at(page), at(single));
        match (submit, page, single) {
            (Some((slot, quota)), _, _) if s <= p && s <= a => self.submit(slot, quota),
            (_, Some(slot), _) if p <= a => self.page(slot),
            (_, _, Some(slot)) => self.single(slot),
            _ => return None,
        }
        Some(s.min(p).min(a))
    }

    /// When the next batch may go, and the quota that holds it up, if one does.
    fn next_submit(&self, now: f64) -> (Slot, Option<Binding>) {
        let mut from = (now, None);
        if let Some(offer) = self.task.offer() {
            if let Some(running) = offer.running
                && self.slots.len() >= running.get() as usize
                && let Some(Reverse(Moment(free))) = self.slots.peek()
                && *free > from.0
            {
                from = (*free, Some(Binding::Running(running.get())));
            }
            if let Some(jobs) = offer.daily.jobs
                && self.begun.len() >= jobs.get() as usize
                && let Some(first) =
                    self.begun.get(self.begun.len() - jobs.get() as usize)
                && first + DAY > from.0
            {
                from = (first + DAY, Some(Binding::Daily(jobs.get())));
            }
        }
        let slot = self.rings.earliest(Call::Submit, from.0);
        (slot, from.1.filter(|_| slot.held_by.is_none()))
    }

    fn submit(&mut self, slot: Slot, quota: Option<Binding>) {
        let Some((size, rest)) = self.sizes.split_first() else { return };
        self.sizes = rest;
        self.rings.take(Call::Submit, slot.at);
        let window = self.rings.window(slot.held_by);
        if let Some(held) =
            quota.or(window.map(|(scope, window)| Binding::Submits(scope, window)))
        {
            let wait = slot.at - self.now;
            match self.submits_held.iter_mut().find(|(other, _)| *other == held) {
                Some((_, waited)) => *waited += wait,
                None => self.submits_held.push((held, wait)),
            }
        }
        let ready = slot.at + ROUND_TRIP + self.task.jobs.of(*size as usize);
        let pages = self.task.offer().map_or(1, |offer| offer.pages(u64::from(*size)));
        self.ended.push(Reverse(Ended {
            ready,
            pages: u32::try_from(pages).unwrap_or(u32::MAX),
            submitted: slot.at,
        }));
        if self.task.offer().is_some_and(|offer| offer.running.is_some()) {
            while self.slots.peek().is_some_and(|Reverse(Moment(free))| *free <= slot.at)
            {
                self.slots.pop();
            }
            self.slots.push(Reverse(Moment(ready)));
        }
        self.begun.push_back(slot.at);
    }

    fn page(&mut self, slot: Slot) {
        let Some(job) = &mut self.fetching else { return };
        self.rings.take(Call::Page, slot.at);
        job.pages -= 1;
        let (last, ready, submitted) = (job.pages == 0, job.ready, job.submitted);
        let end = slot.at + ROUND_TRIP;
        if end > self.end {
            self.end = end;
            self.binds = match self.rings.window(slot.held_by) {
                // The pages of a job that ended long ago wait for their windows.
                Some((scope, window)) if slot.at - ready > 1.0 => {
                    Binding::Pages(scope, window)
                }
                _ if submitted > ready - submitted => self.submits_wait_for(),
                _ => Binding::JobTime,
            };
        }
        if last {
            self.fetching = None;
        }
    }

    fn submits_wait_for(&self) -> Binding {
        let longest = self.submits_held.iter().max_by(|(_, a), (_, b)| a.total_cmp(b));
        longest.map_or(Binding::JobTime, |(binding, _)| binding.clone())
    }

    fn single(&mut self, slot: Slot) {
        self.rings.take(Call::Ask, slot.at);
        self.singles -= 1;
        let end = slot.at + ROUND_TRIP + self.task.single;
        if end > self.end {
            self.end = end;
            self.binds = match self.rings.window(slot.held_by) {
                Some((scope, window)) => Binding::Singles(scope, window),
                None => Binding::JobTime,
            };
        }
    }
}
