//! What the rate-limit headers teach: limits, colleagues, and how the server counts.

use super::{
    Learnt, Limiter, Permit, Source,
    gate::{Gate, Lesson},
    suspicion::Suspicion,
};
use leadmill_core::RateSignal;
use std::time::Duration;
use tokio::time::Instant;

/// Windows from this length on are what headers that name no length usually describe.
const SUSTAINED: Duration = Duration::from_secs(10);

/// What a limit may be higher by than the one that is known, or lower where no reset is told, to be the same
/// window's.
const MOST_RATIO: f64 = 20.0;

/// Windows from this length on are closed until their reset when they are used up: so long their calls are not known.
const LONG: Duration = Duration::from_secs(3_600);

/// A reset that is no later may be a short window's.
const SOON: Duration = Duration::from_secs(2);

impl Limiter {
    /// Takes in the headers of a reply, whatever its status. Call it before [`Limiter::replied`].
    pub fn hear(&mut self, permit: &Permit, rates: &[RateSignal]) {
        let now = Instant::now();
        let route = self.routes.get(&permit.endpoint).cloned().unwrap_or_default();
        if rates.is_empty() {
            for place in &route {
                if let Some(gate) = self.gates.get_mut(*place) {
                    gate.log.doubt(permit.sent);
                }
            }
        }
        for rate in rates {
            let Some(place) = self.subject(&route, *rate) else {
                self.unknown_window(permit, *rate, now);
                continue;
            };
            let Some(gate) = self.gates.get_mut(place) else { continue };
            let known = gate.window;
            if let (Some(0), Some(reset)) = (rate.remaining, rate.reset)
                && known.per >= LONG
            {
                self.closings.close(permit.endpoint, now, reset);
            }
            let lesson = gate.hear(*rate, permit.sent, now);
            if let Some(pace) = gate.colleagues_pace() {
                let scope = gate.scope.clone();
                let same = self.gates.iter_mut().filter(|gate| gate.scope == scope);
                same.for_each(|gate| gate.crowd(pace, now));
            }
            let Some(gate) = self.gates.get_mut(place) else { continue };
            match lesson {
                Lesson::Nothing | Lesson::Shared => {}
                Lesson::Limit => {
                    Learnt::enter(&mut self.learnt, gate, Some(known), Source::Headers);
                }
                // One server counts all its windows alike.
                Lesson::Cleared if self.trusting => {
                    self.gates
                        .iter_mut()
                        .for_each(|gate| gate.suspicion = Suspicion::NONE);
                }
                Lesson::Cleared => gate.suspect(),
            }
        }
    }

    /// The window that headers speak of: the one with that length or that limit, else the one whose limit
    /// is the nearest to theirs. None, if it cannot be one that is known.
    pub(super) fn subject(&self, route: &[usize], rate: RateSignal) -> Option<usize> {
        let gates =
            || route.iter().filter_map(|place| Some((*place, self.gates.get(*place)?)));
        let is_of = |gate: &Gate| rate.limit == Some(u64::from(gate.window.limit.get()));
        let ratio = |gate: &Gate, limit: f64| {
            let known = f64::from(gate.window.limit.get());
            (known / limit).max(limit / known)
        };
        if let Some(per) = rate.per {
            let same = || gates().filter(|(_, gate)| gate.window.per == per);
            return match rate.limit {
                Some(limit) => same().min_by(|(_, a), (_, b)| {
                    ratio(a, limit as f64).total_cmp(&ratio(b, limit as f64))
                }),
                // What remains, of one of several: nobody says of which.
                None => same().next().filter(|_| same().count() == 1),
            }
            .map(|(place, _)| place);
        }
        let exact = gates().filter(|(_, gate)| is_of(gate));
        if let Some((place, _)) = exact.max_by_key(|(_, gate)| gate.window.per) {
            return Some(place);
        }
        let count = rate.limit?;
        if self.elsewhere.contains(&count) {
            return None;
        }
        let limit = count as f64;
        let is_long = |gate: &Gate| gate.window.per >= SUSTAINED;
        let could_be = |gate: &Gate| {
            let near = ratio(gate, limit) <= MOST_RATIO;
            let lower = limit < f64::from(gate.window.limit.get());
            let fits = rate.reset.map_or(near, |reset| {
                reset <= longest(gate)
                    && (reset > SOON || !is_long(gate))
                    && (near || lower)
            });
            fits && (is_long(gate) || !gates().any(|(_, gate)| is_long(gate)))
        };
        let nearest = gates().filter(|(_, gate)| could_be(gate));
        nearest
            .min_by(|(_, a), (_, b)| {
                let by_ratio = ratio(a, limit).total_cmp(&ratio(b, limit));
                // One whose own limit was named already is less likely to have changed.
                a.confirmed.cmp(&b.confirmed).then(by_ratio)
            })
            .map(|(place, _)| place)
    }

    /// A window that nobody told us of, such as a day's: when it is used up, its endpoint waits.
    fn unknown_window(&mut self, permit: &Permit, rate: RateSignal, now: Instant) {
        let route = self.routes.get(&permit.endpoint).into_iter().flatten();
        let mut gates = route.filter_map(|place| self.gates.get(*place));
        if let Some((limit, reset)) = rate.limit.zip(rate.reset)
            && !gates.any(|gate| reset <= longest(gate))
        {
            // An hour's or a day's: it must not be taken for a minute's when its reset has come near.
            self.elsewhere.insert(limit);
        }
        if let (Some(0), Some(reset)) = (rate.remaining, rate.reset) {
            self.closings.close(permit.endpoint, now, reset);
        }
    }
}

/// The latest reset that a window can have.
fn longest(gate: &Gate) -> Duration {
    gate.window.per + Duration::from_secs(1)
}
