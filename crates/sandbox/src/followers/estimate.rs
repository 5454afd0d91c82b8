//! One estimate at work, and the numbers that it ends with.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::filters::FiltersApplied;
use super::knobs::EstimateEnd;
use super::lists::{DEPARTMENTS, LEVELS};
use super::search::Search;
use crate::options::Options;

/// Credits for an estimate, whatever it counts.
pub(crate) const PRICE: u64 = 100;
/// How long the answer to a question is free.
pub(crate) const CACHED_FOR: Duration = Duration::from_secs(24 * 3_600);
/// How long after its start a failed estimate gives its credits back.
pub(crate) const REFUNDED_WITHIN: Duration = Duration::from_secs(7 * 86_400);

/// A started estimate.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    /// What was asked.
    pub(crate) search: Search,
    /// The company's address as it was sent.
    pub(crate) company_url: String,
    /// When it was started.
    pub(crate) created: Instant,
    /// How much longer it takes than others.
    pub(crate) delay: Duration,
    /// How it ends.
    pub(crate) ends: EstimateEnd,
    /// Whether its credits have come back.
    pub(crate) refunded: bool,
}

/// The states of an estimate; the last three are its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum EstimateState {
    /// Not begun.
    Pending,
    /// Begun.
    InProgress,
    /// It has its numbers.
    Completed,
    /// It has none.
    Failed,
    /// It will have none.
    Cancelled,
}

/// The numbers. Without any follower there is nothing to break down.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CountEstimateResult {
    total_count: u32,
    function_breakdown: Option<Vec<FunctionBreakdown>>,
    seniority_breakdown: Option<Vec<SeniorityBreakdown>>,
    filters_applied: Option<FiltersApplied>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FunctionBreakdown {
    function_name: &'static str,
    function_id: String,
    count: u32,
    percentage: f64,
    seniority_breakdown: Vec<SeniorityBreakdown>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SeniorityBreakdown {
    seniority_level: &'static str,
    seniority_id: String,
    count: u32,
    percentage: f64,
}

impl Estimate {
    /// When it ends.
    pub(crate) fn ends_at(&self, options: &Options) -> Instant {
        self.created + options.followers.estimate_takes + self.delay
    }

    /// Its state at `now`.
    pub(crate) fn state(&self, options: &Options, now: Instant) -> EstimateState {
        if now >= self.ends_at(options) {
            return match self.ends {
                EstimateEnd::Completed => EstimateState::Completed,
                EstimateEnd::Failed => EstimateState::Failed,
                EstimateEnd::Cancelled => EstimateState::Cancelled,
            };
        }
        match now < self.created + options.job_queued {
            true => EstimateState::Pending,
            false => EstimateState::InProgress,
        }
    }

    /// Whether its answer is free for whoever asks the same at `now`.
    pub(crate) fn is_cached(&self, options: &Options, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.ends_at(options));
        self.state(options, now) == EstimateState::Completed && age < CACHED_FOR
    }

    /// How many followers pass the filters: no estimate at all, but the exact number that a scrape finds.
    pub(crate) fn count(&self, options: &Options) -> CountEstimateResult {
        let crowd = self.search.crowd(options);
        let mut functions = vec![vec![0_u32; LEVELS.len()]; DEPARTMENTS.len()];
        for follower in crowd.followers().filter(|one| self.search.filters.pass(one)) {
            let levels = functions.get_mut(follower.department);
            if let Some(count) = levels.and_then(|levels| levels.get_mut(follower.level))
            {
                *count += 1;
            }
        }
        let all: Vec<u32> = (0..LEVELS.len())
            .map(|level| functions.iter().filter_map(|of| of.get(level)).sum())
            .collect();
        let total: u32 = all.iter().sum();
        CountEstimateResult {
            total_count: total,
            function_breakdown: (total > 0).then(|| by_function(&functions, total)),
            seniority_breakdown: (total > 0).then(|| by_level(&all)),
            filters_applied: self.search.filters.applied(),
        }
    }
}

/// Departments with followers, in the order of the list. Their ids are their places, counted from 1.
fn by_function(functions: &[Vec<u32>], total: u32) -> Vec<FunctionBreakdown> {
    let named = DEPARTMENTS.iter().zip(functions).enumerate();
    named
        .map(|(place, (name, levels))| {
            let count = levels.iter().sum();
            FunctionBreakdown {
                function_name: name,
                function_id: (place + 1).to_string(),
                count,
                percentage: percentage(count, total),
                seniority_breakdown: by_level(levels),
            }
        })
        .filter(|function| function.count > 0)
        .collect()
}

fn by_level(levels: &[u32]) -> Vec<SeniorityBreakdown> {
    let total = levels.iter().sum();
    let named = LEVELS.iter().zip(levels).enumerate();
    named
        .filter(|(_, (_, count))| **count > 0)
        .map(|(place, (name, count))| SeniorityBreakdown {
            seniority_level: name,
            seniority_id: (place + 1).to_string(),
            count: *count,
            percentage: percentage(*count, total),
        })
        .collect()
}

/// Hundredths of a whole, with one decimal.
fn percentage(part: u32, whole: u32) -> f64 {
    (f64::from(part) * 1_000.0 / f64::from(whole.max(1))).round() / 10.0
}
