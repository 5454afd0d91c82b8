//! `GET /bulk/stats`: what all jobs of a span of days come to.

use std::collections::BTreeMap;
use std::time::Duration;

use http::Uri;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::job::{BulkState, Job};
use super::kinds::{BulkKind, KINDS};
use super::metrics::credits_of;
use crate::tomba::failure::Failure;
use crate::tomba::handle::Tomba;
use crate::tomba::params::Params;
use crate::tomba::times::day;

/// Sums over jobs.
#[derive(Default)]
struct Sums {
    jobs: u64,
    rows: u64,
    found: u64,
    emails: u64,
    credits: u64,
    verified: u64,
}

/// The statistics of the days that were asked for, by default the last thirty.
pub(super) fn stats(tomba: &Tomba, uri: &Uri) -> Result<Value, Failure> {
    let (params, now) = (Params::of(uri, tomba.options()), Instant::now());
    let is_day = |text: &str| text.len() == 10 && text.split('-').count() == 3;
    let wall = tomba.wall_time(now);
    let from = params.may("from", is_day)?.map(str::to_owned);
    let from = from.unwrap_or_else(|| day(wall - Duration::from_secs(30 * 86_400)));
    let to = params.may("to", is_day)?.map_or_else(|| day(wall), str::to_owned);
    let kind = params.get("type").map(str::parse::<BulkKind>).transpose();
    let kind = kind.map_err(|_| params.refuse("The parameter type is not valid."))?;
    let book = tomba.book();
    let created_on = |job: &Job| day(tomba.wall_time(job.created));
    let wanted = |job: &&Job| {
        kind.is_none_or(|kind| job.kind == kind)
            && (from.clone()..=to.clone()).contains(&created_on(job))
    };
    let jobs: Vec<&Job> = book.bulks.jobs.values().filter(wanted).collect();
    let bulk = &tomba.options().bulk;
    let in_state =
        |state| jobs.iter().filter(|job| job.state(bulk, now) == state).count();
    let sum = |jobs: &[&Job]| summed(tomba, jobs, now);
    let of_kind = |kind: BulkKind| {
        let jobs: Vec<&Job> =
            jobs.iter().copied().filter(|job| job.kind == kind).collect();
        let sums = sum(&jobs);
        json!({
            "type": kind, "label": kind.to_string(), "jobs": sums.jobs,
            "rows_processed": sums.rows, "found": sums.found, "hit_rate": sums.hit_rate(),
            "credits": credits_of(kind, sums.credits, sums.verified),
        })
    };
    let mut days = BTreeMap::<String, Vec<&Job>>::new();
    for job in &jobs {
        days.entry(created_on(job)).or_default().push(job);
    }
    let daily = days.into_iter().map(|(date, jobs)| {
        let sums = sum(&jobs);
        let credits = sums.credits + sums.verified;
        json!({ "date": date, "jobs": sums.jobs, "rows_processed": sums.rows, "credits": credits })
    });
    let all = sum(&jobs);
    Ok(json!({ "data": {
        "from": from, "to": to,
        "jobs": {
            "total": jobs.len(),
            "pending": in_state(BulkState::Pending),
            "running": in_state(BulkState::Running),
            "completed": in_state(BulkState::Completed),
            "failed": in_state(BulkState::Failed),
            "cancelled": in_state(BulkState::Cancelled),
        },
        "rows_processed": all.rows, "found": all.found, "emails_found": all.emails,
        "hit_rate": all.hit_rate(),
        "credits": { "total": all.credits + all.verified },
        "by_type": KINDS.into_iter().map(of_kind).collect::<Vec<_>>(),
        "daily": daily.collect::<Vec<_>>(),
    } }))
}

fn summed(tomba: &Tomba, jobs: &[&Job], now: Instant) -> Sums {
    let mut sums = Sums::default();
    for job in jobs {
        let progress = job.progress(&tomba.options().bulk, now);
        sums.jobs += 1;
        sums.rows += progress.processed as u64;
        if progress.state == BulkState::Completed {
            sums.found += job.tally.found as u64;
            sums.emails += job.tally.emails;
        }
        if job.billed.is_some() {
            sums.credits += job.credits();
            sums.verified += job.tally.verifications;
        }
    }
    sums
}

impl Sums {
    fn hit_rate(&self) -> f64 {
        if self.rows == 0 { 0.0 } else { self.found as f64 * 100.0 / self.rows as f64 }
    }
}
