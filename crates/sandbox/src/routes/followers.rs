//! Company followers: scrapes, their followers, the day's quota.

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use self::declined::Declined;
use super::body;
use crate::access::{Door, admit};
use crate::answers::followers::NAME;
use crate::gate::BASE;
use crate::options::Options;
use crate::problem::Problem;
use crate::sandbox::Sandbox;

pub(crate) mod continuing;
pub(crate) mod csv;
pub(crate) mod declined;
pub(crate) mod estimates;
pub(crate) mod export;
pub(crate) mod limit;
pub(crate) mod polls;
pub(crate) mod quota;
pub(crate) mod reserve;
pub(crate) mod start;

/// The routes of the family, count estimates among them. All but the limit need access.
pub(crate) fn routes(options: &Options) -> Router<Sandbox> {
    let scrapes = format!("{BASE}/{NAME}");
    let estimates = format!("{BASE}/{}", estimates::NAME);
    let door = Door { name: "Company Follower", access: options.followers.access };
    Router::new()
        .route(&scrapes, post(start_or_continue))
        .route(&format!("{scrapes}/{{id}}/progress"), get(polls::progress))
        .route(&format!("{scrapes}/{{id}}/results"), get(polls::results))
        .route(&format!("{scrapes}/{{id}}/export"), get(export::export))
        .route(&estimates, post(estimates::start))
        .route(&format!("{estimates}/{{id}}"), get(estimates::status))
        .route_layer(from_fn_with_state(door, admit))
        .route(&format!("{scrapes}/limit"), get(limit::limit))
}

/// What makes a start a continuation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Continued {
    batch_id: Option<String>,
}

/// `POST /company-follower`, and with `?batchId=` one that continues a scrape.
async fn start_or_continue(
    State(sandbox): State<Sandbox>,
    query: Result<Query<Continued>, QueryRejection>,
    request: Request,
) -> Response {
    let Ok(Query(Continued { batch_id })) = query else {
        body::drain(request).await;
        return Problem::validation("querystring Invalid request").into_response();
    };
    let fault = sandbox.account().next_fault();
    if let Some(refused) = fault.refusal() {
        body::drain(request).await;
        return refused;
    }
    let accepted = match batch_id {
        Some(id) => continuing::resume(&sandbox, &id, request, fault).await,
        None => start::start(&sandbox, request, fault).await,
    };
    fault.strike(accepted.unwrap_or_else(Declined::into_response)).await
}
