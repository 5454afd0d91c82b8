//! Every window of the account at once: a request passes all that count it, or none.

use std::time::Duration;

use tokio::time::Instant;

use crate::audit::{ForeignAudit, WindowAudit};
use crate::foreign::Foreign;
use crate::kind::Kind;
use crate::knobs::RateHeaders;
use crate::limiter::{Algorithm, Limiter};
use crate::options::Options;
use crate::peak::Peak;
use crate::plan::Category;
use crate::window::Window;

/// What the headers say when there are no limits.
const UNLIMITED: u32 = 1_000_000_000;

/// What the rate headers say of one window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// The most requests in the window.
    pub limit: u32,
    /// How many more would pass.
    pub remaining: u32,
    /// Whole seconds until the window gives a slot back, rounded up.
    pub reset: u64,
}

/// The verdict on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// It passed every window and is counted.
    Accepted(Rates),
    /// Some window is full; whole seconds until all would let it pass, rounded up.
    Throttled(Rates, u64),
}

/// The windows of one account, as a server keeps them.
///
/// It has no clock: a simulation hands over the instants, none earlier than the one before.
#[derive(Debug)]
pub struct Limits<K = Category> {
    lanes: Vec<Lane<K>>,
    enforced: bool,
    headers: RateHeaders,
    foreign: Foreign<K>,
    foreign_seen: ForeignAudit,
}

/// How windows count, and which of them headers tell of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counting {
    pub(crate) algorithm: Algorithm,
    pub(crate) enforced: bool,
    pub(crate) headers: RateHeaders,
}

#[derive(Debug)]
struct Lane<K> {
    window: Window<K>,
    /// The limits that it began with, and the highest since.
    first: u32,
    highest: u32,
    limiter: Limiter,
    accepted: Peak,
    offered: Peak,
}

impl Limits {
    /// The empty windows of the plan, or those that replace them.
    pub fn new(options: &Options, start: Instant) -> Self {
        let windows = options.windows.clone().unwrap_or_else(|| options.plan.windows());
        let foreign = Foreign::new(options.foreign, &windows, options.seed, start);
        let counting = Counting {
            algorithm: options.algorithm,
            enforced: options.limits,
            headers: options.rate_headers,
        };
        Self::counted(windows, counting, foreign, start)
    }
}

impl<K: Kind> Limits<K> {
    /// These windows, empty, and the colleagues who send requests too.
    pub(crate) fn counted(
        windows: Vec<Window<K>>,
        counting: Counting,
        foreign: Foreign<K>,
        start: Instant,
    ) -> Self {
        let Counting { algorithm, enforced, headers } = counting;
        let lane = |window: Window<K>| Lane {
            window,
            first: window.limit,
            highest: window.limit,
            limiter: Limiter::new(algorithm, window.limit, window.length, start),
            accepted: Peak::new(window.length),
            offered: Peak::new(window.length),
        };
        let lanes = windows.into_iter().map(lane).collect();
        Self { lanes, enforced, headers, foreign, foreign_seen: ForeignAudit::default() }
    }

    /// Decides on a request and counts it, after those of colleagues that came before it.
    pub fn admit(&mut self, category: K, now: Instant) -> Admission {
        self.admit_foreign(now);
        let passes = self.pass(category, now);
        for lane in self.counting(category) {
            lane.offered.note(now);
            if passes {
                lane.accepted.note(now);
            }
        }
        let rates = self.described(category, now);
        match passes {
            true => Admission::Accepted(rates),
            false => Admission::Throttled(rates, seconds(self.wait(category, now))),
        }
    }

    /// From here on every window lets so many per cent pass of what it let through at first, and never nothing. What is
    /// counted stays counted.
    pub fn scale(&mut self, percent: u32) {
        for lane in &mut self.lanes {
            let limit = u64::from(lane.first) * u64::from(percent) / 100;
            let limit = u32::try_from(limit).unwrap_or(u32::MAX).max(1);
            lane.window.limit = limit;
            lane.highest = lane.highest.max(limit);
            lane.limiter.set_limit(limit);
        }
    }

    /// What the headers say of a request of this category, without counting it.
    pub(crate) fn rates(&mut self, category: K, now: Instant) -> Rates {
        self.admit_foreign(now);
        self.described(category, now)
    }

    /// The windows of one length that count this category: the one with the fewest requests left.
    pub(crate) fn rates_of(
        &mut self,
        category: K,
        length: Duration,
        now: Instant,
    ) -> Option<Rates> {
        self.tightest(category, now, |window| window.length == length)
    }

    /// Each window with the most requests that it has held.
    pub fn audit(&self) -> Vec<WindowAudit<K>> {
        self.lanes
            .iter()
            .map(|lane| WindowAudit {
                category: lane.window.category,
                length_ms: u64::try_from(lane.window.length.as_millis())
                    .unwrap_or(u64::MAX),
                limit: lane.highest,
                peak: lane.accepted.highest(),
                offered: lane.offered.highest(),
            })
            .collect()
    }

    /// What became of the requests of colleagues.
    pub fn foreign(&self) -> ForeignAudit {
        self.foreign_seen
    }

    fn admit_foreign(&mut self, now: Instant) {
        while let Some((category, at)) = self.foreign.next(now) {
            match self.pass(category, at) {
                true => self.foreign_seen.accepted += 1,
                false => self.foreign_seen.refused += 1,
            }
        }
    }

