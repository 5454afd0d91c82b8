//! Jobs that fail, lists of jobs, and what goes wrong on demand.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::advance;

use super::{conserved, ids, keys, leads, revealed, set, small, submit, world};
use crate::tests::client::{get, post, sandbox};
use crate::{Fault, LeadOptions, Options, Quirks};

const START: u64 = 1_000_000;

#[tokio::test(start_paused = true)]
async fn a_reveal_that_is_not_covered_is_accepted_and_fails() {
    let sandbox = sandbox(Options { balance: 100, ..small(LeadOptions::default()) });
    let ids = ids(&sandbox, 5).await;
    let body = json!({ "leads": leads(&ids) });
    let reply = post(&sandbox, "/lead-finder/reveal", body).await;
    assert_eq!(reply.status, 200, "never 402");
    assert_eq!(reply.at("/data/creditsReserved"), 0);
    let id = reply.at("/data/jobId").as_str().unwrap();
    let path = format!("/lead-finder/reveal-jobs/{id}");
    assert_eq!(get(&sandbox, &path).await.at("/data/status"), "pending");
    advance(Duration::from_secs(3)).await;
    let failed = get(&sandbox, &path).await;
    let data = failed.at("/data");
    let all = [
        "jobId",
        "status",
        "jobType",
        "fields",
        "progress",
        "error",
        "creditsRefunded",
        "createdAt",
        "completedAt",
    ];
    assert_eq!(keys(data), set(&all));
    assert_eq!(data["status"], "failed");
    assert_eq!(data["error"], "Insufficient credits (balance: 100, required: 2675)");
    assert_eq!(data["creditsRefunded"], 0);
    assert_eq!(conserved(&sandbox, 100), (100, 0, 0));
    assert!(sandbox.audit().asked.is_empty(), "nothing was paid for");
}

#[tokio::test(start_paused = true)]
async fn a_failed_reveal_costs_nothing_and_reveals_nothing() {
    let faults = vec![Fault::None, Fault::FailedJob(2)];
    let sandbox = sandbox(Options { faults, ..small(LeadOptions::default()) });
    let ids = ids(&sandbox, 5).await;
    let failed = revealed(&sandbox, &ids, &["email"]).await;
    assert_eq!(failed.at("/data/status"), "failed");
    let error = "The job stopped after 2 of 5 leads (synthetic)";
    assert_eq!(failed.at("/data/error"), error);
    assert_eq!(failed.at("/data/creditsRefunded"), 50);
    assert_eq!(failed.at("/data/results"), &Value::Null);
    assert_eq!(conserved(&sandbox, START), (START, 0, 0));
    let again = revealed(&sandbox, &ids, &["email"]).await;
    assert_eq!(again.at("/data/results/alreadyRevealed"), 0);
    assert_eq!(again.at("/data/results/creditsUsed"), 50);
}

