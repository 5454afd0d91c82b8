//! How long replies take, and what that says about when a call can have arrived.

use std::time::Duration;
use tokio::time::Instant;

/// What is assumed of the tail before there is anything to go by.
const FIRST_GUARD: Duration = Duration::from_millis(100);

/// The least that is allowed for timers and for a least time that was not quite seen yet.
const LEAST_GUARD: Duration = Duration::from_millis(10);

/// Replies, and the time since the first of them, that are needed before the least time is taken for what
/// it is: calls that leave together are all late together.
const ENOUGH: u32 = 16;
const LONG_ENOUGH: Duration = Duration::from_secs(3);

/// How long an extreme is remembered, at least.
const MEMORY: Duration = Duration::from_secs(60);

/// The extremes of the recent reply times of one endpoint.
///
/// A call that was replied to after `r` arrived at the server no later than `r - least` beyond the
/// quickest way there, however long the server then took: what a reply is late by bounds what its call
/// was late by.
#[derive(Debug)]
pub(super) struct Delays {
    recent: Extremes,
    before: Extremes,
    turned: Instant,
    first: Option<Instant>,
    seen: u32,
}

#[derive(Clone, Copy, Debug)]
struct Extremes {
    /// The smallest ones, in order.
    least: [Duration; FEW],
    most: Duration,
}

/// How many of the smallest reply times are looked at. If they lie close together, the least is what it
/// seems; if they are far apart, the quickest way there may not have been seen yet.
const FEW: usize = 8;

const NONE: Extremes = Extremes { least: [Duration::MAX; FEW], most: Duration::ZERO };

impl Delays {
    pub(super) fn new() -> Self {
        Self { recent: NONE, before: NONE, turned: Instant::now(), first: None, seen: 0 }
    }

    /// A reply came after this time.
    pub(super) fn see(&mut self, took: Duration, now: Instant) {
        if now.duration_since(self.turned) >= MEMORY {
            (self.before, self.recent, self.turned) = (self.recent, NONE, now);
        }
        if let Some(place) = self.recent.least.iter().position(|other| took < *other) {
            let after = self.recent.least.get_mut(place..).unwrap_or_default();
            after.rotate_right(1);
            after.first_mut().into_iter().for_each(|first| *first = took);
        }
        self.recent.most = self.recent.most.max(took);
        self.seen = self.seen.saturating_add(1);
        self.first.get_or_insert(now);
    }

    /// Whether any reply has come.
    pub(super) const fn is_told(&self) -> bool {
        self.seen > 0
    }

    /// Whether the least time is what it seems to be.
    fn is_known(&self) -> bool {
        let long = self.first.is_some_and(|first| first.elapsed() >= LONG_ENOUGH);
        long && self.seen >= ENOUGH
    }

    fn least(&self) -> Duration {
        let [recent, ..] = self.recent.least;
        let [before, ..] = self.before.least;
        recent.min(before)
    }

    /// How far the least may lie above what the quickest way takes.
    fn doubt(&self) -> Duration {
        let mut all = [self.recent.least, self.before.least].concat();
        all.sort_unstable();
        let few = all.get(FEW - 1).copied().unwrap_or(Duration::MAX);
        few.saturating_sub(self.least()).saturating_mul(2).max(LEAST_GUARD)
    }

    fn most(&self) -> Duration {
        self.recent.most.max(self.before.most)
    }

    fn spread(&self) -> Duration {
        self.most().saturating_sub(self.least())
    }

    /// How much later than it left a call counts as arrived, where its reply has not come; `None` if
    /// nothing but the reply can tell.
    pub(super) fn tail(&self) -> Option<Duration> {
        self.is_known().then(|| FIRST_GUARD.max(self.spread()))
    }

    /// After which time without a reply a call may be stuck on its way there.
    pub(super) fn overdue(&self) -> Duration {
        self.most() + FIRST_GUARD
    }

    /// How much later than it left a call counts as arrived, now that it was replied to after `took`.
    /// Never later than the reply.
    pub(super) fn guard(&self, took: Duration) -> Duration {
        if !self.is_known() {
            return took;
        }
        let late = took.saturating_sub(self.least());
        took.min(late.saturating_add(self.doubt()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[tokio::test(start_paused = true)]
    async fn the_guard_is_what_a_reply_is_late_by() {
        let mut delays = Delays::new();
        assert_eq!((delays.guard(ms(60)), delays.guard(ms(800))), (ms(60), ms(800)));
        delays.see(ms(815), Instant::now());
        tokio::time::advance(LONG_ENOUGH).await;
        for n in 0..400 {
            delays.see(ms(800 + n % 20), Instant::now());
        }
        assert_eq!(delays.guard(ms(805)), ms(15));
        assert_eq!(delays.guard(ms(1_100)), ms(310), "a spike is a late arrival");
        assert_eq!(delays.tail(), Some(ms(100)));
        delays.see(ms(1_100), Instant::now());
        assert_eq!(delays.tail(), Some(ms(300)));
    }

    #[tokio::test(start_paused = true)]
    async fn old_extremes_are_forgotten() {
        let mut delays = Delays::new();
        delays.see(ms(900), Instant::now());
        for _ in 0..2 {
            tokio::time::advance(MEMORY).await;
            (0..ENOUGH).for_each(|_| delays.see(ms(50), Instant::now()));
        }
        assert_eq!(delays.tail(), Some(ms(100)));
    }
}
