//! The provider's side: windows, job slots, daily quotas, jobs of a fixed time.

use crate::{
    provider::BALANCE,
    service::{FIXED, ITEM, SINGLE, Service},
};
use leadmill_core::{Call, QueryKey, RateSignal, Signals};
use leadmill_sandbox::{Admission, Limits, Options, Rates};
use std::{collections::VecDeque, num::NonZeroU32, sync::Arc, time::Duration};
use tokio::time::Instant;

const DAY: Duration = Duration::from_secs(86_400);

/// What a refused call is told to wait where a job slot is missing.
///
/// # Source
/// Tomba's fixtures: reference/tomba_api.md, 11.11.
const NO_SLOT: Duration = Duration::from_secs(60);

/// What the headers say where no window counts a call.
const UNLIMITED: u32 = 1_000_000_000;

/// Everything that the provider keeps.
#[derive(Debug)]
pub(crate) struct Server {
    service: Service,
    limits: Limits,
    headers: bool,
    jobs: Vec<Job>,
    /// When the jobs of the last 24 hours were begun.
    begun: VecDeque<Instant>,
    /// When the jobs that run will have ended.
    running: Vec<Instant>,
    pub(crate) counts: Counts,
}

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    pub(crate) keys: Arc<[QueryKey]>,
    pub(crate) begun: Instant,
    pub(crate) ends: Instant,
}

/// Calls, by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Refused with 429: by a window, or for want of a job slot or a day's quota.
    pub(crate) throttled: u64,
    pub(crate) over_quota: u64,
    pub(crate) submits: u64,
    pub(crate) singles: u64,
    /// Looks at a job that were not a page of its results.
    pub(crate) polls: u64,
    pub(crate) pages: u64,
    pub(crate) calls: u64,
}

/// The verdict on a call that has arrived.
#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Accepted(Signals),
    Throttled(Signals, Duration),
}

impl Server {
    pub(crate) fn new(service: Service, options: &Options, headers: bool) -> Self {
        Self {
            limits: Limits::new(options, Instant::now()),
            service,
            headers,
            jobs: Vec::new(),
            begun: VecDeque::new(),
            running: Vec::new(),
            counts: Counts::default(),
        }
    }

    /// A call arrives.
    pub(crate) fn arrive(&mut self, call: Call) -> Verdict {
        self.counts.calls += 1;
        let now = Instant::now();
        match self.limits.admit((self.service.category)(call), now) {
            Admission::Accepted(rates) => match self.full(call, now) {
                None => Verdict::Accepted(self.signals(rates)),
                Some(wait) => {
                    self.counts.over_quota += 1;
                    Verdict::Throttled(self.signals(rates), wait)
                }
            },
            Admission::Throttled(rates, wait) => {
                self.counts.throttled += 1;
                Verdict::Throttled(self.signals(rates), Duration::from_secs(wait))
            }
        }
    }

    /// For how long no further job may begin. A day is any stretch of 24 hours, the strictest reading.
    fn full(&mut self, call: Call, now: Instant) -> Option<Duration> {
        if call != Call::Submit {
            return None;
        }
        self.running.retain(|ends| *ends > now);
        while self.begun.front().is_some_and(|begun| *begun + DAY <= now) {
            self.begun.pop_front();
        }
        let is_at = |count: usize, most: Option<NonZeroU32>| {
            most.is_some_and(|most| count >= most.get() as usize)
        };
        match self.begun.front() {
            Some(first) if is_at(self.begun.len(), self.service.daily) => {
                Some((*first + DAY).duration_since(now))
            }
            _ => is_at(self.running.len(), self.service.running).then_some(NO_SLOT),
        }
    }

    /// Begins a job and gives its place.
    pub(crate) fn begin(&mut self, keys: Arc<[QueryKey]>) -> usize {
        let begun = Instant::now();
        let items = u32::try_from(keys.len()).unwrap_or(u32::MAX);
        let ends = begun + FIXED + ITEM.saturating_mul(items);
        self.counts.submits += 1;
        self.begun.push_back(begun);
        self.running.push(ends);
        self.jobs.push(Job { keys, begun, ends });
        self.jobs.len() - 1
    }

    /// A job, by its place.
    pub(crate) fn job(&self, place: usize) -> Option<&Job> {
        self.jobs.get(place)
    }

    fn signals(&self, rates: Rates) -> Signals {
        let Rates { limit, remaining, reset } = rates;
        let says = self.headers && limit < UNLIMITED;
        let rate = says.then(|| RateSignal {
            per: None,
            limit: Some(limit.into()),
            remaining: Some(remaining.into()),
            reset: Some(Duration::from_secs(reset)),
        });
        Signals { balance: Some(BALANCE), rates: rate.into_iter().collect() }
    }
}

impl Job {
    /// Items that have been processed, and whether the job has ended.
    pub(crate) fn progress(&self) -> (u64, bool) {
        let now = Instant::now();
        let worked = now.saturating_duration_since(self.begun + FIXED);
        let done = worked.as_nanos() / ITEM.as_nanos().max(1);
        let done = u64::try_from(done).unwrap_or(u64::MAX).min(self.keys.len() as u64);
        (done, now >= self.ends)
    }
}

/// What a single call takes once it has arrived.
pub(crate) async fn look_up() {
    tokio::time::sleep(SINGLE).await;
}
