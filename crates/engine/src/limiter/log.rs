//! The slots of one rolling window, and the calls that took them.

use leadmill_core::Moment;
use leadmill_core::slots::{SHORT, cooled, on_its_way};
use std::{collections::VecDeque, time::Duration};
use tokio::time::Instant;

/// How much later than it left a call has usually arrived.
const USUAL: Duration = Duration::from_millis(50);

/// What a window holds.
///
/// The server counts a call when it arrives, which we do not see. It lies between our send and our
/// receipt of the reply, so a slot that is taken from the send until one window length after the reply
/// can never be free too early, whatever the network does in between. A short window's slot is free one
/// length after the call can have arrived, judged by its reply time among others.
#[derive(Debug)]
pub(super) struct Log {
    per: Duration,
    /// Slots that are ours to use.
    held: u32,
    flying: VecDeque<Flight>,
    /// When used slots are free again, the soonest first.
    releases: VecDeque<Instant>,
    /// Calls that were refused, and that hold their slots as long as the server may count them.
    refused: VecDeque<Refused>,
    /// When the calls of the last two window lengths left, and by when they had arrived, each in order:
    /// by the reply, and in a short window, where that would be too late, by what is assumed of the way.
    left: VecDeque<Instant>,
    arrived: VecDeque<Instant>,
    /// When those left of which the server's count may know nothing: no reply told of it.
    unsure: VecDeque<Instant>,
}

/// A call that was refused.
#[derive(Clone, Copy, Debug)]
struct Refused {
    sent: Instant,
    arrived: Instant,
    release: Instant,
}

/// What is known of a call that is in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Open,
    /// It was refused: it may count.
    Refused,
    /// It was refused, and does not count.
    Forgotten,
}

/// A call without a reply.
#[derive(Clone, Copy, Debug)]
struct Flight {
    fate: Fate,
    sent: Instant,
    /// From here on its slot is free, unless it is overdue.
    assumed: Option<Instant>,
    overdue: Instant,
}

/// When a slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// At once.
    Now,
    /// Not before this.
    At(Instant),
    /// When a reply comes, and then a window length later.
    AfterReply,
}

impl Log {
    pub(super) const fn new(per: Duration, held: u32) -> Self {
        Self {
            per,
            held,
            flying: VecDeque::new(),
            releases: VecDeque::new(),
            refused: VecDeque::new(),
            left: VecDeque::new(),
            arrived: VecDeque::new(),
            unsure: VecDeque::new(),
        }
    }

    pub(super) const fn per(&self) -> Duration {
        self.per
    }

    pub(super) const fn held(&self) -> u32 {
        self.held
    }

    /// Whether slots are guarded from the send. In longer windows they are guarded from the reply, which costs those
    /// one reply time in a window; a short one it would cost most of its calls.
    pub(super) fn is_short(&self) -> bool {
        self.per <= SHORT
    }

    /// Slots in use.
    pub(super) fn used(&mut self, now: Instant) -> u32 {
        while self.releases.front().is_some_and(|release| *release <= now) {
            self.releases.pop_front();
        }
        while self.refused.front().is_some_and(|refused| refused.release <= now) {
            self.refused.pop_front();
        }
        let flying = match self.is_short() {
            true => self.flying.iter().filter(|flight| flight.holds(now)).count(),
            false => self.flying.len(),
        };
        let used = flying + self.releases.len() + self.refused.len();
        u32::try_from(used).unwrap_or(u32::MAX)
    }

    /// Whether one more call may leave, with at most `most` slots in use.
    pub(super) fn room(&mut self, now: Instant, most: u32) -> Room {
        if self.used(now) < most.min(self.held) {
            return Room::Now;
        }
        let assumed = self.flying.iter().filter_map(|flight| flight.assumed);
        let assumed = assumed.filter(|at| *at > now).min();
        let release = self.releases.front().copied();
        let refused = self.refused.front().map(|refused| refused.release);
        match release.into_iter().chain(refused).chain(assumed).min() {
            Some(release) => Room::At(release),
            None => Room::AfterReply,
        }
    }

    /// A call leaves. It may be assumed to have arrived after `tail`, if that is known, and to be stuck
    /// after `overdue`.
    pub(super) fn take(
        &mut self,
        now: Instant,
        tail: Option<Duration>,
        overdue: Duration,
    ) {
        let assumed = tail.filter(|_| self.is_short());
        let assumed = assumed.map(|tail| now + self.per + tail + slack(self.per));
        let overdue = now + overdue;
        self.flying.push_back(Flight { fate: Fate::Open, sent: now, assumed, overdue });
        self.left.push_back(now);
        if self.is_short() {
            self.arrived.push_back(now + USUAL);
        }
        self.forget(now);
    }

