//! One window's arithmetic, in the four ways that servers are known to do it.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::words::worded;

/// How the server counts requests in a window (section 14, row 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Algorithm {
    /// An exact log of the accepted requests: at most n in any half-open span of the length.
    #[default]
    RollingLog,
    /// The same log, in which refused requests count too: hammering never gets through.
    LogCountingRejects,
    /// A counter that is emptied at fixed instants, so that two adjoining spans may let 2n through.
    FixedWindow,
    /// The counters of this span and the last, the last one weighted by the share of it still in sight.
    WeightedCounter,
}

worded!(
    Algorithm,
    "algorithm",
    [
        ("rolling", RollingLog),
        ("rolling-counting-rejects", LogCountingRejects),
        ("fixed", FixedWindow),
        ("weighted", WeightedCounter),
    ]
);

/// The count of one window.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: u32,
    length: Duration,
    count: Count,
}

#[derive(Debug)]
enum Count {
    Log { seen: VecDeque<Instant>, counts_rejects: bool },
    Span { opened: Instant, before: u32, current: u32, weighted: bool },
}

impl Limiter {
    /// An empty window; spans are aligned to `start`.
    pub(crate) fn new(
        algorithm: Algorithm,
        limit: u32,
        length: Duration,
        start: Instant,
    ) -> Self {
        let log = |counts_rejects| Count::Log { seen: VecDeque::new(), counts_rejects };
        let span =
            |weighted| Count::Span { opened: start, before: 0, current: 0, weighted };
        let count = match algorithm {
            Algorithm::RollingLog => log(false),
            Algorithm::LogCountingRejects => log(true),
            Algorithm::FixedWindow => span(false),
            Algorithm::WeightedCounter => span(true),
        };
        Self { limit, length, count }
    }

    /// Lets so many through from here on.
    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = limit;
    }

    /// How long until one more request would be accepted; zero if it would be at `now`.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        self.advance(now);
        let (limit, length) = (self.limit as usize, self.length);
        match &self.count {
            Count::Log { seen, .. } => seen
                .len()
                .checked_sub(limit)
                .and_then(|first_to_leave| seen.get(first_to_leave))
                .map_or(Duration::ZERO, |&at| (at + length).duration_since(now)),
            Count::Span { opened, before, current, weighted } => {
                let before = if *weighted { *before } else { 0 };
                let here = open_after(self.limit, before, *current, length);
                let opens = here.unwrap_or_else(|| {
                    let next = if *weighted { *current } else { 0 };
                    length + open_after(self.limit, next, 0, length).unwrap_or(length)
                });
                (*opened + opens).saturating_duration_since(now)
            }
        }
    }

    /// Counts an accepted request.
    pub(crate) fn accept(&mut self, now: Instant) {
        self.advance(now);
        match &mut self.count {
            Count::Log { seen, .. } => seen.push_back(now),
            Count::Span { current, .. } => *current += 1,
        }
    }

    /// Notes a refused request, which most algorithms do not count.
    pub(crate) fn reject(&mut self, now: Instant) {
        if let Count::Log { seen, counts_rejects: true } = &mut self.count {
            seen.push_back(now);
        }
    }

    /// How many more requests would be accepted at `now`.
    pub(crate) fn remaining(&mut self, now: Instant) -> u32 {
        self.advance(now);
        let used = match &self.count {
            Count::Log { seen, .. } => u32::try_from(seen.len()).unwrap_or(u32::MAX),
            Count::Span { current, weighted: false, .. } => *current,
            Count::Span { opened, before, current, weighted: true } => {
                let left = self.length.saturating_sub(now.duration_since(*opened));
                let share = u128::from(*before) * left.as_nanos();
                let carried = share.div_ceil(self.length.as_nanos().max(1));
                current.saturating_add(u32::try_from(carried).unwrap_or(u32::MAX))
            }
        };
        self.limit.saturating_sub(used)
    }

    /// How long until the window gives a slot back: the wait if it is full, else until its oldest count goes.
    pub(crate) fn reset(&mut self, now: Instant) -> Duration {
        let wait = self.wait(now);
        if !wait.is_zero() {
            return wait;
        }
        match &self.count {
            Count::Log { seen, .. } => seen
                .front()
                .map_or(Duration::ZERO, |&at| (at + self.length).duration_since(now)),
            Count::Span { opened, .. } => (*opened + self.length).duration_since(now),
        }
    }

    /// Forgets what has left the window by `now`.
    fn advance(&mut self, now: Instant) {
        let length = self.length;
        match &mut self.count {
            Count::Log { seen, .. } => {
                while seen.front().is_some_and(|&at| at + length <= now) {
                    seen.pop_front();
                }
            }
            Count::Span { opened, before, current, .. } => {
                if now.duration_since(*opened) >= length {
                    let passed =
                        now.duration_since(*opened).as_nanos() / length.as_nanos().max(1);
                    *before = if passed == 1 { *current } else { 0 };
                    *current = 0;
                    let spans = u32::try_from(passed).unwrap_or(u32::MAX);
                    *opened += length.saturating_mul(spans);
                }
            }
        }
    }
}

