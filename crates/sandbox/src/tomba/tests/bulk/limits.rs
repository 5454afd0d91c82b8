//! How many jobs may be created in a day, and how many may run.

use std::time::Duration;

use serde_json::json;
use tokio::time::{advance, sleep};

use super::super::client::{
    ask, create, crowd, get, launched, post, state, tomba, with_bulk,
};
use crate::tomba::{
    BulkKind, BulkOptions, Colleagues, DayBoundary, LaunchNeeds, Options, Pool, Quota,
    RefusedLaunch, Tomba,
};

const HOUR: Duration = Duration::from_secs(3_600);

async fn creations(tomba: &Tomba, kind: &str, times: usize) -> usize {
    let mut created = 0;
    for _ in 0..times {
        let body = json!({ "name": "A job", "list": "example.com" });
        created +=
            usize::from(post(tomba, &format!("/bulk/{kind}"), body).await.status == 201);
        advance(Duration::from_millis(200)).await;
    }
    created
}

#[tokio::test(start_paused = true)]
async fn fifteen_are_created_a_day_for_each_tool() {
    let tomba = with_bulk(BulkOptions::default());
    assert_eq!(creations(&tomba, "search", 17).await, 15);
    let refused =
        post(&tomba, "/bulk/search", json!({ "name": "One more", "list": "a.com" }));
    let refused = refused.await;
    assert_eq!(refused.failure(), (429, "rate_limit"));
    assert!(refused.at("/errors/message").as_str().unwrap().contains("search"));
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((86_390..=86_400).contains(&wait), "{wait}");
    assert_eq!(creations(&tomba, "similar", 16).await, 15, "another tool");
    let audit = tomba.audit().bulk;
    assert_eq!(audit.created[&BulkKind::Search], 15);
    assert_eq!((audit.refused_creations, audit.most_created), (4, 15));
}

