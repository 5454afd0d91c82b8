//! The callbacks of phone finder and reverse lookup in the reference's words, to the last key.

use serde_json::{Value, json};

use super::super::client::{get, post};
use super::super::families::{FAMILIES, Family, PHONES, REVERSE, email, emails};
use super::receiver::{Inbox, Received, URL, answer_all, with_faults, with_inbox};
use crate::{Callbacks, Fault, Options, Sandbox, answer_phones, answer_reverse};

/// So many that all three types are seen.
const CROWD: usize = 150;

/// Submits so many of the crowd and hears everything. The reply to the submit may wait for the receiver.
async fn tell(
    family: &Family,
    (sandbox, mut inbox): (Sandbox, Inbox),
    count: usize,
) -> (String, Vec<Received>) {
    let mut body = emails(count);
    body["webhookUrl"] = json!(URL);
    let (reply, received) =
        tokio::join!(post(&sandbox, family.bulk, body), answer_all(&mut inbox, 200));
    (reply.at("/data/batchId").as_str().unwrap().to_owned(), received)
}

/// What the callback of one item says, where the type of a miss is as it was told.
fn item(
    (event, job, id): (&str, &str, &str),
    told: &Received,
    found: Option<(&str, Value, &str)>,
    nothing: &str,
) -> Value {
    let broken = "The sources could not be asked at this time (synthetic)";
    let mut data = json!({ "job_id": job, "result_id": id });
    match (found, told.at("/data/type").as_str()) {
        (Some((name, answer, message)), _) => {
            data["type"] = json!("success");
            data[name] = answer;
            data["message"] = json!(message);
        }
        (None, Some("error")) => {
            data["type"] = json!("error");
            data["error"] = json!(broken);
            data["message"] = json!(broken);
        }
        (None, _) => {
            data["type"] = json!("no_match");
            data["message"] = json!(nothing);
        }
    }
    json!({ "event": event, "timestamp": told.at("/timestamp"), "data": data })
}

fn end(event: &str, job: &str, status: &str, found: u64, end: &Received) -> Value {
    let at = end.at("/timestamp");
    json!({
        "event": event, "timestamp": at,
        "data": {
            "job_id": job, "status": status, "total_items": CROWD, "found": found,
            "not_found": CROWD as u64 - found, "completed_at": at,
        },
    })
}

fn types(received: &[Received]) -> [usize; 3] {
    ["success", "no_match", "error"].map(|kind| {
        received.iter().filter(|callback| callback.at("/data/type") == kind).count()
    })
}

#[tokio::test(start_paused = true)]
async fn a_phone_job_is_told_in_the_references_words() {
    let (job, received) = tell(&PHONES, with_inbox(Options::default()), CROWD).await;
    assert_eq!(received.len(), CROWD + 1);
    for (nth, told) in received[..CROWD].iter().enumerate() {
        let phones = answer_phones(0, &email(nth), "");
        let found = (!phones.is_empty())
            .then(|| ("phones", json!(phones), "Phone numbers found (synthetic)"));
        let nothing = "No phone numbers found for this profile (synthetic)";
        let event = ("webhook:phone_result.completed", job.as_str(), &*email(nth));
        assert_eq!(told.body, item(event, told, found, nothing));
    }
    let types = types(&received);
    assert!(types.iter().all(|count| *count > 0), "{types:?}");
    let event = "webhook:phone_completion.completed";
    let last = &received[CROWD];
    assert_eq!(last.body, end(event, &job, "completed", PHONES.hits(CROWD), last));
    assert_eq!(last.at("/timestamp"), "2026-01-01T00:00:02.150Z");
}

#[tokio::test(start_paused = true)]
async fn a_reverse_job_is_told_in_the_references_words() {
    let (job, received) = tell(&REVERSE, with_inbox(Options::default()), CROWD).await;
    assert_eq!(received.len(), CROWD + 1);
    for (nth, told) in received[..CROWD].iter().enumerate() {
        let found = answer_reverse(0, &email(nth))
            .map(|profile| ("result", json!(profile), "Person found (synthetic)"));
        let nothing = "No information found (synthetic)";
        let event = ("webhook:email_result.completed", job.as_str(), &*email(nth));
        assert_eq!(told.body, item(event, told, found, nothing));
    }
    let types = types(&received);
    assert!(types.iter().all(|count| *count > 0), "{types:?}");
    let event = "webhook:email_completion.completed";
    let last = &received[CROWD];
    assert_eq!(last.body, end(event, &job, "completed", REVERSE.hits(CROWD), last));
}

#[tokio::test(start_paused = true)]
async fn an_item_known_by_its_profile_is_told_by_it() {
    let (sandbox, mut inbox) = with_inbox(Options::default());
    let body = json!({ "linkedins": ["in/Ada"], "webhookUrl": URL });
    post(&sandbox, PHONES.bulk, body).await;
    let received = answer_all(&mut inbox, 200).await;
    assert_eq!(received[0].at("/data/result_id"), "in/Ada");
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_failed_job_says_so() {
    for family in FAMILIES {
        let options =
            Options { faults: vec![Fault::FailedJob(40)], ..Options::default() };
        let (job, received) = tell(&family, with_inbox(options), CROWD).await;
        assert_eq!(received.len(), 41);
        let event = received[40].at("/event").as_str().unwrap();
        let whole = end(event, &job, "failed", family.hits(40), &received[40]);
        assert_eq!(received[40].body, whole, "what was not done was not found");
    }
}

#[tokio::test(start_paused = true)]
async fn faults_strike_the_callbacks_of_every_family() {
    for family in FAMILIES {
        for (fault, own, forged) in [
            ("webhook-lost", 0, 0),
            ("webhook-twice", 42, 0),
            ("webhook-late", 21, 0),
            ("webhook-forged", 21, 21),
            ("webhook-early", 21, 0),
        ] {
            let (sandbox, inbox) = with_faults(&[fault], Callbacks::default());
            let (job, received) = tell(&family, (sandbox.clone(), inbox), 20).await;
            let of_job = |callback: &&Received| callback.at("/data/job_id") == &job;
            let seen = received.iter().filter(of_job).count();
            assert_eq!((seen, received.len() - seen), (own, forged), "{fault}");
            let path = format!("{}/{job}", family.bulk);
            assert_eq!(get(&sandbox, &path).await.at("/data/status"), "completed");
            assert_eq!(sandbox.audit().unsettled, 1, "no callback settles a job");
        }
    }
}
