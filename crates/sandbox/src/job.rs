//! One batch at work. Its progress is a function of the clock.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use crate::faults::Quirks;
use crate::items::Items;
use crate::options::Options;

/// The states of a job; the last two are its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum JobState {
    /// Not begun.
    Queued,
    /// Some items may be done.
    Processing,
    /// All items are done.
    Completed,
    /// Some items are done, and no more will be.
    Failed,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its state.
    pub(crate) state: JobState,
    /// How many items are done.
    pub(crate) processed: usize,
}

/// What a job cost in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Settlement {
    /// Credits spent.
    pub(crate) used: u64,
    /// Credits that came back.
    pub(crate) refunded: u64,
}

/// A submitted batch.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The name of its product: another product's paths do not know it.
    pub(crate) product: &'static str,
    /// Its distinct items.
    pub(crate) items: Arc<Items>,
    /// The credits taken at its submit.
    pub(crate) reserved: u64,
    /// When it was submitted.
    pub(crate) submitted: Instant,
    /// How many items it does before it fails, if it is to fail.
    pub(crate) fails_after: Option<usize>,
    /// How much longer it takes than others.
    pub(crate) delay: Duration,
    /// What is wrong with its results.
    pub(crate) quirks: Quirks,
    /// What it cost, once settled.
    pub(crate) settlement: Option<Settlement>,
}

impl JobState {
    /// Whether nothing more will happen.
    pub(crate) fn is_terminal(self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

impl Job {
    /// How far the job is at `now`.
    pub(crate) fn progress(&self, options: &Options, now: Instant) -> Progress {
        let total = self.items.len();
        let work = self.fails_after.map_or(total, |after| after.min(total));
        let items = u32::try_from(work).unwrap_or(u32::MAX);
        let length =
            self.delay + options.job_fixed + options.job_per_item.saturating_mul(items);
        let elapsed = now.saturating_duration_since(self.submitted);
        if elapsed >= length {
            let ended = if self.fails_after.is_some() {
                JobState::Failed
            } else {
                JobState::Completed
            };
            return Progress { state: ended, processed: work };
        }
        if elapsed < options.job_queued {
            return Progress { state: JobState::Queued, processed: 0 };
        }
        let (done, all) = (elapsed - options.job_queued, length - options.job_queued);
        Progress { state: JobState::Processing, processed: share(work, done, all) }
    }
}

/// The part of `work` that is done when `done` of `all` has passed, rounded down.
fn share(work: usize, done: Duration, all: Duration) -> usize {
    let part = work as u128 * done.as_nanos() / all.as_nanos().max(1);
    usize::try_from(part).unwrap_or(work).min(work)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(items: usize, fails_after: Option<usize>) -> Job {
        let names: Vec<String> = (0..items).map(|nth| nth.to_string()).collect();
        Job {
            product: "p",
            items: Arc::new(Items::distinct(names.iter().map(|name| [name.as_str()]))),
            reserved: 0,
            submitted: Instant::now(),
            fails_after,
            delay: Duration::ZERO,
            quirks: Quirks::default(),
            settlement: None,
        }
    }

    fn after(job: &Job, millis: u64) -> (JobState, usize) {
        let at = job.submitted + Duration::from_millis(millis);
        let progress = job.progress(&Options::default(), at);
        (progress.state, progress.processed)
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_is_queued_then_processes_its_items_evenly_then_is_completed() {
        let job = job(1_000, None);
        assert_eq!(after(&job, 499), (JobState::Queued, 0));
        assert_eq!(after(&job, 500), (JobState::Processing, 0));
        assert_eq!(after(&job, 1_750), (JobState::Processing, 500));
        assert_eq!(after(&job, 2_999), (JobState::Processing, 999));
        assert_eq!(after(&job, 3_000), (JobState::Completed, 1_000));
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_job_ends_with_some_items_done() {
        let job = job(1_000, Some(200));
        assert_eq!(after(&job, 2_199).0, JobState::Processing);
        assert_eq!(after(&job, 2_200), (JobState::Failed, 200));
    }
}
