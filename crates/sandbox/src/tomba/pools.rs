//! What the quota pays with.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::knobs::PoolRule;
use crate::words::worded;

/// A part of the quota.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Pool {
    /// `domains` in `/me`.
    Searches,
    /// `verifications`.
    Verifications,
    /// `phones`.
    Phones,
    /// `count`.
    Count,
    /// `similar`.
    Similar,
    /// `technologies`.
    Technologies,
}

worded!(
    Pool,
    "pool",
    [
        ("searches", Searches),
        ("verifications", Verifications),
        ("phones", Phones),
        ("count", Count),
        ("similar", Similar),
        ("technologies", Technologies),
    ]
);

/// What each pool holds for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Searches.
    pub searches: u64,
    /// Verifications.
    pub verifications: u64,
    /// Phones.
    pub phones: u64,
    /// Counts of addresses.
    pub count: u64,
    /// Similar domains.
    pub similar: u64,
    /// Technologies.
    pub technologies: u64,
}

impl Default for Quota {
    /// That of the largest plan.
    ///
    /// # Source
    /// The sample of `/me` in the documentation of 2023.
    fn default() -> Self {
        Self {
            searches: 50_000,
            verifications: 100_000,
            phones: 5_000,
            count: 80_000,
            similar: 50_000,
            technologies: 50_000,
        }
    }
}

impl Quota {
    /// So much in every pool.
    pub const fn all(credits: u64) -> Self {
        Self {
            searches: credits,
            verifications: credits,
            phones: credits,
            count: credits,
            similar: credits,
            technologies: credits,
        }
    }

    /// What a pool holds.
    pub fn of(&self, pool: Pool) -> u64 {
        match pool {
            Pool::Searches => self.searches,
            Pool::Verifications => self.verifications,
            Pool::Phones => self.phones,
            Pool::Count => self.count,
            Pool::Similar => self.similar,
            Pool::Technologies => self.technologies,
        }
    }
}

/// What something takes, from which pools.
pub(super) type Bill = Vec<(Pool, u64)>;

/// The pools that pay for so many credits of an endpoint.
///
/// # Source
/// Section 15, row A2.
pub(super) fn debited(rule: PoolRule, endpoint: Endpoint, credits: u64) -> Bill {
    let own = match endpoint {
        Endpoint::EmailVerifier => Pool::Verifications,
        Endpoint::PhoneFinder | Endpoint::PhoneValidator => Pool::Phones,
        Endpoint::EmailCount => Pool::Count,
        Endpoint::Similar => Pool::Similar,
        Endpoint::Technology => Pool::Technologies,
        _ => Pool::Searches,
    };
    let pools = match (rule, own) {
        (_, Pool::Searches | Pool::Verifications) | (PoolRule::Separate, _) => vec![own],
        (PoolRule::Searches, own) => vec![Pool::Searches, own],
    };
    pools.into_iter().map(|pool| (pool, credits)).collect()
}

/// How the pools stand.
#[derive(Debug)]
pub(super) struct Pools {
    quota: Quota,
    period: Duration,
    /// When this period began.
    since: Instant,
    used: BTreeMap<Pool, u64>,
    ever: BTreeMap<Pool, u64>,
}

impl Pools {
    /// Full ones.
    pub(super) fn new(quota: Quota, period: Duration, start: Instant) -> Self {
        let (used, ever) = (BTreeMap::new(), BTreeMap::new());
        Self { quota, period, since: start, used, ever }
    }

    /// Lets periods that are over be over.
    pub(super) fn advance(&mut self, now: Instant) {
        while !self.period.is_zero() && now >= self.since + self.period {
            self.since += self.period;
            self.used.clear();
        }
    }

    /// What a pool holds for this period, used or not.
    pub(super) fn available(&self, pool: Pool) -> u64 {
        self.quota.of(pool)
    }

    /// What was taken from a pool in this period.
    pub(super) fn used(&self, pool: Pool) -> u64 {
        self.used.get(&pool).copied().unwrap_or_default()
    }

    /// What is left in a pool.
    pub(super) fn left(&self, pool: Pool) -> u64 {
        self.available(pool).saturating_sub(self.used(pool))
    }

    /// What was ever taken from each pool.
    pub(super) fn ever(&self) -> &BTreeMap<Pool, u64> {
        &self.ever
    }

    /// The first pool that does not hold its part.
    pub(super) fn lacking(&self, bill: &Bill) -> Option<Pool> {
        let lacks = |(pool, credits): &&(Pool, u64)| self.left(*pool) < *credits;
        bill.iter().find(lacks).map(|(pool, _)| *pool)
    }

    /// Takes the whole, or nothing if some pool does not hold its part.
    pub(super) fn take(&mut self, bill: &Bill) -> Result<(), Pool> {
        match self.lacking(bill) {
            Some(pool) => Err(pool),
            None => {
                for (pool, credits) in bill {
                    *self.used.entry(*pool).or_default() += credits;
                    *self.ever.entry(*pool).or_default() += credits;
                }
                Ok(())
            }
        }
    }

    /// Adds to what a pool holds; a negative number takes some out.
    pub(super) fn top_up(&mut self, pool: Pool, credits: i64) {
        let quota = &mut self.quota;
        let held = match pool {
            Pool::Searches => &mut quota.searches,
            Pool::Verifications => &mut quota.verifications,
            Pool::Phones => &mut quota.phones,
            Pool::Count => &mut quota.count,
            Pool::Similar => &mut quota.similar,
            Pool::Technologies => &mut quota.technologies,
        };
        *held = held.saturating_add_signed(credits);
    }
}
