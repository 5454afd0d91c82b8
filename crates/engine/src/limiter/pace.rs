//! The pace within a short window.

use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use leadmill_core::Window;
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// Windows up to this length are paced.
const PACED: Duration = Duration::from_secs(1);

/// The part of a window, in per cent, that may leave at once; the rest leaves evenly.
const AT_ONCE: u64 = 80;

/// So few calls may all leave at once.
const FEW: u64 = 10;

/// Tokio's clock for governor, so that tests can pause it.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl Clock for TokioClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Paced = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Duration>>;

/// Spreads the last fifth of a short window's calls, so that its end does not leave in one instant.
///
/// This is governor's part, and its only one: it cannot guard a rolling window by itself. Its algorithm
/// keeps no log but one theoretical arrival time. With the burst set to the limit it lets a burst and a
/// whole window's worth of calls through in the first window, nearly twice the limit; with a burst of
/// one it forfeits the burst, and n + 1 evenly spaced calls still span exactly one window, which is one
/// too many for a server that sees them a little closer together. The log of each window is the
/// authority; the pace comes last.
#[derive(Debug)]
pub(super) struct Pace {
    limiter: Paced,
    clock: TokioClock,
    /// A call was let through here and not by another pace: it is not asked again.
    in_hand: bool,
}

impl Pace {
    pub(super) fn new(window: Window) -> Option<Self> {
        if window.per > PACED {
            return None;
        }
        let limit = u64::from(window.limit.get());
        let burst = if limit <= FEW { limit } else { limit * AT_ONCE / 100 };
        let burst = NonZeroU32::new(u32::try_from(burst).ok()?)?;
        let period = window.per.checked_div(window.limit.get())?;
        let quota = Quota::with_period(period)?.allow_burst(burst);
        let clock = TokioClock(Instant::now());
        let limiter = RateLimiter::direct_with_clock(quota, clock.clone());
        Some(Self { limiter, clock, in_hand: false })
    }

    /// Takes one call from the pace, to be used up by [`Self::leave`], or tells when to come again.
    pub(super) fn wait(&mut self) -> Option<Instant> {
        if self.in_hand {
            return None;
        }
        let Err(not_until) = self.limiter.check() else {
            self.in_hand = true;
            return None;
        };
        let now = Reference::saturating_sub(&self.clock.now(), 0.into());
        let wait = not_until.wait_time_from(now);
        Some(Instant::now() + wait.max(Duration::from_millis(1)))
    }

    /// The call leaves.
    pub(super) const fn leave(&mut self) {
        self.in_hand = false;
    }
}
