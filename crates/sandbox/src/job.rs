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
    /// How many items it does.
    pub(crate) fn work(&self) -> usize {
        let total = self.items.len();
        self.fails_after.map_or(total, |after| after.min(total))
    }

    /// How it ends.
    pub(crate) fn end(&self) -> JobState {
        if self.fails_after.is_some() { JobState::Failed } else { JobState::Completed }
    }

    /// When it ends.
    pub(crate) fn ends_at(&self, options: &Options) -> Instant {
        self.submitted + self.length(options)
    }

    /// Whether it ended so long ago that it is known no more (section 14, row 19).
    pub(crate) fn is_forgotten(&self, options: &Options, now: Instant) -> bool {
        options.retention.is_some_and(|kept| now >= self.ends_at(options) + kept)
    }

    /// The first moment at which `progress` counts the item at this position as done.
    pub(crate) fn finishes_at(&self, options: &Options, index: usize) -> Instant {
        let (length, work) = (self.length(options), self.work().max(1) as u128);
        let all = length.saturating_sub(options.job_queued);
        let part = (index as u128 + 1) * all.as_nanos();
        let done = u64::try_from(part.div_ceil(work)).unwrap_or(u64::MAX);
        let elapsed = options.job_queued.saturating_add(Duration::from_nanos(done));
        self.submitted + elapsed.min(length)
    }

    /// How far the job is at `now`.
    pub(crate) fn progress(&self, options: &Options, now: Instant) -> Progress {
        let (work, length) = (self.work(), self.length(options));
        let elapsed = now.saturating_duration_since(self.submitted);
        if elapsed >= length {
            return Progress { state: self.end(), processed: work };
        }
        if elapsed < options.job_queued {
            return Progress { state: JobState::Queued, processed: 0 };
        }
        let (done, all) = (elapsed - options.job_queued, length - options.job_queued);
        Progress { state: JobState::Processing, processed: share(work, done, all) }
    }

    fn length(&self, options: &Options) -> Duration {
        let items = u32::try_from(self.work()).unwrap_or(u32::MAX);
        self.delay + options.job_fixed + options.job_per_item.saturating_mul(items)
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
            items: Arc::new(Items::distinct(
                "p",
                names.iter().map(|name| [name.as_str()]),
            )),
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
    async fn an_item_finishes_at_the_first_moment_that_counts_it() {
        let options = Options::default();
        for (items, fails_after) in [(1, None), (7, None), (1_000, None), (999, Some(77))]
        {
            let job = job(items, fails_after);
            for index in 0..job.work() {
                let at = job.finishes_at(&options, index);
                let before = job.progress(&options, at - Duration::from_nanos(1));
                assert!(job.progress(&options, at).processed > index);
                assert!(before.processed <= index, "{index} of {items}");
                assert!(at <= job.ends_at(&options));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_failing_job_ends_with_some_items_done() {
        let job = job(1_000, Some(200));
        assert_eq!(after(&job, 2_199).0, JobState::Processing);
        assert_eq!(after(&job, 2_200), (JobState::Failed, 200));
    }
}
