//! `POST /lead-finder/reveal` and `/enrich`: jobs that find contacts. They never get 402: they fail.

use std::collections::HashSet;

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::field::Field;
use super::jobs::{JobLead, Work, begin};
use super::replies::envelope;
use crate::account::Account;
use crate::envelope::Envelope;
use crate::faults::Fault;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;

/// A lead by its id.
#[derive(Debug, Deserialize)]
pub(crate) struct LeadId {
    id: String,
}

#[derive(Debug, Deserialize)]
struct RevealRequest {
    leads: Vec<LeadId>,
    fields: Option<Vec<String>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RevealData {
    job_id: String,
    status: &'static str,
    total_leads: usize,
    fields: Vec<Field>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_reserved: Option<u64>,
    message: String,
}

/// The most leads of one job.
const MOST: usize = 25;

/// Both e-mail and phone unless `fields` says otherwise.
pub(crate) async fn reveal(State(sandbox): State<Sandbox>, request: Request) -> Response {
    paid(&sandbox, request, |mut body: RevealRequest, fault| {
        let usual = || [Field::Email, Field::Phone].map(|field| field.name().to_owned());
        body.fields.get_or_insert_with(|| usual().to_vec());
        submit(&sandbox, body, Work::Reveal, fault)
    })
    .await
}

/// The same with `fields` required.
pub(crate) async fn enrich(State(sandbox): State<Sandbox>, request: Request) -> Response {
    paid(&sandbox, request, |body, fault| submit(&sandbox, body, Work::Enrich, fault))
        .await
}

fn submit(
    sandbox: &Sandbox,
    body: RevealRequest,
    work: fn(Vec<Field>) -> Work,
    fault: Fault,
) -> Result<Envelope<RevealData>, Refusal> {
    let options = sandbox.options();
    let ids = ids(body.leads, MOST)?;
    let fields = fields(body.fields, options.leads.personal_email)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(options);
    let leads: Vec<JobLead> = ids
        .into_iter()
        .map(|id| {
            let person = population.find(&id);
            let paid = unrevealed(sandbox, account, person, &fields);
            JobLead { id, person, paid }
        })
        .collect();
    let work = work(fields.clone());
    let verb = if matches!(work, Work::Reveal(_)) { "Reveal" } else { "Enrich" };
    // A reveal is begun whether it is covered or not.
    let Ok(job) = begin(sandbox, account, work, leads, fault) else {
        return Err(Problem::internal().into());
    };
    let reserved = account.jobs.get(&job.id).map(|job| job.reserved);
    let data = RevealData {
        status: "pending",
        total_leads: job.leads.len(),
        fields,
        credits_reserved: reserved.filter(|_| options.leads.tells_reserved),
        message: format!(
            "{verb} job submitted. Poll GET /api/v3/lead-finder/reveal-jobs/{} for results.",
            job.id
        ),
        job_id: job.id.clone(),
    };
    Ok(envelope(sandbox, account, data))
}

/// The distinct ids of a body, as many as it may have.
pub(crate) fn ids(leads: Vec<LeadId>, most: usize) -> Result<Vec<String>, Problem> {
    let bound = match leads.len() {
        0 => Some("least 1".to_owned()),
        count if count > most => Some(format!("most {most}")),
        _ => None,
    };
    if let Some(bound) = bound {
        let detail = format!("body/leads Array must contain at {bound} element(s)");
        return Err(Problem::validation(detail));
    }
    if let Some(at) = leads.iter().position(|lead| lead.id.is_empty()) {
        let why = "String must contain at least 1 character(s)";
        return Err(Problem::validation(format!("body/leads/{at}/id {why}")));
    }
    let mut seen = HashSet::new();
    let ids = leads.into_iter().map(|lead| lead.id);
    Ok(ids.filter(|id| seen.insert(id.clone())).collect())
}

fn fields(sent: Option<Vec<String>>, personal: bool) -> Result<Vec<Field>, Problem> {
    let sent = sent.ok_or_else(|| Problem::validation("body/fields Required"))?;
    if sent.is_empty() {
        let detail = "body/fields Array must contain at least 1 element(s)";
        return Err(Problem::validation(detail));
    }
    let mut fields = Vec::new();
    for (at, name) in sent.iter().enumerate() {
        let field = match name.as_str() {
            "email" => Field::Email,
            "phone" => Field::Phone,
            "personalEmail" if personal => Field::PersonalEmail,
            _ => {
                let detail = format!("body/fields/{at} Invalid enum value");
                return Err(Problem::validation(detail));
            }
        };
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    Ok(fields)
}

/// The fields of a person that were not revealed lately, which are free.
fn unrevealed(
    sandbox: &Sandbox,
    account: &Account,
    person: Option<usize>,
    fields: &[Field],
) -> Vec<Field> {
    let (now, cache) = (Instant::now(), sandbox.options().leads.reveal_cache);
    let known = |field: &Field| {
        let at = person.and_then(|person| account.leads.revealed.get(&(person, *field)));
        at.is_some_and(|at| now < *at + cache)
    };
    fields.iter().copied().filter(|field| !known(field)).collect()
}
