//! One job. Its progress is a function of the clock.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::draft::Draft;
use super::evaluate::Tally;
use super::kinds::BulkKind;
use super::options::BulkOptions;
use super::rows::{Item, RowCounts};
use crate::faults::{Fault, Quirks};
use crate::tomba::pools::Bill;

/// The states of a job; the last three are its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BulkState {
    /// Never launched, or not begun.
    Pending,
    /// Some rows may be done.
    Running,
    /// All rows are done.
    Completed,
    /// Some rows are done, and no more will be.
    Failed,
    /// Somebody stopped it.
    Cancelled,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) state: BulkState,
    pub(super) processed: usize,
}

/// What was last done to a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// It was created.
    Created,
    /// It was launched, and what will become of it.
    Launched { at: Instant, fails_after: Option<usize>, delay: Duration },
    /// It was stopped when so many rows were done.
    Cancelled { at: Instant, launched: Option<Instant>, processed: usize },
}

/// Something that happened to a job.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) name: &'static str,
    pub(super) at: Instant,
}

/// A job.
#[derive(Clone, Debug)]
pub(super) struct Job {
    pub(super) id: i64,
    pub(super) kind: BulkKind,
    pub(super) name: String,
    pub(super) draft: Arc<Draft>,
    pub(super) items: Arc<Vec<Item>>,
    pub(super) tally: Arc<Tally>,
    pub(super) rows: RowCounts,
    pub(super) phase: Phase,
    pub(super) created: Instant,
    pub(super) archived: bool,
    /// What its first download took.
    pub(super) billed: Option<Bill>,
    pub(super) retries: u32,
    /// How often it was launched, which tells the launches apart.
    pub(super) launches: u32,
    pub(super) downloads: Vec<Instant>,
    pub(super) events: Vec<Event>,
    /// What will become of its first launch, if that was planned at its creation.
    pub(super) fate: Fault,
    pub(super) quirks: Quirks,
}

impl BulkState {
    /// Whether nothing more will happen by itself.
    pub(super) fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Job {
    /// How far the job is.
    pub(super) fn progress(&self, bulk: &BulkOptions, now: Instant) -> Progress {
        let (at, fails_after, delay) = match self.phase {
            Phase::Created => {
                return Progress { state: BulkState::Pending, processed: 0 };
            }
            Phase::Cancelled { processed, .. } => {
                return Progress { state: BulkState::Cancelled, processed };
            }
            Phase::Launched { at, fails_after, delay } => (at, fails_after, delay),
        };
        let work =
            fails_after.map_or(self.items.len(), |rows| rows.min(self.items.len()));
        let length = length(bulk, work) + delay;
        let elapsed = now.saturating_duration_since(at);
        if elapsed >= length {
            let failed = fails_after.is_some();
            let state = if failed { BulkState::Failed } else { BulkState::Completed };
            return Progress { state, processed: work };
        }
        if elapsed < bulk.queued {
            return Progress { state: BulkState::Pending, processed: 0 };
        }
        let (done, all) = (elapsed - bulk.queued, length.saturating_sub(bulk.queued));
        let part = work as u128 * done.as_nanos() / all.as_nanos().max(1);
        let processed = usize::try_from(part).unwrap_or(work).min(work);
        Progress { state: BulkState::Running, processed }
    }

    /// Its state.
    pub(super) fn state(&self, bulk: &BulkOptions, now: Instant) -> BulkState {
        self.progress(bulk, now).state
    }

    /// Whether it was launched and has not ended: those count among the running ones.
    pub(super) fn is_active(&self, bulk: &BulkOptions, now: Instant) -> bool {
        let launched = matches!(self.phase, Phase::Launched { .. });
        launched && !self.state(bulk, now).is_terminal()
    }

    /// When it ends, if it was launched.
    pub(super) fn ends_at(&self, bulk: &BulkOptions) -> Option<Instant> {
        match self.phase {
            Phase::Created => None,
            Phase::Cancelled { at, .. } => Some(at),
            Phase::Launched { at, fails_after, delay } => {
                let work = fails_after.unwrap_or(usize::MAX).min(self.items.len());
                Some(at + length(bulk, work) + delay)
            }
        }
    }

    /// When it begins to run, if it was launched.
    pub(super) fn started_at(&self, bulk: &BulkOptions) -> Option<Instant> {
        match self.phase {
            Phase::Created => None,
            Phase::Launched { at, .. } => Some(at + bulk.queued),
            Phase::Cancelled { launched, .. } => launched.map(|at| at + bulk.queued),
        }
    }

    /// Whether it can be downloaded no more.
    pub(super) fn is_expired(&self, bulk: &BulkOptions, now: Instant) -> bool {
        now >= self.created + bulk.expiry
    }

    /// Writes down what happened.
    pub(super) fn happened(&mut self, name: &'static str, at: Instant) {
        self.events.push(Event { name, at });
    }

    /// Credits of the tool itself.
    pub(super) fn credits(&self) -> u64 {
        self.tally.credits.iter().map(|credits| u64::from(*credits)).sum()
    }
}

fn length(bulk: &BulkOptions, rows: usize) -> Duration {
    let rows = u32::try_from(rows).unwrap_or(u32::MAX);
    bulk.fixed.max(bulk.queued) + bulk.per_row.saturating_mul(rows)
}
