//! Single lookups.

use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use super::client::{get, lead, post, sandbox};
use crate::{Options, answer_finder, answer_validation, question};

/// The first of the crowd that is found, or is not.
fn nth_found(found: bool) -> usize {
    let answer = |nth| answer_finder(0, "Ada", &format!("Byron{nth}"), "example.com");
    (0..).find(|&nth| answer(nth).is_some() == found).unwrap()
}

fn email(result: &str) -> String {
    let email = |nth: u32| format!("Ada{nth}@X.io");
    (0..).map(email).find(|email| answer_validation(0, email).result == result).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_hit_is_charged_and_a_miss_is_free() {
    let sandbox = sandbox(Options::default());
    let nth = nth_found(true);
    let hit = post(&sandbox, "/email-finder", lead(nth)).await;
    let answer = answer_finder(0, "ada", &format!("byron{nth}"), "example.com").unwrap();
    assert_eq!(hit.at("/success"), true);
    assert_eq!(
        *hit.at("/data"),
        json!({
            "firstName": "Ada",
            "lastName": format!("Byron{nth}"),
            "domain": "example.com",
            "found": true,
            "email": answer.email,
            "confidence": answer.confidence,
            "isCatchAll": answer.is_catch_all,
            "provider": answer.provider,
            "message": answer.message,
        })
    );
    assert_eq!(hit.at("/meta/creditsUsed"), 10);
    assert_eq!(hit.at("/meta/creditsRemaining"), 999_990);
    let miss = post(&sandbox, "/email-finder", lead(nth_found(false))).await;
    assert_eq!(miss.status, StatusCode::OK);
    assert_eq!(
        *miss.at("/data"),
        json!({
            "firstName": "Ada",
            "lastName": format!("Byron{}", nth_found(false)),
            "domain": "example.com",
            "found": false,
            "message": "No professional email could be found for this person (synthetic)",
        })
    );
    assert_eq!(miss.at("/meta/creditsUsed"), 0);
    let rows = get(&sandbox, "/wallets/transactions").await;
    assert_eq!(rows.at("/data/pagination/total"), 1);
    let description = format!("Email finder: {}", answer.email);
    assert_eq!(rows.at("/data/transactions/0/description"), &json!(description));
}

#[tokio::test(start_paused = true)]
async fn a_validation_is_free_only_if_risky() {
    let sandbox = sandbox(Options { invalid_charged: false, ..Options::default() });
    for (result, credits) in [("valid", 1), ("invalid", 1), ("risky", 0)] {
        let email = email(result);
        let reply = post(&sandbox, "/email-validation", json!({ "email": email })).await;
        assert_eq!(reply.at("/data/result"), result);
        assert_eq!(reply.at("/data/email"), &json!(email), "echoed as submitted");
        assert_eq!(reply.at("/meta/creditsUsed"), credits);
        let data = reply.at("/data").as_object().unwrap();
        assert_eq!(data.contains_key("segProvider"), data["hasSEG"] == true);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lookup_needs_its_price_even_if_it_turns_out_a_miss() {
    let sandbox = sandbox(Options { balance: 9, ..Options::default() });
    let reply = post(&sandbox, "/email-finder", lead(nth_found(false))).await;
    assert_eq!(reply.status, StatusCode::PAYMENT_REQUIRED);
    assert_eq!(reply.at("/shortfall"), 1);
}

#[tokio::test(start_paused = true)]
async fn the_audit_knows_a_question_by_its_canonical_form() {
    let sandbox = sandbox(Options::default());
    let shouted =
        json!({ "firstName": " ADA", "lastName": "BYRON0", "domain": "Example.com" });
    post(&sandbox, "/email-finder", lead(0)).await;
    post(&sandbox, "/email-finder/batch", json!({ "leads": [shouted, lead(1)] })).await;
    let audit = sandbox.audit();
    let name = question("email-finder", &["Ada", "Byron0", "example.com"]);
    assert_eq!(audit.asked.get(&name), Some(&2));
    assert_eq!((audit.asked.len(), audit.asked_twice), (2, 1));
}

/// A miss costs nothing, however often it is asked for.
#[tokio::test(start_paused = true)]
async fn only_what_is_charged_can_be_paid_twice() {
    let sandbox = sandbox(Options::default());
    for (found, twice) in [(false, 0), (true, 1)] {
        for _ in 0..2 {
            post(&sandbox, "/email-finder", lead(nth_found(found))).await;
        }
        let audit = sandbox.audit();
        assert!(audit.asked.values().all(|times| *times == 2), "{audit:?}");
        assert_eq!(audit.asked_twice, twice, "{found}");
    }
    // In a job its whole price is taken at first.
    let miss = json!({ "leads": [lead(nth_found(false))] });
    for twice in [1, 2] {
        post(&sandbox, "/email-finder/batch", miss.clone()).await;
        assert_eq!(sandbox.audit().asked_twice, twice);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reply_takes_the_latency_of_the_knob() {
    let single_latency = Duration::from_millis(800);
    let sandbox = sandbox(Options { single_latency, ..Options::default() });
    let start = Instant::now();
    let reply = post(&sandbox, "/email-finder", lead(0)).await;
    assert_eq!(start.elapsed(), single_latency);
    assert_eq!(reply.at("/meta/processingTimeMs"), 800);
}
