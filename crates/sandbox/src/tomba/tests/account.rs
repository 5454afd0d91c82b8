//! What the team may look up of itself.

use super::client::{found, get, person, tomba};
use crate::tomba::Options;

#[tokio::test(start_paused = true)]
async fn an_account_tells_its_pools_its_plan_and_its_secret() {
    let tomba = tomba(Options::default());
    get(&tomba, &person(found(50)[0])).await;
    let me = get(&tomba, "/me").await;
    assert_eq!(me.at("/data/requests/domains/available"), 50_000);
    assert_eq!(me.at("/data/requests/domains/used"), 1);
    for pool in ["verifications", "phones", "count", "similar", "technologies"] {
        assert_eq!(me.at(&format!("/data/requests/{pool}/used")), 0, "{pool}");
    }
    assert_eq!(me.at("/data/pricing/available_searches"), 50_000);
    assert!(me.at("/data/secret_token").as_str().unwrap().starts_with("ts_"));
}

#[tokio::test(start_paused = true)]
async fn usage_and_logs_tell_what_was_asked_and_what_it_cost() {
    let tomba = tomba(Options::default());
    let nth = found(50)[0];
    get(&tomba, &person(nth)).await;
    get(&tomba, &person(nth)).await;
    let usage = get(&tomba, "/usage").await;
    assert_eq!(usage.at("/total/search"), 1);
    assert_eq!(usage.at("/total/source_api"), 1);
    assert_eq!(usage.at("/data/0/created_at"), "2026-01-01");
    let logs = get(&tomba, "/logs?page=1&limit=3").await;
    let costs: Vec<_> = (0..3).map(|nth| logs.at(&format!("/data/{nth}/cost"))).collect();
    assert_eq!(costs, [0, 0, 1], "the last first");
    assert_eq!(logs.at("/data/2/type"), "email-finder");
    assert_eq!(logs.at("/data/2/http_method"), "GET");
}
