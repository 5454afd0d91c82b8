//! What servers that count in different ways see of the calls.

use super::*;

/// A server with a weighted counter of `limit` calls a minute, whose spans begin at `phase`.
struct Weighted {
    limit: u32,
    began: Instant,
    before: u32,
    current: u32,
}

impl Weighted {
    fn remaining(&mut self, now: Instant) -> Option<u32> {
        let per = Duration::from_secs(60);
        while now >= self.began + per {
            (self.before, self.current, self.began) = (self.current, 0, self.began + per);
        }
        let weight = 1.0 - (now - self.began).as_secs_f64() / per.as_secs_f64();
        let used = f64::from(self.current) + f64::from(self.before) * weight;
        let left = f64::from(self.limit) - used;
        (left >= 1.0).then(|| {
            self.current += 1;
            (left - 1.0).floor() as u32
        })
    }
}

/// It bursts once and then paces, and every call is let through, wherever the spans begin.
#[tokio::test(start_paused = true)]
async fn a_weighted_counter_lets_every_call_through() {
    for phase in [0, 7, 29, 30, 59] {
        let mut client = client(&account(&["100/60s"], &[]));
        let start = Instant::now();
        let mut server = Weighted {
            limit: 100,
            began: start.checked_sub(Duration::from_secs(phase)).unwrap(),
            before: 0,
            current: 0,
        };
        for nth in 0..500 {
            let permit = client.permit(Call::Poll).await;
            let left = server.remaining(Instant::now());
            let left =
                left.unwrap_or_else(|| panic!("429 for call {nth}, phase {phase}"));
            client.limiter.hear(&permit, &[rate(100, left.into(), 60)]);
            client.limiter.replied(&permit, true);
            if nth == 99 {
                assert!(
                    start.elapsed() < Duration::from_secs(1),
                    "the first burst is free"
                );
            }
        }
        let minutes = start.elapsed().as_secs_f64() / 60.0;
        assert!(minutes < 5.2, "500 calls of 100 a minute took {minutes:.2}");
    }
}

/// The headers of an exact log clear the suspicion, and the second burst is as free as the first.
#[tokio::test(start_paused = true)]
async fn the_headers_of_an_exact_log_free_the_burst() {
    let mut client = client(&account(&["100/60s"], &[]));
    let mut seen: std::collections::VecDeque<Instant> = Default::default();
    let start = Instant::now();
    for _ in 0..295 {
        let permit = client.permit(Call::Poll).await;
        let now = Instant::now();
        while seen.front().is_some_and(|at| *at + Duration::from_secs(60) <= now) {
            seen.pop_front();
        }
        seen.push_back(now);
        let left = 100 - seen.len() as u64;
        tokio::time::advance(Duration::from_millis(20)).await;
        client.limiter.hear(&permit, &[rate(100, left, 60)]);
        client.limiter.replied(&permit, true);
    }
    let took = start.elapsed().as_secs_f64();
    assert!(took < 126.5, "three bursts of two seconds each, a minute apart: {took} s");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// The server sees no more than the limit in any window, wherever between send and reply it counts a
    /// call, as long as the network is no slower there than its slowest reply; and a call never waits
    /// while every window has room for it in every case.
    #[test]
    fn no_window_at_the_server_ever_holds_more_than_its_limit(
        short in 1u32..6, long in 1u32..30, per in 1u64..20,
        delays in prop::collection::vec((0u64..120, 0u64..900), 1..120),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            pause();
            let per = Duration::from_secs(per + 5);
            let windows = [(short, Duration::from_secs(1)), (long, per)];
            let texts = windows.map(|(n, per)| format!("{n}/{}ms", per.as_millis()));
            let account = account(&texts.each_ref().map(|text| &**text), &[]);
            let mut client = client(&account);
            client.trade();
            client.clear();
            let mut arrivals: Vec<Instant> = Vec::new();
            let mut open: Vec<(Instant, Permit)> = Vec::new();
            let mut answered: Vec<(Instant, Instant)> = Vec::new();
            for (there, back) in delays {
                let permit = loop {
                    let now = Instant::now();
                    open.sort_by_key(|(reply, _)| *reply);
                    while open.first().is_some_and(|(reply, _)| *reply <= now) {
                        let (reply, permit) = open.remove(0);
                        answered.push((permit.sent, reply));
                        client.limiter.replied(&permit, true);
                    }
                    client.clear();
                    let reply = open.first().map(|(reply, _)| *reply);
                    match client.admit(Call::Poll) {
                        Ok(permit) => break permit,
                        Err(wait) => {
                            let slack = Duration::from_millis(15);
                            let is_free = windows.iter().all(|(n, per)| {
                                let gone = |reply: Instant| reply + *per + *per / 1000 + slack <= now;
                                let used = open.len() + answered.iter().filter(|(_, reply)| !gone(*reply)).count();
                                used < *n as usize
                            });
                            // The pace spreads what goes beyond four fifths of a second's calls.
                            let paced = short as usize * 4 / 5 < answered.iter().filter(|(sent, _)| *sent + Duration::from_millis(1_100) > now).count() + open.len() + 1;
                            assert!(!is_free || paced, "it waits for {wait:?}, and every window has room");
                            match wait {
                                Wait::Until(at) => sleep_until(reply.map_or(at, |reply| at.min(reply))).await,
                                Wait::ForReply => sleep_until(reply.unwrap()).await,
                            }
                        }
                    }
                };
                let arrival = Instant::now() + Duration::from_millis(there);
                arrivals.push(arrival);
                open.push((arrival + Duration::from_millis(back), permit));
            }
            arrivals.sort();
            for (limit, per) in windows {
                for span in arrivals.windows(limit as usize + 1) {
                    assert!(span[limit as usize] - span[0] >= per, "more than {limit} in {per:?}");
                }
            }
        });
    }
}
