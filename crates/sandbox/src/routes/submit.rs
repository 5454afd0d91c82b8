//! The submit of a batch: the whole reserve or nothing.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::body;
use crate::batches;
use crate::callbacks::events::Tells;
use crate::callbacks::teller;
use crate::envelope::{BatchSubmitMeta, Envelope};
use crate::faults::Fault;
use crate::items::Items;
use crate::job::JobState;
use crate::problem::Problem;
use crate::product::Product;
use crate::refusal::Refusal;
use crate::sandbox::Sandbox;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BatchSubmitData {
    batch_id: String,
    status: JobState,
    item_count: usize,
    original_count: usize,
    duplicates_removed: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Accepts a batch.
pub(crate) async fn submit<P: Tells>(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Response {
    let fault = sandbox.account().next_fault();
    if let Some(refused) = fault.refusal() {
        body::drain(request).await;
        return refused;
    }
    let accepted = accept::<P>(&sandbox, request, fault).await;
    fault.strike(accepted.into_response()).await
}

async fn accept<P: Tells>(
    sandbox: &Sandbox,
    request: Request,
    fault: Fault,
) -> Result<Envelope<BatchSubmitData, BatchSubmitMeta>, Refusal> {
    let batch = body::read::<P::Batch>(request, sandbox.options()).await?;
    let (submitted, callback) = P::unpack(batch);
    check_count::<P>(submitted.len())?;
    for (index, item) in submitted.iter().enumerate() {
        P::check(item, || format!("body/{}/{index}", P::ITEMS))?;
    }
    body::check_callback(callback.as_deref())?;
    let items = Items::distinct(P::NAME, submitted.iter().map(P::fields));
    let (item_count, original_count) = (items.len(), submitted.len());
    let fault = match fault {
        Fault::None => sandbox.account().chance.job_fault(item_count),
        planned => planned,
    };
    let (batch_id, meta) = batches::submit::<P>(sandbox, items, fault)?;
    if let Some(url) = callback {
        teller::announce::<P>(sandbox, &batch_id, &url).await;
    }
    let data = BatchSubmitData {
        batch_id,
        status: JobState::Queued,
        item_count,
        original_count,
        duplicates_removed: original_count - item_count,
        message: P::SUBMITTED,
    };
    Ok(Envelope::new(data, meta))
}

fn check_count<P: Product>(count: usize) -> Result<(), Problem> {
    let (items, most) = (P::ITEMS, P::MAX_ITEMS);
    let refuse = |bound: String| {
        Problem::validation(format!(
            "body/{items} Array must contain at {bound} element(s)"
        ))
    };
    match count {
        0 => Err(refuse("least 1".to_owned())),
        count if count > most => Err(refuse(format!("most {most}"))),
        _ => Ok(()),
    }
}