    /// The reply to a call that left at `sent` came, or its connection is closed. It had arrived no
    /// later than `guard` after it left.
    pub(super) fn replied(&mut self, sent: Instant, now: Instant, guard: Duration) {
        let is_it = |flight: &Flight| flight.sent == sent;
        // Of several that left at once one that was refused is meant, where there is any: it was marked just now.
        let refused = |flight: &Flight| is_it(flight) && flight.fate != Fate::Open;
        let place = self.flying.iter().position(refused);
        let place = place.or_else(|| self.flying.iter().position(is_it));
        let flight = place.and_then(|place| self.flying.remove(place));
        let fate = flight.map_or(Fate::Open, |flight| flight.fate);
        let arrived = if self.is_short() { (sent + guard).min(now) } else { now };
        let release = arrived + self.per + slack(self.per);
        if !self.is_short() {
            self.arrived.push_back(now);
            match fate {
                Fate::Open => {}
                Fate::Refused => {
                    return self.refused.push_back(Refused { sent, arrived, release });
                }
                Fate::Forgotten => return self.forget_call(sent, arrived),
            }
        }
        self.release_at(release, now);
    }

    /// The call in flight that left at `sent` was refused; `is_told`: by a reply that tells what the server counts.
    pub(super) fn refuse(&mut self, sent: Instant, is_told: bool) {
        self.mark(sent, Fate::Open, Fate::Refused);
        if is_told {
            self.doubt(sent);
        }
    }

    /// The same call is surely not counted when calls may go again.
    pub(super) fn forget_refused(&mut self, sent: Instant) {
        self.mark(sent, Fate::Refused, Fate::Forgotten);
    }

    fn mark(&mut self, sent: Instant, from: Fate, to: Fate) {
        let mut flying = self.flying.iter_mut();
        let flight = flying.find(|flight| flight.sent == sent && flight.fate == from);
        if let Some(flight) = flight {
            flight.fate = to;
        }
    }

    /// The server counts so many calls, as the reply to one that is in flight tells. Those that were refused and are more
    /// than that, it does not count.
    pub(super) fn count_refused(&mut self, counted: u64, now: Instant) {
        let others = self.flying.len().saturating_sub(1) as u64;
        let used = u64::from(self.used(now));
        self.drop_refused(used.saturating_sub(counted.saturating_add(others)));
    }

    /// The server counts so many calls, as it says when asked. Those that we do not know of hold slots as calls that were
    /// made just now.
    pub(super) fn tell_used(&mut self, counted: u32, now: Instant) {
        let used = self.used(now);
        let release = now + self.per + slack(self.per);
        let unknown = Refused { sent: now, arrived: now, release };
        let missing = counted.saturating_sub(used).min(self.held.max(counted));
        for _ in 0..missing {
            self.refused.push_back(unknown);
            // The headers count them too: they are no colleagues that come on top.
            self.left.push_back(now);
            self.arrived.push_back(now);
        }
        let flying = u32::try_from(self.flying.len()).unwrap_or(u32::MAX);
        let surplus = used.saturating_sub(counted.saturating_add(flying));
        self.drop_refused(u64::from(surplus));
    }

    /// So many of the calls that were refused are not counted.
    fn drop_refused(&mut self, mut surplus: u64) {
        while surplus > 0 {
            let Some(Refused { sent, arrived, .. }) = self.refused.pop_front() else {
                return;
            };
            self.forget_call(sent, arrived);
            surplus -= 1;
        }
    }

    /// Nobody counts a call.
    fn forget_call(&mut self, sent: Instant, arrived: Instant) {
        let times = [
            (&mut self.left, sent),
            (&mut self.arrived, arrived),
            (&mut self.unsure, sent),
        ];
        for (times, at) in times {
            let place = times.partition_point(|other| *other < at);
            if times.get(place) == Some(&at) {
                times.remove(place);
            }
        }
    }

    /// The call that left at `sent` did not leave.
    pub(super) fn withdraw(&mut self, sent: Instant) {
        let place = self.flying.iter().rposition(|flight| flight.sent == sent);
        place.and_then(|place| self.flying.remove(place));
        let place = self.left.partition_point(|at| *at < sent);
        if self.left.get(place) == Some(&sent) {
            self.left.remove(place);
            if self.is_short() {
                self.arrived.pop_back();
            }
        }
    }

    fn release_at(&mut self, release: Instant, now: Instant) {
        if release > now {
            let place = self.releases.partition_point(|other| *other <= release);
            self.releases.insert(place, release);
        }
    }

    /// Slots that came with a deal: `held` in all, some of them not free before these times.
    pub(super) fn lease(&mut self, held: u32, cooling: &[Instant], now: Instant) {
        self.held = held;
        for free in cooling {
            self.release_at(*free, now);
            // A call of another process took it, one window earlier.
            self.remember(Some(*free), 1);
        }
    }

