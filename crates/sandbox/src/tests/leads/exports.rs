//! Files of leads.

use std::time::Duration;

use axum::body::to_bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use tokio::time::advance;

use super::{conserved, ids, keys, revealed, rows, set, small, submit, world};
use crate::tests::client::{get, post, sandbox, send};
use crate::{ExportStatus, Fault, LeadOptions, Options, Sandbox};

const START: u64 = 1_000_000;

async fn export(sandbox: &Sandbox, body: Value) -> String {
    submit(sandbox, "/lead-finder/export", body).await
}

async fn status(sandbox: &Sandbox, id: &str) -> Value {
    let reply = get(sandbox, &format!("/lead-finder/export-jobs/{id}")).await;
    assert_eq!(keys(&reply.body), set(&["success", "data"]), "no meta");
    reply.at("/data").clone()
}

/// The lines of a file, header first.
async fn download(sandbox: &Sandbox, id: &str) -> (HeaderMap, Vec<String>) {
    let path = format!("/api/v3/lead-finder/export-jobs/{id}/download");
    let response = send(sandbox, "GET", &path, "").await;
    assert_eq!(response.status(), 200);
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (parts.headers, text.lines().map(str::to_owned).collect())
}

#[tokio::test(start_paused = true)]
async fn an_export_is_a_job_with_phases() {
    let sandbox = world(LeadOptions::default());
    let filters = json!({ "jobLevel": "VP" });
    let body = json!({ "filters": filters, "maxResults": 100, "name": "Heads" });
    let reply = post(&sandbox, "/lead-finder/export", body).await;
    let id = reply.at("/data/jobId").as_str().unwrap().to_owned();
    let digits = id.strip_prefix("ej_").unwrap();
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(digits.len() == 16 && digits.bytes().all(hex), "{id}");
    let all = [
        "jobId",
        "status",
        "estimatedRows",
        "estimatedCredits",
        "creditsReserved",
        "message",
    ];
    assert_eq!(keys(reply.at("/data")), set(&all));
    assert_eq!(reply.at("/data/status"), "pending");
    assert_eq!(reply.at("/data/estimatedRows"), 100);
    assert_eq!(keys(reply.at("/meta")), set(&["requestId"]));
    assert_eq!(
        status(&sandbox, &id).await,
        json!({
            "jobId": id, "name": "Heads", "status": "pending", "phase": "queued",
            "progress": 0.0, "totalRows": 100, "processedRows": 0, "creditsUsed": 0,
            "creditsRefunded": 0, "error": null, "downloadUrl": null,
            "createdAt": "2026-01-01T00:00:00.000Z", "completedAt": null,
        })
    );
    let mut phases = Vec::new();
    advance(Duration::from_millis(500)).await;
    for _ in 0..4 {
        let data = status(&sandbox, &id).await;
        assert_eq!(data["status"], "processing");
        phases.push((data["phase"].clone(), data["progress"].clone()));
        advance(Duration::from_millis(400)).await;
    }
    let phase = |name: &str, progress: f64| (json!(name), json!(progress));
    assert_eq!(
        phases,
        [
            phase("fetching", 0.0),
            phase("enriching", 25.0),
            phase("generating", 50.0),
            phase("uploading", 75.0),
        ]
    );
    let done = status(&sandbox, &id).await;
    assert_eq!(
        (&done["status"], &done["progress"]),
        (&json!("completed"), &json!(100.0))
    );
    let url = format!("/api/v3/lead-finder/export-jobs/{id}/download");
    assert_eq!(done["downloadUrl"], url);
    assert_eq!(done["completedAt"], "2026-01-01T00:00:02.100Z");
}

