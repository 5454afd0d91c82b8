//! One window of one scope: the log of its slots, and what the headers say of it.

use super::{
    log::{Log, Room},
    pace::Pace,
    recovery::Passes,
    suspicion::{self, Reply, Suspicion},
};
use leadmill_core::{
    RateSignal, Scope, Window,
    limits::{LONGEST, MOST_CALLS},
    pack::Percent,
};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// What is left of our part of a window after a 429.
const LESS: f64 = 0.8;

/// How much of it comes back in one window length without another.
const MORE: f64 = 0.03;

/// The least part of a window that we take for ours.
const LEAST_PART: f64 = 0.25;

/// Window lengths after which what is suspected is suspected anew.
const PATIENCE: u32 = 20;

/// Everything that is known of one window.
#[derive(Debug)]
pub(super) struct Gate {
    pub(super) scope: Scope,
    /// As the pack or the pipeline has it, or as the headers have taught.
    pub(super) window: Window,
    pub(super) log: Log,
    pub(super) pace: Option<Pace>,
    pub(super) suspicion: Suspicion,
    /// Slots that other processes of ours hold, and how many of those want more.
    pub(super) others: u32,
    pub(super) rivals: u32,
    /// When a slot that nobody holds is free.
    pub(super) next: Option<Instant>,
    /// A call had to wait for a slot since the last trade, or none was held yet.
    pub(super) short: bool,
    /// The headers have named a limit that was not known.
    pub(super) taught: bool,
    /// The headers have named its limit, as it was known or another.
    pub(super) confirmed: bool,
    /// When they have named a limit that is lower than the one that was known.
    pub(super) lowered: Option<Instant>,
    /// As the pack or the pipeline has it, if they do.
    pub(super) known: Option<Window>,
    /// The account's own limit, as the provider tells it: no other source goes beyond it.
    own: Option<NonZeroU32>,
    /// The calls that have passed, and the limit that those show that did not.
    pub(super) passes: Passes,
    /// When the window has room again, where it had none left by the last headers.
    opens: Option<Instant>,
    /// What opens as the headers say has refused a call all the same.
    is_late: bool,
    share: Percent,
    epoch: Instant,
    suspected: Instant,
    colleagues: Option<Colleagues>,
    crowd: Option<Crowd>,
    /// Calls that the server has room for, however it counts, by the last headers: a count goes up by
    /// nothing but calls.
    credit: u32,
    /// Our part of what is ours, and when it last changed: less after a 429.
    part: f64,
    parted: Instant,
    /// When room was last asked for, nothing but a suspicion was in the way.
    pub(super) is_held_by_suspicion: bool,
    /// Whether the server counts a call before it tells what remains after it: known from the first one.
    counts_itself: Option<bool>,
    /// A higher limit that the headers have named once.
    rumour: Option<u32>,
}

/// Calls in a window that none of our processes made.
#[derive(Clone, Copy, Debug)]
struct Colleagues {
    /// In the window, when it was last looked at.
    calls: u32,
    seen: Instant,
    /// When there was any of them.
    there: Instant,
}

/// How fast colleagues call, by a longer window of the same calls.
#[derive(Clone, Copy, Debug)]
struct Crowd {
    /// Calls a second.
    pace: f64,
    seen: Instant,
}

/// Window lengths for which colleagues that were there are expected again.
const MEMORY: u32 = 10;

/// As long for those that a longer window has shown.
const CROWD_MEMORY: Duration = Duration::from_secs(600);

/// What a reply taught about a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lesson {
    /// Nothing new.
    Nothing,
    /// Its limit is another one.
    Limit,
    /// No algorithm that keeps it for us alone counts so few or so many.
    Shared,
    /// It is no weighted counter.
    Cleared,
}

/// Who keeps two calls apart by a second or less counts nothing.
fn suspicion_of(window: Window) -> Suspicion {
    match window.limit.get() == 1 && window.per <= Duration::from_secs(1) {
        true => Suspicion::NONE,
        false => Suspicion::ALL,
    }
}

impl Gate {
    pub(super) fn new(scope: Scope, window: Window, share: Percent) -> Self {
        let now = Instant::now();
        Self {
            scope,
            window,
            log: Log::new(window.per, 0),
            pace: Pace::new(window),
            suspicion: suspicion_of(window),
            others: 0,
            rivals: 0,
            next: None,
            short: true,
            taught: false,
            confirmed: false,
            lowered: None,
            known: Some(window),
            own: None,
            passes: Passes::default(),
            opens: None,
            is_late: false,
            share,
            epoch: now,
            suspected: now,
            colleagues: None,
            crowd: None,
            credit: 0,
            part: 1.0,
            parted: now,
            is_held_by_suspicion: false,
            counts_itself: None,
            rumour: None,
        }
    }

    /// Slots that are ours at most, over all our processes.
    pub(super) fn cap(&self) -> u32 {
        let cap = self.share.of(u64::from(self.window.limit.get()));
        u32::try_from(cap).unwrap_or(u32::MAX).max(1)
    }

    /// What was taken for known of its algorithm is not.
    pub(super) fn suspect(&mut self) {
        self.suspicion = suspicion_of(self.window);
    }

