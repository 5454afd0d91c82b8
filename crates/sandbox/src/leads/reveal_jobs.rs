//! `GET /lead-finder/reveal-jobs`: how reveals and enrichments go, and what they found.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use serde::Serialize;
use serde_json::{Map, Value};

use super::contact::contact;
use super::field::Field;
use super::job_list::{self, JobsData, JobsQuery};
use super::jobs::{Seen, Work, see};
use super::population::Population;
use crate::batches::positions;
use crate::envelope::Envelope;
use crate::job::JobState;
use crate::options::Options;
use crate::page::Page;
use crate::problem::Problem;
use crate::sandbox::Sandbox;
use crate::settling::settled;
use crate::timestamp;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevealJob {
    job_id: String,
    status: &'static str,
    job_type: &'static str,
    fields: Vec<Field>,
    progress: Option<Processed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<Revealed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credits_refunded: Option<u64>,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
}

/// How far a job is.
#[derive(Debug, Serialize)]
pub(crate) struct Processed {
    pub(crate) processed: usize,
    pub(crate) total: usize,
}

/// What was paid is `credits_used - credits_refunded`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Revealed {
    revealed: Vec<Map<String, Value>>,
    already_revealed: usize,
    newly_revealed: usize,
    credits_used: u64,
    credits_refunded: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RevealJobSummary {
    job_id: String,
    status: &'static str,
    job_type: &'static str,
    fields: Vec<Field>,
    total: usize,
    processed: usize,
    credits_used: u64,
    credits_refunded: u64,
    created_at: String,
    completed_at: Option<String>,
}

/// How long a job is listed.
const LISTED: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One job.
pub(crate) async fn poll(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Envelope<RevealJob>, Problem> {
    let (account, now) = settled(&sandbox);
    let job = account.leads.job(&id).filter(|job| !job.work.is_export());
    let seen = job.and_then(|job| see(&sandbox, &account, job, now));
    let seen = seen.ok_or_else(|| Problem::not_found("Reveal job not found"))?;
    let population = account.leads.population(sandbox.options());
    let (job_type, fields) = work(&seen);
    let state = seen.progress.state;
    let completed = state == JobState::Completed;
    let total = seen.lead_job.leads.len();
    let progress = Processed { processed: seen.progress.processed, total };
    Ok(Envelope::bare(RevealJob {
        job_id: id,
        status: seen.status(),
        job_type,
        fields,
        progress: (state != JobState::Queued).then_some(progress),
        results: completed.then(|| results(sandbox.options(), &seen, &population)),
        error: seen.error(),
        credits_refunded: (state == JobState::Failed).then_some(seen.refunded),
        created_at: timestamp::format(sandbox.wall_time(seen.created)),
        completed_at: seen.ended.map(|at| timestamp::format(sandbox.wall_time(at))),
    }))
}

/// Those of the last 30 days.
pub(crate) async fn list(
    State(sandbox): State<Sandbox>,
    query: Result<Query<JobsQuery>, QueryRejection>,
) -> Result<Envelope<JobsData<RevealJobSummary>>, Problem> {
    let (account, now) = settled(&sandbox);
    let wanted =
        |seen: &Seen| !seen.lead_job.work.is_export() && now < seen.created + LISTED;
    let told = |seen: &Seen| {
        let (job_type, fields) = work(seen);
        RevealJobSummary {
            job_id: seen.lead_job.id.clone(),
            status: seen.status(),
            job_type,
            fields,
            total: seen.lead_job.leads.len(),
            processed: seen.progress.processed,
            credits_used: seen.used,
            credits_refunded: seen.refunded,
            created_at: timestamp::format(sandbox.wall_time(seen.created)),
            completed_at: seen.ended.map(|at| timestamp::format(sandbox.wall_time(at))),
        }
    };
    job_list::list(&sandbox, &account, now, query, wanted, told).map(Envelope::bare)
}

fn work(seen: &Seen) -> (&'static str, Vec<Field>) {
    match &seen.lead_job.work {
        Work::Reveal(fields) => ("reveal", fields.clone()),
        Work::Enrich(fields) => ("enrich", fields.clone()),
        Work::Export(..) => ("export", Vec::new()),
    }
}

fn results(options: &Options, seen: &Seen, population: &Population) -> Revealed {
    let (_, fields) = work(seen);
    let leads = &seen.lead_job.leads;
    let page = Page { number: 1, limit: leads.len().max(1) };
    let contact = |place: Option<usize>| {
        let (id, person) = match place {
            Some(place) => {
                leads.get(place).map(|lead| (lead.id.as_str(), lead.person))?
            }
            None => ("enc_0000000000000000", None),
        };
        Some(contact(population, id, person, &fields))
    };
    let places = positions(options, &seen.job, leads.len(), page, |_| true);
    let revealed = places.into_iter().filter_map(contact).collect();
    let already = leads.iter().filter(|lead| lead.paid.is_empty()).count();
    let newly = leads.iter().filter(|lead| {
        let person = lead.person.and_then(|person| population.people.get(person));
        person.is_some_and(|person| lead.paid.iter().any(|field| person.has(*field)))
    });
    Revealed {
        revealed,
        already_revealed: already,
        newly_revealed: newly.count(),
        credits_used: seen.used,
        credits_refunded: seen.refunded,
    }
}
