//! What can be done to a job, besides creating and downloading it.

use axum::Json;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::create::{may_launch, set_off};
use super::job::{BulkState, Job, Phase};
use super::kinds::BulkKind;
use super::options::Relaunch;
use super::webhooks;
use crate::faults::Fault;
use crate::tomba::book::Book;
use crate::tomba::failure::Failure;
use crate::tomba::handle::Tomba;
use crate::tomba::options::Options;

/// What an action answers.
pub(super) type Done = Result<Json<Value>, Failure>;

/// The job of an id and a tool.
pub(super) fn find(
    book: &mut Book,
    kind: BulkKind,
    id: i64,
) -> Result<&mut Job, Failure> {
    let job = book.bulks.jobs.get_mut(&id).filter(|job| job.kind == kind);
    job.ok_or_else(|| Failure::unknown_record("bulk"))
}

/// `PUT /bulk/{type}/{id}`
pub(super) fn launch(tomba: &Tomba, kind: BulkKind, id: i64, fault: Fault) -> Done {
    let (options, now) = (tomba.options(), Instant::now());
    let mut book = tomba.book();
    let job = find(&mut book, kind, id)?;
    if job.phase != Phase::Created {
        book.bulks.seen.relaunched += 1;
        return match options.bulk.relaunch {
            Relaunch::Conflict => Err(Failure::conflict("The bulk was launched before.")),
            Relaunch::Accepted => Ok(done("Bulk launched.")),
            Relaunch::Declined => Ok(told(false, "The bulk was launched before.", 409)),
        };
    }
    start(&mut book, kind, id, fault, options, now)?;
    drop(book);
    webhooks::watch(tomba, id);
    Ok(done("Bulk launched."))
}

/// `POST /bulk/{type}/{id}/retry`
pub(super) fn retry(tomba: &Tomba, kind: BulkKind, id: i64, fault: Fault) -> Done {
    let (options, now) = (tomba.options(), Instant::now());
    let mut book = tomba.book();
    let state = find(&mut book, kind, id)?.state(&options.bulk, now);
    if !matches!(state, BulkState::Failed | BulkState::Cancelled) {
        return Err(Failure::conflict(
            "Only a failed or cancelled bulk can be run again.",
        ));
    }
    start(&mut book, kind, id, fault, options, now)?;
    find(&mut book, kind, id)?.retries += 1;
    book.bulks.seen.retried += 1;
    drop(book);
    webhooks::watch(tomba, id);
    Ok(done("Bulk launched again."))
}

fn start(
    book: &mut Book,
    kind: BulkKind,
    id: i64,
    fault: Fault,
    options: &Options,
    now: Instant,
) -> Result<(), Failure> {
    let job = find(book, kind, id)?.clone();
    may_launch(book, &job, options, now)?;
    if fault != Fault::None {
        find(book, kind, id)?.fate = fault;
    }
    set_off(book, id, options, now);
    Ok(())
}

/// `POST /bulk/{type}/{id}/cancel`
pub(super) fn cancel(tomba: &Tomba, kind: BulkKind, id: i64) -> Done {
    let (bulk, now) = (&tomba.options().bulk, Instant::now());
    let mut book = tomba.book();
    let job = find(&mut book, kind, id)?;
    let progress = job.progress(bulk, now);
    match progress.state {
        BulkState::Pending => {}
        BulkState::Running if bulk.cancels_running => {}
        BulkState::Running => return Err(Failure::conflict("The bulk is running.")),
        _ => return Err(Failure::conflict("The bulk has ended.")),
    }
    let launched = match job.phase {
        Phase::Launched { at, .. } => Some(at),
        _ => None,
    };
    job.phase = Phase::Cancelled { at: now, launched, processed: progress.processed };
    job.happened("cancelled", now);
    book.bulks.seen.cancelled += 1;
    drop(book);
    webhooks::watch(tomba, id);
    Ok(done("Bulk cancelled."))
}

/// `DELETE /bulk/{type}/{id}/archive` and `PUT /bulk/{type}/{id}/restore`
pub(super) fn archive(tomba: &Tomba, kind: BulkKind, id: i64, archived: bool) -> Done {
    let mut book = tomba.book();
    let job = find(&mut book, kind, id)?;
    if job.archived == archived {
        let state = if archived { "archived" } else { "not archived" };
        return Err(Failure::conflict(format!("The bulk is {state}.")));
    }
    job.archived = archived;
    job.happened(if archived { "archived" } else { "restored" }, Instant::now());
    Ok(done(if archived { "Bulk archived." } else { "Bulk restored." }))
}

/// `PUT /bulk/{type}/{id}/rename`
pub(super) fn rename(tomba: &Tomba, kind: BulkKind, id: i64, body: &Value) -> Done {
    let name = body.get("name").and_then(Value::as_str).unwrap_or_default().trim();
    if !(3..=200).contains(&name.chars().count()) {
        let message = "The name must have 3 to 200 characters.";
        return Err(Failure::params(tomba.options(), message));
    }
    let mut book = tomba.book();
    let job = find(&mut book, kind, id)?;
    name.clone_into(&mut job.name);
    job.happened("renamed", Instant::now());
    Ok(done("Bulk renamed."))
}

/// `DELETE /bulk/{type}/{id}/delete`
pub(super) fn delete(tomba: &Tomba, kind: BulkKind, id: i64) -> Done {
    let mut book = tomba.book();
    let job = find(&mut book, kind, id)?;
    if job.is_active(&tomba.options().bulk, Instant::now()) {
        return Err(Failure::conflict("The bulk is running."));
    }
    book.bulks.jobs.remove(&id);
    book.bulks.seen.deleted += 1;
    Ok(done("Bulk deleted."))
}

/// `POST /bulk/webhook-secret/rotate`
pub(super) fn rotate(tomba: &Tomba) -> Done {
    let now = tomba.wall_time(Instant::now());
    let secret = &mut tomba.book().bulks.secret;
    secret.renew();
    secret.rotated = Some(now);
    Ok(Json(super::views::secret(secret, tomba.options())))
}

fn done(message: &str) -> Json<Value> {
    told(true, message, 200)
}

fn told(status: bool, message: &str, code: u16) -> Json<Value> {
    Json(json!({ "data": { "status": status, "message": message, "code": code } }))
}
