//! Pages of followers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{ACME, crowd_of, keys, progress, results, search, start, wait};
use crate::tests::client::Reply;
use crate::{EarlyFollowers, Options, Quirks, Sandbox};

fn urls(reply: &Reply) -> Vec<&str> {
    let profiles = reply.at("/data/data").as_array().unwrap();
    profiles.iter().map(|profile| profile["profileUrl"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn pages_cover_every_follower_once_and_are_empty_past_the_end() {
    let sandbox = Sandbox::new(Options { shuffled: true, ..crowd_of(342) });
    let id = start(&sandbox, search(500)).await;
    wait().await;
    let mut seen = BTreeSet::new();
    for (page, length) in [(1, 100), (2, 100), (3, 100), (4, 42), (5, 0)] {
        let reply = results(&sandbox, &id, &format!("?page={page}")).await;
        assert_eq!(keys(reply.at("/data")), ["batchId", "count", "data", "pagination"]);
        assert_eq!(reply.at("/data/batchId"), &json!(id));
        assert_eq!(urls(&reply).len(), length);
        assert_eq!(reply.at("/data/count"), &json!(length));
        let pagination =
            json!({ "page": page, "limit": 100, "total": 342, "totalPages": 4 });
        assert_eq!(reply.at("/data/pagination"), &pagination);
        seen.extend(urls(&reply).into_iter().map(str::to_owned));
    }
    assert_eq!(seen.len(), 342);
    let first = results(&sandbox, &id, "?limit=500").await;
    assert_eq!(urls(&first).len(), 342);
    let numbers: Vec<usize> = urls(&first)
        .iter()
        .map(|url| url.rsplit('-').next().unwrap().parse().unwrap())
        .collect();
    assert!(!numbers.is_sorted(), "shuffled");
}

#[tokio::test(start_paused = true)]
async fn a_profile_has_all_the_fields_of_the_reference() {
    let sandbox = Sandbox::new(crowd_of(50));
    let id = start(&sandbox, search(50)).await;
    wait().await;
    let reply = results(&sandbox, &id, "").await;
    let mut expected = vec![
        "profileUrl",
        "objectURN",
        "name",
        "firstName",
        "lastName",
        "profilePictureUrl",
        "title",
        "companyName",
        "companyProfileUrl",
        "companyWebsite",
        "companyDomain",
        "companyLogoUrl",
        "companyLocation",
        "location",
        "summary",
        "connectionDegree",
        "tenureAtCompany",
        "industry",
        "isPremium",
        "isOpenProfile",
        "isSaved",
        "spotlights",
    ];
    expected.sort_unstable();
    let profiles = reply.at("/data/data").as_array().unwrap();
    assert_eq!(profiles.len(), 50);
    for profile in profiles {
        let mut keys = keys(profile);
        keys.sort_unstable();
        assert_eq!(keys, expected);
        assert!((1..=3).contains(&profile["connectionDegree"].as_u64().unwrap()));
        assert!(profile["spotlights"].is_array() && profile["isPremium"].is_boolean());
        assert!(profile["companyDomain"].as_str().unwrap().ends_with(".invalid"));
    }
    assert!(profiles.iter().any(|profile| profile["summary"].is_null()));
}

#[tokio::test(start_paused = true)]
async fn filters_let_only_their_own_pass() {
    let sandbox = Sandbox::new(crowd_of(5_000));
    let find = async |filters: Value| -> Vec<Value> {
        let mut body = filters;
        body["companyUrl"] = json!(ACME);
        body["max_limit"] = json!(5_000);
        let id = start(&sandbox, body).await;
        wait().await;
        let reply = results(&sandbox, &id, "?limit=500").await;
        assert_eq!(
            reply.at("/data/pagination/total").as_u64(),
            progress(&sandbox, &id).await["total"].as_u64()
        );
        reply.at("/data/data").as_array().unwrap().clone()
    };
    let locations = |found: &[Value]| -> BTreeSet<String> {
        found
            .iter()
            .map(|profile| profile["location"].as_str().unwrap().to_owned())
            .collect()
    };
    let germans = find(json!({ "countries": ["Germany"] })).await;
    assert!(germans.len() > 20);
    let places = locations(&germans);
    assert!(places.len() > 10 && places.iter().all(|place| place.ends_with(", Germany")));
    let bavarians = find(json!({ "states": ["Bavaria"] })).await;
    assert_eq!(locations(&bavarians), BTreeSet::from(["Bavaria, Germany".to_owned()]));
    let titled = find(json!({ "jobTitles": ["Accountant", "Zoologist"] })).await;
    let titles: BTreeSet<&str> =
        titled.iter().map(|profile| profile["title"].as_str().unwrap()).collect();
    assert_eq!(titles, BTreeSet::from(["Accountant", "Zoologist"]));
    let sales = find(json!({ "departments": ["Sales"] })).await;
    assert!((130..260).contains(&sales.len()), "{}", sales.len());
    let chiefs = find(json!({ "levels": ["CXO"], "departments": ["Sales"] })).await;
    assert!((5..40).contains(&chiefs.len()), "{}", chiefs.len());
    assert!(chiefs.iter().all(|profile| sales.contains(profile)));
}

#[tokio::test(start_paused = true)]
async fn before_the_end_there_are_no_results_unless_a_knob_says_so() {
    let early = async |early_results| {
        let mut options = crowd_of(1_000);
        options.followers.early_results = early_results;
        let sandbox = Sandbox::new(options);
        let id = start(&sandbox, search(1_000)).await;
        advance(Duration::from_millis(1_750)).await;
        let reply = results(&sandbox, &id, "?limit=500").await;
        assert_eq!(sandbox.audit().reserved, 100_000, "nothing is settled");
        reply
    };
    let invalid = early(EarlyFollowers::Invalid).await;
    assert_eq!(invalid.status, 400);
    assert_eq!(invalid.at("/type"), "https://dev.enrich.so/errors/validation-error");
    assert_eq!(invalid.at("/detail"), "Batch is not yet completed");
    let conflict = early(EarlyFollowers::Conflict).await;
    assert_eq!(conflict.status, 409);
    assert_eq!(conflict.at("/type"), "https://dev.enrich.so/errors/conflict");
    let partial = early(EarlyFollowers::Partial).await;
    assert_eq!(partial.status, 200);
    assert_eq!(partial.at("/data/pagination/total"), 500);
    assert_eq!(keys(partial.at("/meta")), ["creditsRemaining", "requestId"]);
}

#[tokio::test(start_paused = true)]
async fn quirks_lose_double_and_invent_followers() {
    let quirks =
        Quirks { drop: Some(1), duplicate: Some(2), extra: true, ..Quirks::default() };
    let sandbox = Sandbox::new(Options { quirks, ..crowd_of(4) });
    let id = start(&sandbox, search(4)).await;
    wait().await;
    let first = results(&sandbox, &id, "?limit=3").await;
    let number = |url: &str| url.rsplit('-').next().unwrap().to_owned();
    let numbers: Vec<String> = urls(&first).into_iter().map(number).collect();
    assert_eq!(numbers, ["0", "2", "2"]);
    let second = results(&sandbox, &id, "?limit=3&page=2").await;
    let numbers: Vec<String> = urls(&second).into_iter().map(number).collect();
    assert_eq!(numbers, ["3", "4"], "the fifth of four");
    assert_eq!(second.at("/data/pagination/total"), 4);
    assert_eq!(second.at("/meta/creditsUsed"), 400);
}
