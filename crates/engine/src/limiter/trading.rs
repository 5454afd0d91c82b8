//! Trading slots with the other processes that share the state.

use super::{Learnt, Limiter, Source, Wait};
use leadmill_core::{
    Endpoint, Moment,
    limits::LONGEST,
    slots::{Agreement, Deal, Trade, fair},
};
use std::{num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// How often a lease is renewed where nothing is wanted: a newcomer waits no longer than this.
const RENEWAL: Duration = Duration::from_millis(500);

/// How soon slots that were wanted are asked for again.
const AGAIN: Duration = Duration::from_millis(50);

/// How long before its end a lease counts as ended: a call must leave within it.
const MARGIN: Duration = Duration::from_secs(2);

/// The lease of all slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lease {
    ends: Instant,
    traded: Instant,
    renew: Instant,
}

/// By chance 0 or 1: by the time, which two processes do not share for long.
const fn coin(now: Moment) -> u32 {
    let mixed = (now.0 as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 63) as u32
}

impl Limiter {
    /// When slots are to be traded next. Before the first trade: at once.
    pub fn next_trade(&self) -> Instant {
        let Some(lease) = self.lease.filter(|_| !self.closings.has_news()) else {
            return Instant::now();
        };
        let short = self.gates.iter().filter(|gate| gate.short);
        // Where no slot is to be had before a known time, asking earlier is of no use.
        let asks = short.map(|gate| match gate.next {
            Some(next) if gate.rivals == 0 && gate.others == 0 => next,
            _ => lease.traded + AGAIN,
        });
        asks.min()
            .map_or(lease.renew, |ask| ask.max(lease.traded + AGAIN).min(lease.renew))
    }

    /// What is offered and wanted of each window, in the order in which [`Limiter::take`] takes the deals.
    /// `here` and `now` are the same time, `here` no later.
    pub fn trades(&mut self, here: Instant, now: Moment) -> Vec<Trade> {
        // A call needs a slot of each of its windows: who lacks one keeps the others, or two processes that lack
        // each other's would hand them to and fro for ever.
        let lacks_one = self.gates.iter().any(|gate| gate.short);
        let trade = |gate: &mut super::Gate| {
            let cap = gate.cap();
            let mut window = gate.window;
            window.limit = NonZeroU32::new(cap).unwrap_or(window.limit);
            // Others want some: what is over the fair part goes back, or all that lies idle.
            let keep = match (gate.rivals, lacks_one || gate.log.used(here) > 0) {
                (0, _) => gate.log.held(),
                // Of one slot nobody has a fair part.
                (rivals, true) => match fair(cap, rivals) {
                    0 if lacks_one && !gate.short => coin(now),
                    part => part,
                },
                (_, false) => 0,
            };
            let surplus = gate.log.held().saturating_sub(keep);
            let (back, cooling) = match gate.suspicion.is_cleared() {
                true => gate.log.give_back(surplus, here),
                false => gate.log.give_back_told(surplus, here),
            };
            let millisecond = Duration::from_millis(1);
            let stamp = |free: Instant| match free.checked_duration_since(here) {
                Some(left) => now.after(left + millisecond),
                None => now.before(here - free),
            };
            // No more than its fair part comes of it where others want some too.
            let want = if gate.short { cap.saturating_sub(gate.log.held()) } else { 0 };
            Trade {
                scope: gate.scope.clone(),
                window,
                back,
                cooling: cooling.into_iter().map(stamp).collect(),
                want,
                learnt: gate.taught.then(|| gate.window.limit.get()),
            }
        };
        self.gates.iter_mut().map(trade).collect()
    }

    /// Takes what the trades came to, which were offered at `offered`, the same time as `now`. However long they
    /// took: the lease began then, and slots are free no sooner than if they had begun to cool just now.
    pub fn take(&mut self, offered: Instant, now: Moment, agreement: &Agreement) {
        let here = Instant::now();
        let instant = |at: Moment| here + at.since(now).min(LONGEST);
        for (gate, deal) in self.gates.iter_mut().zip(&agreement.deals) {
            let Deal { held, cooling, past, next, others, rivals, learnt } = deal;
            let cooling: Vec<Instant> = cooling.iter().copied().map(instant).collect();
            gate.log.lease(*held, &cooling, here);
            for (free, count) in past {
                let ago = now.since(*free);
                gate.log.remember(here.checked_sub(ago), *count);
            }
            (gate.others, gate.rivals, gate.short) = (*others, *rivals, false);
            gate.next = next.map(instant);
            let learnt = learnt.and_then(NonZeroU32::new);
            if let Some(limit) = learnt.map(|limit| gate.within_own(limit))
                && limit != gate.window.limit
                && !gate.taught
            {
                // Another process of ours was told.
                let known = Some(gate.window);
                gate.adopt(limit);
                Learnt::enter(&mut self.learnt, gate, known, Source::Headers);
            }
        }
        if let Some(until) = agreement.frozen_until {
            self.freeze_until(instant(until));
        }
        for (endpoint, until) in &agreement.closed {
            self.stays_closed(*endpoint, instant(*until));
        }
        let lasts = agreement.until.since(now).min(LONGEST);
        let ends = (offered + lasts).checked_sub(MARGIN).unwrap_or(offered);
        self.lease = Some(Lease { ends, traded: here, renew: here + RENEWAL });
    }

    /// Whether every slot in use by an endpoint's calls is still leased.
    pub(crate) fn holds(&mut self, endpoint: Endpoint) -> bool {
        let now = Instant::now();
        let Self { routes, gates, .. } = self;
        routes.get(&endpoint).into_iter().flatten().all(|gate| {
            gates.get_mut(*gate).is_none_or(|gate| gate.log.used(now) <= gate.log.held())
        })
    }

    /// The slots went to others: nothing leaves before the next trade, which is due.
    pub(crate) const fn end_lease(&mut self) {
        self.lease = None;
    }

    /// Whether calls may leave at all.
    pub(crate) fn has_lease(&self) -> bool {
        self.without_lease(Instant::now()).is_none()
    }

    /// Without a lease nothing leaves: when to come again.
    pub(super) fn without_lease(&self, now: Instant) -> Option<Instant> {
        match self.lease {
            Some(lease) if lease.ends > now => None,
            _ => Some(self.next_trade().max(now + Duration::from_millis(1))),
        }
    }

    /// Slots may come by a trade before one of ours is free.
    pub(super) fn no_later_than_the_trade(&self, wait: Wait) -> Wait {
        if !self.gates.iter().any(|gate| gate.short) {
            return wait;
        }
        let trade = self.next_trade();
        match wait {
            Wait::Until(until) => Wait::Until(
                until.min(trade.max(Instant::now() + Duration::from_millis(1))),
            ),
            Wait::ForReply => {
                Wait::Until(trade.max(Instant::now() + Duration::from_millis(1)))
            }
        }
    }
}
