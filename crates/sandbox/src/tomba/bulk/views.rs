//! Jobs on the wire, as the second generation tells them (sections 11.6 to 11.8).

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::evaluate::upper_bound;
use super::file::preview;
use super::job::{BulkState, Job, Progress};
use super::kinds::{BulkKind, KINDS};
use super::metrics::{credits_of, failure, metrics, percent, rate};
use super::secret::Secret;
use crate::tomba::handle::Tomba;
use crate::tomba::options::Options;
use crate::tomba::pools::{Pool, Pools};
use crate::tomba::times;

/// A job, without its preview.
pub(super) fn job(tomba: &Tomba, job: &Job, now: Instant) -> Value {
    let bulk = &tomba.options().bulk;
    let Progress { state, processed } = job.progress(bulk, now);
    let at = |at: Instant| times::written(tomba.wall_time(at));
    let started = job.started_at(bulk).filter(|started| *started <= now);
    let ended = job.ends_at(bulk).filter(|ended| *ended <= now);
    let of = |wanted: BulkState| ended.filter(|_| state == wanted).map(at);
    let mut told = json!({
        "bulk_id": job.id,
        "user_id": 1,
        "bulk_type": job.kind,
        "name": job.name,
        "status": state,
        "archived": job.archived,
        "progress": percent(processed, job.items.len(), state),
        "processed": processed,
        "billed": job.billed.is_some(),
        "retry_count": job.retries,
        "created_at": at(job.created),
        "expired": job.is_expired(bulk, now),
        "expired_at": at(job.created + bulk.expiry),
        "config": config(job),
        "metrics": metrics(tomba, job, now),
    });
    let optional = [
        ("started_at", started.map(at)),
        ("completed_at", of(BulkState::Completed)),
        ("cancelled_at", of(BulkState::Cancelled)),
        ("error_message", failure(state)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            told[name] = json!(value);
        }
    }
    told
}

/// A job with its preview, which is there once it is billed.
pub(super) fn detail(tomba: &Tomba, of: &Job, now: Instant) -> Value {
    let mut told = job(tomba, of, now);
    if of.billed.is_some() {
        told["preview"] = json!(preview(of, tomba.options()));
    }
    told
}

/// How far a job is, bare.
pub(super) fn progress(tomba: &Tomba, job: &Job, now: Instant) -> Value {
    let bulk = &tomba.options().bulk;
    let Progress { state, processed } = job.progress(bulk, now);
    let running = state == BulkState::Running;
    let left = job.ends_at(bulk).map(|end| end.saturating_duration_since(now).as_secs());
    json!({
        "status": state,
        "progress": percent(processed, job.items.len(), state),
        "processed": processed,
        "error_message": failure(state),
        "rows_per_minute": running.then(|| rate(tomba, job, now)),
        "eta_seconds": left.filter(|_| running),
    })
}

/// What a job costs, or may cost at most.
pub(super) fn estimate(
    options: &Options,
    pools: &Pools,
    job: &Job,
    now: Instant,
) -> Value {
    let exact = job.state(&options.bulk, now) == BulkState::Completed;
    let (credits, verified) = match exact {
        true => (job.credits(), job.tally.verifications),
        false => upper_bound(job.kind, job.items.len(), &job.draft.wishes, options),
    };
    let due = super::create::bill(job.kind, credits, verified, options);
    let sufficient = job.billed.is_some() || pools.lacking(&due).is_none();
    json!({
        "bulk_id": job.id,
        "status": job.state(&options.bulk, now),
        "basis": if exact { "exact" } else { "upper_bound" },
        "billed": job.billed.is_some(),
        "rows": job.items.len(),
        "credits": credits_of(job.kind, credits, verified),
        "remaining": {
            "search": pools.left(Pool::Searches),
            "verify": pools.left(Pool::Verifications),
        },
        "sufficient": sufficient,
        "note": "Credits are taken by the first download.",
    })
}

/// What happened to a job, the oldest first.
pub(super) fn history(tomba: &Tomba, job: &Job) -> Vec<Value> {
    let event = |(nth, event): (usize, &super::job::Event)| {
        json!({
            "id": nth + 1,
            "user_id": 1,
            "event": event.name,
            "actor": "api",
            "meta": {},
            "created_at": times::written(tomba.wall_time(event.at)),
        })
    };
    job.events.iter().enumerate().map(event).collect()
}

/// What tools there are (section 11.11).
pub(super) fn types(options: &Options) -> Vec<Value> {
    let bulk = &options.bulk;
    let told = |kind: BulkKind| {
        let field = |field: &super::kinds::Field| {
            json!({
                "field": field.name,
                "param": format!("{}_field_index", field.name),
                "label": field.name,
                "header_synonyms": field.synonyms,
            })
        };
        json!({
            "type": kind,
            "path": format!("/v1/bulk/{kind}"),
            "label": kind.to_string(),
            "description": format!("Bulk {kind}"),
            "app_path": format!("/bulk/{kind}"),
            "storage": "file",
            "allows_upload": true,
            "file_required": false,
            "primary_field": kind.fields().first().map(|field| field.name),
            "options": kind.options(),
            "max_rows": bulk.max_rows,
            "fields": kind.fields().iter().map(field).collect::<Vec<_>>(),
            "creates_per_day": bulk.creates_per_day,
            "downloads_per_job_per_day": bulk.downloads_per_day,
            "auto_launch": false,
            "downloads": kind.downloads(),
            "distributions": ["verification"],
        })
    };
    KINDS.into_iter().map(told).collect()
}

/// The key that callbacks are signed with.
pub(super) fn secret(secret: &Secret, options: &Options) -> Value {
    let mut told = json!({
        "secret": secret.value,
        "created_at": times::written(options.epoch),
    });
    if let Some(rotated) = secret.rotated {
        told["rotated_at"] = json!(times::written(rotated));
    }
    json!({ "data": told })
}

fn config(job: &Job) -> Value {
    let sheet = &job.draft.sheet;
    let mut options: Map<String, Value> = job.draft.wishes.sent.clone();
    options.retain(|_, value| !value.is_null());
    let mut input = json!({
        "source": sheet.source,
        "has_header": sheet.header.is_some(),
        "rows": sheet.rows.len(),
        "fields": job.draft.places,
    });
    if let Some(name) = &sheet.file_name {
        input["original_file_name"] = json!(name);
    }
    let mut config = json!({
        "v": 2,
        "input": input,
        "options": options,
        "notify": job.draft.notify,
    });
    if let Some(url) = &job.draft.webhook {
        config["webhook"] = json!({ "url": url });
    }
    config
}