#[tokio::test(start_paused = true)]
async fn a_file_has_a_name_its_price_and_the_rows_of_the_search() {
    let sandbox = world(LeadOptions::default());
    let filters = json!({ "jobLevel": "VP" });
    let id = export(&sandbox, json!({ "filters": filters, "maxResults": 100 })).await;
    advance(Duration::from_secs(3)).await;
    assert_eq!(status(&sandbox, &id).await["name"], "Lead export");
    let (headers, lines) = download(&sandbox, &id).await;
    assert_eq!(headers["content-type"], "text/csv");
    let attachment = format!("attachment; filename=\"export-{id}.csv\"");
    assert_eq!(headers["content-disposition"], attachment);
    assert_eq!(
        (&headers["x-credits-used"], &headers["x-credits-refunded"]),
        (&"0".parse().unwrap(), &"0".parse().unwrap())
    );
    assert_eq!(lines.len(), 101);
    assert!(lines[0].starts_with("First Name,Last Name,Job Title,Company Name,Domain,"));
    for (line, row) in lines[1..].iter().zip(rows(&sandbox, filters).await) {
        let cell = |key: &str| row[key].as_str().unwrap().to_owned();
        let keys = ["firstName", "lastName", "jobTitle", "companyName", "domain"];
        let expected = keys.map(cell).join(",");
        assert!(line.starts_with(&expected), "{line} {expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_export_costs_its_fields_and_what_is_not_on_file_comes_back() {
    for (includes, each, columns) in [
        (json!({}), 0, ""),
        (json!({ "includeNames": true }), 1, ""),
        (json!({ "includeEmail": true }), 10, ",Email"),
        (json!({ "includePhone": true }), 525, ",Phone,Cellphone"),
        (json!({ "includeContactInfo": true }), 535, ",Email,Phone,Cellphone"),
        (
            json!({ "includeContactInfo": true, "includeEmail": true, "includeNames": true }),
            536,
            ",Email,Phone,Cellphone",
        ),
    ] {
        let sandbox = world(LeadOptions::default());
        let mut body = json!({ "filters": {}, "maxResults": 40 });
        body.as_object_mut().unwrap().extend(includes.as_object().unwrap().clone());
        let reply = post(&sandbox, "/lead-finder/export", body).await;
        assert_eq!(reply.at("/data/estimatedCredits"), 40 * each);
        assert_eq!(reply.at("/data/creditsReserved"), 40 * each);
        assert_eq!(conserved(&sandbox, START), (START - 40 * each, 0, 40 * each));
        let id = reply.at("/data/jobId").as_str().unwrap();
        advance(Duration::from_secs(3)).await;
        let (headers, lines) = download(&sandbox, id).await;
        assert!(lines[0].ends_with(&format!(",Headquarters Country{columns}")));
        let cells = |line: &String, columns: usize| -> Vec<String> {
            line.rsplit(',').take(columns).map(str::to_owned).collect()
        };
        let masked = lines[1].split(',').nth(1).unwrap().ends_with('.');
        assert_eq!(masked, each % 5 != 1, "{}", lines[1]);
        let paid: u64 = lines[1..]
            .iter()
            .map(|line| {
                let last = cells(line, 3);
                let has = |at: usize| !last[at].is_empty();
                match columns {
                    ",Email" => 10 * u64::from(has(0)),
                    ",Phone,Cellphone" => 525 * u64::from(has(0) || has(1)),
                    "" => 0,
                    _ => 10 * u64::from(has(2)) + 525 * u64::from(has(0) || has(1)),
                }
            })
            .sum::<u64>()
            + 40 * (each % 5);
        let header = |name: &str| headers[name].to_str().unwrap().parse::<u64>().unwrap();
        assert_eq!(header("x-credits-used"), 40 * each);
        assert_eq!(header("x-credits-refunded"), 40 * each - paid);
        assert_eq!(conserved(&sandbox, START), (START - paid, paid, 0));
        let data = status(&sandbox, id).await;
        assert_eq!(data["creditsUsed"], 40 * each);
        assert_eq!(data["creditsRefunded"], 40 * each - paid);
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_holds_the_first_matches_a_page_of_them_or_chosen_leads() {
    let sandbox = world(LeadOptions::default());
    let all = ids(&sandbox, 20).await;
    let names = revealed(&sandbox, &all[..20], &["email"]).await;
    let last = |at: usize| {
        names
            .at(&format!("/data/results/revealed/{at}/lastName"))
            .as_str()
            .unwrap()
            .to_owned()
    };
    let chosen = [&all[3], &all[1], &all[3], "enc_nobody"].map(str::to_owned);
    for (more, lasts) in [
        (json!({ "maxResults": 3 }), vec![last(0), last(1), last(2)]),
        (json!({ "page": 3, "pageSize": 2 }), vec![last(4), last(5)]),
        (json!({ "leadIds": chosen }), vec![last(3), last(1)]),
    ] {
        let mut body = json!({ "filters": {}, "includeNames": true });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = post(&sandbox, "/lead-finder/export", body).await;
        assert_eq!(reply.at("/data/estimatedRows"), lasts.len(), "{more}");
        let id = reply.at("/data/jobId").as_str().unwrap();
        advance(Duration::from_secs(3)).await;
        let (_, lines) = download(&sandbox, id).await;
        let found: Vec<&str> =
            lines[1..].iter().map(|line| line.split(',').nth(1).unwrap()).collect();
        assert_eq!(found, lasts, "{more}");
    }
    let reply = post(&sandbox, "/lead-finder/export", json!({ "filters": {} })).await;
    assert_eq!(reply.at("/data/estimatedRows"), 1_000);
}

#[tokio::test(start_paused = true)]
async fn an_export_out_of_bounds_is_refused() {
    let sandbox = world(LeadOptions::default());
    let many = vec!["x"; 100_001];
    for (more, detail) in [
        (json!({ "maxResults": 0 }), "body/maxResults Number must be from 1 to 100000"),
        (
            json!({ "maxResults": 100_001 }),
            "body/maxResults Number must be from 1 to 100000",
        ),
        (
            json!({ "name": "é".repeat(201) }),
            "body/name String must contain at most 200 character(s)",
        ),
        (
            json!({ "leadIds": many }),
            "body/leadIds Array must contain at most 100000 element(s)",
        ),
        (
            json!({ "pageSize": 101 }),
            "body/pageSize Number must be less than or equal to 100",
        ),
        (json!({ "page": 0 }), "body/page Number must be greater than or equal to 1"),
        (
            json!({ "filters": { "x": 1 } }),
            "body/filters Unrecognized key(s) in object: 'x'",
        ),
        (json!({ "filters": null }), "body Invalid request"),
    ] {
        let mut body = json!({ "filters": {} });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let reply = post(&sandbox, "/lead-finder/export", body).await;
        assert_eq!((reply.status.as_u16(), reply.at("/detail")), (400, &json!(detail)));
    }
    let most = json!({ "filters": {}, "maxResults": 100_000, "name": "é".repeat(200) });
    let reply = post(&sandbox, "/lead-finder/export", most).await;
    assert_eq!(reply.at("/data/estimatedRows"), 3_000);
}

#[tokio::test(start_paused = true)]
async fn an_export_that_is_not_covered_is_402_at_once() {
    let sandbox = sandbox(Options { balance: 99, ..small(LeadOptions::default()) });
    let body = json!({ "filters": {}, "maxResults": 10, "includeEmail": true });
    let reply = post(&sandbox, "/lead-finder/export", body).await;
    assert_eq!((reply.status.as_u16(), reply.at("/required")), (402, &json!(100)));
    assert_eq!((sandbox.audit().balance, sandbox.audit().jobs), (99, 0));
}

#[tokio::test(start_paused = true)]
async fn there_is_no_file_before_the_end_nor_of_a_failure() {
    let faults = vec![Fault::None, Fault::FailedJob(4)];
    let sandbox = sandbox(Options { faults, ..small(LeadOptions::default()) });
    let body = json!({ "filters": {}, "maxResults": 10, "includeEmail": true });
    let good = export(&sandbox, body.clone()).await;
    let bad = export(&sandbox, body).await;
    let conflict = |id: &str| {
        let path = format!("/lead-finder/export-jobs/{id}/download");
        let sandbox = sandbox.clone();
        async move {
            let reply = get(&sandbox, &path).await;
            (reply.status.as_u16(), reply.at("/detail").clone())
        }
    };
    let text = |status: &str| {
        json!(format!("Export job is not yet completed. Current status: {status}"))
    };
    assert_eq!(conflict(&good).await, (409, text("pending")));
    advance(Duration::from_secs(1)).await;
    assert_eq!(conflict(&good).await, (409, text("processing")));
    advance(Duration::from_secs(2)).await;
    assert_eq!(conflict(&bad).await, (409, text("failed")));
    let failed = status(&sandbox, &bad).await;
    assert_eq!(failed["error"], "The job stopped after 4 of 10 leads (synthetic)");
    assert_eq!(
        (&failed["phase"], &failed["progress"]),
        (&json!("enriching"), &json!(40.0))
    );
    assert_eq!(
        (&failed["creditsUsed"], &failed["creditsRefunded"]),
        (&json!(100), &json!(100))
    );
    assert_eq!(failed["downloadUrl"], Value::Null);
    let used = status(&sandbox, &good).await;
    let net =
        used["creditsUsed"].as_u64().unwrap() - used["creditsRefunded"].as_u64().unwrap();
    assert_eq!(conserved(&sandbox, START), (START - net, net, 0));
}

#[tokio::test(start_paused = true)]
async fn status_and_list_may_come_nested() {
    for export_status in [ExportStatus::Flat, ExportStatus::Nested] {
        let sandbox = world(LeadOptions { export_status, ..LeadOptions::default() });
        let id = export(&sandbox, json!({ "filters": {}, "maxResults": 4 })).await;
        let early = status(&sandbox, &id).await;
        advance(Duration::from_secs(3)).await;
        let other = export(&sandbox, json!({ "filters": {}, "maxResults": 1 })).await;
        let reply = get(&sandbox, "/lead-finder/export-jobs").await;
        assert_eq!(keys(reply.at("/data")), set(&["jobs", "total", "page", "limit"]));
        assert_eq!(reply.at("/data/jobs/0/jobId"), &json!(other));
        let listed = reply.at("/data/jobs/1").clone();
        let path = "/lead-finder/export-jobs?status=completed";
        assert_eq!(get(&sandbox, path).await.at("/data/jobs"), &json!([listed]));
        let late = status(&sandbox, &id).await;
        if export_status == ExportStatus::Flat {
            assert_eq!(listed, late);
            continue;
        }
        assert_eq!(keys(&early), set(&["jobId", "status", "progress", "createdAt"]));
        assert_eq!(early["progress"], json!({ "processed": 0, "total": 4 }));
        let all = ["jobId", "status", "progress", "results", "createdAt", "completedAt"];
        assert_eq!(keys(&late), set(&all));
        let results =
            json!({ "totalExported": 4, "creditsUsed": 0, "creditsRefunded": 0 });
        assert_eq!(late["results"], results);
        assert_eq!(
            listed,
            json!({
                "jobId": id, "status": "completed", "total": 4, "processed": 4,
                "creditsUsed": 0, "creditsRefunded": 0,
                "createdAt": "2026-01-01T00:00:00.000Z",
                "completedAt": "2026-01-01T00:00:02.004Z",
            })
        );
    }
}
