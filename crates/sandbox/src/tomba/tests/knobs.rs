//! Each knob of what the reference leaves open, once.

use axum::body::Body;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::client::{KEY, Reply, SECRET, found, get, person, read, tomba};
use crate::tomba::{
    AuthStatus, ColumnNames, CostTable, DayBoundary, Echo, Fraction, Generation,
    LaunchNeeds, Miss, Namesakes, Options, ParamsStatus, PlanLimits, Pool, PoolRule,
    QuotaStatus, RefusedLaunch, Relaunch, Tomba,
};
use crate::words::tests::reads_as_it_is_written as reads;

async fn with_keys(tomba: &Tomba, keys: &[(&str, &str)]) -> Reply {
    let mut request = http::Request::get(format!("/v1{}", person(0)));
    for (name, value) in keys {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    read(tomba.router().oneshot(request).await.unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn both_keys_must_be_right_and_a_wrong_one_counts_nowhere() {
    for (auth_status, status) in
        [(AuthStatus::Unauthorized, 401), (AuthStatus::BadRequest, 400)]
    {
        let tomba = tomba(Options { auth_status, ..Options::default() });
        let (key, secret) = ("X-Tomba-Key", "X-Tomba-Secret");
        for keys in [
            &[][..],
            &[(key, KEY)],
            &[(secret, SECRET)],
            &[(key, "ta_other"), (secret, SECRET)],
            &[(key, KEY), (secret, "ts_other")],
        ] {
            let reply = with_keys(&tomba, keys).await;
            assert_eq!(reply.failure(), (status, "authentication_failed"));
        }
        let right = with_keys(&tomba, &[(key, KEY), (secret, SECRET)]).await;
        assert_eq!((right.status, right.header("x-ratelimit-remaining")), (200, "14"));
    }
}

#[tokio::test(start_paused = true)]
async fn three_routes_answer_the_key_alone() {
    let tomba = tomba(Options::default());
    for (path, status) in [
        ("/usage", 200),
        ("/email-format?domain=example.com", 200),
        ("/email-count/?domain=example.com", 200),
        ("/me", 400),
        ("/logs", 400),
        ("/similar?domain=example.com", 400),
    ] {
        for secret in [None, Some("ts_other")] {
            let mut request = http::Request::get(format!("/v1{path}"));
            request = request.header("x-tomba-key", KEY);
            if let Some(secret) = secret {
                request = request.header("x-tomba-secret", secret);
            }
            let request = request.body(Body::empty()).unwrap();
            let reply = read(tomba.router().oneshot(request).await.unwrap()).await;
            assert_eq!(reply.status, status, "{path} {secret:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_json_is_not_to_be_had() {
    let tomba = tomba(Options::default());
    let keys = [("x-tomba-key", KEY), ("x-tomba-secret", SECRET)];
    for (accept, status) in [("text/html", 406), ("*/*", 200), ("application/json", 200)]
    {
        let sent = [&keys[..], &[("accept", accept)]].concat();
        assert_eq!(with_keys(&tomba, &sent).await.status, status, "{accept}");
    }
}

#[tokio::test(start_paused = true)]
async fn wrong_parameters_have_either_status() {
    let params_status = ParamsStatus::BadRequest;
    let tomba = tomba(Options { params_status, ..Options::default() });
    assert_eq!(get(&tomba, "/enrich").await.failure(), (400, "params_invalid"));
}

#[tokio::test(start_paused = true)]
async fn a_miss_comes_in_every_form_and_is_free_in_all() {
    let missed = (0..50).find(|nth| !found(50).contains(nth)).unwrap();
    let nobody = (0..50).find(|nth| {
        crate::tomba::enrich_email(0, &format!("a{nth}@example.com")).is_none()
    });
    let enrich = format!("/enrich?email=a{}@example.com", nobody.unwrap());
    for (miss, finder, other) in [
        (Miss::Usual, json!("person"), Value::Null),
        (Miss::Null, Value::Null, Value::Null),
        (Miss::Empty, json!({}), json!({})),
        (Miss::EmptyList, json!([]), json!([])),
        (Miss::Person, json!("person"), json!("person")),
        (Miss::NotFound, json!("404"), json!("404")),
    ] {
        let tomba = tomba(Options { miss, ..Options::default() });
        for (path, expected) in [(person(missed), &finder), (enrich.clone(), &other)] {
            let reply = get(&tomba, &path).await;
            match expected.as_str() {
                Some("404") => assert_eq!(reply.failure(), (404, "unknown_record")),
                Some(_) => {
                    assert_eq!(reply.at("/data/score"), 0, "{miss}");
                    assert!(reply.body["data"].get("email").unwrap().is_null());
                }
                None => assert_eq!(reply.body, json!({ "data": expected }), "{miss}"),
            }
        }
        let audit = tomba.audit();
        assert!(audit.spent.values().all(|credits| *credits == 0), "{miss}");
        assert_eq!(audit.asked.len(), 2, "{miss}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_is_asked_for_is_missed_as_a_list() {
    let nobody = (0..50).find(|nth| {
        crate::tomba::find_linkedin(0, &format!("linkedin.com/in/a{nth}")).is_empty()
    });
    let tomba = tomba(Options::default());
    let path =
        format!("/linkedin?full=true&url=https://linkedin.com/in/a{}", nobody.unwrap());
    assert_eq!(get(&tomba, &path).await.body, json!({ "data": [] }));
}

#[test]
fn every_choice_reads_as_it_is_written() {
    reads(
        &[
            Fraction::Spaced,
            Fraction::Widened,
            Fraction::RoundedUp,
            Fraction::RoundedDown,
        ],
        &["spaced", "widened", "up", "down"],
    );
    reads(
        &[PlanLimits::Free, PlanLimits::Pro, PlanLimits::Trial],
        &["free", "pro", "trial"],
    );
    reads(&[AuthStatus::Unauthorized, AuthStatus::BadRequest], &["401", "400"]);
    reads(&[ParamsStatus::Unprocessable, ParamsStatus::BadRequest], &["422", "400"]);
    reads(
        &[
            Miss::Usual,
            Miss::Null,
            Miss::Empty,
            Miss::EmptyList,
            Miss::Person,
            Miss::NotFound,
        ],
        &["usual", "null", "empty", "list", "person", "404"],
    );
    reads(
        &[QuotaStatus::Forbidden, QuotaStatus::PaymentRequired, QuotaStatus::TooMany],
        &["403", "402", "429"],
    );
    use CostTable::{Apify, Dearest, Limits, Pricing};
    let costs = ["limits", "apify", "pricing", "dearest"];
    reads(&[Limits, Apify, Pricing, Dearest], &costs);
    reads(&[PoolRule::Searches, PoolRule::Separate], &["searches", "separate"]);
    reads(&[Pool::Searches, Pool::Phones], &["searches", "phones"]);
}

#[test]
fn every_choice_of_jobs_reads_as_it_is_written() {
    reads(&[Generation::First, Generation::Second], &["1", "2"]);
    reads(
        &[DayBoundary::Utc, DayBoundary::Rolling, DayBoundary::Both],
        &["utc", "rolling", "both"],
    );
    reads(
        &[
            RefusedLaunch::Message,
            RefusedLaunch::CreatedAnyway,
            RefusedLaunch::NotCreated,
        ],
        &["message", "created", "refused"],
    );
    reads(
        &[LaunchNeeds::UpperBound, LaunchNeeds::Something, LaunchNeeds::Nothing],
        &["upper-bound", "something", "nothing"],
    );
    reads(
        &[Relaunch::Conflict, Relaunch::Accepted, Relaunch::Declined],
        &["409", "accepted", "declined"],
    );
    reads(&[Echo::All, Echo::Asked, Echo::None], &["all", "asked", "none"]);
    reads(
        &[Namesakes::Both, Namesakes::Result, Namesakes::Input],
        &["both", "result", "input"],
    );
    reads(&[ColumnNames::Fields, ColumnNames::Titles], &["fields", "titles"]);
}
