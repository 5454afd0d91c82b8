//! All followers of a scrape as one file.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use tokio::time::Instant;

use super::csv::csv;
use super::polls::find;
use crate::problem::Problem;
use crate::sandbox::Sandbox;

/// `GET /company-follower/{id}/export`. It is free and settles nothing.
pub(crate) async fn export(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (options, now) = (sandbox.options(), Instant::now());
    let scrape = find(&sandbox, &sandbox.account(), &id, now)?;
    let collected = scrape.collected(options, now);
    if !collected.done {
        return Err(Problem::validation("Batch is not yet completed"));
    }
    let crowd = scrape.crowd(options);
    let numbers = (0..collected.processed).filter_map(|at| scrape.number(at));
    let table = csv(numbers.map(|number| crowd.profile(crowd.follower(number))));
    let name = format!("attachment; filename=\"followers-{id}.csv\"");
    let headers = [(CONTENT_TYPE, "text/csv".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, table).into_response())
}
