mod absurd;
mod headers;
mod servers;
mod small;

use super::*;
use leadmill_core::{
    Call, Moment, Pack, RateSignal, Sent,
    limits::Written,
    pack::{Jobs, PaidAct, Percent, Risk},
    slots::{ProcessId, Slots, Trade},
};
use proptest::prelude::*;
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};
use tokio::time::{pause, sleep_until};

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
        early_results: true,
        paid: PaidAct::default(),
        launched: false,
        generation: None,
    };
    let both = vec![scope("global"), scope("bulk")];
    let pack = Pack {
        name: "test".into(),
        source: String::new(),
        read: String::new(),
        base_url: String::new(),
        plans: BTreeMap::new(),
        scopes: [(Call::Submit.into(), both), (Call::Poll.into(), vec![scope("global")])]
            .into(),
        operations: BTreeMap::new(),
        jobs,
        settling: None,
        listing: None,
        logged: None,
        exhausted: Vec::new(),
        confidence: BTreeMap::new(),
    };
    Account {
        name: "test".into(),
        purse: "test".into(),
        windows: [(scope("global"), windows(global)), (scope("bulk"), windows(bulk))]
            .into(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    }
}

/// A limiter with the store of its slots.
struct Client {
    limiter: Limiter,
    slots: Slots,
    process: ProcessId,
    start: Instant,
    at_start: Moment,
}

impl Client {
    fn new(account: &Account, slots: Slots, now: i64) -> Self {
        let limiter = Limiter::new(account);
        let (start, at_start) = (Instant::now(), Moment(now));
        Self { limiter, slots, process: ProcessId(1), start, at_start }
    }

    fn trade(&mut self) {
        if self.limiter.next_trade() <= Instant::now() {
            let now = self.at_start.after(self.start.elapsed());
            let here = Instant::now();
            for (endpoint, until) in self.limiter.take_closings() {
                self.slots.close(now, endpoint, now.after(until - here));
            }
            let trades = self.limiter.trades(here, now);
            let agreement = self.slots.trade(self.process, now, &trades);
            self.limiter.take(here, now, &agreement);
        }
    }

    fn admit(&mut self, call: Call) -> Result<Permit, Wait> {
        self.trade();
        self.limiter.admit(call)
    }

    /// Waits for a permit; nothing may be in flight.
    async fn permit(&mut self, call: Call) -> Permit {
        loop {
            match self.admit(call) {
                Ok(permit) => break permit,
                Err(Wait::Until(until)) => {
                    assert!(until > Instant::now(), "{call:?} waits for what is past");
                    sleep_until(until).await;
                }
                Err(Wait::ForReply) => panic!("nothing is in flight"),
            }
        }
    }

    async fn send(&mut self, call: Call) {
        let permit = self.permit(call).await;
        self.limiter.replied(&permit, true);
    }

    fn clear(&mut self) {
        self.limiter.gates.iter_mut().for_each(|gate| {
            gate.suspicion = suspicion::Suspicion::NONE;
        });
    }
}

fn rate(limit: u64, remaining: u64, reset: u64) -> RateSignal {
    RateSignal {
        per: None,
        limit: Some(limit),
        remaining: Some(remaining),
        reset: Some(Duration::from_secs(reset)),
    }
}

fn client(account: &Account) -> Client {
    Client::new(account, Slots::default(), 0)
}

