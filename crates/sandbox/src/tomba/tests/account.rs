//! What the team may look up of itself.

use super::client::{found, get, person, tomba};
use crate::tomba::{Options, SelfTold};

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
    let costs: Vec<_> = (0..2).map(|nth| logs.at(&format!("/data/{nth}/cost"))).collect();
    assert_eq!(costs, [0, 1], "the last first");
    assert_eq!(logs.at("/data/1/route_name"), "email-finder");
    assert_eq!(logs.at("/data/1/uri"), "/v1/email-finder");
    assert!(logs.at("/data/1/params/last_name").is_string());
    assert_eq!(
        logs.body["data"].as_array().unwrap().len(),
        2,
        "what is free leaves no row"
    );
    let again = get(&tomba, "/logs?page=2").await;
    assert_eq!(again.at("/data/0/id"), logs.at("/data/0/id"), "there is no second page");
}

#[tokio::test(start_paused = true)]
async fn the_account_s_own_limits_are_told_route_by_route_with_what_is_used() {
    let windows = ["author-finder=1/1s", "author-finder=2/60s", "author-finder=5/1d"];
    let windows = windows.map(|window| window.parse().unwrap()).into();
    let tomba = tomba(Options { windows: Some(windows), ..Options::default() });
    get(&tomba, "/author-finder?url=https://example.com/a").await;
    let limits = get(&tomba, "/rate-limits").await;
    assert_eq!(
        limits.at("/data/author-finder"),
        &serde_json::json!({
            "limits": { "rps": 1, "rpm": 2, "daily": 5 },
            "usage": { "rpm_used": 1, "daily_used": 1 },
        })
    );
    assert_eq!(limits.at("/data/email-finder/limits"), &serde_json::json!({}));
}

#[tokio::test(start_paused = true)]
async fn what_the_account_tells_of_itself_may_be_missing() {
    for (told, status) in
        [(SelfTold::Missing, 404), (SelfTold::Forbidden, 403), (SelfTold::Html, 200)]
    {
        let options = Options { own_limits: told, own_log: told, ..Options::default() };
        let tomba = tomba(options);
        for path in ["/rate-limits", "/logs"] {
            assert_eq!(get(&tomba, path).await.status, status, "{path} {told}");
        }
    }
    let log_delay = std::time::Duration::from_secs(5);
    let tomba = tomba(Options { log_delay, ..Options::default() });
    get(&tomba, &person(found(50)[0])).await;
    assert_eq!(get(&tomba, "/logs").await.at("/data"), &serde_json::json!([]));
    tokio::time::advance(log_delay).await;
    assert_eq!(get(&tomba, "/logs").await.body["data"].as_array().unwrap().len(), 1);
}
