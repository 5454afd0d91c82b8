//! The knobs of company followers and count estimates.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::access::Access;
use crate::words::worded;

/// How company followers and count estimates behave. Rows are those of section 14 of the reference.
#[derive(Clone, Debug)]
pub struct Followers {
    /// Whether the team may use them (row 27).
    pub access: Access,
    /// Credits for one profile; the reference's example is 100, and each team has its own.
    pub price: u64,
    /// The most profiles that a team may ask for in a day, which begins at midnight UTC.
    pub daily_limit: u64,
    /// The reply to a scrape that asks for more than is left of the day. The reference does not know it.
    pub over_quota: OverQuota,
    /// How many followers a company has, at least and at most.
    pub sizes: RangeInclusive<u32>,
    /// The reply to a fetch of followers before the end (row 8, and section 10.3: only after it).
    pub early_results: EarlyFollowers,
    /// Whether the progress knows the total from the start. By default it is -1 while the scrape would be
    /// `queued` (row 28).
    pub total_at_once: bool,
    /// Whether nothing can be recovered of a partial scrape, so that continuing it is 422.
    pub unrecoverable: bool,
    /// How long an estimate takes, counted from its start.
    pub estimate_takes: Duration,
    /// How estimates end that no fault strikes.
    pub estimate_ends: EstimateEnd,
}

impl Default for Followers {
    fn default() -> Self {
        Self {
            access: Access::default(),
            price: 100,
            daily_limit: 50_000,
            over_quota: OverQuota::default(),
            sizes: 300..=6_000,
            early_results: EarlyFollowers::default(),
            total_at_once: false,
            unrecoverable: false,
            estimate_takes: Duration::from_secs(30),
            estimate_ends: EstimateEnd::default(),
        }
    }
}

/// The reply to a scrape that asks for more profiles than are left of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OverQuota {
    /// 429 with a `Retry-After` until the day ends: the only one that is declared and says when to come back.
    #[default]
    Throttled,
    /// 403.
    Forbidden,
    /// 400.
    Invalid,
}

worded!(
    OverQuota,
    "reply to too many profiles",
    [("429", Throttled), ("403", Forbidden), ("400", Invalid)]
);

/// The reply to a fetch of followers before the scrape is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EarlyFollowers {
    /// 400, as is documented for the export.
    #[default]
    Invalid,
    /// 409.
    Conflict,
    /// 200 with the followers found so far; nothing is settled.
    Partial,
}

worded!(
    EarlyFollowers,
    "reply to an early fetch",
    [("400", Invalid), ("409", Conflict), ("200", Partial)]
);

/// How an estimate ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum EstimateEnd {
    /// With its numbers.
    #[default]
    Completed,
    /// Without; the credits come back with the next look at it.
    Failed,
    /// Without, and nothing comes back.
    Cancelled,
}

worded!(
    EstimateEnd,
    "end of an estimate",
    [("completed", Completed), ("failed", Failed), ("cancelled", Cancelled)]
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::tests::reads_as_it_is_written;

    #[test]
    fn every_choice_reads_as_it_is_written() {
        reads_as_it_is_written(
            &[OverQuota::Throttled, OverQuota::Forbidden, OverQuota::Invalid],
            &["429", "403", "400"],
        );
        reads_as_it_is_written(
            &[EarlyFollowers::Invalid, EarlyFollowers::Conflict, EarlyFollowers::Partial],
            &["400", "409", "200"],
        );
        reads_as_it_is_written(
            &[EstimateEnd::Completed, EstimateEnd::Failed, EstimateEnd::Cancelled],
            &["completed", "failed", "cancelled"],
        );
    }
}
