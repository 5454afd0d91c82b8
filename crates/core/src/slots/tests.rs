use super::*;
use proptest::prelude::*;

fn trade(window: &str, back: u32, cooling: &[i64], want: u32) -> Trade {
    Trade {
        scope: Scope("bulk".into()),
        window: window.parse().unwrap(),
        back,
        cooling: cooling.iter().map(|at| Moment(*at)).collect(),
        want,
        learnt: None,
    }
}

fn deal(slots: &mut Slots, who: u64, now: i64, trade: Trade) -> Deal {
    slots.trade(ProcessId(who), Moment(now), &[trade]).deals.remove(0)
}

/// A call that had arrived by then.
fn heard(at: i64) -> Sent {
    Sent { arrived: true, ..Sent::leaving(Moment(at), crate::Call::Submit) }
}

#[test]
fn alone_it_has_all_and_shares_when_another_comes() {
    let mut slots = Slots::default();
    assert_eq!(deal(&mut slots, 1, 0, trade("10/60s", 0, &[], 10)).held, 10);
    let second = deal(&mut slots, 2, 0, trade("10/60s", 0, &[], 10));
    assert_eq!((second.held, second.others), (0, 10));
    let first = deal(&mut slots, 1, 10, trade("10/60s", 3, &[500, 700], 0));
    assert_eq!((first.held, first.rivals), (5, 1));
    let second = deal(&mut slots, 2, 20, trade("10/60s", 0, &[], 10));
    assert_eq!((second.held, second.cooling), (5, vec![Moment(500), Moment(700)]));
    let first = deal(&mut slots, 1, 30, trade("10/60s", 0, &[], 5));
    assert_eq!((first.held, first.next, first.rivals), (5, None, 1));
}

#[test]
fn the_slots_of_a_killed_process_are_free_when_what_it_sent_is_out_of_the_window() {
    let mut slots = Slots::default();
    deal(&mut slots, 1, 0, trade("3/60s", 0, &[], 3));
    let window: Window = "3/60s".parse().unwrap();
    let scope = Scope("bulk".into());
    let sent = Sent::leaving(Moment(1_000), crate::Call::Submit);
    slots.bury(ProcessId(1), Moment(2_000), &[sent], |_| vec![(&scope, window)]);
    let second = deal(&mut slots, 2, 2_000, trade("3/60s", 0, &[], 3));
    // 60 s after it can have arrived, and what the clocks may differ by. Nobody has heard of it.
    assert_eq!((second.held, second.cooling), (3, vec![Moment(92_031)]));
}

/// A call that was half a minute on its way, whose process heard of it and was killed then.
#[test]
fn a_call_that_was_heard_of_counts_from_when_it_had_arrived() {
    for (per, late) in [("60s", 31_000), ("1s", 1_000)] {
        let mut slots = Slots::default();
        let window: Window = format!("3/{per}").parse().unwrap();
        let trade = || trade(&format!("3/{per}"), 0, &[], 3);
        deal(&mut slots, 1, 0, trade());
        let scope = Scope("bulk".into());
        let unheard = Sent::leaving(Moment(40_000), crate::Call::Submit);
        let heard = Sent {
            at: Moment(41_400),
            arrived: true,
            ..Sent::leaving(Moment(0), unheard.to)
        };
        let sends = [heard, unheard];
        slots.bury(ProcessId(1), Moment(41_500), &sends, |_| vec![(&scope, window)]);
        let second = deal(&mut slots, 2, 41_500, trade());
        let free = |at| cooled(Moment(at), window.per);
        let mut expected = [free(41_400), free(40_000 + late)];
        expected.sort_unstable();
        let expected = expected.into_iter().filter(|free| *free > Moment(41_500));
        assert_eq!(second.cooling, expected.collect::<Vec<_>>(), "{per}");
    }
}