    /// Whether one more call may leave, as far as this window goes. The pace is asked last, apart.
    pub(super) fn room(&mut self, now: Instant) -> Room {
        self.is_held_by_suspicion = false;
        let most = self.most(now);
        match self.log.room(now, most) {
            Room::Now => {}
            room => {
                self.short |= self.log.held() < self.cap();
                return room;
            }
        }
        let limit = most.min(self.log.held());
        if self.credit == 0
            && !self.suspicion.is_cleared()
            && !self.suspicion.allows(&self.log, self.epoch, limit, now)
            && self.opens().is_none_or(|opens| opens > now)
        {
            self.is_held_by_suspicion = !self.log.is_short();
            // One slot's worth of a counter's decay is half of what it can be at the most.
            let step = self.window.per / limit.max(1).saturating_mul(2);
            // A short window's sixtieth may be less than timers tell apart.
            let step = step.min(self.window.per / 60).max(Duration::from_millis(1));
            let at = now + step;
            return Room::At(self.opens().map_or(at, |opens| at.min(opens)));
        }
        Room::Now
    }

    /// When the provider has said that a window without room has some again. That is believed of small windows, where the
    /// doubt would cost the most, for one call at a time, and never more once it was wrong.
    fn opens(&self) -> Option<Instant> {
        /// Calls of a small window.
        const FEW: u32 = 20;
        let is_believed = self.window.limit.get() <= FEW
            && self.others == 0
            && !self.is_late
            && self.log.in_flight() == 0;
        self.opens.filter(|_| is_believed)
    }

    /// What is ours of it is whole: a refused call has another reason than colleagues.
    pub(super) fn is_whole_again(&mut self, now: Instant) {
        (self.part, self.parted) = (1.0, now);
    }

    /// Slots that we may have in use, by what our part is and what colleagues use.
    fn most(&mut self, now: Instant) -> u32 {
        let part = self.part_at(now);
        let most = match part < 1.0 {
            true => (f64::from(self.log.held()) * part).max(1.0) as u32,
            false => self.log.held(),
        };
        let most = most.min(self.passes.most(self.cap(), now));
        let most = self.crowded(most, now);
        let Some(colleagues) = self.colleagues else { return most };
        let old = now.saturating_duration_since(colleagues.seen).as_secs_f64();
        let left = 1.0 - old / self.window.per.as_secs_f64();
        if now.saturating_duration_since(colleagues.there) > self.window.per * MEMORY {
            self.colleagues = None;
            return most;
        }
        // They go on while we look away: what was seen long ago is looked at again with one call before
        // others follow.
        if left < 0.9 && self.log.in_flight() > 0 {
            return 0;
        }
        let limit = self.window.limit.get().saturating_sub(self.others);
        let calls = colleagues.calls;
        let theirs = calls.saturating_add(calls / 8).saturating_add(2);
        most.min(limit.saturating_sub(theirs).max(1))
    }

    /// Slots of a short window that are left to colleagues: what they use of one on average, and what they
    /// seldom use beyond. The headers do not speak of it.
    fn crowded(&mut self, most: u32, now: Instant) -> u32 {
        let crowd = self
            .crowd
            .filter(|crowd| now.saturating_duration_since(crowd.seen) <= CROWD_MEMORY);
        let Some(crowd) = crowd.filter(|_| self.log.is_short()) else { return most };
        let usual = crowd.pace * self.window.per.as_secs_f64();
        let theirs = 3.0f64.mul_add(usual.sqrt(), usual).ceil().max(1.0) as u32;
        most.min(self.window.limit.get().saturating_sub(theirs).max(1))
    }

    /// Colleagues make so many calls a second, as a longer window of the same calls shows.
    pub(super) fn crowd(&mut self, pace: f64, now: Instant) {
        let before = self.crowd.map_or(pace, |crowd| crowd.pace);
        self.crowd = Some(Crowd { pace: 0.8f64.mul_add(before, 0.2 * pace), seen: now });
    }

    /// Calls a second that colleagues make here, if there are any.
    pub(super) fn colleagues_pace(&self) -> Option<f64> {
        let calls = f64::from(self.colleagues?.calls);
        Some(calls / self.window.per.as_secs_f64())
    }

    /// A call leaves.
    pub(super) fn take(
        &mut self,
        now: Instant,
        tail: Option<Duration>,
        overdue: Duration,
    ) {
        self.log.take(now, tail, overdue);
        self.opens = None;
        self.pace.iter_mut().for_each(Pace::leave);
        self.credit = self.credit.saturating_sub(1);
    }

    fn part_at(&self, now: Instant) -> f64 {
        let since = now.saturating_duration_since(self.parted).as_secs_f64();
        (self.part + MORE * since / self.window.per.as_secs_f64()).min(1.0)
    }

    /// The provider said 429: somebody else uses the window too, or it is smaller than we think.
    pub(super) fn throttled(&mut self, now: Instant) {
        self.part = (self.part_at(now) * LESS).max(LEAST_PART);
        self.parted = now;
        self.suspicion = suspicion_of(self.window);
        self.credit = 0;
        self.is_late = true;
    }

