//! May this call leave now? Every window that applies, the per-second pace, and the provider's own word.
//!
//! [`Limiter`] is the whole account; beside it stand one window (`gate`), the log of its slots (`log`),
//! what reply times say (`delays`), whether the server counts otherwise (`suspicion`), and the pace
//! within a second (`pace`). Slots are leased from a store that several processes share
//! ([`leadmill_core::slots`]).

mod agreed;
mod closing;
mod delays;
mod gate;
mod headers;
mod log;
mod pace;
mod recovery;
mod refusals;
mod suspicion;
mod trading;

#[cfg(test)]
pub(crate) mod tests;

use agreed::Agreed;
use closing::Closings;
use delays::Delays;
use gate::Gate;
use leadmill_core::{
    Account, Endpoint, Scope, Window,
    limits::{LONGEST, Written},
};
use log::Room;
use pace::Pace;
use refusals::Refusals;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    fmt,
    time::Duration,
};

use tokio::time::Instant;

/// All limits of one account.
#[derive(Debug)]
pub struct Limiter {
    account: Account,
    gates: Vec<Gate>,
    /// The gates of an endpoint, the most specific first.
    routes: HashMap<Endpoint, Vec<usize>>,
    delays: HashMap<Endpoint, Delays>,
    frozen_until: Option<Instant>,
    strikes: u32,
    /// The last 429 was of a call that left after the one before had come: it counts as one more in a row.
    is_strike: bool,
    /// Calls in flight, by endpoint.
    in_flight: HashMap<Endpoint, u32>,
    /// Endpoints that were refused and have not passed since: one call at a time tries.
    refused: HashMap<Endpoint, Refusals>,
    /// When a call last passed, of whichever endpoint.
    passed_at: Option<Instant>,
    /// Windows that are used up, by the headers: nothing of an endpoint before their resets.
    closings: Closings,
    /// What the account's own limits are known to be.
    agreed: Agreed,
    /// Limits of windows that are longer than any that is known.
    elsewhere: BTreeSet<u64>,
    /// No 429 has come yet: what the headers show of the server's algorithm is believed.
    trusting: bool,
    learnt: Lessons,
    /// When the lease of the slots ends, and when it is to be renewed.
    lease: Option<trading::Lease>,
}

/// Leave to make one call. Give it back with [`Limiter::replied`], whatever became of the call.
#[derive(Debug)]
#[must_use = "a permit holds a slot in every window until it is given back"]
pub struct Permit {
    pub(crate) endpoint: Endpoint,
    /// When it was given.
    pub sent: Instant,
}

/// When to ask again for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Not before this.
    Until(Instant),
    /// When a reply has come.
    ForReply,
}

/// A limit that the provider has told: it differs from the pack's or the pipeline's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learnt {
    /// The calls that the window counts.
    pub scope: Scope,
    /// As it was known, if it was.
    pub known: Option<Window>,
    /// As it was told.
    pub found: Window,
    /// By what.
    pub source: Source,
}

/// By what the provider tells a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The headers of its replies.
    Headers,
    /// Its reply to the question what the account may do.
    Account,
}

impl Source {
    /// In JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Account => "account",
        }
    }
}

/// What was learnt of each window, by its calls and its length.
type Lessons = BTreeMap<(Scope, Duration), Learnt>;

impl Learnt {
    /// Keeps what a gate has just been taught: beside the latest limit, the one that was known first.
    fn enter(lessons: &mut Lessons, gate: &Gate, known: Option<Window>, source: Source) {
        let (scope, found) = (gate.scope.clone(), gate.window);
        let fresh = Self { scope: scope.clone(), known, found, source };
        let lesson = lessons.entry((scope, found.per)).or_insert(fresh);
        (lesson.found, lesson.source) = (found, source);
    }
}