/// What a process has taken over from one that has ended is not forgotten when it ends itself.
#[test]
fn cooling_slots_outlive_a_chain_of_processes() {
    let mut slots = Slots::default();
    let window: Window = "3/60s".parse().unwrap();
    let scope = Scope("bulk".into());
    let windows = |_: Endpoint| vec![(&scope, window)];
    deal(&mut slots, 1, 0, trade("3/60s", 0, &[], 3));
    let sends = [2_000; 3].map(heard);
    slots.bury(ProcessId(1), Moment(2_000), &sends, windows);
    assert_eq!(deal(&mut slots, 2, 2_000, trade("3/60s", 0, &[], 3)).cooling.len(), 3);
    slots.bury(ProcessId(2), Moment(3_000), &[], windows);
    let third = deal(&mut slots, 3, 3_000, trade("3/60s", 0, &[], 3));
    assert_eq!(third.cooling, [Moment(62_031); 3]);
    slots.bury(ProcessId(3), Moment(63_000), &[], windows);
    let fourth = deal(&mut slots, 4, 63_000, trade("3/60s", 0, &[], 3));
    assert_eq!((fourth.held, fourth.cooling.len()), (3, 0), "they have cooled");
}

/// Some servers weigh the calls of the window before: whoever uses a slot next has to know of them, once.
#[test]
fn who_gets_slots_learns_of_the_calls_that_had_them() {
    let mut slots = Slots::default();
    assert_eq!(deal(&mut slots, 1, 0, trade("5/60s", 0, &[], 5)).held, 5);
    // A second process is there from the beginning.
    assert_eq!(deal(&mut slots, 2, 10, trade("5/60s", 0, &[], 0)).past, []);
    let scope = Scope("bulk".into());
    let window: Window = "5/60s".parse().unwrap();
    let sends = [1_100, 1_200].map(heard);
    slots.bury(ProcessId(1), Moment(61_500), &sends, |_| vec![(&scope, window)]);
    let free = |at: i64| cooled(Moment(at + 1_000), window.per);
    let nothing = deal(&mut slots, 2, 61_600, trade("5/60s", 0, &[], 0));
    assert_eq!(nothing.past, [], "it uses none");
    let some = deal(&mut slots, 2, 61_700, trade("5/60s", 0, &[], 1));
    assert_eq!((some.held, some.past), (1, vec![(free(100), 1), (free(200), 1)]));
    let more = deal(&mut slots, 2, 61_800, trade("5/60s", 0, &[], 4));
    assert_eq!((more.held, more.past), (5, vec![]), "it knows of them");
    // It gives one back that it used itself, and takes it again: of that it needs not be told.
    let own = deal(&mut slots, 2, 90_000, trade("5/60s", 0, &[80_000], 0));
    assert_eq!((own.held, own.past), (4, vec![]));
    let again = deal(&mut slots, 2, 90_100, trade("5/60s", 0, &[], 1));
    assert_eq!((again.held, again.past), (5, vec![]));
    let other = deal(&mut slots, 3, 90_200, trade("5/60s", 0, &[], 0));
    assert_eq!(other.past.iter().map(|(_, count)| count).sum::<u32>(), 3);
}

/// A process took slots over while they cooled, outlived that, and was killed before it used them.
#[test]
fn what_had_a_slot_that_was_handed_on_is_not_forgotten_with_who_got_it() {
    let mut slots = Slots::default();
    deal(&mut slots, 1, 0, trade("5/60s", 0, &[], 5));
    let scope = Scope("bulk".into());
    let window: Window = "5/60s".parse().unwrap();
    let sends = [heard(1_100)];
    slots.bury(ProcessId(1), Moment(2_000), &sends, |_| vec![(&scope, window)]);
    let free = cooled(Moment(1_100), window.per);
    let second = deal(&mut slots, 2, 2_000, trade("5/60s", 0, &[], 5));
    assert_eq!((second.held, second.cooling), (5, vec![free]));
    let later = deal(&mut slots, 2, 62_000, trade("5/60s", 0, &[], 0));
    assert_eq!((later.held, later.past), (5, vec![]), "it was told");
    slots.bury(ProcessId(2), Moment(62_500), &[], |_| vec![(&scope, window)]);
    let third = deal(&mut slots, 3, 63_000, trade("5/60s", 0, &[], 5));
    assert_eq!((third.held, third.past), (5, vec![(free, 1)]));
}

