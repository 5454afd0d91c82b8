//! `POST /lead-finder/export`: a job that writes a file.

use std::collections::HashSet;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::field::{Field, price};
use super::filters::Filters;
use super::jobs::{JobLead, Work, begin, required};
use super::population::Population;
use super::replies::envelope;
use super::search::page;
use crate::envelope::Envelope;
use crate::faults::Fault;
use crate::page::Page;
use crate::problem::Problem;
use crate::refusal::{NoCredit, Refusal};
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// What an export holds beside the preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Columns(pub(crate) Vec<Field>);

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExportRequest {
    filters: Map<String, Value>,
    exclude_filters: Option<Map<String, Value>>,
    name: Option<String>,
    max_results: Option<i64>,
    #[serde(default)]
    include_contact_info: bool,
    #[serde(default)]
    include_email: bool,
    #[serde(default)]
    include_phone: bool,
    #[serde(default)]
    include_names: bool,
    lead_ids: Option<Vec<String>>,
    page: Option<i64>,
    page_size: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ExportData {
    job_id: String,
    status: &'static str,
    estimated_rows: usize,
    estimated_credits: u64,
    credits_reserved: u64,
    message: String,
}

/// The most rows of a file.
const MOST: usize = 100_000;

/// The rows of a file whose size is not given.
const USUAL: usize = 1_000;

/// All that match, or one page of them, or those of `leadIds`.
pub(crate) async fn export(State(sandbox): State<Sandbox>, request: Request) -> Response {
    paid(&sandbox, request, |body, fault| submit(&sandbox, body, fault)).await
}

fn submit(
    sandbox: &Sandbox,
    body: ExportRequest,
    fault: Fault,
) -> Result<Envelope<ExportData>, Refusal> {
    let options = sandbox.options();
    let excluded = body.exclude_filters.as_ref();
    let filters = Filters::read(&body.filters, excluded, &options.leads)?;
    let most = check(&body)?;
    let columns = columns(&body);
    let name = body.name.clone().unwrap_or_else(|| "Lead export".to_owned());
    let account = &mut *sandbox.account();
    let population = account.leads.population(options);
    let rows = rows(&body, &filters, &population, most)?;
    let lead = |position: &usize| {
        let person = population.people.get(*position)?;
        let paid = columns.clone();
        Some(JobLead { id: person.id(), person: Some(*position), paid })
    };
    let leads: Vec<JobLead> = rows.iter().filter_map(lead).collect();
    let (balance, items) = (account.wallet.balance(), leads.len());
    let (each, reserved) = (price(&columns), required(&leads));
    let work = Work::Export(name, Columns(columns));
    let job = begin(sandbox, account, work, leads, fault).map_err(|NotCovered| {
        let body = options.no_credit_body;
        Refusal::NoCredit(NoCredit { balance, items, price: each, body })
    })?;
    let data = ExportData {
        status: "pending",
        estimated_rows: items,
        estimated_credits: reserved,
        credits_reserved: reserved,
        message: format!(
            "Export job submitted. Poll GET /api/v3/lead-finder/export-jobs/{} for its state.",
            job.id
        ),
        job_id: job.id.clone(),
    };
    Ok(envelope(sandbox, account, data))
}

/// Refuses what is out of bounds, else gives the most rows.
fn check(body: &ExportRequest) -> Result<usize, Problem> {
    let refuse = |why: String| Err(Problem::validation(format!("body/{why}")));
    if body.name.as_ref().is_some_and(|name| name.chars().count() > 200) {
        return refuse("name String must contain at most 200 character(s)".to_owned());
    }
    if body.lead_ids.as_ref().is_some_and(|ids| ids.len() > MOST) {
        return refuse(format!("leadIds Array must contain at most {MOST} element(s)"));
    }
    let most = body.max_results.map_or(Ok(USUAL), usize::try_from);
    match most {
        Ok(most @ 1..=MOST) => Ok(most),
        _ => refuse(format!("maxResults Number must be from 1 to {MOST}")),
    }
}

/// The fields that are paid for. Contact info is e-mail and phone.
fn columns(body: &ExportRequest) -> Vec<Field> {
    let all = [
        (Field::Email, body.include_email || body.include_contact_info),
        (Field::Phone, body.include_phone || body.include_contact_info),
        (Field::Name, body.include_names),
    ];
    all.into_iter().filter(|(_, wanted)| *wanted).map(|(field, _)| field).collect()
}

/// Whom the file holds. Strangers among `leadIds` are left out.
fn rows(
    body: &ExportRequest,
    filters: &Filters,
    population: &Population,
    most: usize,
) -> Result<Vec<usize>, Problem> {
    if let Some(ids) = &body.lead_ids {
        let mut seen = HashSet::new();
        let known = ids.iter().filter_map(|id| population.find(id));
        return Ok(known.filter(|position| seen.insert(*position)).take(most).collect());
    }
    let matching = filters.matching(population);
    let range = match (body.page, body.page_size) {
        (None, None) => Page { number: 1, limit: most }.range(matching.len()),
        (number, size) => page(number, size)?.range(matching.len()),
    };
    Ok(matching.get(range).unwrap_or_default().to_vec())
}