impl fmt::Display for Learnt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scope, known, found, source } = self;
        let source = match source {
            Source::Headers => "the provider's headers",
            Source::Account => "the account's own limits",
        };
        match known {
            Some(known) => write!(f, "{scope}: {found} by {source}, {known} by the plan"),
            None => write!(f, "{scope}: {found} by {source}, none by the plan"),
        }
    }
}

impl Limiter {
    /// The limits of an account. It holds no slots before its first trade.
    pub fn new(account: &Account) -> Self {
        let gate = |scope: &Scope, window: &Window| {
            Gate::new(scope.clone(), *window, account.share)
        };
        let windows = account.windows.iter();
        let gates = windows
            .flat_map(|(scope, windows)| windows.iter().map(move |w| gate(scope, w)));
        Self {
            gates: gates.collect(),
            account: account.clone(),
            routes: HashMap::new(),
            delays: HashMap::new(),
            frozen_until: None,
            strikes: 0,
            is_strike: true,
            in_flight: HashMap::new(),
            refused: HashMap::new(),
            passed_at: None,
            closings: Closings::default(),
            agreed: Agreed::default(),
            elsewhere: BTreeSet::new(),
            trusting: true,
            learnt: BTreeMap::new(),
            lease: None,
        }
    }

    /// Takes a slot in every window of a call, or tells when to ask again.
    pub fn admit(&mut self, endpoint: impl Into<Endpoint>) -> Result<Permit, Wait> {
        let (endpoint, now) = (endpoint.into(), Instant::now());
        let closed = self.closings.of(endpoint);
        if let Some(until) = self.frozen_until.max(closed).filter(|until| *until > now) {
            return Err(Wait::Until(until));
        }
        if let Some(wait) = self.without_lease(now) {
            return Err(Wait::Until(wait));
        }
        let in_flight = self.in_flight.get(&endpoint).copied().unwrap_or_default();
        if in_flight > 0
            && (self.refused.contains_key(&endpoint) || self.is_unknown(endpoint))
        {
            return Err(Wait::ForReply);
        }
        self.route(endpoint);
        let refusals = self.refused.get_mut(&endpoint);
        if let Some(sent) = refusals.and_then(|refusals| refusals.unexplained.take()) {
            self.explain(endpoint, sent);
        }
        let Self { gates, routes, delays, .. } = self;
        let route = routes.get(&endpoint).map(Vec::as_slice).unwrap_or_default();
        let mut wait = None;
        for gate in route {
            let Some(gate) = gates.get_mut(*gate) else { continue };
            wait = match (wait, gate.room(now)) {
                (wait, Room::Now) => wait,
                (Some(Wait::Until(a)), Room::At(b)) => Some(Wait::Until(a.max(b))),
                (None, Room::At(at)) => Some(Wait::Until(at)),
                (Some(Wait::ForReply), _) | (_, Room::AfterReply) => Some(Wait::ForReply),
            };
        }
        if wait.is_none() {
            for gate in route {
                let pace = gates.get_mut(*gate).and_then(|gate| gate.pace.as_mut());
                wait = pace.and_then(Pace::wait).map(Wait::Until);
                if wait.is_some() {
                    break;
                }
            }
        }
        if let Some(wait) = wait {
            return Err(self.no_later_than_the_trade(wait));
        }
        let delays = delays.entry(endpoint).or_insert_with(Delays::new);
        let (tail, overdue) = (delays.tail(), delays.overdue());
        for gate in route {
            if let Some(gate) = gates.get_mut(*gate) {
                gate.take(now, tail, overdue);
            }
        }
        *self.in_flight.entry(endpoint).or_default() += 1;
        Ok(Permit { endpoint, sent: now })
    }

    /// The call did not leave after all.
    pub fn withdraw(&mut self, permit: &Permit) {
        self.is_back(permit);
        for gate in self.routes.get(&permit.endpoint).into_iter().flatten() {
            if let Some(gate) = self.gates.get_mut(*gate) {
                gate.log.withdraw(permit.sent);
            }
        }
    }

