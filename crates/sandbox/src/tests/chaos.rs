//! Faults at random: each happens, as often as was said, with the effect that its name tells.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use tower::ServiceExt;

use crate::{Chaos, Options, Sandbox, Trouble};

fn sandbox(chaos: &[&str]) -> Sandbox {
    let chaos = chaos.iter().map(|text| text.parse().unwrap()).collect();
    Sandbox::new(Options { chaos, limits: false, seed: 3, ..Options::default() })
}

/// Sends a request: its status, and its body if all of it came.
async fn send(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: &str,
) -> (StatusCode, Option<String>) {
    let request = Request::builder()
        .method(method)
        .uri(format!("/api/v3/{path}"))
        .header("x-api-key", "sk_sandbox")
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let response = sandbox.router().oneshot(request).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.ok();
    (status, body.map(|body| String::from_utf8(body.to_vec()).unwrap()))
}

const LEAD: &str = r#"{"firstName":"Ada","lastName":"Byron","domain":"example.com"}"#;

async fn submit(sandbox: &Sandbox) -> (StatusCode, Option<String>) {
    let leads: Vec<String> =
        (0..10).map(|n| LEAD.replace("Ada", &format!("Ada{n}"))).collect();
    let body = format!("{{\"leads\":[{}]}}", leads.join(","));
    send(sandbox, "POST", "email-finder/batch", &body).await
}

#[tokio::test(start_paused = true)]
async fn a_fault_has_the_effect_that_its_name_tells() {
    for (fault, status, whole, jobs) in [
        ("reset-before", 503, false, 0),
        ("reset-after", 200, false, 1),
        ("truncated", 200, true, 1),
        ("error-before", 503, true, 0),
        ("error-after", 500, true, 1),
        ("throttled", 429, true, 0),
        ("redirect", 302, true, 0),
        ("job-failed", 200, true, 1),
    ] {
        let sandbox = sandbox(&[&format!("{fault}=100%")]);
        let (got, body) = submit(&sandbox).await;
        assert_eq!((got.as_u16(), body.is_some()), (status, whole), "{fault}");
        assert_eq!(sandbox.audit().jobs, jobs, "{fault}");
        if fault == "truncated" {
            assert!(serde_json::from_str::<serde_json::Value>(&body.unwrap()).is_err());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_fail_stick_and_hold_wrong_items() {
    for (fault, wait, state, items) in [
        ("job-failed", 60, "failed", 5),
        ("job-stuck", 60, "processing", 0),
        ("job-stuck", 700, "completed", 10),
        ("duplicate-item", 60, "completed", 11),
        ("missing-item", 60, "completed", 9),
        ("extra-item", 60, "completed", 11),
    ] {
        let sandbox = sandbox(&[&format!("{fault}=100")]);
        let (_, body) = submit(&sandbox).await;
        let json: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
        let id = json["data"]["batchId"].as_str().unwrap();
        tokio::time::sleep(Duration::from_secs(wait)).await;
        let path = format!("email-finder/batch/{id}/results?page=1&limit=100");
        let (_, body) = send(&sandbox, "GET", &path, "").await;
        let json: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
        assert_eq!(json["data"]["status"], state, "{fault}");
        let results = json["data"]["results"].as_array().map_or(0, Vec::len);
        if state != "processing" {
            assert_eq!(results, items, "{fault}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn names_may_come_back_without_capitals_and_accents() {
    let sandbox = sandbox(&["plain-echo=100"]);
    let lead = r#"{"firstName":"Zoë","lastName":"O'Neill-Groß","domain":"X.io"}"#;
    let (_, alone) = send(&sandbox, "POST", "email-finder", lead).await;
    let alone: serde_json::Value = serde_json::from_str(&alone.unwrap()).unwrap();
    let batch = format!(r#"{{"leads":[{lead}]}}"#);
    let (_, body) = send(&sandbox, "POST", "email-finder/batch", &batch).await;
    let json: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
    let id = json["data"]["batchId"].as_str().unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let path = format!("email-finder/batch/{id}/results?page=1&limit=100");
    let (_, body) = send(&sandbox, "GET", &path, "").await;
    let json: serde_json::Value = serde_json::from_str(&body.unwrap()).unwrap();
    for item in [&alone["data"], &json["data"]["results"][0]] {
        let told = ["firstName", "lastName", "domain"].map(|name| item[name].as_str());
        assert_eq!(told.map(Option::unwrap), ["zoe", "oneill gross", "x.io"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_miss_may_come_as_an_error_and_costs_nothing() {
    let sandbox = sandbox(&["miss-as-error=100%"]);
    let mut errors = 0;
    for n in 0..30 {
        let lead = LEAD.replace("Ada", &format!("Ada{n}"));
        let (status, _) = send(&sandbox, "POST", "email-finder", &lead).await;
        errors += u32::from(status == StatusCode::INTERNAL_SERVER_ERROR);
    }
    let audit = sandbox.audit();
    assert!(errors > 0 && errors < 30, "{errors}");
    assert_eq!(audit.charged, u64::from(30 - errors) * 10);
}

#[tokio::test(start_paused = true)]
async fn a_fault_is_as_frequent_as_was_said_and_others_go_on() {
    let sandbox = sandbox(&["error-before=20%"]);
    let mut errors = 0;
    for _ in 0..500 {
        let (status, _) = send(&sandbox, "GET", "wallets/balance", "").await;
        errors += u32::from(status == StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!((70..130).contains(&errors), "{errors} of 500");
}

#[test]
fn faults_are_read_as_they_are_written() {
    let chaos: Chaos = "reset-after=5%".parse().unwrap();
    assert_eq!(
        (chaos.what, chaos.to_string().as_str()),
        (Trouble::ResetAfter, "reset-after=5%")
    );
    assert_eq!("job-stuck".parse::<Chaos>().unwrap().to_string(), "job-stuck=10%");
    assert!("job-stuk".parse::<Chaos>().is_err());
    assert!("job-stuck=200%".parse::<Chaos>().is_err());
}

/// Whatever a page's status is, it is a page.
#[tokio::test(start_paused = true)]
async fn a_page_comes_instead_of_being_served_or_after_it() {
    for (fault, jobs, some) in [("page-before", 0, 404), ("page-after", 1, 504)] {
        let mut statuses = std::collections::BTreeSet::new();
        for seed in 0..20 {
            let chaos = vec![format!("{fault}=100%").parse().unwrap()];
            let options = Options { chaos, limits: false, seed, ..Options::default() };
            let sandbox = Sandbox::new(options);
            let (status, body) = submit(&sandbox).await;
            assert!(body.unwrap().starts_with("<html>"), "{fault}");
            assert_eq!(sandbox.audit().jobs, jobs, "{fault}");
            statuses.insert(status.as_u16());
        }
        assert!(statuses.contains(&some) && statuses.contains(&200), "{statuses:?}");
    }
}
