//! The continuation of a scrape that ended with less than there is (section 12).

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use tokio::time::Instant;

use super::declined::Declined;
use super::reserve::{Order, reserve};
use crate::callbacks::followers::announce;
use crate::envelope::Envelope;
use crate::faults::Fault;
use crate::followers::scrape::Scrape;
use crate::followers::settlement::{settle, settle_later};
use crate::items::Items;
use crate::knobs::NoCreditBody;
use crate::options::Options;
use crate::sandbox::Sandbox;

/// How old a scrape may be; it is counted from its start.
const OLDEST: Duration = Duration::from_secs(3 * 86_400);

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ContinueData {
    batch_id: String,
    message: &'static str,
    estimated_additional: u64,
}

/// Collects what is lacking, under the same id and with a reserve for the gap alone. Once that is taken, what
/// the scrape cost so far is settled; a refused continuation settles nothing.
pub(crate) async fn resume(
    sandbox: &Sandbox,
    id: &str,
    request: Request,
    fault: Fault,
) -> Result<Response, Declined> {
    check_body(request, sandbox.options()).await?;
    if id.is_empty() {
        return Err(flat(StatusCode::BAD_REQUEST, "batchId must not be empty"));
    }
    let (meta, gap) = {
        let (account, now) = (&mut *sandbox.account(), Instant::now());
        let scrapes = &account.followers.scrapes;
        let options = sandbox.options();
        let scrape = scrapes.get(id).filter(|scrape| !scrape.is_forgotten(options, now));
        let scrape = scrape
            .ok_or_else(|| flat(StatusCode::NOT_FOUND, "No batch found with that ID"))?;
        let gap = gap(scrape, options, now)?;
        let (slug, items) = (scrape.search.slug.clone(), rest(scrape, gap));
        let asked = gap as u64;
        let no_credit_body = NoCreditBody::Flat;
        let order = Order { id, slug: &slug, asked, items, fault, no_credit_body };
        let (leg, meta) = reserve(sandbox, account, order)?;
        settle(sandbox, account, id, now);
        if let Some(scrape) = account.followers.scrapes.get_mut(id) {
            scrape.legs.push(leg);
        }
        settle_later(sandbox, account, id);
        (meta, asked)
    };
    announce(sandbox, id).await;
    let data = ContinueData {
        batch_id: id.to_owned(),
        message: "Job continued. Use the progress endpoint to track status.",
        estimated_additional: gap,
    };
    Ok(Envelope::new(data, meta).into_response())
}

/// How many followers are lacking, if the scrape may be continued.
fn gap(scrape: &Scrape, options: &Options, now: Instant) -> Result<usize, Declined> {
    let collected = scrape.collected(options, now);
    let age = scrape.started().map_or(Duration::ZERO, |started| now - started);
    let conflict = |message| Err(flat(StatusCode::CONFLICT, message));
    match (collected.done, collected.is_partial()) {
        (false, _) if scrape.legs.len() > 1 => {
            conflict("The batch is already being continued")
        }
        (false, _) => conflict("The batch is still running"),
        (true, false) => conflict("The batch is already completed"),
        (true, true) if age >= OLDEST => {
            Err(flat(StatusCode::GONE, "The batch is 3 days old or older"))
        }
        (true, true) if options.followers.unrecoverable => Err(flat(
            StatusCode::UNPROCESSABLE_ENTITY,
            "No more followers can be recovered for this batch",
        )),
        (true, true) => Ok(collected.lacking()),
    }
}

/// The followers that no leg has collected.
fn rest(scrape: &Scrape, gap: usize) -> Items {
    let Some(leg) = scrape.legs.first() else { return Items::default() };
    let all = leg.job.items.len();
    let lacking = (all.saturating_sub(gap)..all).map(|at| leg.job.items.get(at));
    Items::distinct(leg.job.product, lacking)
}

/// The body is empty: no byte, or an object whose keys nobody knows.
async fn check_body(request: Request, options: &Options) -> Result<(), Declined> {
    let most = options.max_body.unwrap_or(usize::MAX);
    let invalid = || flat(StatusCode::BAD_REQUEST, "The body must be an empty object");
    let body = to_bytes(request.into_body(), most).await.map_err(|_| invalid())?;
    let object = serde_json::from_slice::<serde_json::Map<_, _>>(&body);
    if body.is_empty() || object.is_ok() { Ok(()) } else { Err(invalid()) }
}

fn flat(status: StatusCode, message: &'static str) -> Declined {
    Declined::Flat(status, message)
}
