//! Who may, how often, and in which window it counts.

use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::json;
use tower::ServiceExt;

use super::{small, world};
use crate::tests::client::{get, post, read, sandbox, send};
use crate::{Access, LeadOptions, Options, Plan, ThrottleBody};

const ROUTES: [(&str, &str); 15] = [
    ("POST", "search"),
    ("POST", "count"),
    ("POST", "export"),
    ("POST", "reveal"),
    ("POST", "enrich"),
    ("POST", "unlock-names"),
    ("GET", "saved"),
    ("POST", "saved"),
    ("DELETE", "saved/1"),
    ("GET", "filter-options"),
    ("GET", "suggest?q=am"),
    ("GET", "reveal-jobs"),
    ("GET", "reveal-jobs/rj_1"),
    ("GET", "export-jobs"),
    ("GET", "export-jobs/ej_1/download"),
];

#[tokio::test(start_paused = true)]
async fn a_team_without_access_gets_403_everywhere_in_the_family() {
    for (access, status) in [
        (Access::None, "none"),
        (Access::Pending, "pending"),
        (Access::Rejected, "rejected"),
        (Access::Revoked, "revoked"),
    ] {
        let sandbox = world(LeadOptions { access, ..LeadOptions::default() });
        for (method, route) in ROUTES {
            let path = format!("/api/v3/lead-finder/{route}");
            let reply = read(send(&sandbox, method, &path, "{}").await).await;
            assert_eq!(reply.status, StatusCode::FORBIDDEN, "{method} {route}");
            assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/access-denied");
            assert_eq!(reply.at("/title"), "Access Denied");
            assert_eq!(reply.at("/accessStatus"), status);
            assert_eq!(reply.header("content-type"), "application/problem+json");
        }
        assert_eq!(get(&sandbox, "/wallets/balance").await.status, 200);
    }
    let none = world(LeadOptions { access: Access::None, ..LeadOptions::default() });
    let reply = post(&none, "/lead-finder/count", json!({})).await;
    let detail = "Your team has not applied for Lead Finder access. Please submit an application first.";
    assert_eq!(reply.at("/detail"), detail);
}

#[tokio::test(start_paused = true)]
async fn every_route_needs_a_key() {
    let sandbox = world(LeadOptions::default());
    for (method, route) in ROUTES {
        let path = format!("/api/v3/lead-finder/{route}");
        let request = Request::builder().method(method).uri(path);
        let request = request.body(Body::from("{}")).unwrap();
        let reply = read(sandbox.router().oneshot(request).await.unwrap()).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{method} {route}");
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/unauthorized");
    }
}

#[tokio::test(start_paused = true)]
async fn exports_are_bulk_people_searches_enrich_and_all_else_global() {
    let limits =
        Options { limits: true, plan: Plan::Pro, ..small(LeadOptions::default()) };
    for (method, path, limit) in [
        ("POST", "lead-finder/search", "5000"),
        ("POST", "lead-finder/count", "5000"),
        ("POST", "lead-finder/reveal", "5000"),
        ("POST", "lead-finder/enrich", "5000"),
        ("POST", "lead-finder/unlock-names", "5000"),
        ("POST", "lead-finder/export", "50"),
        ("GET", "lead-finder/export-jobs", "5000"),
        ("POST", "people-search/employee-finder", "2000"),
        ("POST", "people-search/waterfall-icp-search", "2000"),
    ] {
        let sandbox = sandbox(limits.clone());
        let path = format!("/api/v3/{path}");
        let reply = read(send(&sandbox, method, &path, "{}").await).await;
        assert_eq!(reply.header("x-ratelimit-limit"), limit, "{path}");
        let left = (limit.parse::<u32>().unwrap() - 1).to_string();
        assert_eq!(reply.header("x-ratelimit-remaining"), left);
        assert_eq!(reply.header("x-ratelimit-reset"), "60");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_window_is_429() {
    let options = Options {
        limits: true,
        plan: Plan::Free,
        throttle_body: ThrottleBody::Flat,
        ..small(LeadOptions::default())
    };
    let sandbox = sandbox(options);
    let body = json!({ "filters": {}, "maxResults": 1 });
    assert_eq!(post(&sandbox, "/lead-finder/export", body.clone()).await.status, 200);
    let refused = post(&sandbox, "/lead-finder/export", body).await;
    assert_eq!((refused.status.as_u16(), refused.header("retry-after")), (429, "1"));
    assert_eq!(refused.at("/retryAfter"), 1);
    assert_eq!(sandbox.audit().jobs, 1);
}