    /// The call has ended, with a whole reply or, its connection being closed, without one: its slots
    /// are free one window length from when it can have arrived.
    pub fn replied(&mut self, permit: &Permit, whole: bool) {
        self.is_back(permit);
        let now = Instant::now();
        let took = now.saturating_duration_since(permit.sent);
        let delays = self.delays.entry(permit.endpoint).or_insert_with(Delays::new);
        if whole {
            delays.see(took, now);
        }
        let guard = if whole { delays.guard(took) } else { took };
        for gate in self.routes.get(&permit.endpoint).into_iter().flatten() {
            if let Some(gate) = self.gates.get_mut(*gate) {
                gate.log.replied(permit.sent, now, guard);
            }
        }
    }

    /// The provider said 429: nothing leaves for as long as it says, and never shorter.
    ///
    /// Without a time, or with none at all, the wait doubles from one second with each 429 in a row. Those of calls that
    /// left together are one.
    pub fn freeze(&mut self, wait: Option<Duration>) {
        let is_strike = std::mem::replace(&mut self.is_strike, true);
        let strikes = self.strikes.saturating_sub(u32::from(!is_strike));
        let doubled =
            Duration::from_secs(1 << strikes.min(6)).min(Duration::from_secs(60));
        let wait = wait.filter(|wait| !wait.is_zero()).unwrap_or(doubled);
        let until = Instant::now() + wait.min(LONGEST) + Duration::from_millis(5);
        self.freeze_until(until);
        self.strikes = self.strikes.saturating_add(u32::from(is_strike));
    }

    pub(crate) fn freeze_until(&mut self, until: Instant) {
        self.frozen_until =
            Some(self.frozen_until.map_or(until, |before| before.max(until)));
    }

    /// A call was let through by the provider. One that left before the last 429 says nothing of what
    /// may leave after it.
    pub fn passed(&mut self, permit: &Permit) {
        self.count_pass(permit.endpoint, permit.sent);
        if self.frozen_until.is_none_or(|until| until <= permit.sent) {
            self.strikes = 0;
            self.refused.remove(&permit.endpoint);
            self.passed_at = Some(Instant::now());
        }
    }

    fn is_back(&mut self, permit: &Permit) {
        if let Some(count) = self.in_flight.get_mut(&permit.endpoint) {
            *count = count.saturating_sub(1);
        }
    }

    /// Whether a call would have room in every window, and waits only for what the server may count beside,
    /// and headers could still clear that: after a 429 they are not believed, and nothing is to be asked.
    pub fn is_held_by_suspicion(&self, endpoint: Endpoint) -> bool {
        if !self.trusting || self.frozen().is_some() {
            return false;
        }
        let route = self.routes.get(&endpoint).into_iter().flatten();
        let mut gates = route.filter_map(|gate| self.gates.get(*gate));
        gates.any(|gate| gate.is_held_by_suspicion)
    }

    /// When the provider lets us go on, if it told us to stop.
    pub fn frozen(&self) -> Option<Instant> {
        self.frozen_until.filter(|until| *until > Instant::now())
    }

    /// Limits that differ from what was known before, by the headers.
    pub fn learnt(&self) -> impl Iterator<Item = &Learnt> {
        self.learnt.values()
    }

    /// Looks up the gates of an endpoint, once.
    fn route(&mut self, endpoint: Endpoint) {
        if self.routes.contains_key(&endpoint) {
            return;
        }
        let scopes: Vec<&Scope> = self.account.scopes_of(endpoint).collect();
        // The most specific scope stands last in the pack and is asked first.
        let gates = scopes.into_iter().rev().flat_map(|scope| {
            let gates = self.gates.iter().enumerate();
            gates.filter(move |(_, gate)| gate.scope == *scope).map(|(place, _)| place)
        });
        let mut gates: Vec<usize> = gates.collect();
        let mut seen = HashSet::new();
        gates.retain(|gate| seen.insert(*gate));
        self.routes.insert(endpoint, gates);
    }
}

/// `bulk 60s`, for people.
impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.scope, Written(self.window.per))
    }
}
