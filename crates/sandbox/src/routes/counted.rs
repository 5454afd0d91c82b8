//! Results that tell how many items ended how, and which page they are: those of phone finder and reverse lookup.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::body::page_query;
use super::polls::{self, results_page};
use crate::batches::{self, Results};
use crate::envelope::{BatchResultsMeta, Envelope};
use crate::job::JobState;
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::product::Product;
use crate::sandbox::Sandbox;

/// The `data` of a page of results. `successful` and `failed` add up to `processedItems`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CountedResultsData<A> {
    batch_id: String,
    status: JobState,
    total_items: usize,
    processed_items: usize,
    successful: u64,
    failed: u64,
    page: usize,
    limit: usize,
    results: Vec<A>,
}

/// How far a job is.
pub(crate) async fn status<P: Product>(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Response {
    polls::status::<P>(&sandbox, id).into_response()
}

/// One page of a job's results.
pub(crate) async fn results<P: Product>(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Response {
    page_query(query).and_then(|query| page::<P>(&sandbox, id, &query)).into_response()
}

fn page<P: Product>(
    sandbox: &Sandbox,
    batch_id: String,
    query: &PageQuery,
) -> Result<Envelope<CountedResultsData<P::Answer>, BatchResultsMeta>, Problem> {
    let page = results_page(sandbox, query)?;
    let Results { progress, answers, meta } =
        batches::results::<P>(sandbox, &batch_id, page)?;
    // Once it is settled, what was charged tells the hits: no need to count them again for every page.
    let successful = match meta.credits_used {
        Some(used) => used / P::PRICE,
        None => {
            let job = batches::find::<P>(sandbox, &batch_id)?;
            let seed = sandbox.options().seed;
            batches::tally::<P>(seed, &job.items, progress.processed).hits
        }
    };
    let data = CountedResultsData {
        batch_id,
        status: progress.state,
        total_items: meta.total_items,
        processed_items: progress.processed,
        successful,
        failed: (progress.processed as u64).saturating_sub(successful),
        page: page.number,
        limit: page.limit,
        results: answers,
    };
    Ok(Envelope::new(data, meta))
}
