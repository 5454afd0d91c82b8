//! The scrapes and estimates of an account.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::estimate::Estimate;
use super::scrape::Scrape;
use super::search::Search;
use crate::options::Options;
use crate::sandbox::Sandbox;

const DAY: Duration = Duration::from_secs(86_400);

/// What an account has started.
#[derive(Debug, Default)]
pub(crate) struct FollowerState {
    /// Its scrapes by id.
    pub(crate) scrapes: HashMap<String, Scrape>,
    /// Its estimates by id.
    pub(crate) estimates: HashMap<String, Estimate>,
    /// The last estimate of each question.
    pub(crate) estimated: HashMap<Search, String>,
}

impl FollowerState {
    /// How many of its scrapes nobody has settled.
    pub(crate) fn unsettled(&self) -> u64 {
        let open = self.scrapes.values().filter(|scrape| scrape.settlement().is_none());
        open.count() as u64
    }

    /// How many profiles the day has taken so far.
    pub(crate) fn used_today(&self, sandbox: &Sandbox, now: Instant) -> u64 {
        let options: &Options = sandbox.options();
        let day = |at: Instant| day(sandbox.wall_time(at)).0;
        let today = day(now);
        let legs = self.scrapes.values().flat_map(|scrape| &scrape.legs);
        legs.filter(|leg| day(leg.job.submitted) == today)
            .map(|leg| leg.counts(options, now))
            .sum()
    }
}

/// Whole seconds until the day ends, rounded up.
pub(crate) fn until_tomorrow(at: SystemTime) -> u64 {
    let rest = DAY.saturating_sub(day(at).1);
    rest.as_secs() + u64::from(rest.subsec_nanos() > 0)
}

/// The number of a day, and what has passed of it, in UTC.
fn day(at: SystemTime) -> (u64, Duration) {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let day = since.as_secs() / DAY.as_secs();
    (day, since.saturating_sub(Duration::from_secs(day * DAY.as_secs())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        assert_eq!(until_tomorrow(at(0)), 86_400);
        assert_eq!(until_tomorrow(at(86_399_001)), 1);
        assert_eq!(until_tomorrow(at(86_400_000)), 86_400);
        assert_eq!((day(at(86_399_999)).0, day(at(86_400_000)).0), (0, 1));
    }
}
