//! Keys, windows and bounds.

use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::json;
use tokio::time::advance;
use tower::ServiceExt;

use super::super::client::{post, read, sandbox};
use super::{FAMILIES, email, emails};
use crate::{Options, Plan};

#[tokio::test(start_paused = true)]
async fn no_endpoint_answers_without_a_key() {
    for family in FAMILIES {
        let sandbox = sandbox(Options::default());
        let (method, path, _) = family.question(0);
        let bulk = format!("/api/v3{}", family.bulk);
        let (status, results) = (format!("{bulk}/0"), format!("{bulk}/0/results"));
        for (method, path) in
            [(method, path), ("POST", bulk), ("GET", status), ("GET", results)]
        {
            let request = Request::builder().method(method).uri(&path);
            let request = request.body(Body::empty()).unwrap();
            let reply = read(sandbox.router().oneshot(request).await.unwrap()).await;
            assert_eq!(reply.status, 401, "{path}");
            assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/unauthorized");
            assert!(!reply.header("x-ratelimit-limit").is_empty());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_counts_as_enrichment_a_submit_as_bulk_and_a_poll_as_neither() {
    for family in FAMILIES {
        let sandbox = sandbox(Options { plan: Plan::Free, ..Options::default() });
        let lookup = family.ask(&sandbox, 0).await;
        let submit = post(&sandbox, family.bulk, emails(1)).await;
        let id = submit.at("/data/batchId").as_str().unwrap();
        let status = family.status(&sandbox, id).await;
        let results = family.results(&sandbox, id, "").await;
        let headers = [lookup, submit, status, results].map(|reply| {
            ["limit", "remaining", "reset"]
                .map(|name| reply.header(&format!("x-ratelimit-{name}")).to_owned())
        });
        assert_eq!(
            headers,
            [["10", "9", "60"], ["2", "1", "60"], ["60", "57", "60"], ["60", "56", "60"]]
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_window_refuses_lookups_and_submits() {
    for family in FAMILIES {
        let sandbox = sandbox(Options { plan: Plan::Free, ..Options::default() });
        let (mut lookups, mut submits) = (Vec::new(), Vec::new());
        for nth in 0..11 {
            lookups.push(family.ask(&sandbox, nth).await);
            if nth < 3 {
                submits.push(post(&sandbox, family.bulk, emails(1)).await);
            }
            advance(Duration::from_secs(1)).await;
        }
        for (replies, wait) in [(lookups, "50"), (submits, "58")] {
            let (last, others) = replies.split_last().unwrap();
            assert!(others.iter().all(|reply| reply.status == 200));
            assert_eq!(last.status, 429);
            assert_eq!(last.header("retry-after"), wait);
            let full = "https://dev.enrich.so/errors/rate-limit-exceeded";
            assert_eq!(last.at("/type"), full);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_address_is_named_and_costs_nothing() {
    let long = format!("{}@x.io", "é".repeat(250));
    for family in FAMILIES {
        let sandbox = sandbox(Options { limits: false, ..Options::default() });
        for (text, why) in [
            ("nobody", "Invalid email"),
            ("@x.io", "Invalid email"),
            ("ada byron@x.io", "Invalid email"),
            ("", "String must contain at least 1 character(s)"),
            (&long, "String must contain at most 254 character(s)"),
        ] {
            let body = json!({ "emails": [email(0), text] });
            let reply = post(&sandbox, family.bulk, body).await;
            assert_eq!(reply.status, 400);
            assert_eq!(
                reply.at("/type"),
                "https://dev.enrich.so/errors/validation-error"
            );
            assert_eq!(reply.at("/detail"), &json!(format!("body/emails/1 {why}")));
        }
        let longest = format!("{}@x.io", "é".repeat(249));
        for (body, status) in [
            (json!({ "emails": [longest] }), 200),
            (json!({ "emails": [1] }), 400),
            (json!({ "emails": "ada@x.io" }), 400),
            (json!({ "emails": [] }), 400),
            (json!({}), 400),
            (json!({ "emails": [email(0)], "webhookUrl": "nowhere" }), 400),
        ] {
            assert_eq!(post(&sandbox, family.bulk, body).await.status, status);
        }
        assert_eq!(sandbox.audit().jobs, 1);
    }
}