#[tokio::test(start_paused = true)]
async fn faults_strike_every_post_that_may_cost_something() {
    let body = json!({
        "filters": {}, "leads": [{ "id": "enc_1" }], "fields": ["email"],
        "company_linkedin_url": "https://www.linkedin.com/company/any/",
    });
    for path in [
        "/lead-finder/search",
        "/lead-finder/reveal",
        "/lead-finder/enrich",
        "/lead-finder/unlock-names",
        "/lead-finder/export",
        "/people-search/employee-finder",
        "/people-search/waterfall-icp-search",
    ] {
        let faults = vec![Fault::RefusedBefore, Fault::ErrorAfter];
        let sandbox = sandbox(Options { faults, ..small(LeadOptions::default()) });
        let mut statuses = Vec::new();
        for _ in 0..3 {
            assert_eq!(
                post(&sandbox, "/lead-finder/count", body.clone()).await.status,
                200
            );
            statuses.push(post(&sandbox, path, body.clone()).await.status.as_u16());
        }
        assert_eq!(statuses, [503, 500, 200], "{path}");
        let job = ["reveal", "enrich", "export"].iter().any(|job| path.ends_with(job));
        assert_eq!(sandbox.audit().jobs, if job { 2 } else { 0 }, "{path}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stuck_job_takes_ten_minutes_longer() {
    let faults = vec![Fault::None, Fault::StuckJob];
    let sandbox = sandbox(Options { faults, ..small(LeadOptions::default()) });
    let ids = ids(&sandbox, 1).await;
    let body = json!({ "leads": leads(&ids) });
    let id = submit(&sandbox, "/lead-finder/reveal", body).await;
    let path = format!("/lead-finder/reveal-jobs/{id}");
    advance(Duration::from_secs(600)).await;
    assert_eq!(get(&sandbox, &path).await.at("/data/status"), "processing");
    advance(Duration::from_secs(3)).await;
    assert_eq!(get(&sandbox, &path).await.at("/data/status"), "completed");
}

#[tokio::test(start_paused = true)]
async fn quirks_lose_double_and_invent_contacts() {
    let quirks =
        Quirks { drop: Some(1), duplicate: Some(2), extra: true, ..Quirks::default() };
    let sandbox = sandbox(Options { quirks, ..small(LeadOptions::default()) });
    let ids = ids(&sandbox, 4).await;
    let reply = revealed(&sandbox, &ids, &["email"]).await;
    let contacts = reply.at("/data/results/revealed").as_array().unwrap();
    let found: Vec<&str> =
        contacts.iter().map(|contact| contact["id"].as_str().unwrap()).collect();
    assert_eq!(found, [&ids[0], &ids[2], &ids[3], &ids[2], "enc_0000000000000000"]);
}

#[tokio::test(start_paused = true)]
async fn contacts_come_in_the_order_of_the_leads_or_in_another() {
    for shuffled in [false, true] {
        let sandbox = sandbox(Options { shuffled, ..small(LeadOptions::default()) });
        let ids = ids(&sandbox, 25).await;
        let reply = revealed(&sandbox, &ids, &["email"]).await;
        let contacts = reply.at("/data/results/revealed").as_array().unwrap();
        let mut found: Vec<String> =
            contacts.iter().map(|of| of["id"].as_str().unwrap().to_owned()).collect();
        assert_eq!(found == ids, !shuffled);
        let mut ids = ids;
        ids.sort();
        found.sort();
        assert_eq!(found, ids, "each once");
    }
}

#[tokio::test(start_paused = true)]
async fn a_limit_above_the_most_may_be_lowered_to_it() {
    let sandbox = sandbox(Options { clamp_limit: true, ..small(LeadOptions::default()) });
    for path in ["reveal-jobs", "export-jobs"] {
        let reply = get(&sandbox, &format!("/lead-finder/{path}?limit=101")).await;
        assert_eq!(reply.at("/data/limit"), 100);
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_newest_first_by_page_and_status_for_thirty_days() {
    let sandbox = world(LeadOptions::default());
    let lead = leads(&ids(&sandbox, 1).await);
    let mut jobs = Vec::new();
    for nth in 0..25 {
        let path = if nth % 2 == 0 { "reveal" } else { "enrich" };
        let body = json!({ "leads": lead, "fields": ["email"] });
        jobs.push(submit(&sandbox, &format!("/lead-finder/{path}"), body).await);
    }
    submit(&sandbox, "/lead-finder/export", json!({ "filters": {} })).await;
    advance(Duration::from_secs(9)).await;
    let body = json!({ "leads": lead, "fields": ["phone"] });
    jobs.push(submit(&sandbox, "/lead-finder/reveal", body).await);
    jobs.reverse();
    let list = |query: &'static str| {
        let sandbox = &sandbox;
        async move { get(sandbox, &format!("/lead-finder/reveal-jobs{query}")).await }
    };
    let first = list("").await;
    assert_eq!(keys(&first.body), set(&["success", "data"]), "no meta");
    assert_eq!(keys(first.at("/data")), set(&["jobs", "total", "page", "limit"]));
    let told = |reply: &crate::tests::client::Reply| -> Vec<String> {
        let jobs = reply.at("/data/jobs").as_array().unwrap();
        jobs.iter().map(|job| job["jobId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(told(&first), jobs[..20]);
    assert_eq!(
        (first.at("/data/total"), first.at("/data/limit")),
        (&json!(26), &json!(20))
    );
    let all = [
        "jobId",
        "status",
        "jobType",
        "fields",
        "total",
        "processed",
        "creditsUsed",
        "creditsRefunded",
        "createdAt",
        "completedAt",
    ];
    assert_eq!(keys(first.at("/data/jobs/0")), set(&all));
    assert_eq!(first.at("/data/jobs/1/status"), "completed");
    assert_eq!(told(&list("?page=2").await), jobs[20..]);
    assert_eq!(told(&list("?status=pending").await), jobs[..1]);
    assert_eq!(list("?status=completed&limit=100").await.at("/data/total"), 25);
    for query in ["?page=0", "?limit=0", "?limit=101", "?status=queued"] {
        assert_eq!(list(query).await.status, 400, "{query}");
    }
    advance(Duration::from_secs(30 * 24 * 60 * 60 - 9)).await;
    assert_eq!(told(&list("").await), jobs[..1]);
}

#[tokio::test(start_paused = true)]
async fn a_job_is_known_by_its_own_path_and_while_it_is_kept() {
    let retention = Some(Duration::from_secs(60));
    let options = Options { retention, ..small(LeadOptions::default()) };
    let sandbox = sandbox(options);
    let body = json!({ "leads": leads(&ids(&sandbox, 1).await) });
    let reveal = submit(&sandbox, "/lead-finder/reveal", body).await;
    let body = json!({ "filters": {}, "maxResults": 1 });
    let export = submit(&sandbox, "/lead-finder/export", body).await;
    for (path, detail) in [
        (format!("reveal-jobs/{export}"), "Reveal job not found"),
        ("reveal-jobs/rj_0000000000000000".to_owned(), "Reveal job not found"),
        (format!("export-jobs/{reveal}"), "Export job not found"),
        (format!("export-jobs/{reveal}/download"), "Export job not found"),
    ] {
        let reply = get(&sandbox, &format!("/lead-finder/{path}")).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (404, &json!(detail)));
        assert_eq!(reply.at("/type"), "https://dev.enrich.so/errors/not-found");
    }
    let path = format!("/lead-finder/reveal-jobs/{reveal}");
    advance(Duration::from_millis(62_000)).await;
    assert_eq!(get(&sandbox, &path).await.status, 200);
    advance(Duration::from_millis(1)).await;
    assert_eq!(get(&sandbox, &path).await.status, 404);
}
