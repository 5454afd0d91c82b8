//! The counts of a job on the wire (section 11.6).

use serde_json::{Value, json};
use tokio::time::Instant;

use super::job::{BulkState, Job, Phase, Progress};
use super::kinds::BulkKind;
use crate::tomba::handle::Tomba;

/// Credits of a job. Those of phones are searches, and are counted among them.
pub(super) fn credits_of(kind: BulkKind, credits: u64, verified: u64) -> Value {
    let phones = matches!(kind, BulkKind::PhoneFinder | BulkKind::PhoneValidator);
    let (search, verify) = match kind {
        BulkKind::Verifier => (0, credits + verified),
        _ => (credits, verified),
    };
    json!({
        "search": search,
        "verify": verify,
        "phone": if phones { search } else { 0 },
        "total": search + verify,
    })
}
/// The counts of a job.
pub(super) fn metrics(tomba: &Tomba, job: &Job, now: Instant) -> Value {
    let bulk = &tomba.options().bulk;
    let Progress { state, processed } = job.progress(bulk, now);
    let done = state == BulkState::Completed;
    let (tally, all) = (&job.tally, job.items.len());
    // Before the end only the counts of rows are told.
    let told = |number: u64| if done { number } else { 0 };
    let count = |number: usize| told(number as u64);
    let missed = all - tally.found;
    let hit_rate = match (done, all) {
        (true, 1..) => tally.found as f64 * 100.0 / all as f64,
        _ => 0.0,
    };
    let launched = match job.phase {
        Phase::Launched { at, .. } => Some(at),
        _ => None,
    };
    let ended = job.ends_at(bulk).filter(|end| *end <= now);
    let took = launched.zip(ended).map(|(start, end)| (end - start).as_millis() as u64);
    json!({
        "v": 2,
        "partial": !done,
        "rows": job.rows.told(processed, if state == BulkState::Failed { all - processed } else { 0 }),
        "results": {
            "found": count(tally.found),
            "not_found": count(missed),
            "hit_rate": hit_rate,
            "records": count(tally.records),
        },
        "distribution": {
            "rows": [share("found", tally.found, all), share("not_found", missed, all)],
        },
        "emails": {
            "total": told(tally.emails),
            "deliverable_rate": match (done, tally.emails) {
                (true, 1..) => tally.valid as f64 * 100.0 / tally.emails as f64,
                _ => 0.0,
            },
        },
        "phones": { "total": told(tally.phones) },
        "errors": { "client": 0, "server": 0, "rate_limited": 0 },
        "credits": credits_of(job.kind, told(job.credits()), told(tally.verifications)),
        "timing": {
            "queued_ms": launched.map(|_| bulk.queued.as_millis() as u64),
            "duration_ms": took,
            "rows_per_minute": rate(tomba, job, now),
        },
    })
}

fn share(key: &str, count: usize, all: usize) -> Value {
    let percent = if all == 0 { 0.0 } else { count as f64 * 100.0 / all as f64 };
    json!({ "key": key, "label": key, "count": count, "percent": percent })
}

/// Rows a minute.
pub(super) fn rate(tomba: &Tomba, job: &Job, now: Instant) -> u64 {
    let bulk = &tomba.options().bulk;
    let processed = job.progress(bulk, now).processed as f64;
    let end = job.ends_at(bulk).map_or(now, |end| end.min(now));
    let since = job.started_at(bulk).map(|start| end.saturating_duration_since(start));
    let minutes = since.unwrap_or_default().as_secs_f64() / 60.0;
    if minutes > 0.0 { (processed / minutes) as u64 } else { 0 }
}

/// How much of a job is done.
pub(super) fn percent(processed: usize, all: usize, state: BulkState) -> usize {
    match state {
        BulkState::Completed => 100,
        _ => processed * 100 / all.max(1),
    }
}

/// Why a job failed, if it did.
pub(super) fn failure(state: BulkState) -> Option<String> {
    (state == BulkState::Failed).then(|| "The bulk broke (synthetic).".to_owned())
}
