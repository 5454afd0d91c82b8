//! How processes share what a provider limits: the slots of each window, in leases.
//!
//! A window of n calls is n slots. A slot is free, cooling (it was used, and is free again at a known
//! time), or leased to one process, which may use it, wait until it has cooled and use it again. No slot
//! is ever in two hands, so all processes together obey the window as one client would, and none of them
//! asks for each call.

mod port;

pub use port::{Agreement, Deal, Leases, Noted, Trade};

use crate::{Endpoint, Moment, Scope, Sent, Window};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, time::Duration};

/// How long a lease lasts without being renewed. A process that was killed is found out sooner.
pub const LEASE: Duration = Duration::from_secs(30);

/// How long the provider's word on a limit is believed without being heard again.
const GOOD_FOR: Duration = Duration::from_secs(86_400);

/// By how much a machine's wall clock may be wrong when it starts: one that keeps its hours by another zone.
const WRONG: Duration = Duration::from_secs(14 * 3_600);

/// How long a call that has left is usually on its way at most.
pub const ON_ITS_WAY: Duration = Duration::from_secs(1);

/// How long one may be that nobody has heard of: its packets were lost, and sent again and again.
pub const STRAGGLING: Duration = Duration::from_secs(31);

/// The longest window that is kept by what calls usually take. A straggler would cost it most of its calls.
pub const SHORT: Duration = Duration::from_secs(5);

/// Between two lives of a machine: its time begins anew, and nobody knows for sure how long it was down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restart {
    /// The last time that was written down, by the time of the life before.
    pub from: Moment,
    /// The time, by that of this life.
    pub now: Moment,
    /// What went by in between, by the wall clock.
    pub down: Duration,
}

impl Restart {
    /// A time of the life before, by that of this one. No more is taken to have gone by than surely has, so
    /// that nothing is free too early.
    pub fn carried(self, at: Moment) -> Moment {
        let down = self.down.saturating_sub(WRONG);
        let left = at.0.saturating_sub(self.from.0);
        Moment(self.now.0.saturating_add(left)).before(down)
    }
}

/// Names a process.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct ProcessId(pub u64);

