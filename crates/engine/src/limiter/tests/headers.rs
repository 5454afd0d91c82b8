//! What the headers teach.

use super::*;

#[tokio::test(start_paused = true)]
async fn limits_are_learnt_from_the_headers_a_higher_one_when_it_is_named_twice() {
    let mut client = client(&account(&["25/1s", "300/60s"], &["10/60s"]));
    let mut hear = |call, rate: RateSignal| {
        let permit = client.admit(call).unwrap();
        client.limiter.hear(&permit, &[rate]);
        client.limiter.replied(&permit, true);
        client.limiter.learnt().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(hear(Call::Poll, rate(300, 299, 60)).is_empty());
    assert!(hear(Call::Poll, rate(600, 598, 60)).is_empty());
    let global = "global: 600/60s by the provider's headers, 300/60s by the plan";
    assert_eq!(hear(Call::Poll, rate(600, 597, 60)), [global]);
    let bulk = "bulk: 4/60s by the provider's headers, 10/60s by the plan";
    assert_eq!(hear(Call::Submit, rate(4, 3, 60)), [bulk, global]);
    // A day's window is none of these.
    assert_eq!(hear(Call::Poll, rate(1_000, 400, 50_000)), [bulk, global]);
    let gates = &mut client.limiter.gates;
    assert_eq!(gates.iter().map(Gate::cap).collect::<Vec<_>>(), [4, 25, 600]);
}

/// A header that names its length and no scope may be of any window of that length.
#[tokio::test(start_paused = true)]
async fn a_header_with_a_length_is_of_the_window_that_it_fits() {
    let mut client = client(&account(&["300/60s"], &["10/60s"]));
    for _ in 0..3 {
        let permit = client.admit(Call::Submit).unwrap();
        let minute =
            RateSignal { per: Some(Duration::from_secs(60)), ..rate(600, 590, 60) };
        let left = RateSignal { limit: None, ..minute };
        client.limiter.hear(&permit, &[minute, left]);
        client.limiter.replied(&permit, true);
    }
    let gates = &client.limiter.gates;
    assert_eq!(gates.iter().map(Gate::cap).collect::<Vec<_>>(), [10, 600]);
    assert!(!gates[0].suspicion.is_cleared(), "what remains of another says nothing");
}

/// What headers without a length say is taken for a window's own word only where it can be.
#[tokio::test(start_paused = true)]
async fn a_limit_is_learnt_of_no_window_but_its_own() {
    let limits = |heard: &[(Call, RateSignal)]| {
        let mut client = client(&account(&["25/1s", "300/60s"], &["100/60s"]));
        for (call, rate) in heard {
            let permit = client.admit(*call).unwrap();
            client.limiter.hear(&permit, &[*rate]);
            client.limiter.replied(&permit, true);
        }
        client.limiter.gates.iter().map(Gate::cap).collect::<Vec<_>>()
    };
    let known = [100, 25, 300];
    let (poll, submit) = (Call::Poll, Call::Submit);
    // A burst's limit that differs.
    assert_eq!(limits(&[(poll, rate(20, 19, 1)), (poll, rate(20, 18, 1))]), known);
    // An hour's quota, at its beginning and in its last minute.
    let hour = [1800, 50, 49].map(|reset| (poll, rate(1_000, 400, reset)));
    assert_eq!(limits(&hour), known);
    // Both windows of a smaller plan: the second is not taken for the first's.
    let smaller = [(poll, rate(60, 59, 60)), (submit, rate(30, 29, 60))];
    assert_eq!(limits(&smaller), [30, 25, 60]);
    // A far smaller plan than the pipeline names.
    assert_eq!(limits(&[(submit, rate(2, 1, 60))]), [2, 25, 300]);
}

/// A process that comes after one that was told a limit does not find out again by 429s.
#[tokio::test(start_paused = true)]
async fn a_limit_that_another_process_learnt_holds_from_the_first_call() {
    let account = account(&["100/60s"], &[]);
    let mut first = client(&account);
    let permit = first.permit(Call::Poll).await;
    first.limiter.hear(&permit, &[rate(8, 7, 60)]);
    first.limiter.replied(&permit, true);
    sleep_until(first.limiter.next_trade()).await;
    first.trade();
    let mut slots = first.slots;
    slots.bury(ProcessId(1), Moment(1_000), &[], |_| Vec::new());
    let mut second = Client::new(&account, slots, 1_000);
    let left = (0..100).map_while(|_| second.admit(Call::Poll).ok()).count();
    assert_eq!(left, 8);
    let learnt: Vec<_> = second.limiter.learnt().map(ToString::to_string).collect();
    assert_eq!(learnt, ["global: 8/60s by the provider's headers, 100/60s by the plan"]);
}

/// What was used of a window that turns out smaller stays used: nothing leaves before it has cooled.
#[tokio::test(start_paused = true)]
async fn a_smaller_window_than_known_is_kept_from_its_first_sign() {
    let mut client = client(&account(&["100/60s"], &[]));
    let permits: Vec<Permit> =
        (0..60).map(|_| client.admit(Call::Poll).unwrap()).collect();
    let start = Instant::now();
    for permit in &permits {
        client.limiter.hear(permit, &[rate(40, 0, 60)]);
        client.limiter.replied(permit, true);
    }
    client.clear();
    let next = client.permit(Call::Poll).await;
    assert!(next.sent - start >= Duration::from_secs(60));
    assert_eq!(client.limiter.gates[0].log.held(), 40);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_window_that_is_used_up_is_waited_for() {
    let mut client = client(&account(&["25/1s"], &[]));
    let permit = client.admit(Call::Poll).unwrap();
    client.limiter.hear(&permit, &[rate(1_000, 0, 5_000)]);
    client.limiter.replied(&permit, true);
    let start = Instant::now();
    client.send(Call::Poll).await;
    assert_eq!(start.elapsed().as_secs(), 5_000);
}

#[tokio::test(start_paused = true)]
async fn colleagues_are_left_their_part() {
    let mut client = client(&account(&["100/60s"], &[]));
    for _ in 0..10 {
        let permit = client.admit(Call::Poll).unwrap();
        tokio::time::advance(Duration::from_millis(50)).await;
        // The server counts 60 of others beside ours.
        let ours = client.limiter.gates[0].log.used(Instant::now());
        client.limiter.hear(&permit, &[rate(100, 40 - u64::from(ours), 60)]);
        client.limiter.replied(&permit, true);
    }
    let mut more = 0;
    while client.admit(Call::Poll).is_ok_and(|permit| {
        client.limiter.replied(&permit, true);
        true
    }) {
        more += 1;
    }
    // 60 are theirs, and some are kept free for what they send meanwhile.
    assert!((15..=30).contains(&more), "{more} more");
}

/// A call whose reply was lost may never have arrived: that the server counts fewer than have left is no
/// sign of how it counts.
#[tokio::test(start_paused = true)]
async fn calls_that_may_not_have_arrived_clear_no_suspicion() {
    let seen = |lost: bool| async move {
        let mut client = client(&account(&["10/60s"], &[]));
        for n in 0..4 {
            let permit = client.permit(Call::Poll).await;
            match lost && n < 3 {
                true => client.limiter.hear(&permit, &[]),
                // It counts this one alone.
                false => client.limiter.hear(&permit, &[rate(10, 9, 60)]),
            }
            client.limiter.replied(&permit, false);
            tokio::time::advance(Duration::from_secs(5)).await;
        }
        client.limiter.gates[0].suspicion == suspicion::Suspicion::ALL
    };
    assert!(seen(true).await);
    assert!(!seen(false).await, "four calls that were told of are counted as one");
}