/// From when in a span one more request fits, or `None` if it does not before the span's end.
fn open_after(
    limit: u32,
    before: u32,
    current: u32,
    length: Duration,
) -> Option<Duration> {
    let room = limit.checked_sub(current)?.checked_sub(1)?;
    if before <= room {
        return Some(Duration::ZERO);
    }
    let hidden = u128::from(before - room) * length.as_nanos();
    let nanos = hidden.div_ceil(u128::from(before));
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn limiter(algorithm: Algorithm, limit: u32) -> Limiter {
        Limiter::new(algorithm, limit, MINUTE, Instant::now())
    }

    /// Asks once at the present instant; tells whether it was accepted.
    fn ask(limiter: &mut Limiter) -> bool {
        let now = Instant::now();
        let accepted = limiter.wait(now).is_zero();
        if accepted {
            limiter.accept(now)
        } else {
            limiter.reject(now)
        }
        accepted
    }

    fn asks(limiter: &mut Limiter, times: u32) -> usize {
        (0..times).filter(|_| ask(limiter)).count()
    }

    #[tokio::test(start_paused = true)]
    async fn a_rolling_log_frees_a_slot_exactly_one_length_after_it_was_taken() {
        let mut window = limiter(Algorithm::RollingLog, 2);
        assert!(ask(&mut window));
        advance(Duration::from_secs(10)).await;
        assert_eq!(asks(&mut window, 5), 1);
        assert_eq!(window.wait(Instant::now()), Duration::from_secs(50));
        advance(Duration::from_millis(49_999)).await;
        assert!(!ask(&mut window));
        advance(Duration::from_millis(1)).await;
        assert_eq!(asks(&mut window, 5), 1, "the second was taken ten seconds later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_that_counts_rejects_never_opens_to_hammering() {
        let mut window = limiter(Algorithm::LogCountingRejects, 2);
        assert_eq!(asks(&mut window, 2), 2);
        for _ in 0..8 {
            advance(Duration::from_secs(20)).await;
            assert!(!ask(&mut window));
        }
        let wait = window.wait(Instant::now());
        assert_eq!(wait, Duration::from_secs(40));
        advance(wait).await;
        assert!(ask(&mut window));
    }

    #[tokio::test(start_paused = true)]
    async fn a_fixed_window_lets_two_limits_through_around_its_border() {
        let mut window = limiter(Algorithm::FixedWindow, 3);
        advance(Duration::from_secs(59)).await;
        assert_eq!(asks(&mut window, 9), 3);
        assert_eq!(window.reset(Instant::now()), Duration::from_secs(1));
        advance(Duration::from_secs(1)).await;
        assert_eq!(asks(&mut window, 9), 3);
        assert_eq!(window.wait(Instant::now()), MINUTE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_weighted_counter_forgets_the_last_span_bit_by_bit() {
        let mut window = limiter(Algorithm::WeightedCounter, 10);
        assert_eq!(asks(&mut window, 20), 10);
        assert_eq!(window.wait(Instant::now()), Duration::from_secs(66));
        advance(MINUTE).await;
        assert_eq!(asks(&mut window, 5), 0, "the whole last span is still in sight");
        advance(Duration::from_secs(30)).await;
        assert_eq!(window.remaining(Instant::now()), 5);
        assert_eq!(asks(&mut window, 20), 5);
        assert_eq!(window.wait(Instant::now()), Duration::from_secs(6));
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_and_when_it_resets_follow_the_log() {
        let mut window = limiter(Algorithm::RollingLog, 5);
        assert_eq!(window.reset(Instant::now()), Duration::ZERO);
        assert_eq!(asks(&mut window, 3), 3);
        advance(Duration::from_secs(15)).await;
        assert_eq!(window.remaining(Instant::now()), 2);
        assert_eq!(window.reset(Instant::now()), Duration::from_secs(45));
        advance(Duration::from_secs(45)).await;
        assert_eq!(window.remaining(Instant::now()), 5);
    }
}