#[tokio::test(start_paused = true)]
async fn a_day_begins_at_midnight_or_rolls_or_both() {
    // The sandbox begins at midnight: fifteen at eleven in the evening, and what is let through when?
    for (day, at_midnight, a_day_later) in [
        (DayBoundary::Utc, 15, 0),
        (DayBoundary::Rolling, 0, 15),
        (DayBoundary::Both, 0, 15),
    ] {
        let tomba = with_bulk(BulkOptions { day, ..BulkOptions::default() });
        advance(23 * HOUR).await;
        assert_eq!(creations(&tomba, "search", 16).await, 15, "{day}");
        advance(HOUR - Duration::from_millis(3_201)).await;
        assert_eq!(creations(&tomba, "search", 1).await, 0, "{day} a moment before");
        assert_eq!(creations(&tomba, "search", 16).await, at_midnight, "{day}");
        // The last of the fifteen was created 2.8 s after the first.
        advance(23 * HOUR).await;
        assert_eq!(creations(&tomba, "search", 16).await, a_day_later, "{day}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rolling_day_opens_exactly_when_the_first_creation_is_a_day_old() {
    let day = DayBoundary::Rolling;
    let tomba =
        with_bulk(BulkOptions { day, creates_per_day: 1, ..BulkOptions::default() });
    create(&tomba, 1).await;
    advance(24 * HOUR - Duration::from_millis(1)).await;
    let refused = post(&tomba, "/bulk/finder", crowd(1)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, "1"));
    advance(Duration::from_millis(1)).await;
    create(&tomba, 1).await;
}

#[tokio::test(start_paused = true)]
async fn a_deleted_job_counts_for_its_day_and_an_invalid_one_does_not() {
    let tomba = with_bulk(BulkOptions { creates_per_day: 1, ..BulkOptions::default() });
    assert_eq!(post(&tomba, "/bulk/finder", json!({ "name": "x" })).await.status, 422);
    let id = create(&tomba, 1).await;
    let deleted = ask(&tomba, "DELETE", &format!("/bulk/finder/{id}/delete")).await;
    assert_eq!(deleted.at("/data/status"), true);
    assert_eq!(post(&tomba, "/bulk/finder", crowd(1)).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn two_run_at_once_for_each_tool_and_a_third_is_refused_until_one_ends() {
    let tomba = with_bulk(BulkOptions::default());
    launched(&tomba, 10).await;
    sleep(Duration::from_secs(1)).await;
    launched(&tomba, 10).await;
    let third = create(&tomba, 10).await;
    let path = format!("/bulk/finder/{third}");
    let refused = ask(&tomba, "PUT", &path).await;
    assert_eq!(refused.failure(), (429, "rate_limit"));
    assert_eq!(refused.header("retry-after"), "60");
    assert!(refused.at("/errors/message").as_str().unwrap().contains("finder"));
    let other = json!({ "name": "Another", "list": "example.com", "launch": true });
    let other = post(&tomba, "/bulk/search", other).await;
    assert!(other.at("/data/message").is_null(), "another tool");
    // The first takes 2.01 s, of which one has passed.
    sleep(Duration::from_millis(1_009)).await;
    assert_eq!(ask(&tomba, "PUT", &path).await.status, 429);
    sleep(Duration::from_millis(1)).await;
    assert_eq!(ask(&tomba, "PUT", &path).await.status, 200);
    let audit = tomba.audit().bulk;
    assert_eq!((audit.most_running, audit.refused_launches, audit.launched), (2, 2, 4));
}

#[tokio::test(start_paused = true)]
async fn a_creation_whose_launch_is_refused_says_so_in_three_ways() {
    for (refused_launch, status, jobs) in [
        (RefusedLaunch::Message, 201, 3),
        (RefusedLaunch::CreatedAnyway, 429, 3),
        (RefusedLaunch::NotCreated, 429, 2),
    ] {
        let tomba = with_bulk(BulkOptions { refused_launch, ..BulkOptions::default() });
        launched(&tomba, 1).await;
        launched(&tomba, 1).await;
        let mut body = crowd(1);
        body["launch"] = json!(true);
        body["name"] = json!("The third");
        let reply = post(&tomba, "/bulk/finder", body).await;
        assert_eq!(reply.status, status);
        if status == 201 {
            let message = reply.at("/data/message").as_str().unwrap();
            assert!(message.starts_with("Bulk created but not launched:"), "{message}");
            let id = reply.at("/data/id").as_i64().unwrap();
            assert_eq!(state(&tomba, id).await, "pending");
        }
        let listed = get(&tomba, "/bulk/finder?q=THIRD").await;
        assert_eq!(listed.at("/meta/total"), jobs - 2);
        assert_eq!(tomba.audit().bulk.created[&BulkKind::Finder], jobs);
    }
}

#[tokio::test(start_paused = true)]
async fn colleagues_create_and_run_too() {
    let colleagues = Colleagues { created: 14, running: 2 };
    let tomba = with_bulk(BulkOptions { colleagues, ..BulkOptions::default() });
    let id = create(&tomba, 1).await;
    assert_eq!(post(&tomba, "/bulk/finder", crowd(1)).await.status, 429);
    assert_eq!(ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await.status, 429);
}

#[tokio::test(start_paused = true)]
async fn a_launch_needs_what_the_job_may_cost_or_one_credit_or_nothing() {
    for (launch_needs, searches, expected) in [
        (LaunchNeeds::UpperBound, 9, 403),
        (LaunchNeeds::UpperBound, 10, 200),
        (LaunchNeeds::Something, 0, 403),
        (LaunchNeeds::Something, 1, 200),
        (LaunchNeeds::Nothing, 0, 200),
    ] {
        let quota = Quota { searches, ..Quota::default() };
        let bulk = BulkOptions { launch_needs, ..BulkOptions::default() };
        let tomba = tomba(Options { quota, bulk, ..Options::default() });
        let id = create(&tomba, 10).await;
        let estimate = get(&tomba, &format!("/bulk/finder/{id}/estimate")).await;
        assert_eq!(estimate.at("/data/sufficient"), searches >= 10);
        let reply = ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await;
        assert_eq!(reply.status, expected, "{launch_needs} {searches}");
        if expected == 403 {
            tomba.top_up(Pool::Searches, 10);
            let reply = ask(&tomba, "PUT", &format!("/bulk/finder/{id}")).await;
            assert_eq!(reply.status, 200);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_rows_are_taken_and_one_more_is_not() {
    let tomba = with_bulk(BulkOptions::default());
    assert_eq!(post(&tomba, "/bulk/finder", crowd(10_001)).await.failure().0, 422);
    let id = launched(&tomba, 10_000).await;
    sleep(Duration::from_millis(12_000)).await;
    assert_eq!(state(&tomba, id).await, "completed");
    let file = get(&tomba, &format!("/bulk/finder/{id}/download")).await;
    let credits = file.text.lines().count() as u64 - 1;
    let audit = tomba.audit();
    assert_eq!((audit.bulk.credits, audit.asked.len()), (credits, 10_000));
    assert_eq!((audit.paid.len() as u64, audit.paid_twice), (credits, 0));
}

#[tokio::test(start_paused = true)]
async fn a_creation_that_is_refused_with_its_launch_counts_for_no_day() {
    let refused_launch = RefusedLaunch::NotCreated;
    let bulk =
        BulkOptions { refused_launch, creates_per_day: 3, ..BulkOptions::default() };
    let tomba = with_bulk(bulk);
    launched(&tomba, 1).await;
    launched(&tomba, 1).await;
    let mut body = crowd(1);
    body["launch"] = json!(true);
    for _ in 0..5 {
        assert_eq!(post(&tomba, "/bulk/finder", body.clone()).await.status, 429);
    }
    sleep(Duration::from_secs(3)).await;
    assert_eq!(post(&tomba, "/bulk/finder", body).await.status, 201);
}
