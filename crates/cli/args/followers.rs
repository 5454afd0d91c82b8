//! How the sandbox's company followers and count estimates behave.

use super::MOST_MS;
use clap::{Args, value_parser};
use leadmill_sandbox::{Access, EarlyFollowers, EstimateEnd, Followers, OverQuota};
use std::{ops::RangeInclusive, time::Duration};

#[derive(Clone, Debug, Args)]
pub(crate) struct FollowerArgs {
    /// Whether the team may use company followers: approved, pending, rejected, revoked or none.
    #[arg(long, env = "LEADMILL_SANDBOX_FOLLOWER_ACCESS", default_value_t)]
    pub(crate) follower_access: Access,
    /// Credits for one follower.
    #[arg(long, value_name = "CREDITS", env = "LEADMILL_SANDBOX_FOLLOWER_PRICE")]
    pub(crate) follower_price: Option<u64>,
    /// The most followers that may be asked for in a day.
    #[arg(long, value_name = "COUNT", env = "LEADMILL_SANDBOX_FOLLOWERS_A_DAY")]
    pub(crate) followers_a_day: Option<u64>,
    /// The reply to more than that: 429, 403 or 400.
    #[arg(long, env = "LEADMILL_SANDBOX_FOLLOWERS_OVER_QUOTA", default_value_t)]
    pub(crate) followers_over_quota: OverQuota,
    /// How many followers a company has, such as 342 or 300-6000.
    #[arg(
        long,
        value_name = "LEAST-MOST",
        env = "LEADMILL_SANDBOX_COMPANY_FOLLOWERS",
        value_parser = sizes
    )]
    pub(crate) company_followers: Option<RangeInclusive<u32>>,
    /// The reply to a fetch of followers before they are all collected: 400, 409 or 200.
    #[arg(long, env = "LEADMILL_SANDBOX_EARLY_FOLLOWERS", default_value_t)]
    pub(crate) early_followers: EarlyFollowers,
    /// Milliseconds that a count estimate takes.
    #[arg(long, value_name = "MS", value_parser = value_parser!(u64).range(..=MOST_MS), env = "LEADMILL_SANDBOX_ESTIMATE_MS")]
    pub(crate) estimate_ms: Option<u64>,
    /// How a count estimate ends: completed, failed or cancelled.
    #[arg(long, env = "LEADMILL_SANDBOX_ESTIMATE_ENDS", default_value_t)]
    pub(crate) estimate_ends: EstimateEnd,
}

impl FollowerArgs {
    /// The knobs as they were typed.
    pub(crate) fn knobs(&self) -> Followers {
        let usual = Followers::default();
        Followers {
            access: self.follower_access,
            price: self.follower_price.unwrap_or(usual.price),
            daily_limit: self.followers_a_day.unwrap_or(usual.daily_limit),
            over_quota: self.followers_over_quota,
            sizes: self.company_followers.clone().unwrap_or(usual.sizes),
            early_results: self.early_followers,
            estimate_takes: self
                .estimate_ms
                .map_or(usual.estimate_takes, Duration::from_millis),
            estimate_ends: self.estimate_ends,
            ..usual
        }
    }
}

/// `342` or `300-6000`.
fn sizes(text: &str) -> Result<RangeInclusive<u32>, String> {
    let (least, most) = text.split_once('-').unwrap_or((text, text));
    match (least.parse(), most.parse()) {
        (Ok(least), Ok(most)) if least <= most => Ok(least..=most),
        _ => Err("write LEAST-MOST, such as 300-6000".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_one_number_or_two() {
        assert_eq!(sizes("342"), Ok(342..=342));
        assert_eq!(sizes("300-6000"), Ok(300..=6_000));
        for text in ["", "-", "5-", "6-5", "a", "1-2-3"] {
            assert!(sizes(text).is_err(), "{text}");
        }
    }
}