#[test]
fn a_lease_that_is_not_renewed_ends_and_its_slots_cool() {
    let mut slots = Slots::default();
    deal(&mut slots, 1, 0, trade("2/60s", 0, &[], 2));
    let during = deal(&mut slots, 2, 29_000, trade("2/60s", 0, &[], 2));
    assert_eq!(during.held, 0);
    let after = deal(&mut slots, 2, 31_000, trade("2/60s", 0, &[], 2));
    assert_eq!(after.cooling, [Moment(91_031); 2]);
    let revived = deal(&mut slots, 1, 31_500, trade("2/60s", 0, &[], 0));
    assert_eq!(revived.held, 0, "it must not go on with what others have");
}

#[test]
fn a_process_with_a_small_share_has_its_part_beside_one_with_all() {
    let mut slots = Slots::default();
    deal(&mut slots, 1, 0, trade("10/60s", 0, &[], 10));
    let small = || trade("2/60s", 0, &[], 2);
    assert_eq!(deal(&mut slots, 2, 1, small()).held, 0);
    deal(&mut slots, 1, 2, trade("10/60s", 0, &[60_000; 5], 0));
    let second = deal(&mut slots, 2, 3, small());
    assert_eq!((second.held, second.cooling), (2, vec![Moment(60_000); 2]));
}

#[test]
fn what_one_process_learnt_of_a_limit_all_know_for_a_day() {
    let mut slots = Slots::default();
    deal(&mut slots, 1, 0, trade("10/60s", 0, &[], 10));
    let learnt = Trade { learnt: Some(4), ..trade("10/60s", 6, &[], 0) };
    assert_eq!(deal(&mut slots, 1, 10, learnt).held, 4);
    slots.bury(ProcessId(1), Moment(20), &[], |_| Vec::new());
    let second = deal(&mut slots, 2, 30, trade("10/60s", 0, &[], 10));
    assert_eq!((second.held, second.learnt), (4, Some(4)));
    let later = deal(&mut slots, 2, 90_000_000, trade("10/60s", 0, &[], 10));
    assert_eq!((later.held, later.learnt), (10, None));
}

#[test]
fn a_freeze_lasts_as_long_as_was_said_whatever_the_clock_does() {
    let mut slots = Slots::default();
    let frozen = |slots: &mut Slots, now| {
        let agreement = slots.trade(ProcessId(1), Moment(now), &[]);
        agreement.frozen_until.map(|until| until.0)
    };
    slots.freeze(Moment(5_000_000), Moment(5_030_000));
    slots.freeze(Moment(5_001_000), Moment(5_002_000));
    assert_eq!(frozen(&mut slots, 5_029_999), Some(5_030_000));
    assert_eq!(frozen(&mut slots, 1_000_000), Some(1_029_000), "an hour back");
    assert_eq!(frozen(&mut slots, 1_029_000), None);
    // Heard again before anybody has traded by the clock that went back.
    slots.freeze(Moment(5_000_000), Moment(5_030_000));
    slots.freeze(Moment(1_000_000), Moment(1_010_000));
    assert_eq!(frozen(&mut slots, 1_000_000), Some(1_030_000));
}

#[test]
fn a_single_slot_goes_round() {
    let mut slots = Slots::default();
    let mut turns = Vec::new();
    let mut now = 0;
    deal(&mut slots, 2, now, trade("1/1s", 0, &[], 1));
    deal(&mut slots, 2, now, trade("1/1s", 1, &[], 1));
    for _ in 0..8 {
        for who in [1, 2] {
            now += 10;
            if deal(&mut slots, who, now, trade("1/1s", 0, &[], 1)).held == 1 {
                turns.push(who);
                deal(&mut slots, who, now, trade("1/1s", 1, &[], 1));
            }
        }
    }
    assert!(turns.windows(2).all(|pair| pair[0] != pair[1]), "{turns:?}");
}

