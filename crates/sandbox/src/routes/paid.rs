//! A POST that may cost something: what goes wrong with it, goes wrong here.

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::body;
use crate::faults::Fault;
use crate::refusal::Refusal;
use crate::sandbox::Sandbox;

/// Reads the body and acts on it, with the next fault before, within or after.
pub(crate) async fn paid<B: DeserializeOwned, R: IntoResponse>(
    sandbox: &Sandbox,
    request: Request,
    act: impl FnOnce(B, Fault) -> Result<R, Refusal>,
) -> Response {
    let fault = sandbox.account().next_fault();
    if let Some(refused) = fault.refusal() {
        body::drain(request).await;
        return refused;
    }
    let acted = match body::read::<B>(request, sandbox.options()).await {
        Ok(body) => act(body, fault).into_response(),
        Err(problem) => problem.into_response(),
    };
    fault.strike(acted).await
}
