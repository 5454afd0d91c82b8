//! What is the sandbox's own and not the provider's: free, without a key, counted nowhere.

use axum::Json;
use axum::extract::{Request, State};
use serde::{Deserialize, Serialize};

use super::body;
use crate::audit::Audit;
use crate::problem::Problem;
use crate::sandbox::Sandbox;

#[derive(Debug, Deserialize)]
struct TopUp {
    credits: i64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Balance {
    balance: u64,
}

/// `GET /sandbox/audit`
pub(crate) async fn audit(State(sandbox): State<Sandbox>) -> Json<Audit> {
    Json(sandbox.audit())
}

/// `POST /sandbox/topup`
pub(crate) async fn top_up(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Json<Balance>, Problem> {
    let TopUp { credits } = body::read(request, sandbox.options()).await?;
    sandbox.top_up(credits);
    let balance = sandbox.account().wallet.balance();
    Ok(Json(Balance { balance }))
}
