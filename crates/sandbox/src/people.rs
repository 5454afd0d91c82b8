//! The people search: employees of one company, from the population of the lead finder. In snake case.
//!
//! # Source
//! Section 11 of the reference.

mod candidate;
mod cascade;
mod employees;
mod meta;
mod score;
mod waterfall;

use axum::Router;
use axum::routing::post;

use crate::gate::BASE;
use crate::sandbox::Sandbox;

/// The routes below `/people-search`.
pub(crate) fn routes() -> Router<Sandbox> {
    let at = |path: &str| format!("{BASE}/people-search/{path}");
    Router::new()
        .route(&at("employee-finder"), post(employees::employee_finder))
        .route(&at("waterfall-icp-search"), post(waterfall::waterfall_icp_search))
}
