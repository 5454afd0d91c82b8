//! Everything of a team that changes.

use std::collections::{BTreeMap, VecDeque};

use tokio::time::Instant;

use super::account::{Log, Usage};
use super::bulk::state::Bulks;
use super::endpoint::Endpoint;
use super::memory::Memory;
use super::options::Options;
use super::pools::Pools;
use super::windows::published;
use crate::audit::CallbackAudit;
use crate::chaos::Chance;
use crate::faults::Fault;
use crate::foreign::{Foreign, Percent};
use crate::latency::Ways;
use crate::limits::{Counting, Limits};
use crate::random::Random;
use crate::window::Window;

/// The state of a team.
#[derive(Debug)]
pub(super) struct Book {
    /// Its windows.
    pub(super) limits: Limits<Endpoint>,
    /// How long requests and replies are on their way.
    pub(super) ways: Ways,
    /// Its quota.
    pub(super) pools: Pools,
    /// What it asked and paid.
    pub(super) memory: Memory,
    /// How many requests were free because they had been paid for.
    pub(super) repeats: u64,
    /// Its jobs.
    pub(super) bulks: Bulks,
    /// Its requests, day by day.
    pub(super) usage: Usage,
    /// Its last requests.
    pub(super) log: Log,
    /// Requests by route.
    pub(super) requests: BTreeMap<String, u64>,
    /// Replies by status.
    pub(super) statuses: BTreeMap<u16, u64>,
    /// What became of callbacks.
    pub(super) callbacks: CallbackAudit,
    /// The same for those that were made up.
    pub(super) forged: CallbackAudit,
    /// What goes wrong at random.
    pub(super) chance: Chance,
    /// The statuses of refusals on demand.
    pub(super) refusals: VecDeque<u16>,
    odd: Random,
    faults: VecDeque<Fault>,
}

impl Book {
    /// A team that has done nothing.
    pub(super) fn new(options: &Options, start: Instant) -> Self {
        Self {
            limits: limits(options, start),
            ways: Ways::new(options.latency, options.jitter, options.seed),
            pools: Pools::new(options.quota, options.quota_period, start),
            memory: Memory::default(),
            repeats: 0,
            bulks: Bulks::new(options),
            usage: Usage::default(),
            log: Log::default(),
            requests: BTreeMap::new(),
            statuses: BTreeMap::new(),
            callbacks: CallbackAudit::default(),
            forged: CallbackAudit::default(),
            chance: Chance::new(&options.chaos, options.seed),
            refusals: options.refusals.iter().copied().collect(),
            odd: Random::new(options.seed, u64::from_be_bytes(*b"oddities")),
            faults: options.faults.iter().copied().collect(),
        }
    }

    /// The fate of the next paid request.
    pub(super) fn next_fault(&mut self) -> Fault {
        self.faults.pop_front().unwrap_or_default()
    }

    /// Whether something happens that does so as often as this.
    pub(super) fn is_odd(&mut self, part: Percent) -> bool {
        part != Percent::ZERO && part.of(1.0) > self.odd.unit()
    }
}

fn limits(options: &Options, start: Instant) -> Limits<Endpoint> {
    let usual = || published(options.fraction, options.plan);
    let windows = options.windows.clone().unwrap_or_else(usual);
    let rates = windows.iter().filter(|window| window.is_sustained());
    let rates = rates.filter(|window| window.category != Endpoint::Every);
    let rate = |window: &Window<Endpoint>| {
        let whole = f64::from(window.limit) / window.length.as_secs_f64();
        (window.category, window.category as u64, options.foreign.of(whole))
    };
    let foreign = Foreign::at_rates(rates.map(rate), options.seed, start);
    let counting = Counting {
        algorithm: options.algorithm,
        enforced: options.limits,
        headers: options.rate_headers,
    };
    Limits::counted(windows, counting, foreign, start)
}
