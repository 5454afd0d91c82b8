//! Searches with a name: `/lead-finder/saved`.

use axum::extract::{Path, Request, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::book::SavedSearch;
use super::filters::Filters;
use super::replies::envelope;
use crate::envelope::Envelope;
use crate::problem::Problem;
use crate::routes::body::{self, check_length};
use crate::sandbox::Sandbox;
use crate::timestamp;

#[derive(Debug, Deserialize)]
struct SavedSearchRequest {
    name: String,
    filters: Map<String, Value>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SavedSearchItem {
    id: String,
    name: String,
    filters: Map<String, Value>,
    created_at: String,
    updated_at: String,
}

#[derive(Debug, Serialize)]
pub(crate) struct Deleted {
    deleted: bool,
}

/// `GET`, oldest first.
pub(crate) async fn list(
    State(sandbox): State<Sandbox>,
) -> Envelope<Vec<SavedSearchItem>> {
    let account = &mut *sandbox.account();
    let items = account.leads.saved.iter().map(|saved| item(&sandbox, saved)).collect();
    envelope(&sandbox, account, items)
}

/// `POST`
pub(crate) async fn create(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Result<Envelope<SavedSearchItem>, Problem> {
    let options = sandbox.options();
    let body = body::read::<SavedSearchRequest>(request, options).await?;
    check_length(&body.name, 100, || "body/name".to_owned())?;
    Filters::read(&body.filters, None, &options.leads)?;
    let account = &mut *sandbox.account();
    let saved = SavedSearch {
        id: sandbox.id('e', account.next_number()),
        name: body.name,
        filters: body.filters,
        created: Instant::now(),
    };
    let data = item(&sandbox, &saved);
    account.leads.saved.push(saved);
    Ok(envelope(&sandbox, account, data))
}

/// `DELETE`. No 404 is declared, so what there is not counts as deleted.
pub(crate) async fn delete(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Envelope<Deleted>, Problem> {
    let account = &mut *sandbox.account();
    let before = account.leads.saved.len();
    account.leads.saved.retain(|saved| saved.id != id);
    if account.leads.saved.len() == before && sandbox.options().leads.strict_delete {
        return Err(Problem::not_found("Saved search not found"));
    }
    Ok(envelope(&sandbox, account, Deleted { deleted: true }))
}

fn item(sandbox: &Sandbox, saved: &SavedSearch) -> SavedSearchItem {
    let at = timestamp::format(sandbox.wall_time(saved.created));
    SavedSearchItem {
        id: saved.id.clone(),
        name: saved.name.clone(),
        filters: saved.filters.clone(),
        created_at: at.clone(),
        updated_at: at,
    }
}
