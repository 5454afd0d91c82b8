//! The lists of jobs, newest first.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::jobs::{Seen, see};
use crate::account::Account;
use crate::page::{Page, PageBounds, PageQuery};
use crate::problem::Problem;
use crate::sandbox::Sandbox;

/// The query of a list of jobs.
#[derive(Debug, Deserialize)]
pub(crate) struct JobsQuery {
    status: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct JobsData<J> {
    jobs: Vec<J>,
    total: usize,
    page: usize,
    limit: usize,
}

/// The jobs that a query asks for, each as `told`.
pub(crate) fn list<J>(
    sandbox: &Sandbox,
    account: &Account,
    now: Instant,
    query: Result<Query<JobsQuery>, QueryRejection>,
    wanted: impl Fn(&Seen) -> bool,
    told: impl Fn(&Seen) -> J,
) -> Result<JobsData<J>, Problem> {
    let refuse = |why: &str| Problem::validation(format!("querystring{why}"));
    let Query(query) = query.map_err(|_| refuse(" Invalid request"))?;
    let clamp = sandbox.options().clamp_limit;
    let page = query.page.page(PageBounds { usual: 20, most: 100, clamp })?;
    let status = query.status.as_deref();
    if let Some(status) = status
        && !["pending", "processing", "completed", "failed"].contains(&status)
    {
        return Err(refuse("/status Invalid enum value"));
    }
    let newest = account.leads.jobs.iter().rev();
    let seen: Vec<Seen> = newest
        .filter_map(|job| see(sandbox, account, job, now))
        .filter(|seen| status.is_none_or(|status| seen.status() == status))
        .filter(wanted)
        .collect();
    let Page { number, limit } = page;
    let shown = seen.get(page.range(seen.len())).unwrap_or_default();
    let jobs = shown.iter().map(told).collect();
    Ok(JobsData { jobs, total: seen.len(), page: number, limit })
}
