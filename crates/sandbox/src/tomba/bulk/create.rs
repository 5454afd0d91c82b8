//! The creation of a job, and its launch.

use std::sync::Arc;

use axum::Json;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::draft::{Draft, Raw};
use super::evaluate::{tally, upper_bound};
use super::job::{Job, Phase};
use super::kinds::BulkKind;
use super::multipart;
use super::options::{LaunchNeeds, RefusedLaunch};
use super::rows::sort_out;
use super::webhooks;
use crate::faults::Fault;
use crate::limits::seconds;
use crate::tomba::body;
use crate::tomba::book::Book;
use crate::tomba::failure::Failure;
use crate::tomba::handle::Tomba;
use crate::tomba::memory::count;
use crate::tomba::options::Options;
use crate::tomba::pools::{Bill, Pool, debited};

/// `POST /bulk/{type}`
pub(super) async fn create(
    tomba: &Tomba,
    kind: BulkKind,
    request: Request,
    fault: Fault,
) -> Result<Response, Failure> {
    let options = tomba.options();
    let raw = raw(request, options).await?;
    let draft = Draft::read(kind, raw, options)?;
    let verified = tomba.book().bulks.verified_lately(Instant::now());
    let (items, rows) = sort_out(kind, &draft, options, &verified);
    let tally = tally(kind, &items, &draft.wishes, options);
    let (now, launch) = (Instant::now(), draft.launch);
    let mut book = tomba.book();
    let id = admit(&mut book, kind, tomba, now)?;
    let quirks = book.chance.job_quirks(options.bulk.quirks, tally.records);
    let mut job = Job {
        id,
        kind,
        name: draft.name.clone(),
        draft: Arc::new(draft),
        items: Arc::new(items),
        tally: Arc::new(tally),
        rows,
        phase: Phase::Created,
        created: now,
        archived: false,
        billed: None,
        retries: 0,
        launches: 0,
        downloads: Vec::new(),
        events: Vec::new(),
        fate: fault,
        quirks,
    };
    job.happened("created", now);
    let refused = match launch {
        true => may_launch(&mut book, &job, options, now).err(),
        false => None,
    };
    let knob = options.bulk.refused_launch;
    if let (Some(refused), RefusedLaunch::NotCreated) = (&refused, knob) {
        return Err(refused.clone());
    }
    book.bulks.count_creation(kind, &options.bulk, (now, tomba.wall_time(now)));
    if kind == BulkKind::Verifier {
        book.bulks.count_verified(&job.items, now);
    }
    book.bulks.jobs.insert(id, job);
    if launch && refused.is_none() {
        set_off(&mut book, id, options, now);
    }
    drop(book);
    webhooks::watch(tomba, id);
    created(id, refused, knob)
}

/// 201, with a message if the launch was refused.
fn created(
    id: i64,
    refused: Option<Failure>,
    knob: RefusedLaunch,
) -> Result<Response, Failure> {
    let mut answer = json!({ "id": id });
    if let Some(refused) = refused {
        if knob != RefusedLaunch::Message {
            return Err(refused);
        }
        let message = format!("Bulk created but not launched: {}", refused.message());
        answer["message"] = Value::String(message);
    }
    Ok((StatusCode::CREATED, Json(json!({ "data": answer }))).into_response())
}

/// What was sent, as JSON or as a form.
async fn raw(request: Request, options: &Options) -> Result<Raw, Failure> {
    let (kind, bytes) = body::read(request, options).await?;
    if kind.starts_with("multipart/form-data") {
        return multipart::read(&kind, &bytes)
            .map_err(|what| Failure::params(options, what));
    }
    let values = body::json(&bytes, options)?.as_object().cloned().unwrap_or_default();
    Ok(Raw { values, file: None })
}

/// The id of a job that may be created today.
fn admit(
    book: &mut Book,
    kind: BulkKind,
    tomba: &Tomba,
    now: Instant,
) -> Result<i64, Failure> {
    let bulk = &tomba.options().bulk;
    let wait = book.bulks.creation_wait(kind, bulk, (now, tomba.wall_time(now)));
    let Some(wait) = wait else { return Ok(book.bulks.next_id()) };
    book.bulks.seen.refused_creations += 1;
    let message = format!("The daily limit of bulk {kind} jobs is reached.");
    Err(Failure::throttled(message, seconds(wait)))
}

/// Refuses a launch that must not be.
pub(super) fn may_launch(
    book: &mut Book,
    job: &Job,
    options: &Options,
    now: Instant,
) -> Result<(), Failure> {
    book.pools.advance(now);
    if !book.bulks.may_launch(job.kind, &options.bulk, now) {
        book.bulks.seen.refused_launches += 1;
        let message =
            format!("Too many running bulk {} jobs, please wait for them.", job.kind);
        return Err(Failure::throttled(message, options.bulk.retry_after.as_secs()));
    }
    let (credits, verified) =
        upper_bound(job.kind, job.items.len(), &job.draft.wishes, options);
    let needed = match options.bulk.launch_needs {
        LaunchNeeds::UpperBound => bill(job.kind, credits, verified, options),
        LaunchNeeds::Something => {
            bill(job.kind, credits.min(1), verified.min(1), options)
        }
        LaunchNeeds::Nothing => Bill::new(),
    };
    let lacking = book.pools.lacking(&needed);
    lacking.map_or(Ok(()), |pool| Err(Failure::quota(options, pool)))
}

/// Launches a job that may be.
pub(super) fn set_off(book: &mut Book, id: i64, options: &Options, now: Instant) {
    let Some(job) = book.bulks.jobs.get_mut(&id) else { return };
    let fault = match std::mem::take(&mut job.fate) {
        planned @ (Fault::FailedJob(_) | Fault::StuckJob) => planned,
        _ => book.chance.job_fault(job.items.len()),
    };
    let (fails_after, delay) = (fault.fails_after(), fault.delays_by());
    job.phase = Phase::Launched { at: now, fails_after, delay };
    job.launches += 1;
    job.happened("launched", now);
    let (kind, items) = (job.kind, Arc::clone(&job.items));
    if options.track_questions {
        for item in items.iter() {
            count(&mut book.memory.asked, &item.question);
        }
    }
    let bulks = &mut book.bulks;
    bulks.seen.launched += 1;
    let running = bulks.active(kind, &options.bulk, now) as u64;
    bulks.seen.most_running = bulks.seen.most_running.max(running);
}

/// What a job takes from which pools.
pub(super) fn bill(
    kind: BulkKind,
    credits: u64,
    verified: u64,
    options: &Options,
) -> Bill {
    let mut bill = debited(options.pool_rule, kind.endpoint(), credits);
    match bill.iter_mut().find(|(pool, _)| *pool == Pool::Verifications) {
        Some((_, credits)) => *credits += verified,
        None => bill.push((Pool::Verifications, verified)),
    }
    bill.retain(|(_, credits)| *credits > 0);
    bill
}
