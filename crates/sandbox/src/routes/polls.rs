//! The documented replies of status and results, the same for all batch products.

use serde::Serialize;
use tokio::time::Instant;

use crate::batches::{self, Results};
use crate::envelope::{BatchResultsMeta, Envelope, RequestMeta};
use crate::job::{JobState, Progress};
use crate::page::{Page, PageBounds, PageQuery};
use crate::problem::Problem;
use crate::product::Product;
use crate::sandbox::Sandbox;

/// The `data` of a status poll.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchStatusData {
    batch_id: String,
    status: JobState,
    total_items: usize,
    processed_items: usize,
    progress: f64,
}

/// The `data` of a page of results.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResultsData<A> {
    batch_id: String,
    status: JobState,
    total_items: usize,
    processed_count: usize,
    results: Vec<A>,
}

/// How far a job is.
pub(crate) fn status<P: Product>(
    sandbox: &Sandbox,
    batch_id: String,
) -> Result<Envelope<BatchStatusData>, Problem> {
    let job = batches::find::<P>(sandbox, &batch_id)?;
    let progress = job.progress(sandbox.options(), Instant::now());
    let data = BatchStatusData {
        batch_id,
        status: progress.state,
        total_items: job.items.len(),
        processed_items: progress.processed,
        progress: percent(progress, job.items.len()),
    };
    let request_id = sandbox.request_id(&mut sandbox.account());
    Ok(Envelope::new(data, RequestMeta { request_id }))
}

/// One page of a job's results.
pub(crate) fn results<P: Product>(
    sandbox: &Sandbox,
    batch_id: String,
    query: &PageQuery,
) -> Result<Envelope<ResultsData<P::Answer>, BatchResultsMeta>, Problem> {
    let page = results_page(sandbox, query)?;
    let Results { progress, answers, meta } =
        batches::results::<P>(sandbox, &batch_id, page)?;
    let data = ResultsData {
        batch_id,
        status: progress.state,
        total_items: meta.total_items,
        processed_count: progress.processed,
        results: answers,
    };
    Ok(Envelope::new(data, meta))
}

/// The page of results that a query asks for.
pub(crate) fn results_page(
    sandbox: &Sandbox,
    query: &PageQuery,
) -> Result<Page, Problem> {
    let clamp = sandbox.options().clamp_limit;
    query.page(PageBounds { usual: 100, most: 1_000, clamp })
}

/// The share of a job that is done, 0 to 100, with one decimal.
pub(crate) fn percent(progress: Progress, total: usize) -> f64 {
    let permille = (progress.processed * 2_000 + total) / (total * 2).max(1);
    f64::from(u32::try_from(permille).unwrap_or(1_000)) / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_has_one_decimal() {
        let percent = |processed, total| {
            percent(Progress { state: JobState::Processing, processed }, total)
        };
        assert_eq!([percent(1, 3), percent(2, 3), percent(3, 4)], [33.3, 66.7, 75.0]);
    }
}
