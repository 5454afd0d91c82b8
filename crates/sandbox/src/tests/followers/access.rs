//! A team that is not approved.

use serde_json::json;

use super::{ACME, crowd_of, search};
use crate::tests::client::{get, post, read, send};
use crate::{Access, Fault, Options, Sandbox};

#[tokio::test(start_paused = true)]
async fn without_access_there_is_only_its_status() {
    for (access, name) in [
        (Access::Pending, "pending"),
        (Access::Rejected, "rejected"),
        (Access::Revoked, "revoked"),
        (Access::None, "none"),
    ] {
        let mut options = crowd_of(10);
        options.followers.access = access;
        let sandbox =
            Sandbox::new(Options { faults: vec![Fault::RefusedBefore], ..options });
        let limit = get(&sandbox, "/company-follower/limit").await;
        assert_eq!(
            (limit.status.as_u16(), limit.at("/data")),
            (200, &json!({ "status": name }))
        );
        for (method, path) in [
            ("POST", "company-follower"),
            ("POST", "company-follower?batchId=b"),
            ("GET", "company-follower/b/progress"),
            ("GET", "company-follower/b/results"),
            ("GET", "company-follower/b/export"),
            ("POST", "count-estimate"),
            ("GET", "count-estimate/e"),
        ] {
            let body = search(10).to_string();
            let reply = send(&sandbox, method, &format!("/api/v3/{path}"), &body).await;
            let reply = read(reply).await;
            assert_eq!(reply.status, 403, "{method} {path}");
            assert_eq!(reply.header("content-type"), "application/problem+json");
            assert_eq!(
                reply.body,
                json!({
                    "type": "https://dev.enrich.so/errors/access-denied",
                    "title": "Access Denied",
                    "status": 403,
                    "detail": reply.at("/detail"),
                    "accessStatus": name,
                })
            );
            assert!(reply.at("/detail").is_string());
        }
        assert_eq!(sandbox.audit().balance, 10_000_000);
    }
}

#[tokio::test(start_paused = true)]
async fn access_to_followers_is_no_access_to_the_rest() {
    let mut options = crowd_of(10);
    options.followers.access = Access::Revoked;
    let sandbox = Sandbox::new(options);
    assert_eq!(get(&sandbox, "/wallets/balance").await.status, 200);
    let estimate = post(&sandbox, "/count-estimate", json!({ "companyUrl": ACME })).await;
    assert_eq!(estimate.status, 403);
}
