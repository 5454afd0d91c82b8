//! Status and results of a validation batch as seen live: not under `data`, and with names of their own.
//!
//! Whether `success` and `meta` came along was not written down; here they do, since a client reads what it paid there.

use axum::Json;
use serde::Serialize;
use tokio::time::Instant;

use super::polls::{percent, results_page};
use crate::batches::{self, Results};
use crate::envelope::{BatchResultsMeta, RequestMeta};
use crate::job::JobState;
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::product::Product;
use crate::sandbox::Sandbox;

/// Both replies: a status has `progress`, a page has `results`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Flat<A, M> {
    success: bool,
    batch_id: String,
    status: JobState,
    total_emails: usize,
    processed_count: usize,
    valid_count: u64,
    invalid_count: u64,
    risky_count: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Vec<A>>,
    meta: M,
}

/// How far a job is.
pub(crate) fn status<P: Product>(
    sandbox: &Sandbox,
    id: String,
) -> Result<Json<Flat<P::Answer, RequestMeta>>, Problem> {
    let job = batches::find::<P>(sandbox, &id)?;
    let progress = job.progress(sandbox.options(), Instant::now());
    let request_id = sandbox.request_id(&mut sandbox.account());
    let mut flat =
        counters::<P, _>(sandbox, id, progress.processed, RequestMeta { request_id })?;
    flat.progress = Some(percent(progress, job.items.len()));
    flat.status = progress.state;
    Ok(Json(flat))
}

/// One page of a job's results.
pub(crate) fn results<P: Product>(
    sandbox: &Sandbox,
    id: String,
    query: &PageQuery,
) -> Result<Json<Flat<P::Answer, BatchResultsMeta>>, Problem> {
    let page = results_page(sandbox, query)?;
    let Results { progress, answers, meta } = batches::results::<P>(sandbox, &id, page)?;
    let mut flat = counters::<P, _>(sandbox, id, progress.processed, meta)?;
    flat.results = Some(answers);
    flat.status = progress.state;
    Ok(Json(flat))
}

fn counters<P: Product, M>(
    sandbox: &Sandbox,
    batch_id: String,
    processed: usize,
    meta: M,
) -> Result<Flat<P::Answer, M>, Problem> {
    let job = batches::find::<P>(sandbox, &batch_id)?;
    let tally = batches::tally::<P>(sandbox.options().seed, &job.items, processed);
    Ok(Flat {
        success: true,
        batch_id,
        status: JobState::Queued,
        total_emails: job.items.len(),
        processed_count: processed,
        valid_count: tally.hits,
        invalid_count: tally.disputed,
        risky_count: tally.misses,
        progress: None,
        results: None,
        meta,
    })
}
