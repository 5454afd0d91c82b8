//! Limits of rates, each exactly at its edge.

use std::time::Duration;

use tokio::time::{Instant, advance, sleep};

use super::client::{Reply, get, person, tomba};
use crate::tomba::{Endpoint, Fraction, Options, PlanLimits, Tomba};
use crate::{Algorithm, HeaderFamily, Percent, RateHeaders};

const MILLI: Duration = Duration::from_millis(1);

/// How many of so many requests pass.
async fn passing(tomba: &Tomba, path: &str, times: usize) -> usize {
    let mut passed = 0;
    for _ in 0..times {
        passed += usize::from(get(tomba, path).await.status != 429);
    }
    passed
}

const PATHS: [(&str, Endpoint, usize, usize); 9] = [
    ("/domain-search?domain=example.com", Endpoint::DomainSearch, 15, 900),
    ("/email-finder?domain=example.com&full_name=A%20B", Endpoint::EmailFinder, 15, 900),
    ("/similar?domain=example.com", Endpoint::Similar, 15, 900),
    ("/technology?domain=example.com", Endpoint::Technology, 15, 900),
    ("/enrich?email=a@example.com", Endpoint::Enrich, 5, 300),
    ("/people/find?email=a@example.com", Endpoint::People, 5, 300),
    ("/email-count?domain=example.com", Endpoint::EmailCount, 5, 300),
    ("/bulk/types", Endpoint::Bulk, 5, 300),
    ("/me", Endpoint::Account, 5, 300),
];

#[tokio::test(start_paused = true)]
async fn each_endpoint_lets_its_second_through_and_opens_exactly_when_it_is_over() {
    for (path, endpoint, a_second, _) in PATHS {
        let tomba = tomba(Options::default());
        assert_eq!(passing(&tomba, path, a_second + 3).await, a_second, "{endpoint}");
        advance(Duration::from_millis(999)).await;
        assert_eq!(passing(&tomba, path, 1).await, 0, "{endpoint}");
        advance(MILLI).await;
        assert_eq!(passing(&tomba, path, 1).await, 1, "{endpoint}");
        let audit = tomba.audit();
        let window = audit.windows.iter().find(|window| window.category == endpoint);
        assert_eq!(window.unwrap().peak, a_second as u64, "{endpoint}");
        assert_eq!((window.unwrap().excess(), audit.throttled), (4, 4), "{endpoint}");
        assert!(audit.worst_excess == 4);
    }
}