    /// Whether a request passes. It is counted by every window, or refused by every one.
    fn pass(&mut self, category: K, at: Instant) -> bool {
        if !self.enforced {
            return true;
        }
        let full = self.counting(category).any(|lane| !lane.limiter.wait(at).is_zero());
        for lane in self.counting(category) {
            match full {
                true => lane.limiter.reject(at),
                false => lane.limiter.accept(at),
            }
        }
        !full
    }

    fn described(&mut self, category: K, now: Instant) -> Rates {
        let any = self.headers == RateHeaders::Tightest;
        self.tightest(category, now, |window| any || window.is_sustained())
            .unwrap_or(Rates { limit: UNLIMITED, remaining: UNLIMITED, reset: 0 })
    }

    fn tightest(
        &mut self,
        category: K,
        now: Instant,
        described: impl Fn(&Window<K>) -> bool,
    ) -> Option<Rates> {
        let enforced = self.enforced;
        let lanes = self
            .counting(category)
            .filter(|lane| enforced && described(&lane.window))
            .map(|lane| (lane.limiter.remaining(now), lane));
        let (remaining, lane) =
            lanes.min_by_key(|(remaining, lane)| (*remaining, lane.window.limit))?;
        let reset = seconds(lane.limiter.reset(now));
        Some(Rates { limit: lane.window.limit, remaining, reset })
    }

    fn wait(&mut self, category: K, now: Instant) -> Duration {
        let waits = self.counting(category).map(|lane| lane.limiter.wait(now));
        waits.max().unwrap_or_default()
    }

    fn counting(&mut self, category: K) -> impl Iterator<Item = &mut Lane<K>> {
        self.lanes.iter_mut().filter(move |lane| lane.window.counts(category))
    }
}

/// Whole seconds, rounded up: a client that waits them never comes early.
pub(crate) fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;
    use crate::plan::Plan;

    fn limits(plan: Plan) -> Limits {
        Limits::new(&Options { plan, ..Options::default() }, Instant::now())
    }

    fn accepted(limits: &mut Limits, category: Category, times: u32) -> usize {
        let ask = |_: &u32| {
            matches!(limits.admit(category, Instant::now()), Admission::Accepted(_))
        };
        (0..times).filter(ask).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_submit_counts_in_its_own_windows_and_in_the_global_ones() {
        let mut limits = limits(Plan::Growth);
        assert_eq!(accepted(&mut limits, Category::Bulk, 5), 3);
        assert_eq!(accepted(&mut limits, Category::Global, 50), 22);
        let peaks: Vec<_> = limits.audit().iter().map(|w| (w.peak, w.offered)).collect();
        assert_eq!(peaks, [(25, 55), (25, 55), (0, 0), (3, 5), (3, 5)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_request_takes_no_slot_of_another_window() {
        let mut limits = limits(Plan::Growth);
        assert_eq!(accepted(&mut limits, Category::Bulk, 100), 3);
        assert_eq!(accepted(&mut limits, Category::Enrich, 100), 22);
    }

    #[tokio::test(start_paused = true)]
    async fn headers_describe_the_tightest_sustained_window_in_whole_seconds() {
        let mut limits = limits(Plan::Free);
        let first = limits.admit(Category::Bulk, Instant::now());
        assert_eq!(
            first,
            Admission::Accepted(Rates { limit: 2, remaining: 1, reset: 60 })
        );
        let burst = limits.admit(Category::Bulk, Instant::now());
        let rates = Rates { limit: 2, remaining: 1, reset: 60 };
        assert_eq!(burst, Admission::Throttled(rates, 1));
        advance(Duration::from_millis(1_500)).await;
        assert_eq!(accepted(&mut limits, Category::Bulk, 1), 1);
        advance(Duration::from_millis(1_000)).await;
        let full = limits.admit(Category::Bulk, Instant::now());
        let rates = Rates { limit: 2, remaining: 0, reset: 58 };
        assert_eq!(full, Admission::Throttled(rates, 58));
    }

    #[tokio::test(start_paused = true)]
    async fn limits_that_are_scaled_hold_what_is_counted_already() {
        let mut limits = limits(Plan::Growth);
        assert_eq!(accepted(&mut limits, Category::Global, 10), 10);
        limits.scale(50);
        assert_eq!(accepted(&mut limits, Category::Global, 50), 2, "12 of 25 a second");
        limits.scale(200);
        assert_eq!(accepted(&mut limits, Category::Global, 50), 38);
        limits.scale(1);
        advance(Duration::from_secs(60)).await;
        assert_eq!(accepted(&mut limits, Category::Global, 2), 1, "never nothing");
        assert_eq!(limits.audit().first().map(|window| window.limit), Some(50));
    }

    #[tokio::test(start_paused = true)]
    async fn without_limits_all_pass_and_are_still_counted() {
        let options = Options { limits: false, ..Options::default() };
        let mut limits = Limits::new(&options, Instant::now());
        assert_eq!(accepted(&mut limits, Category::Bulk, 1_000), 1_000);
        assert_eq!(limits.rates(Category::Bulk, Instant::now()).remaining, UNLIMITED);
        assert_eq!(limits.audit().last().map(|window| window.peak), Some(1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn headers_may_describe_a_burst() {
        let rate_headers = RateHeaders::Tightest;
        let options = Options { plan: Plan::Free, rate_headers, ..Options::default() };
        let mut limits = Limits::new(&options, Instant::now());
        let first = limits.admit(Category::Global, Instant::now());
        let rates = Rates { limit: 5, remaining: 4, reset: 1 };
        assert_eq!(first, Admission::Accepted(rates));
    }
}
