//! Windows as small and as large as a file may have them, replies that say anything, and clocks that stand anywhere.

use super::*;
use leadmill_core::limits::LONGEST;
use proptest::{collection::vec, sample::select};

/// What happens to a limiter.
#[derive(Clone, Debug)]
enum Act {
    Call(Call),
    /// The oldest call is replied to, with these headers and, if it is refused, this wait.
    Reply {
        rates: Vec<RateSignal>,
        refused: Option<Option<Duration>>,
        whole: bool,
    },
    /// The newest call does not leave after all.
    Withdraw,
    Wait(Duration),
}

fn length() -> impl Strategy<Value = Duration> {
    let milliseconds =
        select(vec![1, 2, 7, 50, 59, 60, 61, 100, 999, 1_000, 1_001, 5_000, 5_001]);
    let seconds = select(vec![10, 60, 3_600, 86_400, LONGEST.as_secs()]);
    prop_oneof![
        milliseconds.prop_map(Duration::from_millis),
        seconds.prop_map(Duration::from_secs),
    ]
}

fn count() -> impl Strategy<Value = u32> {
    prop_oneof![1..4_u32, select(vec![10, 100, 1_000])]
}

fn windows() -> impl Strategy<Value = Vec<Window>> {
    let window = (count(), length())
        .prop_map(|(limit, per)| Window { limit: NonZeroU32::new(limit).unwrap(), per });
    vec(window, 1..4)
}

/// Numbers as a header may hold them.
fn number() -> impl Strategy<Value = Option<u64>> {
    let largest = [u64::from(u32::MAX) - 1, u64::from(u32::MAX), u64::MAX];
    prop_oneof![
        2 => Just(None),
        3 => (0..6_u64).prop_map(Some),
        2 => select(largest.to_vec()).prop_map(Some),
        2 => (0..20_000_u64).prop_map(Some),
    ]
}

/// Times as a reply may hold them.
fn time() -> impl Strategy<Value = Option<Duration>> {
    prop_oneof![
        Just(None),
        Just(Some(Duration::ZERO)),
        Just(Some(Duration::MAX)),
        length().prop_map(Some),
    ]
}

fn rates() -> impl Strategy<Value = Vec<RateSignal>> {
    let rate = (time(), number(), number(), time()).prop_map(
        |(per, limit, remaining, reset)| RateSignal { per, limit, remaining, reset },
    );
    vec(rate, 0..3)
}

fn act() -> impl Strategy<Value = Act> {
    let call = select(vec![Act::Call(Call::Submit), Act::Call(Call::Poll)]);
    let refused = prop_oneof![3 => Just(None), 1 => time().prop_map(Some)];
    let reply = (rates(), refused, any::<bool>())
        .prop_map(|(rates, refused, whole)| Act::Reply { rates, refused, whole });
    prop_oneof![
        4 => call,
        3 => reply,
        1 => Just(Act::Withdraw),
        2 => length().prop_map(Act::Wait),
    ]
}

/// Two clients of one state, and calls that have no reply yet.
struct Both {
    clients: [Client; 2],
    flying: Vec<(usize, Permit)>,
    turn: usize,
}

impl Both {
    /// They share the slots.
    fn hand_over(&mut self) {
        let slots = self.clients[self.turn].slots.clone();
        self.turn = 1 - self.turn;
        self.clients[self.turn].slots = slots;
    }

    async fn act(&mut self, act: Act) -> Result<(), TestCaseError> {
        match act {
            Act::Call(call) => {
                self.hand_over();
                let client = &mut self.clients[self.turn];
                client.process = ProcessId(self.turn as u64);
                let now = Instant::now();
                match client.admit(call) {
                    Ok(permit) => self.flying.push((self.turn, permit)),
                    Err(Wait::Until(at)) => {
                        let most = LONGEST + LONGEST / 1000;
                        prop_assert!(at > now && at - now <= most, "{:?}", at - now);
                    }
                    Err(Wait::ForReply) => {
                        prop_assert!(
                            self.flying.iter().any(|(who, _)| *who == self.turn)
                        );
                    }
                }
            }
            Act::Reply { rates, refused, whole } if !self.flying.is_empty() => {
                let (who, permit) = self.flying.remove(0);
                let limiter = &mut self.clients[who].limiter;
                limiter.hear(&permit, &rates);
                match refused {
                    Some(wait) => {
                        limiter.throttled(&permit, &rates);
                        limiter.refuse(permit.endpoint, wait);
                        limiter.freeze(wait);
                    }
                    None => limiter.passed(&permit),
                }
                limiter.replied(&permit, whole);
            }
            Act::Withdraw => {
                if let Some((who, permit)) = self.flying.pop() {
                    self.clients[who].limiter.withdraw(&permit);
                }
            }
            Act::Wait(time) => tokio::time::advance(time).await,
            Act::Reply { .. } => {}
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No panic, no wait for what is past, and none for longer than anything is waited for.
    #[test]
    fn whatever_is_written_heard_and_waited_a_call_leaves_or_is_told_when(
        global in windows(), bulk in windows(), share in 1..=100_u8,
        at in select(vec![0, 1_900_000_000_000, -62_000_000_000_000, i64::MAX / 2]),
        acts in vec(act(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            pause();
            let mut account = account(&[], &[]);
            account.windows = [("global", global), ("bulk", bulk)]
                .map(|(name, windows)| (Scope(name.into()), windows)).into();
            account.share = format!("{share}%").parse().unwrap();
            let client = || Client::new(&account, Slots::default(), at);
            let mut both = Both { clients: [client(), client()], flying: Vec::new(), turn: 0 };
            for act in acts {
                both.act(act).await?;
            }
            Ok::<_, TestCaseError>(())
        })?;
    }
}

/// Windows so short that a sixtieth of them is no time at all.
#[tokio::test(start_paused = true)]
async fn a_window_of_milliseconds_is_a_window() {
    for window in ["1/1ms", "100/50ms", "3/59ms", "2/60ms"] {
        let mut client = client(&account(&[window], &[]));
        let start = Instant::now();
        for _ in 0..400 {
            client.send(Call::Poll).await;
        }
        assert!(start.elapsed() > Duration::ZERO, "{window}");
    }
}

/// As many calls as a window may hold, of a process that was not heard of again, and a header that names more.
#[tokio::test(start_paused = true)]
async fn the_largest_window_is_a_window() {
    let account = account(&["1000000/400d"], &["1000000/1ms"]);
    let mut first = client(&account);
    let permit = first.permit(Call::Submit).await;
    let rate = rate(u64::from(u32::MAX), 0, 1);
    for _ in 0..2 {
        first.limiter.hear(&permit, &[rate, RateSignal { per: Some(LONGEST), ..rate }]);
    }
    tokio::time::advance(Duration::from_secs(90)).await;
    let mut second = Client::new(&account, first.slots, 90_000);
    second.process = ProcessId(2);
    let wait = second.admit(Call::Submit).unwrap_err();
    let Wait::Until(until) = wait else { panic!("nothing is in flight") };
    let left = until - Instant::now();
    assert!(left <= LONGEST + Duration::from_secs(20_000), "{left:?}");
}
