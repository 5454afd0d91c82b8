//! Callbacks in the reference's words, to the last key.

use serde_json::{Value, json};

use super::super::client::{found, post};
use super::receiver::{URL, answer_all, callbacks, submit, with_faults, with_inbox};
use crate::{Callbacks, MissId, Options, answer_finder, answer_validation};

/// What the reference says of one finder item.
fn finder_item(job: &str, nth: usize, second: &str, missed: &str) -> Value {
    let found = answer_finder(0, "Ada", &format!("Byron{nth}"), "example.com");
    let id = found.as_ref().map_or(missed.to_owned(), |found| found.email.clone());
    let result = match found {
        Some(found) => json!({
            "email": id, "result": "found", "message": found.message,
            "confidence": found.confidence, "is_catch_all": found.is_catch_all,
            "domain": "example.com", "provider": found.provider,
        }),
        None => json!({
            "email": id, "result": "not_found", "is_catch_all": false, "domain": "example.com",
            "message": "No professional email could be found for this person (synthetic)",
        }),
    };
    json!({
        "event": "webhook:finder_lookup.completed",
        "timestamp": format!("2026-01-01T00:00:{second}Z"),
        "data": { "job_id": job, "result_id": id, "result": result },
    })
}

#[tokio::test(start_paused = true)]
async fn a_finder_batch_is_told_in_the_references_words() {
    for miss_id in [MissId::Guess, MissId::Empty] {
        let callbacks = Callbacks { miss_id, ..Callbacks::default() };
        let (sandbox, mut inbox) =
            with_inbox(Options { callbacks, ..Options::default() });
        let job = submit(&sandbox, 10).await;
        let received = answer_all(&mut inbox, 200).await;
        assert!((1..10).contains(&found(10)), "both ends are seen");
        for (nth, callback) in received[..10].iter().enumerate() {
            let second = format!("{:06.3}", 0.5 + (nth + 1) as f64 * 0.151);
            let guess = format!("ada.byron{nth}@example.com");
            let missed = if miss_id == MissId::Guess { &guess } else { "" };
            assert_eq!(callback.body, finder_item(&job, nth, &second, missed));
        }
        let end = json!({
            "event": "finder.completed",
            "timestamp": "2026-01-01T00:00:02.010Z",
            "data": {
                "job_id": job, "status": "completed", "total_items": 10,
                "successful": found(10), "failed": 10 - found(10),
                "completed_at": "2026-01-01T00:00:02.010Z",
                "found": found(10), "not_found": 10 - found(10),
            },
        });
        assert_eq!(received[10].body, end);
    }
}

#[tokio::test(start_paused = true)]
async fn a_validation_batch_is_told_in_the_references_words() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    let emails: Vec<String> = (0..15).map(|nth| format!("Ada{nth}@x.io")).collect();
    let emails = [emails, vec!["nonsense".to_owned()]].concat();
    let body = json!({ "emails": emails, "webhookUrl": URL });
    let reply = post(&sandbox, "/email-validation/batch", body).await;
    let job = reply.at("/data/batchId");
    let received = answer_all(&mut inbox, 200).await;
    let mut counts = json!({ "valid": 0, "invalid": 0, "risky": 0 });
    for (nth, (email, callback)) in emails.iter().zip(&received).enumerate() {
        let verdict = answer_validation(0, email);
        let mut result = json!({
            "email": email, "result": verdict.result, "message": verdict.message,
            "provider": verdict.provider, "confidence": verdict.confidence,
            "is_catch_all": verdict.is_catch_all, "domain": "x.io",
        });
        if email == "nonsense" {
            result.as_object_mut().unwrap().remove("domain");
        }
        let data = json!({ "job_id": job, "result_id": email, "result": result });
        let at = format!(
            "2026-01-01T00:00:{:06.3}Z",
            (500 + (nth + 1) * 1_516 / 16) as f64 / 1e3
        );
        let event = "webhook:email_lookup.completed";
        let whole = json!({ "event": event, "timestamp": at, "data": data });
        assert_eq!(callback.body, whole);
        counts[verdict.result] = json!(counts[verdict.result].as_u64().unwrap() + 1);
    }
    let count = |name: &str| counts[name].as_u64().unwrap();
    assert!(["valid", "invalid", "risky"].iter().all(|end| count(end) > 0), "{counts}");
    let end = json!({
        "event": "validation.completed",
        "timestamp": "2026-01-01T00:00:02.016Z",
        "data": {
            "job_id": job, "status": "completed", "total_items": 16,
            "successful": count("valid") + count("invalid"), "failed": count("risky"),
            "completed_at": "2026-01-01T00:00:02.016Z",
            "valid": count("valid"), "invalid": count("invalid"), "risky": count("risky"),
        },
    });
    assert_eq!(received[16].body, end);
}

#[tokio::test(start_paused = true)]
async fn a_failed_job_has_the_only_completion_that_there_is_or_none() {
    for failed_completion in [true, false] {
        let knobs = Callbacks { failed_completion, ..Callbacks::default() };
        let received = callbacks(with_faults(&["job-failed"], knobs), 10).await;
        assert_eq!(received.len(), 5 + usize::from(failed_completion));
        if failed_completion {
            let end = received[5].body["data"].as_object().unwrap();
            assert_eq!(
                (&end["status"], &end["total_items"]),
                (&json!("completed"), &json!(10))
            );
            assert_eq!(
                (&end["found"], &end["successful"]),
                (&json!(found(5)), &json!(found(5)))
            );
            assert_eq!(
                end["failed"],
                json!(10 - found(5)),
                "what was not done was not found"
            );
            assert_eq!(end["not_found"], end["failed"]);
        }
    }
}
