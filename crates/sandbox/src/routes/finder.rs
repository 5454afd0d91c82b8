//! Email finder: a person's address from the name and the company's domain.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::body::{check_length, page_query};
use super::polls;
use crate::answers::SYNTHETIC;
use crate::answers::finder::{NAME, answer_finder, is_found};
use crate::answers::fold::plain;
use crate::options::Options;
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::sandbox::Sandbox;

/// The product.
pub(crate) struct EmailFinder;

/// A person to look for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lead {
    first_name: String,
    last_name: String,
    domain: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchEmailFinderRequest {
    leads: Vec<Lead>,
    webhook_url: Option<String>,
}

/// A miss has none of the optional keys.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailFinderResult {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) domain: String,
    pub(crate) found: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confidence: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) is_catch_all: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) provider: Option<&'static str>,
    pub(crate) message: String,
}

impl Product for EmailFinder {
    const NAME: &'static str = NAME;
    const TITLE: &'static str = "Email finder";
    const ITEM: &'static str = "lead";
    const UNCHARGED: &'static str = "unfound lead";
    const PRICE: u64 = 10;
    const MAX_ITEMS: usize = 500_000;
    const SUBMITTED: Option<&'static str> = None;
    const OMITS_MISSES: bool = false;
    const KEPT: Option<Duration> = None;
    const ITEMS: &'static str = "leads";
    const STRANGER: &'static [&'static str] = &["Unasked", "Stranger", "unasked.example"];

    type Question = Lead;
    type Item = Lead;
    type Batch = BatchEmailFinderRequest;
    type Answer = EmailFinderResult;

    fn unpack(batch: Self::Batch) -> (Vec<Lead>, Option<String>) {
        (batch.leads, batch.webhook_url)
    }

    fn check(lead: &Lead, at: impl Fn() -> String) -> Result<(), Problem> {
        check_length(&lead.first_name, 100, || format!("{}/firstName", at()))?;
        check_length(&lead.last_name, 100, || format!("{}/lastName", at()))?;
        check_length(&lead.domain, 253, || format!("{}/domain", at()))
    }

    fn single(lead: Lead) -> Result<Lead, Problem> {
        Self::check(&lead, || "body".to_owned())?;
        Ok(lead)
    }

    fn fields(lead: &Lead) -> impl AsRef<[&str]> {
        [lead.first_name.as_str(), &lead.last_name, &lead.domain]
    }

    fn answer(seed: u64, fields: &[&str]) -> EmailFinderResult {
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let found = answer_finder(seed, field(0), field(1), field(2));
        let miss =
            || format!("No professional email could be found for this person{SYNTHETIC}");
        EmailFinderResult {
            first_name: field(0).to_owned(),
            last_name: field(1).to_owned(),
            domain: field(2).to_owned(),
            found: found.is_some(),
            confidence: found.as_ref().map(|found| found.confidence),
            is_catch_all: found.as_ref().map(|found| found.is_catch_all),
            provider: found.as_ref().map(|found| found.provider),
            message: found.as_ref().map_or_else(miss, |found| found.message.clone()),
            email: found.map(|found| found.email),
        }
    }

    fn spell_plainly(answer: &mut EmailFinderResult) {
        for name in [&mut answer.first_name, &mut answer.last_name] {
            *name = plain(name).replace(['\'', '’'], "").replace('-', " ");
        }
        answer.domain = plain(&answer.domain);
    }

    fn alone(
        answer: EmailFinderResult,
        _: &Options,
    ) -> Result<EmailFinderResult, Problem> {
        Ok(answer)
    }

    fn outcome(seed: u64, fields: &[&str]) -> Outcome {
        if is_found(seed, fields) { Outcome::Hit } else { Outcome::Miss }
    }

    fn subject(answer: &EmailFinderResult) -> &str {
        answer.email.as_deref().unwrap_or_default()
    }
}

/// `GET /email-finder/batch/{id}`
pub(crate) async fn finder_status(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Response {
    polls::status::<EmailFinder>(&sandbox, id).into_response()
}

/// `GET /email-finder/batch/{id}/results`
pub(crate) async fn finder_results(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Response {
    page_query(query)
        .and_then(|query| polls::results::<EmailFinder>(&sandbox, id, &query))
        .into_response()
}
