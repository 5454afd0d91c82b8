//! May this call leave now? Every window that applies, the per-second pace, and the provider's own word.

use crate::windows::{Log, Room};
use governor::{
    Quota, RateLimiter,
    clock::{Clock, Reference},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use leadmill_core::{Account, Call, Earlier, Scope, Timestamp};
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};
use tokio::time::Instant;

/// Windows up to this length are also paced, so that a burst does not leave in one instant.
const PACED: Duration = Duration::from_secs(1);

/// No clock can add more than this safely, and nobody waits for it.
const LONGEST: Duration = Duration::from_secs(366 * 86_400);

/// All limits of one account.
///
/// governor paces the burst within a second. It cannot guard a rolling window by itself: its algorithm
/// lets a burst and a full window's worth of calls through in the first window, and gives up either the
/// burst or the full rate where it is set not to. The exact log of each window is the authority; the pace comes last.
#[derive(Debug)]
pub struct Limiter {
    scopes: BTreeMap<Scope, Vec<Gate>>,
    calls: BTreeMap<Call, Vec<Scope>>,
    frozen_until: Option<Instant>,
    strikes: u32,
}

#[derive(Debug)]
struct Gate {
    log: Log,
    pace: Option<Pace>,
}

/// Leave to make one call. Give it back with [`Limiter::replied`], whatever became of the call.
#[derive(Debug)]
#[must_use = "a permit holds a slot in every window until it is given back"]
pub struct Permit {
    call: Call,
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

impl Limiter {
    /// The limits of an account, with what earlier processes did and were told.
    pub fn new(account: &Account, now: Timestamp, earlier: &Earlier) -> Self {
        let gates = |scope: &Scope| {
            let windows = account.windows.get(scope).into_iter().flatten();
            windows
                .map(|w| Gate { log: Log::new(*w), pace: Pace::new(w.limit, w.per) })
                .collect()
        };
        let scopes =
            account.windows.keys().map(|scope| (scope.clone(), gates(scope))).collect();
        let calls = account.pack.scopes.clone();
        let mut limiter = Self { scopes, calls, frozen_until: None, strikes: 0 };
        if let Some(until) = earlier.frozen_until {
            limiter.frozen_until = Some(Instant::now() + until.since(now).min(LONGEST));
        }
        for sent in &earlier.sends {
            limiter.each(sent.call, |gate| {
                gate.log.remember(Instant::now(), now.since(sent.at))
            });
        }
        limiter
    }

    /// The longest time that a call stays in any window.
    pub fn horizon(account: &Account) -> Duration {
        let longest = account.windows.values().flatten().map(|window| window.per).max();
        longest.unwrap_or_default() + Duration::from_secs(5)
    }

    /// Takes a slot in every window of a call, or tells when to ask again.
    pub fn admit(&mut self, call: Call) -> Result<Permit, Wait> {
        let now = Instant::now();
        if let Some(until) = self.frozen_until.filter(|until| *until > now) {
            return Err(Wait::Until(until));
        }
        let mut wait = None;
        self.each(call, |gate| {
            let room = match gate.log.room(now) {
                Room::Now => return,
                Room::At(at) => Wait::Until(at),
                Room::AfterReply => Wait::ForReply,
            };
            wait = Some(match (wait, room) {
                (Some(Wait::Until(a)), Wait::Until(b)) => Wait::Until(a.max(b)),
                (Some(Wait::ForReply), _) | (_, Wait::ForReply) => Wait::ForReply,
                (None, room) => room,
            });
        });
        if wait.is_none() {
            self.each(call, |gate| {
                if wait.is_none() {
                    wait = gate.pace.as_ref().and_then(Pace::wait).map(Wait::Until);
                }
            });
        }
        if let Some(wait) = wait {
            return Err(wait);
        }
        self.each(call, |gate| gate.log.take());
        Ok(Permit { call, sent: now })
    }

    /// The call has ended: its slots are free one window length from now.
    pub fn replied(&mut self, permit: &Permit) {
        let now = Instant::now();
        self.each(permit.call, |gate| gate.log.replied(now));
    }

    /// The provider said 429: nothing leaves for as long as it says, and never shorter.
    ///
    /// Without a time, or with none at all, the wait doubles from one second with each 429 in a row.
    pub fn freeze(&mut self, wait: Option<Duration>) {
        let doubled =
            Duration::from_secs(1 << self.strikes.min(6)).min(Duration::from_secs(60));
        let wait = wait.filter(|wait| !wait.is_zero()).unwrap_or(doubled);
        let until = Instant::now() + wait.min(LONGEST) + Duration::from_millis(5);
        self.frozen_until =
            Some(self.frozen_until.map_or(until, |before| before.max(until)));
        self.strikes = self.strikes.saturating_add(1);
    }

    /// A call was let through by the provider.
    pub const fn passed(&mut self) {
        self.strikes = 0;
    }

    /// When the provider lets us go on, if it told us to stop.
    pub fn frozen(&self) -> Option<Instant> {
        self.frozen_until.filter(|until| *until > Instant::now())
    }