#[tokio::test(start_paused = true)]
async fn every_window_of_a_call_is_honoured() {
    let mut client = client(&account(&["5/1s", "60/60s"], &["2/60s"]));
    let start = Instant::now();
    for _ in 0..3 {
        client.send(Call::Submit).await;
    }
    assert!(start.elapsed() >= Duration::from_secs(60), "{:?}", start.elapsed());
    client.clear();
    let start = Instant::now();
    for _ in 0..60 {
        client.send(Call::Poll).await;
    }
    let took = start.elapsed();
    assert!((11.0..62.0).contains(&took.as_secs_f64()), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_long_window_s_slot_is_free_one_length_after_the_reply() {
    let mut client = client(&account(&["2/60s"], &[]));
    client.clear();
    let start = Instant::now();
    let (one, two) =
        (client.admit(Call::Poll).unwrap(), client.admit(Call::Poll).unwrap());
    assert_eq!(client.admit(Call::Poll).unwrap_err(), Wait::ForReply);
    tokio::time::advance(Duration::from_secs(2)).await;
    client.limiter.replied(&one, true);
    client.limiter.replied(&two, true);
    client.clear();
    let third = client.permit(Call::Poll).await;
    assert_eq!((third.sent - start).as_millis(), 62_031);
}

/// A call of which nothing was heard may have arrived at any time until its connection was closed.
#[tokio::test(start_paused = true)]
async fn a_timed_out_call_holds_its_slots_until_its_connection_is_closed() {
    let mut client = client(&account(&["1/1s"], &[]));
    client.clear();
    let start = Instant::now();
    for _ in 0..20 {
        client.send(Call::Poll).await;
    }
    let lost = client.permit(Call::Poll).await;
    sleep_until(lost.sent + Duration::from_secs(30)).await;
    client.trade();
    assert!(client.admit(Call::Poll).is_err(), "it may be on its way");
    client.limiter.replied(&lost, false);
    let next = client.permit(Call::Poll).await;
    assert!(next.sent - lost.sent >= Duration::from_secs(31), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn calls_of_an_earlier_process_count() {
    let account = account(&["3/60s"], &[]);
    let mut slots = Slots::default();
    slots.trade(ProcessId(0), Moment(0), &[]);
    let sends = [1_000, 11_000, 51_000]
        .map(|at| Sent { arrived: true, ..Sent::leaving(Moment(at), Call::Poll) });
    slots.bury(ProcessId(0), Moment(60_500), &sends, |endpoint| {
        account.windows_of(endpoint).collect()
    });
    let mut client = Client::new(&account, slots, 60_500);
    client.trade();
    client.clear();
    let start = Instant::now();
    client.send(Call::Poll).await;
    assert_eq!(start.elapsed().as_millis(), 531);
    client.clear();
    client.send(Call::Poll).await;
    assert_eq!(start.elapsed().as_millis(), 10_531);
}

#[tokio::test(start_paused = true)]
async fn a_freeze_holds_everything_and_is_never_shortened() {
    let mut client = client(&account(&["100/1s"], &[]));
    client.limiter.freeze(Some(Duration::from_secs(30)));
    client.limiter.freeze(Some(Duration::from_secs(3)));
    let start = Instant::now();
    client.send(Call::Submit).await;
    assert_eq!(start.elapsed().as_millis(), 30_005);
}

#[tokio::test(start_paused = true)]
async fn a_freeze_outlives_the_process() {
    let mut slots = Slots::default();
    slots.freeze(Moment(0), Moment(9_000));
    let mut client = Client::new(&account(&["100/1s"], &[]), slots, 2_000);
    let start = Instant::now();
    client.send(Call::Poll).await;
    assert_eq!(start.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_wait_of_zero_does_not_loop() {
    let mut client = client(&account(&["1000/1s"], &[]));
    let start = Instant::now();
    for _ in 0..5 {
        client.limiter.freeze(Some(Duration::ZERO));
        client.send(Call::Poll).await;
    }
    assert_eq!(start.elapsed().as_secs(), 1 + 2 + 4 + 8 + 16);
    let permit = client.permit(Call::Poll).await;
    client.limiter.passed(&permit);
    client.limiter.freeze(None);
    let start = Instant::now();
    client.send(Call::Poll).await;
    assert_eq!(start.elapsed().as_secs(), 1);
}

/// What the server lets through is not known after a 429, where no header tells: one call tries, and when it has passed
/// others follow, no more than have passed before. One that left before the 429 and passed says nothing.
#[tokio::test(start_paused = true)]
async fn after_a_429_one_call_tries_first() {
    let mut client = client(&account(&["1000/1s"], &[]));
    let early = [(); 20].map(|()| client.admit(Call::Submit).unwrap());
    let refused = client.admit(Call::Submit).unwrap();
    let refuse = |client: &mut Client, refused: &Permit| {
        client.limiter.throttled(refused, &[]);
        client.limiter.freeze(None);
        client.limiter.replied(refused, true);
    };
    refuse(&mut client, &refused);
    for permit in &early {
        client.limiter.passed(permit);
        client.limiter.replied(permit, true);
    }
    let again = client.permit(Call::Submit).await;
    refuse(&mut client, &again);
    let start = Instant::now();
    let first = client.permit(Call::Submit).await;
    assert_eq!(start.elapsed().as_secs(), 2, "the strikes count on");
    assert_eq!(client.admit(Call::Submit).unwrap_err(), Wait::ForReply);
    let other = client.admit(Call::Poll).unwrap();
    client.limiter.passed(&other);
    client.limiter.replied(&first, true);
    let second = client.permit(Call::Submit).await;
    assert_eq!(
        client.admit(Call::Submit).unwrap_err(),
        Wait::ForReply,
        "it did not pass"
    );
    client.limiter.passed(&second);
    let more = (0..10).filter_map(|_| client.admit(Call::Submit).ok()).count();
    assert_eq!(more, 10);
}

/// Each of two processes has all slots of one window and needs one of the other's too.
#[tokio::test(start_paused = true)]
async fn two_that_lack_each_other_s_slots_do_not_hand_them_to_and_fro_for_ever() {
    for windows in [["100/1s", "5000/60s"], ["1/1s", "1/60s"], ["2/1s", "1/60s"]] {
        let account = account(&windows, &[]);
        let slots = Arc::new(Mutex::new(Slots::default()));
        let mut limiters = [1, 2].map(|id| (ProcessId(id), Limiter::new(&account)));
        let start = Instant::now();
        let trade = |(process, limiter): &mut (ProcessId, Limiter)| {
            let (here, now) = (Instant::now(), Moment(0).after(start.elapsed()));
            let trades = limiter.trades(here, now);
            let agreement = slots.lock().unwrap().trade(*process, now, &trades);
            limiter.take(here, now, &agreement);
        };
        // The first has all of the second window, the second all of the first.
        for (place, limiter) in limiters.iter_mut().enumerate() {
            let mine = limiter.1.gates.iter_mut().enumerate();
            mine.for_each(|(window, gate)| gate.short = window != place);
            trade(limiter);
            sleep_until(Instant::now() + Duration::from_millis(9)).await;
        }
        let mut sent = 0;
        while sent < 2 {
            assert!(start.elapsed() < Duration::from_secs(600), "{windows:?}");
            for limiter in &mut limiters {
                if limiter.1.next_trade() <= Instant::now() {
                    trade(limiter);
                }
                if let Ok(permit) = limiter.1.admit(Call::Poll) {
                    limiter.1.replied(&permit, true);
                    sent += 1;
                }
            }
            let next = limiters.iter().map(|(_, limiter)| limiter.next_trade()).min();
            sleep_until(next.unwrap()).await;
        }
    }
}

/// A process that lets its lease lapse may have used its slots, or not: what the server counts then is no proof of how
/// it counts.
#[tokio::test(start_paused = true)]
async fn calls_that_another_process_may_have_made_prove_nothing() {
    let account = account(&["300/60s"], &[]);
    let mut slots = Slots::default();
    let wants = Trade {
        scope: Scope("global".into()),
        window: "300/60s".parse().unwrap(),
        back: 0,
        cooling: Vec::new(),
        want: 300,
        learnt: None,
    };
    slots.trade(ProcessId(2), Moment(0), &[wants]);
    // It never came again, and never called.
    let mut ours = Client::new(&account, slots, 31_000);
    drop(ours.permit(Call::Poll).await);
    let (log, now) = (&ours.limiter.gates[0].log, Instant::now());
    assert_eq!(log.possible(None, now), 301, "they may count");
    assert_eq!(log.certain(None, now), 0, "and may not");
}

/// Slots lie with the process that calls, not with one that waits for its jobs.
#[tokio::test(start_paused = true)]
async fn an_idle_process_wants_no_slots_until_it_calls() {
    let account = account(&["10/60s"], &[]);
    let mut idle = client(&account);
    idle.trade();
    let now = |client: &Client| client.at_start.after(client.start.elapsed());
    let other = |back, want| Trade {
        scope: Scope("global".into()),
        window: "10/60s".parse().unwrap(),
        back,
        cooling: Vec::new(),
        want,
        learnt: None,
    };
    let at = now(&idle);
    idle.slots.trade(ProcessId(2), at, &[other(0, 10)]);
    for _ in 0..3 {
        sleep_until(idle.limiter.next_trade()).await;
        idle.trade();
    }
    let at = now(&idle);
    let busy = idle.slots.trade(ProcessId(2), at, &[other(0, 10)]).deals.remove(0);
    assert_eq!((busy.held, busy.others), (10, 0));
    assert!(idle.limiter.admit(Call::Poll).is_err(), "now it wants one");
    let at = now(&idle);
    idle.slots.trade(ProcessId(2), at, &[other(10, 0)]);
    let permit = idle.permit(Call::Poll).await;
    idle.limiter.replied(&permit, true);
}

#[tokio::test(start_paused = true)]
async fn a_share_bounds_our_part() {
    let mut account = account(&["100/60s"], &[]);
    account.share = "60%".parse().unwrap();
    let mut client = client(&account);
    let granted = (0..100).filter_map(|_| client.admit(Call::Poll).ok()).count();
    assert_eq!(granted, 60);
}

/// What an ended process sent counts as late as it can have arrived, and as early as it can have left: a server
/// that looks back two lengths may count it in either.
#[tokio::test(start_paused = true)]
async fn a_call_of_an_ended_process_counts_from_when_it_can_have_left() {
    let (now, second) = (Instant::now(), Duration::from_secs(1));
    let mut log = log::Log::new(second, 3);
    // It left just now; its slot is free for others one length after it has arrived for sure.
    log.remember(Some(now + second + leadmill_core::slots::ON_ITS_WAY), 1);
    assert_eq!(log.possible(now.checked_sub(second), now), 1);
    assert_eq!(log.possible(Some(now + second), now + second), 1);
    assert_eq!(log.certain(now.checked_sub(second), now), 0);
}