/// All slots of one purse, over all processes. Whoever keeps it lets one trade at a time touch it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slots {
    /// When the provider was last heard to want nothing, and until when.
    #[serde(default)]
    frozen: Option<(Moment, Moment)>,
    /// The same of single endpoints, by their names.
    #[serde(default)]
    closed: BTreeMap<String, (Moment, Moment)>,
    leases: BTreeMap<ProcessId, Moment>,
    /// By scope and length.
    windows: BTreeMap<String, Shared>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Shared {
    per: Duration,
    /// The slots that there are, by the process with the widest view: others may take a smaller part of
    /// them for all there is.
    #[serde(default)]
    limit: u32,
    /// What the provider said that there are, and when.
    #[serde(default)]
    learnt: Option<(u32, Moment)>,
    /// Slots that nobody holds and that are not free yet: when, and how many.
    cooling: BTreeMap<Moment, u32>,
    /// Those that have cooled no longer than a window ago: some servers look back so far.
    #[serde(default)]
    past: BTreeMap<Moment, u32>,
    held: BTreeMap<ProcessId, Stake>,
    /// Who got a slot last, so that the few slots of a small window go round.
    latest: Option<ProcessId>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Stake {
    held: u32,
    want: u32,
    /// Of the slots held, those that came cooling: calls of others took them, which the process's own
    /// calls do not tell of when it has ended.
    #[serde(default)]
    adopted: BTreeMap<Moment, u32>,
    /// Of the slots that have cooled, those of whose last calls it knows.
    #[serde(default)]
    told: BTreeMap<Moment, u32>,
}

/// How long a call that nobody has heard of may be on its way, as far as a window of this length is kept.
pub fn on_its_way(per: Duration) -> Duration {
    if per > SHORT { STRAGGLING } else { ON_ITS_WAY }
}

/// A slot that was used at `at` is free then: one window, and what two clocks may differ by over it.
pub fn cooled(at: Moment, per: Duration) -> Moment {
    at.after(per.saturating_add(per / 2000).saturating_add(Duration::from_millis(1)))
}

impl Slots {
    /// All processes that hold or held something and were neither buried nor have left.
    pub fn processes(&self) -> impl Iterator<Item = ProcessId> {
        self.leases.keys().copied()
    }

    /// The provider wants nothing before `until`, as was heard at `now`.
    pub fn freeze(&mut self, now: Moment, until: Moment) {
        let before = self.thaw(now).unwrap_or(until);
        self.frozen = Some((now, until.max(before)));
    }

    /// The provider takes no calls to an endpoint before `until`, as was heard at `now`. That is believed for no longer
    /// than its word on a limit.
    pub fn close(&mut self, now: Moment, to: Endpoint, until: Moment) {
        let until = until.min(now.after(GOOD_FOR));
        let closed = self.closed.entry(to.to_string()).or_insert((now, until));
        *closed = (now, until.max(closed.1));
    }

    /// Until when nothing may leave.
    fn thaw(&mut self, now: Moment) -> Option<Moment> {
        self.frozen = self.frozen.and_then(|word| still(word, now));
        self.frozen.map(|(_, until)| until)
    }

    /// The endpoints that are closed, and until when.
    fn closed(&mut self, now: Moment) -> Vec<(Endpoint, Moment)> {
        self.closed.retain(|_, word| match still(*word, now) {
            Some(still) => {
                *word = still;
                true
            }
            None => false,
        });
        let closed = self.closed.iter();
        closed.filter_map(|(to, (_, until))| Some((to.parse().ok()?, *until))).collect()
    }

    /// The machine was started anew.
    pub fn restart(&mut self, restart: Restart) {
        let carried = |at: &mut Moment| *at = restart.carried(*at);
        let all = |map: &mut BTreeMap<Moment, u32>| {
            let before = std::mem::take(map);
            for (at, count) in before {
                add(map, restart.carried(at), count);
            }
        };
        for (heard, until) in self.frozen.iter_mut().chain(self.closed.values_mut()) {
            carried(heard);
            carried(until);
        }
        self.leases.values_mut().for_each(carried);
        for shared in self.windows.values_mut() {
            shared.learnt.iter_mut().for_each(|(_, at)| carried(at));
            all(&mut shared.cooling);
            all(&mut shared.past);
            for stake in shared.held.values_mut() {
                all(&mut stake.adopted);
                all(&mut stake.told);
            }
        }
    }

    /// A process has ended, having made exactly these calls. Its unused slots are free at once; those that
    /// it used, or took over from others while they cooled, go on cooling. `scopes` tells which scopes a call falls into.
    pub fn bury<'a>(
        &mut self,
        process: ProcessId,
        now: Moment,
        sends: &[Sent],
        windows: impl Fn(Endpoint) -> Vec<(&'a Scope, Window)>,
    ) {
        self.leases.remove(&process);
        self.windows.values_mut().for_each(|shared| shared.inherit(process));
        for sent in sends {
            for (scope, window) in windows(sent.to) {
                let late = match sent.arrived {
                    true => Duration::ZERO,
                    false => on_its_way(window.per),
                };
                let free = cooled(sent.at.after(late), window.per);
                let shared = self.shared(scope, window);
                if free > now {
                    add(&mut shared.cooling, free, 1);
                } else if now.since(free) < window.per {
                    add(&mut shared.past, free, 1);
                }
            }
        }
    }

    /// One process's trades.
    pub fn trade(
        &mut self,
        process: ProcessId,
        now: Moment,
        trades: &[Trade],
    ) -> Agreement {
        self.expire(process, now);
        let until = now.after(LEASE);
        self.leases.insert(process, until);
        let frozen_until = self.thaw(now);
        let deals = trades.iter().map(|trade| {
            self.shared(&trade.scope, trade.window).trade(process, now, trade)
        });
        let deals = deals.collect();
        let closed = self.closed(now);
        Agreement { until, frozen_until, closed, deals }
    }

    fn shared(&mut self, scope: &Scope, window: Window) -> &mut Shared {
        let name = format!("{scope} {}", crate::limits::Written(window.per));
        let shared = self.windows.entry(name).or_default();
        shared.per = window.per;
        shared
    }

    /// Whoever else did not renew may have used its slots up to the end of its lease. One that comes late
    /// and finds its slots untouched goes on with them.
    fn expire(&mut self, renewing: ProcessId, now: Moment) {
        // A clock that went back must not make a lease last for ever.
        let latest = now.after(2 * LEASE);
        let ended: Vec<(ProcessId, Moment)> = self
            .leases
            .iter()
            .filter(|(process, _)| **process != renewing)
            .filter(|(_, until)| **until <= now || **until > latest)
            .map(|(process, until)| (*process, (*until).min(now)))
            .collect();
        for (process, until) in ended {
            self.leases.remove(&process);
            for shared in self.windows.values_mut() {
                if let Some(stake) = shared.held.remove(&process).filter(|s| s.held > 0) {
                    let free = cooled(until.after(ON_ITS_WAY), shared.per);
                    add(&mut shared.cooling, free, stake.held);
                }
            }
        }
    }
}

impl Shared {
    /// Takes back what an ended process held and had not used itself.
    fn inherit(&mut self, process: ProcessId) {
        let adopted = self.held.remove(&process).map(|stake| stake.adopted);
        for (free, count) in adopted.into_iter().flatten() {
            add(&mut self.cooling, free, count);
        }
    }

    fn trade(&mut self, process: ProcessId, now: Moment, trade: &Trade) -> Deal {
        self.cool(now);
        let learnt = trade.learnt.map(|limit| (limit, now)).or(self.learnt);
        self.learnt = learnt.filter(|(_, at)| now.since(*at) < GOOD_FOR);
        let learnt = self.learnt.map(|(limit, _)| limit);
        let limit = trade.window.limit.get().min(learnt.unwrap_or(u32::MAX)).max(1);
        let is_new = !self.held.contains_key(&process);
        let held = self.take_back(process, now, trade, limit);
        let rivals =
            self.held.iter().filter(|(other, s)| **other != process && s.want > 0);
        let rivals = u32::try_from(rivals.count()).unwrap_or(u32::MAX);
        let others = self.held.iter().filter(|(other, _)| **other != process);
        let others = total(others.map(|(_, stake)| stake.held));
        // What is in use was used under the widest view, whoever had it.
        let in_use = others > 0 || !self.cooling.is_empty();
        self.limit = if in_use { self.limit.max(limit) } else { limit };
        self.keep_latest(self.limit.saturating_sub(held).saturating_sub(others));
        let taken = total([held, others, total(self.cooling.values().copied())]);
        let free = self.limit.saturating_sub(taken);
        let most = match rivals {
            0 => limit,
            _ => fair(limit, rivals),
        };
        let its_turn = rivals == 0 || most > 0 || self.latest != Some(process);
        let most = if its_turn { most.max(1) } else { 0 };
        let wanted = trade.want.min(most.saturating_sub(held));
        let granted = wanted.min(free);
        // Where nobody else wants any, cooling slots are handed out too: they need no further trade.
        let cooling = match rivals {
            0 => self.hand_out(wanted - granted),
            _ => Vec::new(),
        };
        let handed = u32::try_from(cooling.len()).unwrap_or(u32::MAX);
        let held = held + granted + handed;
        if granted > 0 || handed > 0 {
            self.latest = Some(process);
        }
        let stake = self.held.entry(process).or_default();
        stake.held = held;
        stake.want = trade.want.saturating_sub(granted).saturating_sub(handed);
        let past = self.tell(process, now, &cooling, is_new || granted > 0);
        let next = self.cooling.keys().next().copied();
        Deal { held, cooling, past, next, others, rivals, learnt }
    }

    /// Takes slots back from a process; tells how many it holds then.
    fn take_back(
        &mut self,
        process: ProcessId,
        now: Moment,
        trade: &Trade,
        limit: u32,
    ) -> u32 {
        let mine = self.held.entry(process).or_default();
        // The window may have turned out to be smaller than it was.
        mine.held = mine.held.saturating_sub(trade.back).min(limit);
        for free in &trade.cooling {
            if mine.held > 0 {
                mine.held -= 1;
                add(&mut mine.told, *free, 1);
                let has_cooled = *free <= now;
                let slots = if has_cooled { &mut self.past } else { &mut self.cooling };
                add(slots, *free, 1);
            }
        }
        mine.held
    }

    /// What a process that gets slots does not know yet of the calls that had them.
    fn tell(
        &mut self,
        process: ProcessId,
        now: Moment,
        cooling: &[Moment],
        gets_some: bool,
    ) -> Vec<(Moment, u32)> {
        let stake = self.held.entry(process).or_default();
        let cooling_still = stake.adopted.split_off(&Moment(now.0.saturating_add(1)));
        // What had them is known to this process, and would be forgotten with it.
        for (free, count) in std::mem::replace(&mut stake.adopted, cooling_still) {
            add(&mut stake.told, free, count);
            add(&mut self.past, free, count);
        }
        for free in cooling {
            add(&mut stake.adopted, *free, 1);
        }
        stake.told = stake.told.split_off(&now.before(self.per));
        let mut past = Vec::new();
        if gets_some {
            for (free, count) in &self.past {
                let told = stake.told.entry(*free).or_default();
                if count > told {
                    past.push((*free, *count - *told));
                    *told = *count;
                }
            }
        }
        past
    }

    fn cool(&mut self, now: Moment) {
        let cooling = self.cooling.split_off(&Moment(now.0.saturating_add(1)));
        for (free, count) in std::mem::replace(&mut self.cooling, cooling) {
            add(&mut self.past, free, count);
        }
        self.past = self.past.split_off(&now.before(self.per));
        self.past.split_off(&Moment(now.0.saturating_add(1)));
        // A clock that went back must not keep a slot for longer than any slot cools.
        let latest = cooled(now.after(on_its_way(self.per)), self.per);
        let late = self.cooling.split_off(&Moment(latest.0.saturating_add(1)));
        if !late.is_empty() {
            add(&mut self.cooling, latest, total(late.into_values()));
        }
    }

    /// No more slots cool than nobody holds. A slot that an ended process used twice is known by both
    /// calls, and only the later one counts; so it is where a window turns out to be smaller.
    fn keep_latest(&mut self, most: u32) {
        let cooling = total(self.cooling.values().copied());
        let surplus = cooling.saturating_sub(most);
        self.hand_out(surplus);
    }

    /// The slots that are free the soonest.
    fn hand_out(&mut self, most: u32) -> Vec<Moment> {
        let mut handed = Vec::new();
        let mut left = most;
        while left > 0 {
            let Some(mut first) = self.cooling.first_entry() else { break };
            let count = left.min(*first.get());
            handed.extend(std::iter::repeat_n(*first.key(), count as usize));
            left -= count;
            *first.get_mut() -= count;
            if *first.get() == 0 {
                first.remove();
            }
        }
        handed
    }
}

/// The provider's word of a time, as it was heard: none once that is over. A clock that went back must not make it longer
/// than was said.
fn still((heard, until): (Moment, Moment), now: Moment) -> Option<(Moment, Moment)> {
    let word = match now < heard {
        true => (now, now.after(until.since(heard))),
        false => (heard, until),
    };
    Some(word).filter(|(_, until)| *until > now)
}

/// So many more slots are free at a time.
fn add(slots: &mut BTreeMap<Moment, u32>, free: Moment, count: u32) {
    let slots = slots.entry(free).or_default();
    *slots = slots.saturating_add(count);
}

/// All of them: there may be as many as a number holds.
fn total(slots: impl IntoIterator<Item = u32>) -> u32 {
    slots.into_iter().fold(0, u32::saturating_add)
}

/// The slots that one of several processes that want more than there is may hold.
pub const fn fair(limit: u32, rivals: u32) -> u32 {
    limit / rivals.saturating_add(1)
}

#[cfg(test)]
mod tests;
