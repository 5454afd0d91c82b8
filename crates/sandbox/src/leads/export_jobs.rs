//! `GET /lead-finder/export-jobs`: how exports go, and their files.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::csv::file;
use super::job_list::{self, JobsData, JobsQuery};
use super::jobs::{Seen, Work, see};
use super::options::ExportStatus;
use super::reveal_jobs::Processed;
use crate::account::Account;
use crate::envelope::Envelope;
use crate::gate::BASE;
use crate::job::JobState;
use crate::problem::Problem;
use crate::routes::polls::percent;
use crate::sandbox::Sandbox;
use crate::settling::settled;
use crate::timestamp;

/// All keys are always there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatExport {
    job_id: String,
    name: String,
    status: &'static str,
    phase: &'static str,
    progress: f64,
    total_rows: usize,
    processed_rows: usize,
    credits_used: u64,
    credits_refunded: u64,
    error: Option<String>,
    download_url: Option<String>,
    created_at: String,
    completed_at: Option<String>,
}

/// One export.
pub(crate) async fn poll(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Envelope<Value>, Problem> {
    let (account, now) = settled(&sandbox);
    let seen = find(&sandbox, &account, &id, now)?;
    Ok(Envelope::bare(match sandbox.options().leads.export_status {
        ExportStatus::Flat => flat(&sandbox, &seen),
        ExportStatus::Nested => nested(&sandbox, &seen),
    }))
}

/// All exports.
pub(crate) async fn list(
    State(sandbox): State<Sandbox>,
    query: Result<Query<JobsQuery>, QueryRejection>,
) -> Result<Envelope<JobsData<Value>>, Problem> {
    let form = sandbox.options().leads.export_status;
    let told = |seen: &Seen| match form {
        ExportStatus::Flat => flat(&sandbox, seen),
        ExportStatus::Nested => summary(&sandbox, seen),
    };
    let (account, now) = settled(&sandbox);
    let wanted = |seen: &Seen| seen.lead_job.work.is_export();
    job_list::list(&sandbox, &account, now, query, wanted, told).map(Envelope::bare)
}

/// The file of a completed export.
pub(crate) async fn download(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (account, now) = settled(&sandbox);
    let seen = find(&sandbox, &account, &id, now)?;
    let (JobState::Completed, Work::Export(_, columns)) =
        (seen.progress.state, &seen.lead_job.work)
    else {
        let status = seen.status();
        let detail = format!("Export job is not yet completed. Current status: {status}");
        return Err(Problem::conflict(detail));
    };
    let population = account.leads.population(sandbox.options());
    let headers = [
        (CONTENT_TYPE.as_str(), "text/csv".to_owned()),
        (
            CONTENT_DISPOSITION.as_str(),
            format!("attachment; filename=\"export-{id}.csv\""),
        ),
        ("x-credits-used", seen.used.to_string()),
        ("x-credits-refunded", seen.refunded.to_string()),
    ];
    Ok((headers, file(&seen, columns, &population)).into_response())
}

fn find(
    sandbox: &Sandbox,
    account: &Account,
    id: &str,
    now: Instant,
) -> Result<Seen, Problem> {
    let job = account.leads.job(id).filter(|job| job.work.is_export());
    let seen = job.and_then(|job| see(sandbox, account, job, now));
    seen.ok_or_else(|| Problem::not_found("Export job not found"))
}

fn flat(sandbox: &Sandbox, seen: &Seen) -> Value {
    let id = &seen.lead_job.id;
    let total = seen.lead_job.leads.len();
    let completed = seen.progress.state == JobState::Completed;
    let Work::Export(name, _) = &seen.lead_job.work else { return Value::Null };
    let flat = FlatExport {
        job_id: id.clone(),
        name: name.clone(),
        status: seen.status(),
        phase: phase(seen),
        progress: if completed { 100.0 } else { percent(seen.progress, total) },
        total_rows: total,
        processed_rows: seen.progress.processed,
        credits_used: seen.used,
        credits_refunded: seen.refunded,
        error: seen.error(),
        download_url: completed
            .then(|| format!("{BASE}/lead-finder/export-jobs/{id}/download")),
        created_at: timestamp::format(sandbox.wall_time(seen.created)),
        completed_at: completed_at(sandbox, seen),
    };
    serde_json::to_value(flat).unwrap_or_default()
}

fn nested(sandbox: &Sandbox, seen: &Seen) -> Value {
    let (total, processed) = (seen.lead_job.leads.len(), seen.progress.processed);
    let mut nested = json!({
        "jobId": seen.lead_job.id,
        "status": seen.status(),
        "progress": Processed { processed, total },
        "createdAt": timestamp::format(sandbox.wall_time(seen.created)),
    });
    if let Some(error) = seen.error() {
        nested["error"] = error.into();
    }
    if seen.progress.state == JobState::Completed {
        nested["results"] = json!({
            "totalExported": total,
            "creditsUsed": seen.used,
            "creditsRefunded": seen.refunded,
        });
    }
    if let Some(at) = completed_at(sandbox, seen) {
        nested["completedAt"] = at.into();
    }
    nested
}

fn summary(sandbox: &Sandbox, seen: &Seen) -> Value {
    json!({
        "jobId": seen.lead_job.id,
        "status": seen.status(),
        "total": seen.lead_job.leads.len(),
        "processed": seen.progress.processed,
        "creditsUsed": seen.used,
        "creditsRefunded": seen.refunded,
        "createdAt": timestamp::format(sandbox.wall_time(seen.created)),
        "completedAt": completed_at(sandbox, seen),
    })
}

fn completed_at(sandbox: &Sandbox, seen: &Seen) -> Option<String> {
    seen.ended.map(|at| timestamp::format(sandbox.wall_time(at)))
}

/// Four phases of a job at work, each as long as the others.
fn phase(seen: &Seen) -> &'static str {
    let total = seen.lead_job.leads.len().max(1);
    match (seen.progress.state, seen.progress.processed * 4 / total) {
        (JobState::Queued, _) => "queued",
        (JobState::Completed, _) => "uploading",
        (_, 0) => "fetching",
        (_, 1) => "enriching",
        (_, 2) => "generating",
        _ => "uploading",
    }
}
