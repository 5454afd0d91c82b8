//! What jobs cost, and when.

use std::time::Duration;

use serde_json::json;
use tokio::time::{advance, sleep};

use super::super::client::{
    ask, create, found, get, launched, person, post, send, tomba, with_bulk,
};
use crate::Fault;
use crate::tomba::{
    BulkKind, BulkOptions, CostTable, LaunchNeeds, Options, Pool, Quota, Tomba,
    domain_emails, verify,
};

async fn completed(tomba: &Tomba, count: usize) -> String {
    let id = launched(tomba, count).await;
    sleep(Duration::from_secs(20)).await;
    format!("/bulk/finder/{id}")
}

fn spent(tomba: &Tomba, pool: Pool) -> u64 {
    tomba.audit().spent.get(&pool).copied().unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn the_first_download_bills_what_was_found_and_later_ones_nothing() {
    let tomba = with_bulk(BulkOptions::default());
    let path = completed(&tomba, 100).await;
    let credits = found(100).len() as u64;
    assert_eq!(spent(&tomba, Pool::Searches), 0, "nothing before");
    assert_eq!(tomba.audit().unbilled[&BulkKind::Finder], credits);
    assert!(get(&tomba, &path).await.at("/data/preview").is_null());
    for part in ["not_found", "full", "valid", "full"] {
        let reply = get(&tomba, &format!("{path}/download?file={part}")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(spent(&tomba, Pool::Searches), credits, "{part}");
    }
    advance(Duration::from_secs(1)).await;
    let detail = get(&tomba, &path).await;
    assert_eq!(detail.at("/data/billed"), true);
    assert_eq!(detail.at("/data/preview").as_array().unwrap().len(), 5);
    let audit = tomba.audit();
    assert_eq!(
        (audit.bulk.billed, audit.bulk.credits, audit.bulk.downloads),
        (1, credits, 4)
    );
    assert_eq!((audit.paid.len() as u64, audit.paid_twice), (credits, 0));
    assert_eq!(audit.asked.len(), 100);
    assert!(audit.unbilled.is_empty());
    let logs = get(&tomba, "/logs?limit=50").await;
    assert_eq!(logs.at("/data").as_array().unwrap().len(), 0, "jobs leave no rows there");
}

#[tokio::test(start_paused = true)]
async fn a_lost_download_has_billed() {
    let faults = vec![Fault::None, Fault::None, Fault::LostReply, Fault::RefusedBefore];
    let tomba = tomba(Options { faults, ..Options::default() });
    let path = completed(&tomba, 20).await;
    let lost = send(&tomba, "GET", &format!("{path}/download"), "", "").await;
    assert!(axum::body::to_bytes(lost.into_body(), usize::MAX).await.is_err());
    assert_eq!(tomba.audit().bulk.billed, 1);
    assert_eq!(get(&tomba, &format!("{path}/download")).await.status, 503);
    assert_eq!(get(&tomba, &format!("{path}/download")).await.status, 200);
    let audit = tomba.audit();
    assert_eq!((audit.bulk.billed, audit.bulk.downloads, audit.paid_twice), (1, 2, 0));
}

#[tokio::test(start_paused = true)]
async fn the_same_rows_in_another_job_are_paid_again_and_the_audit_says_so() {
    let tomba = with_bulk(BulkOptions::default());
    get(&tomba, &person(found(10)[0])).await;
    for _ in 0..2 {
        let path = completed(&tomba, 10).await;
        get(&tomba, &format!("{path}/download")).await;
    }
    let audit = tomba.audit();
    assert_eq!(audit.paid_twice, found(10).len() as u64);
    assert_eq!(
        audit.paid[&format!(
            "email-finder:ada|testerly{}|example.com",
            super::super::client::letters(found(10)[0])
        )],
        3
    );
}

#[tokio::test(start_paused = true)]
async fn a_download_without_the_quota_bills_nothing_and_can_be_had_later() {
    let credits = found(20).len() as u64;
    let quota = Quota { searches: credits - 1, ..Quota::default() };
    let launch_needs = LaunchNeeds::Something;
    let bulk = BulkOptions { launch_needs, ..BulkOptions::default() };
    let tomba = tomba(Options { quota, bulk, ..Options::default() });
    let path = completed(&tomba, 20).await;
    let refused = get(&tomba, &format!("{path}/download")).await;
    assert_eq!(refused.failure(), (403, "quota_exceeded"));
    let audit = tomba.audit();
    assert_eq!((audit.bulk.billed, audit.bulk.refused_downloads), (0, 1));
    assert_eq!(spent(&tomba, Pool::Searches), 0);
    tomba.top_up(Pool::Searches, 1);
    assert_eq!(get(&tomba, &format!("{path}/download")).await.status, 200);
    assert_eq!(tomba.audit().left[&Pool::Searches], 0);
}

#[tokio::test(start_paused = true)]
async fn an_estimate_is_an_upper_bound_and_exact_at_the_end() {
    let tomba = with_bulk(BulkOptions::default());
    let id = create(&tomba, 20).await;
    let path = format!("/bulk/finder/{id}");
    let before = get(&tomba, &format!("{path}/estimate")).await;
    assert_eq!(before.at("/data/basis"), "upper_bound");
    assert_eq!(before.at("/data/credits/total"), 20);
    assert_eq!(before.at("/data/rows"), 20);
    assert_eq!(before.at("/data/remaining/search"), 50_000);
    ask(&tomba, "PUT", &path).await;
    sleep(Duration::from_secs(5)).await;
    let after = get(&tomba, &format!("{path}/estimate")).await;
    assert_eq!(after.at("/data/basis"), "exact");
    assert_eq!(after.at("/data/credits/total"), found(20).len());
    assert_eq!(after.at("/data/billed"), false);
    let credits = get(&tomba, &path).await;
    assert_eq!(credits.at("/data/metrics/credits"), after.at("/data/credits"));
}

#[tokio::test(start_paused = true)]
async fn verifications_and_phones_are_billed_from_their_pools() {
    let tomba = with_bulk(BulkOptions::default());
    let list: Vec<String> = (0..20).map(|nth| format!("a{nth}@example.com")).collect();
    let list = list.join("\n");
    let run = async |kind: &str, body: serde_json::Value| {
        let reply = post(&tomba, &format!("/bulk/{kind}"), body).await;
        assert_eq!(reply.status, 201, "{}", reply.text);
        let id = reply.at("/data/id").as_i64().unwrap();
        sleep(Duration::from_secs(5)).await;
        let path = format!("/bulk/{kind}/{id}");
        assert_eq!(get(&tomba, &format!("{path}/download")).await.status, 200);
        let credits = get(&tomba, &path).await.at("/data/metrics/credits").clone();
        ["search", "verify", "phone", "total"].map(|name| credits[name].as_u64().unwrap())
    };
    let body = json!({ "name": "Verify", "list": list, "launch": true });
    assert_eq!(run("verifier", body).await, [0, 20, 0, 20]);
    assert_eq!(spent(&tomba, Pool::Verifications), 20);
    let body =
        json!({ "name": "Enrich", "list": list, "launch": true, "verify_emails": true });
    let [search, verify, phone, total] = run("enrich", body).await;
    assert!(search > 5 && search == verify && phone == 0 && total == search + verify);
    assert_eq!(spent(&tomba, Pool::Verifications), 20 + verify);
    let domains: Vec<String> = (0..20).map(|nth| format!("d{nth}.com")).collect();
    let body = json!({ "name": "Phones", "list": domains.join("\n"), "launch": true });
    let [phones, verify, same, total] = run("phone-finder", body).await;
    assert!(phones > 50 && phones % 10 == 0 && phones == same && phones == total);
    assert_eq!(verify, 0);
    assert_eq!(spent(&tomba, Pool::Phones), phones);
    assert_eq!(spent(&tomba, Pool::Searches), search + phones);
}

#[tokio::test(start_paused = true)]
async fn a_search_of_domains_costs_by_ten_and_fans_out() {
    let names: Vec<String> = (0..20).map(|nth| format!("s{nth}.com")).collect();
    let counts = names.iter().map(|name| {
        domain_emails(0, name).map_or(0, |emails| emails.len().min(50) as u64)
    });
    let counts: Vec<u64> = counts.collect();
    let found = counts.iter().filter(|count| **count > 0).count() as u64;
    for (costs, credits) in [
        (CostTable::Limits, counts.iter().map(|count| count.div_ceil(10)).sum::<u64>()),
        (CostTable::Apify, 5 * found),
    ] {
        let tomba = tomba(Options { costs, ..Options::default() });
        let body = json!({
            "name": "Domains", "list": names.join("\n"), "launch": true,
            "max_emails_per_domain": 50,
        });
        let id =
            post(&tomba, "/bulk/search", body).await.at("/data/id").as_i64().unwrap();
        sleep(Duration::from_secs(5)).await;
        let file = get(&tomba, &format!("/bulk/search/{id}/download")).await;
        assert_eq!(file.text.lines().count() as u64, 1 + counts.iter().sum::<u64>());
        assert_eq!(tomba.audit().bulk.credits, credits, "{costs}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_skipped_is_not_paid() {
    let tomba = with_bulk(BulkOptions::default());
    let list = "a@gmail.com\nb@example.com\nB@example.com\nnonsense";
    let body = json!({ "name": "Mixed", "list": list, "launch": true });
    let id = post(&tomba, "/bulk/verifier", body).await.at("/data/id").as_i64().unwrap();
    sleep(Duration::from_secs(5)).await;
    let file = get(&tomba, &format!("/bulk/verifier/{id}/download")).await;
    let status = verify(0, "b@example.com").status;
    assert!(file.text.lines().nth(1).unwrap().contains(status));
    assert_eq!(file.text.lines().count(), 2);
    assert_eq!(spent(&tomba, Pool::Verifications), 1);
}
