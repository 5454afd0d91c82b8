//! Every window of the account at once: a request passes all that count it, or none.

use std::time::Duration;

use tokio::time::Instant;

use crate::audit::WindowAudit;
use crate::knobs::RateHeaders;
use crate::limiter::Limiter;
use crate::options::Options;
use crate::peak::Peak;
use crate::plan::{Category, Window};

/// What the headers say when there are no limits.
const UNLIMITED: u32 = 1_000_000_000;

/// What the three rate headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rates {
    /// The most requests in the window.
    pub(crate) limit: u32,
    /// How many more would pass.
    pub(crate) remaining: u32,
    /// Whole seconds until the window gives a slot back, rounded up.
    pub(crate) reset: u64,
}

/// The verdict on a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It passed every window and is counted.
    Accepted(Rates),
    /// Some window is full; whole seconds until all would let it pass, rounded up.
    Throttled(Rates, u64),
}

/// The windows of one account.
#[derive(Debug)]
pub(crate) struct Limits {
    lanes: Vec<Lane>,
    enforced: bool,
    headers: RateHeaders,
}

#[derive(Debug)]
struct Lane {
    window: Window,
    limiter: Limiter,
    accepted: Peak,
    offered: Peak,
}

impl Limits {
    /// The empty windows of the plan, or those that replace them.
    pub(crate) fn new(options: &Options, start: Instant) -> Self {
        let windows = options.windows.clone().unwrap_or_else(|| options.plan.windows());
        let lane = |window: Window| Lane {
            window,
            limiter: Limiter::new(options.algorithm, window.limit, window.length, start),
            accepted: Peak::new(window.length),
            offered: Peak::new(window.length),
        };
        Self {
            lanes: windows.into_iter().map(lane).collect(),
            enforced: options.limits,
            headers: options.rate_headers,
        }
    }

    /// Decides on a request and counts it.
    pub(crate) fn admit(&mut self, category: Category, now: Instant) -> Admission {
        let enforced = self.enforced;
        let full = enforced && self.wait(category, now) > Duration::ZERO;
        for lane in self.counting(category) {
            lane.offered.note(now);
            if full {
                lane.limiter.reject(now);
                continue;
            }
            lane.accepted.note(now);
            if enforced {
                lane.limiter.accept(now);
            }
        }
        let rates = self.rates(category, now);
        if full {
            Admission::Throttled(rates, seconds(self.wait(category, now)))
        } else {
            Admission::Accepted(rates)
        }
    }

    /// What the headers say of a request of this category, without counting it.
    pub(crate) fn rates(&mut self, category: Category, now: Instant) -> Rates {
        let (enforced, headers) = (self.enforced, self.headers);
        self.counting(category)
            .filter(|_| enforced)
            .filter(|lane| headers == RateHeaders::Tightest || lane.window.is_sustained())
            .map(|lane| Rates {
                limit: lane.window.limit,
                remaining: lane.limiter.remaining(now),
                reset: seconds(lane.limiter.reset(now)),
            })
            .min_by_key(|rates| (rates.remaining, rates.limit))
            .unwrap_or(Rates { limit: UNLIMITED, remaining: UNLIMITED, reset: 0 })
    }

    /// Each window with the most requests that it has held.
    pub(crate) fn audit(&self) -> Vec<WindowAudit> {
        self.lanes
            .iter()
            .map(|lane| WindowAudit {
                category: lane.window.category,
                length_ms: u64::try_from(lane.window.length.as_millis())
                    .unwrap_or(u64::MAX),
                limit: lane.window.limit,
                peak: lane.accepted.highest(),
                offered: lane.offered.highest(),
            })
            .collect()
    }

    fn wait(&mut self, category: Category, now: Instant) -> Duration {
        let waits = self.counting(category).map(|lane| lane.limiter.wait(now));
        waits.max().unwrap_or_default()
    }

    fn counting(&mut self, category: Category) -> impl Iterator<Item = &mut Lane> {
        self.lanes.iter_mut().filter(move |lane| lane.window.counts(category))
    }
}

/// Whole seconds, rounded up: a client that waits them never comes early.
fn seconds(wait: Duration) -> u64 {
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
