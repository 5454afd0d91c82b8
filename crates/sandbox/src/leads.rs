//! The lead finder: searches over synthetic people, and what of them can be bought.
//!
//! # Source
//! Section 9 and appendix A of the reference.

mod attributes;
mod book;
mod company;
mod contact;
mod counts;
mod csv;
mod export;
mod export_jobs;
mod facets;
mod field;
mod filters;
mod free;
mod job_list;
mod jobs;
mod menu;
mod options;
mod person;
mod population;
mod preview;
mod replies;
mod reveal;
mod reveal_jobs;
mod saved;
mod search;
mod setting;
mod settlement;
pub(crate) mod tables;
mod unlock;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};

use crate::access::{Door, admit};
use crate::gate::BASE;
use crate::options::Options;
use crate::sandbox::Sandbox;

pub(crate) use book::LeadBook;
pub(crate) use company::Company;
pub use options::{ExportStatus, FilterOptions, LargeCounts, LeadOptions, TopLevel};
pub(crate) use person::Person;
pub(crate) use population::{Population, company_slug};
pub use setting::{LeadSetting, UnreadableLeadSetting};
pub(crate) use tables::{JOB, PLACE};

/// The routes below `/lead-finder`.
pub(crate) fn routes(options: &Options) -> Router<Sandbox> {
    let at = |path: &str| format!("{BASE}/lead-finder/{path}");
    let door = Door { name: "Lead Finder", access: options.leads.access };
    Router::new()
        .route(&at("search"), post(search::search))
        .route(&at("count"), post(counts::count))
        .route(&at("filter-options"), get(menu::filter_options))
        .route(&at("suggest"), get(menu::suggest))
        .route(&at("saved"), get(saved::list).post(saved::create))
        .route(&at("saved/{id}"), delete(saved::delete))
        .route(&at("reveal"), post(reveal::reveal))
        .route(&at("enrich"), post(reveal::enrich))
        .route(&at("reveal-jobs"), get(reveal_jobs::list))
        .route(&at("reveal-jobs/{id}"), get(reveal_jobs::poll))
        .route(&at("unlock-names"), post(unlock::unlock_names))
        .route(&at("export"), post(export::export))
        .route(&at("export-jobs"), get(export_jobs::list))
        .route(&at("export-jobs/{id}"), get(export_jobs::poll))
        .route(&at("export-jobs/{id}/download"), get(export_jobs::download))
        .route_layer(from_fn_with_state(door, admit))
}