proptest! {
    /// Whatever is traded, no more slots are held or cooling than there are.
    #[test]
    fn no_slot_is_in_two_hands(
        trades in prop::collection::vec((1u64..4, 0u32..6, 0usize..4, 0u32..12, 0i64..9_000), 1..80),
    ) {
        let mut slots = Slots::default();
        let mut held: BTreeMap<u64, u32> = BTreeMap::new();
        let mut now = 0;
        for (who, back, cooling, want, wait) in trades {
            now += wait;
            let mine = held.get(&who).copied().unwrap_or_default();
            let back = back.min(mine);
            let cooling = cooling.min((mine - back) as usize);
            let cooling = vec![now + 1_000; cooling];
            let deal = deal(&mut slots, who, now, trade("10/60s", back, &cooling, want));
            held.insert(who, deal.held);
            let shared = slots.windows.values().next().unwrap();
            let all: u32 = shared.held.values().map(|stake| stake.held).sum::<u32>()
                + shared.cooling.values().sum::<u32>();
            prop_assert!(all <= 10, "{all} of 10: {shared:?}");
        }
    }

    /// However processes call, trade, and are killed and followed by others, one of them with a small share
    /// of the window: the server's never holds more calls than its limit.
    #[test]
    fn no_window_overflows_whoever_is_killed(
        acts in prop::collection::vec((0usize..3, 0u8..8, 0i64..700), 1..300),
    ) {
        let window: Window = "6/1s".parse().unwrap();
        let scope = Scope("bulk".into());
        let mut slots = Slots::default();
        let mut desks: [Desk; 3] = std::array::from_fn(|n| Desk::new(n as u64));
        let (mut now, mut calls) = (0, Vec::new());
        for (serial, (who, act, wait)) in acts.into_iter().enumerate() {
            let desk = &mut desks[who];
            match act {
                0 => {
                    slots.bury(desk.process, Moment(now), &desk.sends, |_| vec![(&scope, window)]);
                    *desk = Desk::new(100 + serial as u64);
                }
                1..4 => {
                    let own = if who == 2 { "2/1s".parse().unwrap() } else { window };
                    let trade = desk.offer(&scope, own, now, act);
                    let deals = slots.trade(desk.process, Moment(now), &[trade]).deals;
                    desk.take(&deals[0], now);
                }
                4 => now += wait,
                _ => {
                    let most = if act == 5 { 1 } else { 6 };
                    calls.extend((0..most).map_while(|_| desk.call(now).then_some(now)));
                    let within = calls.iter().filter(|at| now - **at < 1_000).count();
                    prop_assert!(within <= 6, "{within} at {now}: {slots:?}");
                }
            }
        }
    }
}

/// A process as the slots see it: when each of its slots is free again.
struct Desk {
    process: ProcessId,
    free: Vec<i64>,
    sends: Vec<Sent>,
}

impl Desk {
    fn new(id: u64) -> Self {
        Self { process: ProcessId(id), free: Vec::new(), sends: Vec::new() }
    }

    /// Makes a call, if a slot is free.
    fn call(&mut self, now: i64) -> bool {
        let Some(slot) = self.free.iter_mut().find(|free| **free <= now) else {
            return false;
        };
        *slot = cooled(Moment(now), Duration::from_secs(1)).0;
        self.sends.push(Sent::leaving(Moment(now), crate::Call::Submit));
        true
    }

    /// Keeps half, gives everything back, or wants all.
    fn offer(&mut self, scope: &Scope, window: Window, now: i64, act: u8) -> Trade {
        let keep = match act {
            1 => self.free.len() / 2,
            2 => 0,
            _ => self.free.len(),
        };
        self.free.sort_unstable();
        let back: Vec<i64> = self.free.drain(..self.free.len() - keep).collect();
        let (idle, cooling): (Vec<i64>, Vec<i64>) =
            back.into_iter().partition(|free| *free <= now);
        Trade {
            scope: scope.clone(),
            window,
            back: u32::try_from(idle.len()).unwrap(),
            cooling: cooling.into_iter().map(Moment).collect(),
            want: if act == 3 { window.limit.get() } else { 0 },
            learnt: None,
        }
    }

    fn take(&mut self, deal: &Deal, now: i64) {
        self.free.extend(deal.cooling.iter().map(|at| at.0));
        self.free.resize(deal.held as usize, now);
    }
}
