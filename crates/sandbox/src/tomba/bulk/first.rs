//! Jobs on the wire, as the first generation told them (sections 11.6 and 11.7).

use serde_json::{Value, json};
use tokio::time::Instant;

use super::job::{BulkState, Job, Phase};
use crate::tomba::handle::Tomba;
use crate::tomba::times;

/// A job.
pub(super) fn job(tomba: &Tomba, job: &Job, now: Instant) -> Value {
    let bulk = &tomba.options().bulk;
    let progress = job.progress(bulk, now);
    let done = progress.state == BulkState::Completed;
    let at = |at: Instant| times::written(tomba.wall_time(at));
    let wishes = &job.draft.wishes;
    json!({
        "bulk_id": job.id,
        "user_id": 1,
        "bulk_type": job.kind,
        "name": job.name,
        "archived": job.archived,
        "deleted": false,
        "list": [],
        "maximum": wishes.most_emails,
        "email_type": { "type": "all", "priority_type": "all" },
        "department": [],
        "sources": wishes.sources,
        "file_name": job.draft.sheet.file_name,
        "total": job.items.len(),
        "total_list": job.rows.input,
        "status": done,
        "chart": [],
        "table": [],
        "launched": job.phase != Phase::Created,
        "time_track": null,
        "progress": if done { 100 } else { progress.processed * 100 / job.items.len().max(1) },
        "verify": wishes.verify,
        "verify_cost": job.tally.verifications,
        "total_emails": if done { job.tally.emails } else { 0 },
        "upload": job.draft.sheet.source == "file",
        "processed": progress.processed,
        "used": job.billed.is_some(),
        "fast_verify": false,
        "expired": job.is_expired(bulk, now),
        "expired_at": at(job.created + bulk.expiry),
        "created_at": at(job.created),
    })
}

/// How far a job is, bare.
pub(super) fn progress(tomba: &Tomba, job: &Job, now: Instant) -> Value {
    let bulk = &tomba.options().bulk;
    let progress = job.progress(bulk, now);
    let done = progress.state == BulkState::Completed;
    json!({
        "status": done,
        "progress": if done { 100 } else { progress.processed * 100 / job.items.len().max(1) },
        "processed": progress.processed,
        "processed_email": if done { job.tally.emails } else { 0 },
    })
}