#[tokio::test(start_paused = true)]
async fn a_minute_holds_its_own_number_and_opens_when_the_first_has_left() {
    for (path, a_minute, pause) in [
        ("/email-verifier?email=a@example.com", 150, 390),
        ("/author-finder?url=https://example.com/a", 150, 390),
        ("/linkedin?url=https://linkedin.com/in/a", 100, 590),
    ] {
        // Rounded up, the second lets more through than the minute does.
        let options = Options { fraction: Fraction::RoundedUp, ..Options::default() };
        let (tomba, start) = (tomba(options), Instant::now());
        let mut passed = 0;
        for _ in 0..=a_minute {
            passed += passing(&tomba, path, 1).await;
            sleep(Duration::from_millis(pause)).await;
        }
        assert_eq!(passed, a_minute, "{path}");
        advance(Duration::from_secs(60) - start.elapsed() - MILLI).await;
        let refused = get(&tomba, path).await;
        assert_eq!((refused.status, refused.header("retry-after")), (429, "1"), "{path}");
        advance(MILLI).await;
        assert_eq!(passing(&tomba, path, 2).await, 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_fraction_of_a_second_is_a_least_distance() {
    for (path, distance) in [
        ("/email-verifier?email=a@example.com", 400),
        ("/author-finder?url=https://example.com/a", 400),
        ("/phone-validator?phone=12025550107", 400),
        ("/linkedin?url=https://linkedin.com/in/a", 600),
    ] {
        let tomba = tomba(Options::default());
        assert_eq!(passing(&tomba, path, 2).await, 1, "{path}");
        advance(Duration::from_millis(distance - 1)).await;
        assert_eq!(passing(&tomba, path, 1).await, 0, "{path}");
        advance(MILLI).await;
        assert_eq!(passing(&tomba, path, 1).await, 1, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn endpoints_do_not_take_from_each_other_and_a_plan_takes_from_all() {
    let tomba = tomba(Options::default());
    for (path, _, a_second, _) in PATHS {
        assert_eq!(passing(&tomba, path, a_second + 1).await, a_second);
    }
    let plan = Some(PlanLimits::Free);
    let tomba = super::client::tomba(Options { plan, ..Options::default() });
    assert_eq!(passing(&tomba, PATHS[0].0, 7).await, 7);
    assert_eq!(passing(&tomba, PATHS[1].0, 7).await, 3);
    let plan = Some(PlanLimits::Trial);
    let tomba = super::client::tomba(Options { plan, ..Options::default() });
    for _ in 0..2 {
        assert_eq!(passing(&tomba, "/no-such-thing", 3).await, 2);
        advance(Duration::from_secs(60)).await;
    }
    assert_eq!(passing(&tomba, PATHS[1].0, 3).await, 1, "five a day");
}

#[tokio::test(start_paused = true)]
async fn a_refused_request_says_how_long_to_wait_and_takes_no_slot() {
    let tomba = tomba(Options::default());
    assert_eq!(passing(&tomba, &person(0), 15).await, 15);
    advance(Duration::from_millis(300)).await;
    let refused = get(&tomba, &person(0)).await;
    assert_eq!(refused.failure(), (429, "rate_limit"));
    assert_eq!(refused.at("/errors/code"), 429);
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    advance(Duration::from_millis(700)).await;
    assert_eq!(passing(&tomba, &person(0), 16).await, 15);
    let options = Options { retry_after: false, ..Options::default() };
    let tomba = super::client::tomba(options);
    assert_eq!(passing(&tomba, &person(0), 15).await, 15);
    assert_eq!(get(&tomba, &person(0)).await.header("retry-after"), "");
}

#[tokio::test(start_paused = true)]
async fn rate_headers_come_in_both_families_in_one_or_in_none() {
    const PLAIN: [&str; 3] =
        ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];
    const OTHER: [&str; 4] = [
        "x-second-rate-limit",
        "x-minute-rate-limit",
        "x-minute-request-left",
        "x-minute-reset-seconds",
    ];
    fn read(reply: &Reply, names: &[&str]) -> Vec<String> {
        names.iter().map(|name| reply.header(name).to_owned()).collect()
    }
    for (header_family, plain, other) in [
        (HeaderFamily::Plain, true, false),
        (HeaderFamily::ByLength, false, true),
        (HeaderFamily::Both, true, true),
        (HeaderFamily::Neither, false, false),
    ] {
        let tomba = tomba(Options { header_family, ..Options::default() });
        let reply = get(&tomba, &person(0)).await;
        let expected = |sent: bool, values: &[&str]| -> Vec<String> {
            values.iter().map(|value| if sent { *value } else { "" }.to_owned()).collect()
        };
        assert_eq!(read(&reply, &PLAIN), expected(plain, &["15", "14", "1"]));
        assert_eq!(read(&reply, &OTHER), expected(other, &["15", "900", "899", "60"]));
    }
}

#[tokio::test(start_paused = true)]
async fn windows_can_be_replaced_switched_off_and_counted_otherwise() {
    let windows = Some(vec!["email-finder=2/10s".parse().unwrap()]);
    let tomba = tomba(Options { windows, ..Options::default() });
    assert_eq!(passing(&tomba, &person(0), 5).await, 2);
    assert_eq!(passing(&tomba, PATHS[0].0, 50).await, 50);
    let tomba = super::client::tomba(Options { limits: false, ..Options::default() });
    assert_eq!(passing(&tomba, &person(0), 50).await, 50);
    assert_eq!(tomba.audit().worst_excess, 35, "counted all the same");
    let algorithm = Algorithm::FixedWindow;
    let tomba = super::client::tomba(Options { algorithm, ..Options::default() });
    advance(Duration::from_millis(999)).await;
    assert_eq!(passing(&tomba, &person(0), 20).await, 15);
    advance(MILLI).await;
    assert_eq!(passing(&tomba, &person(0), 20).await, 15, "another second");
}

#[tokio::test(start_paused = true)]
async fn colleagues_take_their_part() {
    let foreign = Percent::new(50);
    let tomba = tomba(Options { foreign, ..Options::default() });
    let mut passed = 0;
    for _ in 0..850 {
        advance(Duration::from_millis(70)).await;
        passed += passing(&tomba, &person(0), 1).await;
    }
    let audit = tomba.audit();
    assert!((400..850).contains(&passed), "{passed}");
    assert!(audit.foreign_refused > 0);
    assert!(audit.foreign_accepted > 50, "{}", audit.foreign_accepted);
    assert!(audit.windows.iter().all(|window| window.peak <= u64::from(window.limit)));
}

#[tokio::test(start_paused = true)]
async fn the_plain_headers_may_tell_of_the_minute() {
    let rate_headers = RateHeaders::TightestSustained;
    let tomba = tomba(Options { rate_headers, ..Options::default() });
    let reply = get(&tomba, &person(0)).await;
    assert_eq!(reply.header("x-ratelimit-limit"), "900");
    assert_eq!(reply.header("x-ratelimit-remaining"), "899");
}
