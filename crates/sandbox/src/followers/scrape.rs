//! One scrape at work: a leg from its start, and one more each time it is continued.

use tokio::time::Instant;

use super::search::Search;
use crate::answers::followers::Crowd;
use crate::job::{Job, JobState, Settlement};
use crate::options::Options;

/// A started scrape.
///
/// Its items are the followers that it is to collect, by their numbers in the company's crowd. A leg that
/// ends early leaves the rest of its items to the next one, so that all legs in a row have collected the
/// first so many.
#[derive(Clone, Debug)]
pub(crate) struct Scrape {
    /// What was asked.
    pub(crate) search: Search,
    /// The company's address as it was sent.
    pub(crate) company_url: String,
    /// Where its callbacks go.
    pub(crate) callback: Option<String>,
    /// The start, and what has continued it.
    pub(crate) legs: Vec<Leg>,
}

/// A part of a scrape with a reserve of its own.
#[derive(Clone, Debug)]
pub(crate) struct Leg {
    /// The work.
    pub(crate) job: Job,
    /// Profiles that were asked for, found or not.
    pub(crate) asked: u64,
}

/// How far a scrape is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Collected {
    /// Followers collected.
    pub(crate) processed: usize,
    /// Followers that there are to collect, once that is known.
    pub(crate) total: Option<usize>,
    /// Whether it has ended.
    pub(crate) done: bool,
}

impl Collected {
    /// Whether it has ended with less than there is.
    pub(crate) fn is_partial(self) -> bool {
        self.done && self.lacking() > 0
    }

    /// How many there are beyond those collected.
    pub(crate) fn lacking(self) -> usize {
        self.total.map_or(0, |total| total.saturating_sub(self.processed))
    }
}

impl Scrape {
    /// How far it is at `now`.
    pub(crate) fn collected(&self, options: &Options, now: Instant) -> Collected {
        let mut collected =
            Collected { processed: 0, total: Some(self.to_collect()), done: true };
        for Leg { job, .. } in &self.legs {
            let progress = job.progress(options, now);
            collected.processed += progress.processed;
            collected.done = progress.state.is_terminal();
            let unknown = progress.state == JobState::Queued && self.legs.len() == 1;
            if unknown && !options.followers.total_at_once {
                collected.total = None;
            }
        }
        collected
    }

    /// How many followers it is to collect.
    fn to_collect(&self) -> usize {
        self.legs.first().map_or(0, |leg| leg.job.items.len())
    }

    /// The number in the crowd of the follower that was collected at this position.
    pub(crate) fn number(&self, position: usize) -> Option<u32> {
        let leg = self.legs.first()?;
        let in_range = position < leg.job.items.len();
        in_range.then(|| number(&leg.job, position)).flatten()
    }

    /// The followers of its company.
    pub(crate) fn crowd(&self, options: &Options) -> Crowd {
        self.search.crowd(options)
    }

    /// When it was first started.
    pub(crate) fn started(&self) -> Option<Instant> {
        self.legs.first().map(|leg| leg.job.submitted)
    }

    /// When its last leg ends.
    pub(crate) fn ends_at(&self, options: &Options) -> Option<Instant> {
        self.legs.last().map(|leg| leg.job.ends_at(options))
    }

    /// Whether it ended so long ago that it is known no more.
    pub(crate) fn is_forgotten(&self, options: &Options, now: Instant) -> bool {
        self.legs.last().is_some_and(|leg| leg.job.is_forgotten(options, now))
    }

    /// What all its legs cost, if all are settled.
    pub(crate) fn settlement(&self) -> Option<Settlement> {
        self.legs.iter().try_fold(Settlement { used: 0, refunded: 0 }, |sum, leg| {
            let settled = leg.job.settlement?;
            Some(Settlement {
                used: sum.used + settled.used,
                refunded: sum.refunded + settled.refunded,
            })
        })
    }
}

impl Leg {
    /// Profiles that count for the quota at `now`: those asked for, and in the end those collected.
    pub(crate) fn counts(&self, options: &Options, now: Instant) -> u64 {
        let progress = self.job.progress(options, now);
        if progress.state.is_terminal() { progress.processed as u64 } else { self.asked }
    }
}

/// The number in the crowd of an item of a leg.
pub(crate) fn number(job: &Job, index: usize) -> Option<u32> {
    job.items.get(index).first()?.parse().ok()
}