    fn each(&mut self, call: Call, mut act: impl FnMut(&mut Gate)) {
        let Self { scopes, calls, .. } = self;
        // The most specific scope stands last in the pack and is asked first.
        for scope in calls.get(&call).into_iter().flatten().rev() {
            scopes.get_mut(scope).into_iter().flatten().for_each(&mut act);
        }
    }
}

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

#[derive(Debug)]
struct Pace {
    limiter: Paced,
    clock: TokioClock,
}

impl Pace {
    /// A tenth of the window's calls may leave at once, the rest evenly.
    fn new(limit: NonZeroU32, per: Duration) -> Option<Self> {
        if per > PACED {
            return None;
        }
        let burst = NonZeroU32::new(limit.get() / 10).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::with_period(per.checked_div(limit.get())?)?.allow_burst(burst);
        let clock = TokioClock(Instant::now());
        Some(Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
        })
    }

    /// Takes one call from the pace, or tells when to come again.
    fn wait(&self) -> Option<Instant> {
        let not_until = self.limiter.check().err()?;
        let wait = not_until
            .wait_time_from(Reference::saturating_sub(&self.clock.now(), 0.into()));
        Some(Instant::now() + wait.max(Duration::from_millis(1)))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use leadmill_core::{Pack, Sent, limits::Written, pack::Jobs};
    use tokio::time::sleep_until;

    /// An account with these windows in the scopes `global` and `bulk`.
    pub(crate) fn account(global: &[&str], bulk: &[&str]) -> Account {
        let windows =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
        let scope = |name: &str| Scope(name.into());
        let second = Written(Duration::from_secs(1));
        let jobs = Jobs {
            poll: second,
            typical: second,
            items_per_second: NonZeroU32::MIN,
            single: second,
        };
        let both = vec![scope("global"), scope("bulk")];
        let pack = Pack {
            name: "test".into(),
            source: String::new(),
            read: String::new(),
            base_url: String::new(),
            plans: BTreeMap::new(),
            scopes: [(Call::Submit, both), (Call::Poll, vec![scope("global")])].into(),
            operations: BTreeMap::new(),
            jobs,
            confidence: BTreeMap::new(),
        };
        Account {
            name: "test".into(),
            purse: "test".into(),
            windows: [(scope("global"), windows(global)), (scope("bulk"), windows(bulk))]
                .into(),
            poll: Duration::from_secs(5),
            pack,
        }
    }

    async fn send(limiter: &mut Limiter, call: Call) {
        loop {
            match limiter.admit(call) {
                Ok(permit) => break limiter.replied(&permit),
                Err(Wait::Until(until)) => sleep_until(until).await,
                Err(Wait::ForReply) => panic!("nothing is in flight"),
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_window_of_a_call_is_honoured() {
        let account = account(&["5/1s", "60/60s"], &["2/60s"]);
        let mut limiter = Limiter::new(&account, Timestamp(0), &Earlier::default());
        let start = Instant::now();
        for _ in 0..3 {
            send(&mut limiter, Call::Submit).await;
        }
        assert!(start.elapsed() >= Duration::from_secs(60), "{:?}", start.elapsed());
        let start = Instant::now();
        for _ in 0..60 {
            send(&mut limiter, Call::Poll).await;
        }
        let took = start.elapsed();
        assert!((11.8..62.0).contains(&took.as_secs_f64()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn calls_of_an_earlier_process_count() {
        let account = account(&["3/60s"], &[]);
        let earlier =
            [0, 10_000, 50_000].map(|at| Sent { at: Timestamp(at), call: Call::Poll });
        let earlier = Earlier { sends: earlier.to_vec(), frozen_until: None };
        let mut limiter = Limiter::new(&account, Timestamp(60_500), &earlier);
        let start = Instant::now();
        send(&mut limiter, Call::Poll).await;
        assert_eq!(start.elapsed().as_millis(), 531);
        send(&mut limiter, Call::Poll).await;
        assert_eq!(start.elapsed().as_millis(), 10_531);
    }

    #[tokio::test(start_paused = true)]
    async fn a_freeze_holds_everything_and_is_never_shortened() {
        let account = account(&["100/1s"], &[]);
        let mut limiter = Limiter::new(&account, Timestamp(0), &Earlier::default());
        limiter.freeze(Some(Duration::from_secs(30)));
        limiter.freeze(Some(Duration::from_secs(3)));
        let start = Instant::now();
        send(&mut limiter, Call::Submit).await;
        assert_eq!(start.elapsed().as_millis(), 30_005);
    }

    #[tokio::test(start_paused = true)]
    async fn a_freeze_outlives_the_process() {
        let account = account(&["100/1s"], &[]);
        let earlier =
            Earlier { frozen_until: Some(Timestamp(9_000)), ..Earlier::default() };
        let mut limiter = Limiter::new(&account, Timestamp(2_000), &earlier);
        let start = Instant::now();
        send(&mut limiter, Call::Poll).await;
        assert_eq!(start.elapsed().as_secs(), 7);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_of_zero_does_not_loop() {
        let account = account(&["1000/1s"], &[]);
        let mut limiter = Limiter::new(&account, Timestamp(0), &Earlier::default());
        let start = Instant::now();
        for _ in 0..5 {
            limiter.freeze(Some(Duration::ZERO));
            send(&mut limiter, Call::Poll).await;
        }
        assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16);
        limiter.passed();
        limiter.freeze(None);
        let start = Instant::now();
        send(&mut limiter, Call::Poll).await;
        assert_eq!(start.elapsed().as_secs(), 1);
    }
}
