//! Reverse lookup: what it shares with no other family.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::client::{post, sandbox};
use super::families::{REVERSE, email, keys, length};
use crate::{Lookups, Options, Quirks, ReverseMiss, ReversePages, answer_reverse};

fn with(lookups: Lookups) -> Options {
    Options { lookups, limits: false, ..Options::default() }
}

/// The profiles of the crowd at these positions, as results spell them.
fn profiles(positions: impl IntoIterator<Item = usize>) -> Vec<Value> {
    let profile = |nth| answer_reverse(0, &email(nth));
    let found = positions.into_iter().filter_map(profile);
    found.map(|profile| serde_json::to_value(profile).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_profile_has_the_documented_names_and_not_the_address_asked_for() {
    let sandbox = sandbox(Options::default());
    let reply = REVERSE.ask(&sandbox, REVERSE.first(true)).await;
    let data = reply.at("/data");
    assert_eq!(data, &profiles([REVERSE.first(true)])[0]);
    let optional = ["photoUrl", "summary"];
    let mut always = keys(data);
    always.retain(|key| !optional.contains(key));
    assert_eq!(
        always,
        [
            "companyName",
            "connectionCount",
            "creditsConsumed",
            "displayName",
            "firstName",
            "headline",
            "id",
            "isConnectionCountObfuscated",
            "isPublic",
            "lastName",
            "locale",
            "location",
            "positions",
            "profileUrl",
            "reportProfileUrl",
            "schools",
            "skills",
        ]
    );
    assert_eq!(keys(&data["locale"]), ["country", "language"]);
    assert_eq!(keys(&data["schools"]), ["educationHistory", "educationsCount"]);
    assert_eq!(keys(&data["positions"]), ["positionHistory", "positionsCount"]);
    assert!(!data.to_string().to_lowercase().contains(&email(0)[4..].to_lowercase()));
}

#[tokio::test(start_paused = true)]
async fn histories_nest_as_documented() {
    let (mut lasting, mut ended, mut no_degree) = (0, 0, 0);
    for profile in profiles(0..100) {
        for position in profile["positions"]["positionHistory"].as_array().unwrap() {
            let mut names = keys(position);
            names.retain(|name| *name != "description");
            let all = [
                "companyLocation",
                "companyLogo",
                "companyName",
                "startEndDate",
                "title",
            ];
            assert_eq!(names, all);
            let dates = &position["startEndDate"];
            assert_eq!(keys(dates), ["end", "start"]);
            assert_eq!(keys(&dates["start"]), ["month", "year"]);
            assert!((1..=12).contains(&dates["start"]["month"].as_u64().unwrap()));
            match dates["end"].is_null() {
                true => lasting += 1,
                false => ended += 1,
            }
        }
        for school in profile["schools"]["educationHistory"].as_array().unwrap() {
            let mut names = keys(school);
            names.retain(|name| *name != "degreeName");
            let all = ["schoolLocation", "schoolLogo", "schoolName", "startEndDate"];
            assert_eq!(names, all);
            assert_eq!(keys(&school["startEndDate"]["end"]), ["year"]);
            no_degree += u32::from(school.get("degreeName").is_none());
        }
    }
    assert!(lasting > 0 && ended > 0 && no_degree > 0, "{lasting} {ended} {no_degree}");
}

#[tokio::test(start_paused = true)]
async fn a_miss_is_flagged_or_an_error_or_404_and_costs_nothing() {
    let missed = REVERSE.first(false);
    for (reverse_miss, status, at, says) in [
        (ReverseMiss::Flagged, 200, "/data", json!({ "found": false })),
        (ReverseMiss::Error, 500, "/title", json!("Internal Server Error")),
        (ReverseMiss::NotFound, 404, "/title", json!("Not Found")),
    ] {
        let lookups = Lookups { reverse_miss, ..Lookups::default() };
        let sandbox = sandbox(with(lookups));
        let reply = REVERSE.ask(&sandbox, missed).await;
        assert_eq!((reply.status.as_u16(), reply.at(at)), (status, &says));
        let audit = sandbox.audit();
        assert_eq!((audit.charged, audit.asked.len()), (0, 1), "it was asked");
        let hit = REVERSE.ask(&sandbox, REVERSE.first(true)).await;
        assert_eq!(hit.status, 200);
        assert_eq!(hit.at("/data/found"), &Value::Null);
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeat_is_charged_or_for_seven_days_free() {
    const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);
    let hit = REVERSE.first(true);
    let paid = sandbox(Options::default());
    for charged in [10, 20] {
        REVERSE.ask(&paid, hit).await;
        assert_eq!(paid.audit().charged, charged);
    }
    let lookups = Lookups { repeats_free: true, ..Lookups::default() };
    let free = sandbox(Options { balance: 20, ..with(lookups) });
    let first = REVERSE.ask(&free, hit).await;
    advance(WEEK - Duration::from_millis(1)).await;
    let repeat = post(
        &free,
        "/reverse-lookup/lookup",
        json!({ "email": email(hit).to_lowercase() }),
    );
    let repeat = repeat.await;
    assert_eq!(repeat.at("/data"), first.at("/data"));
    assert_eq!(repeat.at("/meta/creditsUsed"), 0);
    advance(Duration::from_millis(1)).await;
    let later = REVERSE.ask(&free, hit).await;
    assert_eq!(later.at("/meta/creditsUsed"), 10, "a free repeat does not renew");
    let repeat = REVERSE.ask(&free, hit).await;
    assert_eq!(repeat.at("/meta/creditsUsed"), 0, "not even the price is needed");
    let other =
        (hit + 1..).find(|nth| answer_reverse(0, &email(*nth)).is_some()).unwrap();
    assert_eq!(REVERSE.ask(&free, other).await.status, 402);
    free.top_up(20);
    let paid = REVERSE.ask(&free, other).await;
    assert_eq!(paid.at("/meta/creditsUsed"), 10, "what was not charged is not kept");
    REVERSE.submit(&free, hit + 1).await;
    assert_eq!(free.audit().reserved, 10, "a job pays whatever is kept");
}

#[tokio::test(start_paused = true)]
async fn pages_are_cut_from_all_items_and_may_be_short_or_empty_before_the_last() {
    let sandbox = sandbox(with(Lookups::default()));
    let id = REVERSE.submit(&sandbox, 60).await;
    advance(Duration::from_secs(3)).await;
    let mut empty = 0;
    for page in 0..60 {
        let query = format!("?limit=1&page={}", page + 1);
        let reply = REVERSE.results(&sandbox, &id, &query).await;
        assert_eq!(reply.at("/data/results"), &json!(profiles([page])));
        empty += usize::from(length(&reply) == 0);
    }
    assert_eq!(empty as u64, 60 - REVERSE.hits(60));
    assert!(empty > 0);
}

#[tokio::test(start_paused = true)]
async fn pages_may_be_cut_from_hits() {
    let lookups = Lookups { reverse_pages: ReversePages::Hits, ..Lookups::default() };
    let sandbox = sandbox(with(lookups));
    let id = REVERSE.submit(&sandbox, 60).await;
    advance(Duration::from_secs(3)).await;
    let hits = profiles(0..60);
    for (page, of_page) in hits.chunks(10).chain([&[][..]]).enumerate() {
        let query = format!("?limit=10&page={}", page + 1);
        let reply = REVERSE.results(&sandbox, &id, &query).await;
        assert_eq!(reply.at("/data/results"), &json!(of_page));
        assert_eq!(reply.at("/data/totalItems"), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn quirks_lose_double_and_invent_profiles() {
    let hits: Vec<usize> =
        (0..).filter(|nth| answer_reverse(0, &email(*nth)).is_some()).take(3).collect();
    let count = hits[2] + 1;
    let quirks = Quirks {
        drop: Some(hits[0]),
        duplicate: Some(hits[1]),
        extra: true,
        ..Quirks::default()
    };
    for reverse_pages in [ReversePages::Items, ReversePages::Hits] {
        let lookups = Lookups { reverse_pages, ..Lookups::default() };
        let sandbox = sandbox(Options { quirks, ..with(lookups) });
        let id = REVERSE.submit(&sandbox, count).await;
        advance(Duration::from_secs(2)).await;
        let early = REVERSE.results(&sandbox, &id, "").await;
        let stranger = answer_reverse(0, "stranger@unasked.example").unwrap();
        assert!(length(&early) > 0 && !early.body.to_string().contains(&stranger.id));
        advance(Duration::from_secs(1)).await;
        let reply = REVERSE.results(&sandbox, &id, "").await;
        let mut expected = profiles([hits[1], hits[2], hits[1]]);
        expected.push(serde_json::to_value(stranger).unwrap());
        assert_eq!(reply.at("/data/results"), &json!(expected));
        assert_eq!(reply.at("/data/successful"), 3, "counters stay");
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_of_no_address_is_refused() {
    let sandbox = sandbox(Options { limits: false, ..Options::default() });
    for (body, detail) in [
        (json!({ "email": "nobody" }), "body/email Invalid email"),
        (
            json!({ "email": "" }),
            "body/email String must contain at least 1 character(s)",
        ),
        (json!({}), "body Invalid request"),
        (json!({ "email": null }), "body Invalid request"),
    ] {
        let reply = post(&sandbox, "/reverse-lookup/lookup", body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
}
