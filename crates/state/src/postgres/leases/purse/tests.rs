use super::*;
use crate::samples::wants;

/// Two machines whose clocks are two hours apart.
#[test]
fn machines_need_not_agree_about_the_time() {
    let mut slots = Slots::default();
    let (fast, slow) = (ProcessId(1), ProcessId(2));
    let mut trades = |process, now, server, offer| {
        trade(&mut slots, process, (Moment(now), vec![offer]), Moment(server), 10)
    };
    let hour = 3_600_000;
    let all = trades(fast, hour, 0, wants("5/60s", 5));
    assert_eq!((all.deals[0].held, all.until.0), (5, hour + 30_000));
    // It gives one back that is free, by its clock, in 20 s.
    let back = Trade { cooling: vec![Moment(hour + 21_000)], ..wants("5/60s", 0) };
    assert_eq!(trades(fast, hour + 1_000, 1_000, back).deals[0].held, 4);
    let deal = trades(slow, -hour, 2_000, wants("5/60s", 5)).deals.remove(0);
    // 19 s from here, and what the call may have taken.
    assert_eq!((deal.held, deal.cooling), (1, vec![Moment(-hour + 19_011)]));
}

/// The connection was lost when a trade had been made and nobody had said so.
#[tokio::test(flavor = "multi_thread")]
async fn a_trade_that_was_made_unseen_gives_no_slot_to_two() {
    let Some(server) = crate::server::Postgres::start().unwrap() else { return };
    let url = server.schema("unseen_trade");
    let place = crate::Place::read(&url, std::path::Path::new("")).unwrap();
    drop(crate::Store::open(&place).await.unwrap());
    let crate::Place::Postgres(address) = place else { panic!() };
    let window = "10/60s";
    let account = crate::samples::account(window);
    let open = async |process| {
        Purse::open(&address, account.clone(), ProcessId(process)).await.unwrap()
    };
    let (mut ours, mut theirs) = (open(1).await, open(2).await);
    let now = Moment(1_000_000);
    let trade = |offer| Call::Trade { now, trades: vec![offer] };
    let held = ours.act(trade(wants(window, 10))).await.unwrap().deals[0].held;
    assert_eq!(held, 10);
    let call = Sent::leaving(now, leadmill_core::Call::Poll);
    ours.act(Call::Note(vec![call; 6])).await.unwrap();
    // Four go back, and nobody says that they have.
    let back = Trade { back: 4, ..wants(window, 0) };
    ours.act(trade(back.clone())).await.unwrap();
    let ours = ours.begin_anew(now, vec![back]).await.unwrap().deals[0].held;
    let deal = theirs.act(trade(wants(window, 10))).await.unwrap().deals.remove(0);
    let at_once = deal.held as usize - deal.cooling.len();
    assert!(6 + at_once + ours as usize <= 10, "{ours} {deal:?}");
    assert_eq!((ours, deal.held, deal.cooling.len()), (0, 10, 6));
}

/// A server that is far away costs a call no more than one round trip, however many leave and have arrived.
#[test]
fn calls_are_written_down_in_one_round_trip_and_slots_are_traded_in_two() {
    let Some(server) = crate::server::Postgres::start().unwrap() else { return };
    let wire = crate::wire::Wire::to(&server.schema("far"), Duration::from_millis(5));
    let place = crate::Place::read(wire.address(), std::path::Path::new("")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(count_round_trips(&place, || wire.round_trips()));
}

async fn count_round_trips(place: &crate::Place, round_trips: impl Fn() -> usize) {
    drop(crate::Store::open(place).await.unwrap());
    let crate::Place::Postgres(address) = place else { panic!() };
    let account = crate::samples::account("100/60s");
    let mut purse = Purse::open(address, account, ProcessId(1)).await.unwrap();
    let now = Moment(1_000_000);
    let call = Sent::leaving(now, leadmill_core::Call::Poll);
    let heard = Call::Heard { now, to: call.to };
    let trade = Call::Trade { now, trades: vec![wants("100/60s", 10)] };
    let calls = [trade, Call::Note(vec![call; 30]), heard.clone(), heard];
    let [mut trades, mut notes] = [0; 2];
    for round in 0..5 {
        for call in &calls {
            let before = round_trips();
            purse.act(call.clone()).await.unwrap();
            let took = round_trips() - before;
            match call {
                // The first of each kind is made ready.
                _ if round == 0 => {}
                Call::Trade { .. } => trades += took,
                Call::Note(_) => notes += took,
                _ => assert_eq!(took, 0),
            }
        }
    }
    assert_eq!((trades, notes), (2 * 4, 4));
}
