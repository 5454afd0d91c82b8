//! What became of bulk jobs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::job::{BulkState, Job};
use super::kinds::BulkKind;
use super::state::Bulks;
use crate::tomba::options::Options;

/// What became of bulk jobs.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BulkAudit {
    /// Jobs created, by tool.
    pub created: BTreeMap<BulkKind, u64>,
    /// Creations refused because the day's are used up.
    pub refused_creations: u64,
    /// The most jobs of one tool that were created in a day, counted as the limit is.
    pub most_created: u64,
    /// Launches that took effect.
    pub launched: u64,
    /// Launches refused because others run.
    pub refused_launches: u64,
    /// Launches of jobs that had been launched.
    pub relaunched: u64,
    /// The most jobs of one tool that ran at once.
    pub most_running: u64,
    /// Jobs that were billed.
    pub billed: u64,
    /// Credits that jobs were billed.
    pub credits: u64,
    /// Files given out.
    pub downloads: u64,
    /// Downloads refused.
    pub refused_downloads: u64,
    /// Jobs that failed, were cancelled, were run again, and were deleted.
    pub failed: u64,
    /// Jobs that were cancelled.
    pub cancelled: u64,
    /// Jobs that were run again.
    pub retried: u64,
    /// Jobs that were deleted.
    pub deleted: u64,
    /// Jobs that there are, by id.
    pub jobs: BTreeMap<i64, JobAudit>,
}

/// What became of one job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAudit {
    /// Its tool.
    pub kind: BulkKind,
    /// Its name.
    pub name: String,
    /// Its state.
    pub state: BulkState,
    /// Its rows, as submitted.
    pub rows: usize,
    /// Those that are asked.
    pub asked: usize,
    /// How often it was launched.
    pub launches: u32,
    /// Whether it was billed.
    pub billed: bool,
    /// Files given out.
    pub downloads: usize,
}
impl Bulks {
    /// What became of jobs.
    pub(in crate::tomba) fn audit(&self, options: &Options, now: Instant) -> BulkAudit {
        let bulk = &options.bulk;
        let told = |job: &Job| JobAudit {
            kind: job.kind,
            name: job.name.clone(),
            state: job.state(bulk, now),
            rows: job.rows.input,
            asked: job.items.len(),
            launches: job.launches,
            billed: job.billed.is_some(),
            downloads: job.downloads.len(),
        };
        let failed = |job: &&Job| job.state(bulk, now) == BulkState::Failed;
        BulkAudit {
            jobs: self.jobs.iter().map(|(id, job)| (*id, told(job))).collect(),
            failed: self.jobs.values().filter(failed).count() as u64,
            ..self.seen.clone()
        }
    }

    /// Credits of jobs that are completed and were never downloaded.
    pub(in crate::tomba) fn unbilled(
        &self,
        options: &Options,
        now: Instant,
    ) -> BTreeMap<BulkKind, u64> {
        let mut credits = BTreeMap::new();
        let done = |job: &&Job| job.state(&options.bulk, now) == BulkState::Completed;
        for job in self.jobs.values().filter(done).filter(|job| job.billed.is_none()) {
            *credits.entry(job.kind).or_default() +=
                job.credits() + job.tally.verifications;
        }
        credits
    }
}
