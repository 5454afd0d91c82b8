//! Whether a server may keep a weighted counter in place of an exact log, and what that forbids.
//!
//! A weighted counter adds to the calls of the present span those of the span before, weighted by the
//! part of it that is still within one length. After a full burst it has room again only bit by bit, and
//! a second burst one length after the first, which an exact log or a fixed window takes, draws 429s.
//! Where its spans begin is not known, so every beginning is suspected until the headers speak against
//! it: a `Remaining` that does not fit clears it. While any is left, calls leave only where it would have
//! room too, which bursts once and then paces. When all are cleared the log alone decides.

use super::log::Log;
use std::time::Duration;
use tokio::time::Instant;

/// Beginnings of a span that are told apart.
const PHASES: u32 = 60;

/// One bit for each beginning that is still possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Suspicion(u64);

/// What the headers of a reply tell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply {
    /// Calls that the server counts.
    pub(super) used: u64,
    /// Whether the call itself is surely one of them.
    pub(super) surely: bool,
    /// When the call left.
    pub(super) sent: Instant,
    /// When the reply came.
    pub(super) now: Instant,
}

/// The stretch of time in which a span began, by one suspicion.
struct Span {
    earliest: Instant,
    latest: Instant,
}

/// What a server counts, at least and at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Bounds {
    const fn hold(self, count: u64) -> bool {
        self.least <= count && count <= self.most
    }
}

/// What an exact log counts right after a call that left at `sent` and was replied to at `now`.
pub(super) fn exact(log: &Log, sent: Instant, now: Instant) -> Bounds {
    // Calls at the very end of the window may be on either side, as two clocks see it.
    let ends = log.per() + log.per() / 2000 + Duration::from_millis(1);
    let least = log.certain(now.checked_sub(log.per()), sent);
    let most = log.possible(sent.checked_sub(ends), now);
    Bounds { least: least as u64 + 1, most: most as u64 }
}

impl Suspicion {
    /// Nothing is known.
    pub(super) const ALL: Self = Self((1 << PHASES) - 1);
    /// It is no weighted counter.
    pub(super) const NONE: Self = Self(0);

    /// Whether it is cleared.
    pub(super) fn is_cleared(self) -> bool {
        self == Self::NONE
    }

    fn phases(self) -> impl Iterator<Item = u32> {
        (0..PHASES).filter(move |phase| self.0 & 1 << phase != 0)
    }

    /// What a reply shows of the server's count.
    pub(super) fn see(&mut self, log: &Log, epoch: Instant, reply: Reply) {
        for phase in self.phases() {
            let span = Span::of(phase, log.per(), epoch, reply.sent);
            if !span.counts(log, reply).hold(reply.used) {
                self.0 &= !(1 << phase);
            }
        }
    }

    /// Whether a weighted counter of `limit` calls would let one more call through.
    pub(super) fn allows(
        self,
        log: &Log,
        epoch: Instant,
        limit: u32,
        now: Instant,
    ) -> bool {
        // So few calls in two lengths are within the limit however they are weighted.
        if log.remembered() < limit as usize {
            return true;
        }
        self.phases().all(|phase| {
            let span = Span::of(phase, log.per(), epoch, now);
            span.at_most(log, now, now) + 1.0 <= f64::from(limit)
        })
    }
}

impl Span {
    /// The latest span that began at or before `at`, its beginning known to a phase's width.
    fn of(phase: u32, per: Duration, epoch: Instant, at: Instant) -> Self {
        let (width, nanos) = (per / PHASES, per.as_nanos().max(1));
        let offset = u64::from(phase) * width.as_nanos() as u64;
        let past = at.saturating_duration_since(epoch).as_nanos() as u64;
        // One whole length is added, so that spans may begin before the epoch.
        let into = (past + nanos as u64).saturating_sub(offset) % nanos as u64;
        let earliest = at.checked_sub(Duration::from_nanos(into)).unwrap_or(at);
        Self { earliest, latest: earliest + width }
    }

    fn counts(&self, log: &Log, reply: Reply) -> Bounds {
        let Reply { surely, sent, now, .. } = reply;
        let per = log.per();
        let here = log.certain(Some(self.latest), sent) as f64 + 1.0;
        let before = log.certain(self.latest.checked_sub(per), self.earliest) as f64;
        let weight = 1.0 - part(now.saturating_duration_since(self.earliest), per);
        let least = here + before * weight.max(0.0);
        // A count in whole calls may be rounded either way.
        Bounds {
            least: (least.floor() as u64).saturating_sub(u64::from(!surely)),
            most: self.at_most(log, sent, now).ceil() as u64,
        }
    }

    /// What it counts of the calls that left by `now`, for one that arrives no earlier than `at`.
    fn at_most(&self, log: &Log, at: Instant, now: Instant) -> f64 {
        let counted = self.counted(log, at, now);
        // While it may not have begun, the one before it may last.
        match at < self.latest {
            true => counted.max(self.before(log.per()).counted(log, at, now)),
            false => counted,
        }
    }

    /// The one before it.
    fn before(&self, per: Duration) -> Self {
        let earlier = |at: Instant| at.checked_sub(per).unwrap_or(at);
        Self { earliest: earlier(self.earliest), latest: earlier(self.latest) }
    }

    fn counted(&self, log: &Log, at: Instant, now: Instant) -> f64 {
        let per = log.per();
        let here = log.possible(Some(self.earliest), now) as f64;
        let before = log.possible(self.earliest.checked_sub(per), self.latest) as f64;
        // What may lie on either side of the beginning counts once, in full.
        let both = log.possible(Some(self.earliest), self.latest) as f64;
        let weight = 1.0 - part(at.saturating_duration_since(self.latest), per);
        here + (before - both).max(0.0) * weight.clamp(0.0, 1.0)
    }
}

fn part(time: Duration, per: Duration) -> f64 {
    time.as_secs_f64() / per.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a span may begin now or within its phase, what the one before it still weighs counts too.
    #[tokio::test(start_paused = true)]
    async fn a_span_that_may_not_have_begun_is_not_taken_to_have() {
        let minute = Duration::from_secs(60);
        let mut log = Log::new(minute, 10);
        let epoch = Instant::now() + minute * 2;
        let old = epoch - minute - Duration::from_millis(500);
        (0..3).for_each(|_| log.remember(Some(old + minute), 1));
        for _ in 0..9 {
            let sent = epoch + Duration::from_secs(30);
            log.take(sent, None, Duration::from_secs(1));
            log.replied(sent, sent, Duration::ZERO);
        }
        // Its spans begin half a second before the epoch, or are a second late: the first phase and the last.
        let phase = Suspicion(1 << (PHASES - 1));
        let allows = |milliseconds| {
            let now = epoch + Duration::from_millis(milliseconds);
            phase.allows(&log, epoch, 10, now)
        };
        assert!(!allows(58_900), "the calls of two spans ago still weigh");
        assert!(
            !allows(59_100),
            "it may begin within this second, and has perhaps not begun"
        );
        assert!(allows(60_000), "it has begun");
    }
}