    /// Calls of other processes, whose slots were or are free again at this time.
    pub(super) fn remember(&mut self, free: Option<Instant>, count: u32) {
        let Some(arrived) = free.and_then(|free| free.checked_sub(self.per)) else {
            return;
        };
        // It had arrived by then, and may have left so much earlier: what an ended process sent is late.
        let left = arrived.checked_sub(on_its_way(self.per)).unwrap_or(arrived);
        for (times, at) in [(&mut self.left, left), (&mut self.arrived, arrived)] {
            let place = times.partition_point(|other| *other <= at);
            (0..count).for_each(|_| times.insert(place, at));
        }
        // It may also never have been made: a lapsed lease tells nothing, and a call is written down before it leaves.
        (0..count).for_each(|_| self.doubt(left));
    }

    /// There are no more than so many slots.
    pub(super) fn shrink(&mut self, most: u32) {
        self.held = self.held.min(most);
    }

    /// Takes up to `most` slots out of our hands: unused ones, and used ones with the times at which
    /// they are free.
    pub(super) fn give_back(&mut self, most: u32, now: Instant) -> (u32, Vec<Instant>) {
        let idle = self.held.saturating_sub(self.used(now)).min(most);
        let cooling = ((most - idle) as usize).min(self.releases.len());
        let cooling: Vec<Instant> = self.releases.drain(..cooling).collect();
        let back = idle.saturating_add(u32::try_from(cooling.len()).unwrap_or(u32::MAX));
        self.held = self.held.saturating_sub(back);
        (idle, cooling)
    }

    /// Like [`Self::give_back`], to others whose server may look back two lengths: they are told when the unused
    /// slots came to be free that were used within them.
    pub(super) fn give_back_told(
        &mut self,
        most: u32,
        now: Instant,
    ) -> (u32, Vec<Instant>) {
        let used = self.used(now);
        let old = now.checked_sub(self.per * 2);
        let first = old.map_or(0, |old| self.arrived.partition_point(|at| *at <= old));
        // The latest calls have the slots that are in use.
        let warm = self.arrived.len().saturating_sub(first).saturating_sub(used as usize);
        let free = |at: &Instant| *at + self.per + slack(self.per);
        let mut warm: Vec<Instant> =
            self.arrived.iter().skip(first).take(warm).map(free).collect();
        let fresh = self.held.saturating_sub(used).saturating_sub(warm.len() as u32);
        let (idle, cooling) = self.give_back(most, now);
        warm.truncate(idle.saturating_sub(fresh) as usize);
        let idle = idle.saturating_sub(warm.len() as u32);
        warm.extend(cooling);
        (idle, warm)
    }

    /// Calls that left at or before `until` and may have arrived at or after `from`.
    pub(super) fn possible(&self, from: Option<Instant>, until: Instant) -> usize {
        let left = self.left.partition_point(|at| *at <= until);
        let gone = from.map_or(0, |from| self.arrived.partition_point(|at| *at < from));
        left.saturating_sub(gone)
    }

    /// Calls that have surely arrived after `from` and at or before `until`, at least so many.
    pub(super) fn certain(&self, from: Option<Instant>, until: Instant) -> usize {
        let here = self.arrived.partition_point(|at| *at <= until);
        let before = from.map_or(0, |from| self.left.partition_point(|at| *at <= from));
        let after = from.map_or(0, |from| self.unsure.partition_point(|at| *at <= from));
        let unsure = self.unsure.partition_point(|at| *at <= until).saturating_sub(after);
        here.saturating_sub(before).saturating_sub(unsure)
    }

    /// Nothing tells whether the call that left at `sent` was counted.
    pub(super) fn doubt(&mut self, sent: Instant) {
        let place = self.unsure.partition_point(|at| *at <= sent);
        self.unsure.insert(place, sent);
    }

    /// Calls of the last two window lengths.
    pub(super) fn remembered(&self) -> usize {
        self.left.len()
    }

    /// Calls without a reply.
    pub(super) fn in_flight(&self) -> usize {
        self.flying.len()
    }

    /// Forgets what is older than two windows: nothing counts it any more.
    fn forget(&mut self, now: Instant) {
        let Some(old) = now.checked_sub(self.per * 2 + on_its_way(self.per)) else {
            return;
        };
        // A call without a reply keeps its place: what is forgotten is forgotten in pairs.
        while self.arrived.front().is_some_and(|at| *at < old) && !self.left.is_empty() {
            self.arrived.pop_front();
            self.left.pop_front();
        }
        while self.unsure.front().is_some_and(|at| *at < old) {
            self.unsure.pop_front();
        }
    }
}

impl Flight {
    fn holds(&self, now: Instant) -> bool {
        self.assumed.is_none_or(|assumed| assumed > now) || self.overdue <= now
    }
}

/// Two clocks differ by up to 500 parts in a million; one millisecond more keeps the ends apart.
fn slack(per: Duration) -> Duration {
    let whole = cooled(Moment(0), per).since(Moment(0));
    whole.saturating_sub(per)
}
