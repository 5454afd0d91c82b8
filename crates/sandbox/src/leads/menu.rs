//! What filters can be set to: `GET /lead-finder/filter-options` and `GET /lead-finder/suggest`.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::facets::{FACETS, Facet};
use super::options::{FilterOptions, TopLevel};
use super::replies::envelope;
use super::tables;
use crate::envelope::Envelope;
use crate::problem::Problem;
use crate::sandbox::Sandbox;

/// The values of the 46 filters that have a choice; none for free text.
pub(crate) async fn filter_options(State(sandbox): State<Sandbox>) -> Response {
    let options = &sandbox.options().leads;
    let mut filters = Map::new();
    for facet in FACETS.values().filter(|facet| facet.is_listed()) {
        let values = values(facet, options.top_level);
        let entry = match options.filter_options {
            FilterOptions::Lists => Value::from(values),
            FilterOptions::Objects => json!({
                "label": label(facet.key),
                "category": facet.category,
                "mode": "IN",
                // Live, these come empty like free text.
                "values": if facet.key == "martechCategoriesOrg" { Vec::new() } else { values },
                "maxSelections": facet.most,
            }),
        };
        filters.insert(facet.key.to_owned(), entry);
    }
    envelope(&sandbox, &mut sandbox.account(), filters).into_response()
}

#[derive(Debug, Deserialize)]
pub(crate) struct SuggestQuery {
    q: Option<String>,
    limit: Option<String>,
}

#[derive(Debug, Serialize)]
pub(crate) struct Suggestions {
    values: Vec<String>,
}

/// The names of companies that contain a text.
pub(crate) async fn suggest(
    State(sandbox): State<Sandbox>,
    query: Result<Query<SuggestQuery>, QueryRejection>,
) -> Result<Envelope<Suggestions>, Problem> {
    let refuse = |why: &str| Problem::validation(format!("querystring{why}"));
    let Query(query) = query.map_err(|_| refuse(" Invalid request"))?;
    let text = query.q.unwrap_or_default().trim().to_lowercase();
    if text.chars().count() < 2 {
        return Err(refuse("/q String must contain at least 2 character(s)"));
    }
    let limit = match query.limit.as_deref().map(str::parse) {
        None => 20,
        Some(Ok(limit @ 1..=50)) => limit,
        Some(_) => return Err(refuse("/limit Number must be from 1 to 50")),
    };
    let account = &mut *sandbox.account();
    let population = account.leads.population(sandbox.options());
    let names = population.companies.iter().map(|company| &company.name);
    let values = names.filter(|name| name.to_lowercase().contains(&text));
    let values = values.take(limit).cloned().collect();
    Ok(envelope(&sandbox, account, Suggestions { values }))
}

fn values(facet: &Facet, top: TopLevel) -> Vec<String> {
    let values = tables::options(facet.options).into_iter().map(str::to_owned);
    let mut values: Vec<String> = values.collect();
    if let ("jobLevel", Some(first)) = (facet.key, values.first_mut()) {
        *first = top.to_string();
    }
    values
}

/// `Job Level` of `jobLevel`.
fn label(key: &str) -> String {
    let mut label = String::new();
    for letter in key.trim_end_matches("Org").chars() {
        match (label.is_empty(), letter.is_ascii_uppercase()) {
            (true, _) => label.push(letter.to_ascii_uppercase()),
            (false, true) => label.extend([' ', letter]),
            (false, false) => label.push(letter),
        }
    }
    label
}
