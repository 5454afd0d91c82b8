//! Contacts of leads.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{conserved, ids, keys, leads, revealed, rows, set, submit, world};
use crate::tests::client::{get, post};
use crate::{LeadOptions, question};

const START: u64 = 1_000_000;

#[tokio::test(start_paused = true)]
async fn a_reveal_is_a_job_that_is_pending_then_at_work_then_completed() {
    let sandbox = world(LeadOptions::default());
    let ids = ids(&sandbox, 10).await;
    let body = json!({ "leads": leads(&ids) });
    let reply = post(&sandbox, "/lead-finder/reveal", body).await;
    let id = reply.at("/data/jobId").as_str().unwrap();
    assert!(id.starts_with("rj_") && id.len() == 19, "{id}");
    assert_eq!(
        *reply.at("/data"),
        json!({
            "jobId": id, "status": "pending", "totalLeads": 10,
            "fields": ["email", "phone"], "creditsReserved": 5_350,
            "message": format!("Reveal job submitted. Poll GET /api/v3/lead-finder/reveal-jobs/{id} for results."),
        })
    );
    assert_eq!(keys(reply.at("/meta")), set(&["requestId"]));
    assert_eq!(conserved(&sandbox, START), (START - 5_350, 0, 5_350));
    let path = format!("/lead-finder/reveal-jobs/{id}");
    let pending = get(&sandbox, &path).await;
    assert_eq!(
        pending.body,
        json!({
            "success": true,
            "data": {
                "jobId": id, "status": "pending", "jobType": "reveal",
                "fields": ["email", "phone"], "progress": null,
                "createdAt": "2026-01-01T00:00:00.000Z",
            },
        })
    );
    advance(Duration::from_millis(1_255)).await;
    let working = get(&sandbox, &path).await;
    assert_eq!(working.at("/data/status"), "processing");
    assert_eq!(working.at("/data/progress"), &json!({ "processed": 5, "total": 10 }));
    advance(Duration::from_millis(755)).await;
    let completed = get(&sandbox, &path).await;
    let all = [
        "jobId",
        "status",
        "jobType",
        "fields",
        "progress",
        "results",
        "createdAt",
        "completedAt",
    ];
    assert_eq!(keys(completed.at("/data")), set(&all));
    assert_eq!(completed.at("/data/completedAt"), "2026-01-01T00:00:02.010Z");
    assert_eq!(get(&sandbox, &path).await.body, completed.body);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_on_file_comes_back_and_only_once() {
    let sandbox = world(LeadOptions::default());
    let ids = ids(&sandbox, 25).await;
    let reply = revealed(&sandbox, &ids, &["email", "phone"]).await;
    let results = reply.at("/data/results");
    let all = [
        "revealed",
        "alreadyRevealed",
        "newlyRevealed",
        "creditsUsed",
        "creditsRefunded",
    ];
    assert_eq!(keys(results), set(&all));
    let contacts = results["revealed"].as_array().unwrap();
    let count = |has: &dyn Fn(&Value) -> bool| {
        contacts.iter().filter(|contact| has(contact)).count() as u64
    };
    let email = |contact: &Value| contact["emailAddress"].is_string();
    let phone = |contact: &Value| {
        contact["phone"].is_string() || contact["cellphone"].is_string()
    };
    let (emails, phones) = (count(&email), count(&phone));
    assert!((1..25).contains(&emails) && (1..25).contains(&phones), "{emails} {phones}");
    let paid = emails * 10 + phones * 525;
    assert_eq!(results["creditsUsed"], 25 * 535, "before the refund");
    assert_eq!(results["creditsRefunded"], 25 * 535 - paid);
    assert_eq!(results["alreadyRevealed"], 0);
    let newly = count(&|contact| email(contact) || phone(contact));
    assert_eq!(results["newlyRevealed"], newly);
    for _ in 0..2 {
        assert_eq!(conserved(&sandbox, START), (START - paid, paid, 0));
        get(&sandbox, "/lead-finder/reveal-jobs").await;
    }
    let audit = sandbox.audit();
    assert_eq!((audit.jobs, audit.unsettled, audit.asked_twice), (1, 0, 0));
    let name = question("lead-finder", &[&ids[0], "phone"]);
    assert_eq!((audit.asked.len(), audit.asked.get(&name)), (50, Some(&1)));
    let rows = get(&sandbox, "/wallets/transactions").await;
    let row =
        |at: usize, key: &str| rows.at(&format!("/data/transactions/{at}/{key}")).clone();
    assert_eq!(row(1, "description"), "Lead reveal: 25 leads");
    assert_eq!((row(1, "type"), row(1, "amount")), (json!("deduction"), json!(-13_375)));
    assert_eq!(
        (row(0, "type"), row(0, "amount")),
        (json!("refund"), json!(13_375 - paid))
    );
    assert_eq!(row(0, "createdAt"), "2026-01-01T00:00:02.025Z", "as of the end");
}

#[tokio::test(start_paused = true)]
async fn a_balance_knows_of_an_end_that_nobody_looked_at() {
    let sandbox = world(LeadOptions::default());
    let ids = ids(&sandbox, 25).await;
    let body = json!({ "leads": leads(&ids), "fields": ["phone"] });
    submit(&sandbox, "/lead-finder/reveal", body).await;
    advance(Duration::from_secs(60)).await;
    let balance = get(&sandbox, "/wallets/balance").await;
    let balance = balance.at("/data/balance").as_u64().unwrap();
    assert!(balance > START - 25 * 525, "{balance}");
    assert_eq!(sandbox.audit().unsettled, 0);
}

#[tokio::test(start_paused = true)]
async fn a_contact_has_the_keys_that_were_asked_for_and_is_the_person_of_the_row() {
    let sandbox = world(LeadOptions { personal_email: true, ..LeadOptions::default() });
    let rows = rows(&sandbox, json!({ "jobLevel": "VP" })).await;
    let ids: Vec<String> =
        rows[..20].iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    let usual = [
        "id",
        "firstName",
        "lastName",
        "jobTitle",
        "companyName",
        "linkedinUrl",
        "domain",
    ];
    for (fields, more) in [
        (["email"].as_slice(), ["emailAddress"].as_slice()),
        (&["phone"], &["phone", "cellphone"]),
        (&["personalEmail"], &["personalEmail"]),
        (
            &["personalEmail", "phone", "email"],
            &["emailAddress", "phone", "cellphone", "personalEmail"],
        ),
    ] {
        let reply = revealed(&sandbox, &ids, fields).await;
        assert_eq!(reply.at("/data/fields"), &json!(fields));
        let contacts = reply.at("/data/results/revealed").as_array().unwrap();
        for (row, contact) in rows.iter().zip(contacts) {
            let expected = [usual.as_slice(), more].concat();
            assert_eq!(keys(contact), set(&expected));
            let same =
                ["id", "firstName", "jobTitle", "companyName", "linkedinUrl", "domain"];
            assert!(same.iter().all(|key| row[key] == contact[key]), "{row} {contact}");
            let initial = row["lastName"].as_str().unwrap().trim_end_matches('.');
            let last = contact["lastName"].as_str().unwrap();
            assert!(last.starts_with(initial) && last.len() > 2);
            if let Some(email) = contact.get("emailAddress").and_then(Value::as_str) {
                let domain = row["emailDomain"].as_str().unwrap();
                assert!(email.ends_with(&format!("@{domain}")), "{email}");
            }
            if let Some(email) = contact.get("personalEmail").and_then(Value::as_str) {
                assert!(email.ends_with(".invalid"), "{email}");
            }
            if let Some(phone) = contact.get("phone").and_then(Value::as_str) {
                assert!(phone.len() == 12 && phone.contains("55501"), "{phone}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_revealed_is_free_for_a_day() {
    let sandbox = world(LeadOptions::default());
    let ids = ids(&sandbox, 25).await;
    revealed(&sandbox, &ids, &["email"]).await;
    let (_, paid, _) = conserved(&sandbox, START);
    let again = revealed(&sandbox, &ids, &["email"]).await;
    let results = again.at("/data/results");
    assert_eq!(results["alreadyRevealed"], paid / 10);
    assert_eq!(results["creditsUsed"], 250 - paid, "what is not on file is asked again");
    assert_eq!(results["creditsRefunded"], 250 - paid);
    assert_eq!(results["newlyRevealed"], 0);
    assert_eq!(conserved(&sandbox, START).1, paid);
    // Another field of the same lead is no such field, and the cache began when the first job ended.
    let both = revealed(&sandbox, &ids, &["email", "phone"]).await;
    assert_eq!(both.at("/data/results/alreadyRevealed"), 0);
    assert_eq!(both.at("/data/results/creditsUsed"), 25 * 535 - paid);
    advance(Duration::from_millis(24 * 60 * 60 * 1_000 - 9_000 + 2_025 - 1)).await;
    let before = conserved(&sandbox, START).1;
    revealed(&sandbox, &ids, &["email"]).await;
    assert_eq!(conserved(&sandbox, START).1, before, "within the day");
    let after = revealed(&sandbox, &ids, &["email"]).await;
    assert_eq!(after.at("/data/results/alreadyRevealed"), 0);
    assert_eq!(conserved(&sandbox, START).1, before + paid, "a day later");
}

#[tokio::test(start_paused = true)]
async fn prices_are_those_of_the_fields() {
    let sandbox = world(LeadOptions { personal_email: true, ..LeadOptions::default() });
    let ids = ids(&sandbox, 1).await;
    for (fields, credits) in [
        (["email"].as_slice(), 10),
        (&["phone"], 525),
        (&["phone", "email"], 535),
        (&["personalEmail"], 10),
        (&["email", "email"], 10),
    ] {
        let body = json!({ "leads": leads(&ids), "fields": fields });
        let reply = post(&sandbox, "/lead-finder/enrich", body).await;
        assert_eq!(reply.at("/data/creditsReserved"), credits, "{fields:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_enrichment_is_a_reveal_whose_fields_are_named() {
    let sandbox = world(LeadOptions { tells_reserved: false, ..LeadOptions::default() });
    let ids = ids(&sandbox, 2).await;
    let body = json!({ "leads": leads(&ids) });
    let refused = post(&sandbox, "/lead-finder/enrich", body).await;
    assert_eq!(refused.at("/detail"), "body/fields Required");
    let body = json!({ "leads": leads(&ids), "fields": ["email"] });
    let reply = post(&sandbox, "/lead-finder/enrich", body).await;
    let all = ["jobId", "status", "totalLeads", "fields", "message"];
    assert_eq!(keys(reply.at("/data")), set(&all), "the example has no creditsReserved");
    let message = reply.at("/data/message").as_str().unwrap();
    assert!(message.starts_with("Enrich job submitted"), "{message}");
    let id = reply.at("/data/jobId").as_str().unwrap();
    let job = get(&sandbox, &format!("/lead-finder/reveal-jobs/{id}")).await;
    assert_eq!(job.at("/data/jobType"), "enrich");
    assert_eq!(sandbox.audit().reserved, 20);
}

#[tokio::test(start_paused = true)]
async fn leads_out_of_bounds_are_refused_and_the_same_lead_is_one() {
    let sandbox = world(LeadOptions::default());
    let ids = ids(&sandbox, 26).await;
    let with = |fields: Value| json!({ "leads": leads(&ids[..1]), "fields": fields });
    for (body, detail) in [
        (json!({ "leads": [] }), "body/leads Array must contain at least 1 element(s)"),
        (
            json!({ "leads": leads(&ids) }),
            "body/leads Array must contain at most 25 element(s)",
        ),
        (
            json!({ "leads": [{ "id": "" }] }),
            "body/leads/0/id String must contain at least 1 character(s)",
        ),
        (json!({}), "body Invalid request"),
        (with(json!([])), "body/fields Array must contain at least 1 element(s)"),
        (with(json!(["email", "fax"])), "body/fields/1 Invalid enum value"),
        (with(json!(["personalEmail"])), "body/fields/0 Invalid enum value"),
    ] {
        let reply = post(&sandbox, "/lead-finder/reveal", body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let twice = leads(&[ids[0].clone(), ids[0].clone()]);
    let reply = post(&sandbox, "/lead-finder/reveal", json!({ "leads": twice })).await;
    assert_eq!(reply.at("/data/totalLeads"), 1);
    assert_eq!(sandbox.audit().jobs, 1);
}

#[tokio::test(start_paused = true)]
async fn of_a_stranger_nothing_is_on_file() {
    let sandbox = world(LeadOptions::default());
    let reply = revealed(&sandbox, &["enc_nobody".to_owned()], &["email", "phone"]).await;
    let contact = reply.at("/data/results/revealed/0");
    assert_eq!(contact["id"], "enc_nobody");
    let mut others = contact.as_object().unwrap().iter().filter(|(key, _)| *key != "id");
    assert!(others.all(|(_, value)| value.is_null()), "{contact}");
    assert_eq!(conserved(&sandbox, START), (START, 0, 0));
}
