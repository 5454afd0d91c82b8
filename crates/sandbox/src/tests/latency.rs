//! Requests and replies on their way.

use std::time::Duration;

use futures::future::join_all;
use tokio::time::Instant;

use super::client::{get, sandbox, send};
use crate::{Fault, Options, Plan};

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn a_request_is_counted_half_way() {
    let sandbox = sandbox(Options { latency: millis(200), ..Options::default() });
    let start = Instant::now();
    let request = get(&sandbox, "/wallets/balance");
    tokio::pin!(request);
    let counted = |sandbox: &crate::Sandbox| sandbox.audit().windows[0].offered;
    for (wait, expected) in [(99, 0), (2, 1)] {
        assert!(tokio::time::timeout(millis(wait), &mut request).await.is_err());
        assert_eq!(counted(&sandbox), expected, "{:?}", start.elapsed());
    }
    assert_eq!(request.await.status, 200);
    assert!((200..=202).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn jitter_lets_requests_overtake_each_other_and_is_the_same_again() {
    let seen = || async {
        let sandbox = sandbox(Options {
            latency: millis(20),
            jitter: millis(50),
            plan: Plan::Enterprise,
            ..Options::default()
        });
        let start = Instant::now();
        let timed = (0..50).map(|nth| {
            let sandbox = &sandbox;
            async move {
                tokio::time::sleep(millis(nth)).await;
                let reply = get(sandbox, "/wallets/balance").await;
                let remaining = reply.header("x-ratelimit-remaining").parse().unwrap();
                (remaining, start.elapsed() - millis(nth))
            }
        });
        join_all(timed).await
    };
    let first: Vec<(u64, Duration)> = seen().await;
    assert!(!first.is_sorted_by(|before, after| before.0 > after.0), "{first:?}");
    let trips = first.iter().map(|(_, took)| took.as_millis());
    assert!(trips.clone().max().is_some_and(|most| (45..=73).contains(&most)));
    assert!(trips.min().is_some_and(|least| least < 10));
    assert_eq!(first, seen().await);
}

#[tokio::test(start_paused = true)]
async fn what_is_the_sandboxs_own_is_not_held_up() {
    let faults = vec![Fault::Hang(Duration::from_secs(1))];
    let options = Options { latency: millis(500), faults, ..Options::default() };
    let sandbox = sandbox(options);
    let start = Instant::now();
    send(&sandbox, "GET", "/sandbox/audit", "").await;
    assert_eq!(start.elapsed(), Duration::ZERO);
    let lead = super::client::lead(1).to_string();
    send(&sandbox, "POST", "/api/v3/email-finder", &lead).await;
    assert!((1_500..1_503).contains(&start.elapsed().as_millis()));
}