    /// What the headers of a reply say about this window: the call had left at `sent`.
    pub(super) fn hear(
        &mut self,
        rate: RateSignal,
        sent: Instant,
        now: Instant,
    ) -> Lesson {
        if let Some(limit) = rate.limit
            && self.learn(u32::try_from(limit).unwrap_or(u32::MAX), now)
        {
            return Lesson::Limit;
        }
        let Some(remaining) = rate.remaining else { return Lesson::Nothing };
        let reset = rate.reset.filter(|_| remaining == 0);
        self.opens = reset.map(|reset| now + reset.min(LONGEST));
        if remaining > 0 && self.others == 0 {
            let used = u64::from(self.window.limit.get()).saturating_sub(remaining);
            self.log.count_refused(used, now);
        }
        let used = u64::from(self.window.limit.get()).saturating_sub(remaining);
        let own = suspicion::exact(&self.log, sent, now);
        let others = u64::from(self.others);
        if self.counts_itself.is_none() && (own.least, own.most) == (1, 1) {
            self.counts_itself = Some(used == 1);
        }
        let surely = self.counts_itself == Some(true);
        if others == 0 && !self.suspicion.is_cleared() {
            if now.saturating_duration_since(self.suspected) > self.window.per * PATIENCE
            {
                // Two clocks may have drifted apart by more than the width of a suspicion.
                (self.suspicion, self.suspected) = (suspicion_of(self.window), now);
            }
            let seen = Reply { used, surely, sent, now };
            self.suspicion.see(&self.log, self.epoch, seen);
        }
        let cleared = self.suspicion.is_cleared();
        let after = self.log.possible(Some(sent), now).saturating_sub(1) as u64;
        // One is kept: some servers tell what remained before the call that asks.
        let credit = remaining.saturating_sub(after + u64::from(!surely));
        let credit = u32::try_from(credit).unwrap_or(u32::MAX);
        let excess = used.saturating_sub(own.most).saturating_sub(others);
        if excess > 0 && (cleared || others > 0) {
            // No way of counting explains it by our own calls.
            self.colleagues_use(excess, now);
            (self.suspicion, self.credit) = (suspicion_of(self.window), credit);
            return Lesson::Shared;
        }
        if let Some(Colleagues { calls, .. }) = self.colleagues {
            // They may have gone; what cannot be told from our own calls stays.
            let most = used.saturating_sub(own.least.saturating_sub(others));
            self.colleagues_use(most.min(u64::from(calls)), now);
        }
        self.credit = match (others, self.colleagues) {
            (0, None) => self.credit.max(credit),
            (0, Some(_)) => credit,
            _ => 0,
        };
        match cleared {
            true => Lesson::Cleared,
            false => Lesson::Nothing,
        }
    }

    fn colleagues_use(&mut self, calls: u64, now: Instant) {
        let calls = u32::try_from(calls).unwrap_or(u32::MAX);
        let before = self.colleagues.map_or(now, |colleagues| colleagues.there);
        let there = if calls > 0 { now } else { before };
        self.colleagues = Some(Colleagues { calls, seen: now, there });
    }

    /// Takes another limit from the headers: a lower one at once, a higher one when it is named twice.
    fn learn(&mut self, limit: u32, now: Instant) -> bool {
        let limit = limit.min(MOST_CALLS);
        let limit = self.own.map_or(limit, |own| limit.min(own.get()));
        let known = self.window.limit.get();
        let rumour = self.rumour.take();
        if limit == known {
            self.confirmed = true;
            self.passes.forget();
            return false;
        }
        if limit > known && rumour != Some(limit) {
            self.rumour = Some(limit);
            return false;
        }
        let Some(limit) = NonZeroU32::new(limit) else { return false };
        (self.taught, self.confirmed) = (true, true);
        self.passes.forget();
        if limit < self.window.limit {
            self.lowered = Some(now);
            self.is_whole_again(now);
        }
        self.adopt(limit);
        true
    }

    /// The account's own limit. Tells whether that makes the window another one.
    pub(super) fn agree(&mut self, own: NonZeroU32, now: Instant) -> bool {
        let limit = self.window.limit;
        let held = self.own.replace(own) == Some(limit);
        let most = self.known.map_or(own, |known| known.limit.min(own));
        if most < limit {
            self.lowered = Some(now);
            self.adopt(most);
        } else if held && most > limit {
            // It was raised.
            self.adopt(most);
        }
        self.known.map(|known| known.limit) != Some(self.window.limit)
    }

    /// A limit from elsewhere, as far as the account's own goes.
    pub(super) fn within_own(&self, limit: NonZeroU32) -> NonZeroU32 {
        self.own.map_or(limit, |own| limit.min(own))
    }

    /// Has another limit from here on.
    pub(super) fn adopt(&mut self, limit: NonZeroU32) {
        self.window.limit = limit;
        self.pace = Pace::new(self.window);
        if suspicion_of(self.window).is_cleared() {
            self.suspicion = Suspicion::NONE;
        }
        // The window has no more slots than that; those in use stay in use until they have cooled.
        self.log.shrink(self.cap());
        self.short = true;
    }
}
