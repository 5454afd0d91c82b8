//! How many profiles a team may still ask for today.

use tokio::time::Instant;

use super::declined::Declined;
use crate::account::Account;
use crate::followers::knobs::OverQuota;
use crate::followers::state::until_tomorrow;
use crate::problem::Problem;
use crate::sandbox::Sandbox;

/// The part of the day's quota that is gone.
///
/// A scrape takes what it asks for, and once it has ended only what it has collected, on the day on which it
/// was started.
pub(crate) fn used(sandbox: &Sandbox, account: &Account, now: Instant) -> u64 {
    account.followers.used_today(sandbox, now)
}

/// Refuses what does not fit into the day.
pub(crate) fn check(
    sandbox: &Sandbox,
    account: &Account,
    asked: u64,
    now: Instant,
) -> Result<(), Declined> {
    let options = sandbox.options();
    let knobs = &options.followers;
    let left = knobs.daily_limit.saturating_sub(used(sandbox, account, now));
    if asked <= left {
        return Ok(());
    }
    let detail =
        format!("Daily profile limit exceeded. Requested: {asked}, remaining: {left}");
    Err(match knobs.over_quota {
        OverQuota::Throttled => {
            let wait = until_tomorrow(sandbox.wall_time(now));
            Declined::DayUsedUp(options.throttle_body, wait)
        }
        OverQuota::Forbidden => Problem::forbidden(detail).into(),
        OverQuota::Invalid => Problem::validation(detail).into(),
    })
}
