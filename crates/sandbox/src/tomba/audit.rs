//! What the server saw: the truth that a client's account book is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::book::Book;
use super::bulk::audit::BulkAudit;
use super::bulk::kinds::BulkKind;
use super::endpoint::Endpoint;
use super::options::Options;
use super::pools::Pool;
use crate::audit::{CallbackAudit, WindowAudit};

/// What a sandbox of Tomba has seen and sold so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Requests by route, e.g. `GET /bulk/finder/{id}/progress`, refused ones included.
    pub requests: BTreeMap<String, u64>,
    /// Replies by status. A reply that was then lost counts as it was meant.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests got 429, by limits of rates or of jobs.
    pub throttled: u64,
    /// How many requests of colleagues passed. They count nowhere else in the audit.
    pub foreign_accepted: u64,
    /// How many requests of colleagues were refused.
    pub foreign_refused: u64,
    /// Each window with the most requests of the client that it has held.
    pub windows: Vec<WindowAudit<Endpoint>>,
    /// The most requests beyond its limit that any window was offered.
    pub worst_excess: u64,
    /// Credits ever taken from each pool, over all periods.
    pub spent: BTreeMap<Pool, u64>,
    /// What is left in each pool.
    pub left: BTreeMap<Pool, u64>,
    /// How many lookups were free because an identical one had been paid for.
    pub repeats: u64,
    /// How often each question was answered, by a lookup or by a job that was launched, e.g.
    /// `email-finder:ada|testerly|example.com`. Empty if [`Options::track_questions`] is off, as are the next two.
    pub asked: BTreeMap<String, u32>,
    /// How often each was paid for: found by a lookup and not free, or found by a job that was billed.
    pub paid: BTreeMap<String, u32>,
    /// How often each was free because it had been paid for.
    pub repeated: BTreeMap<String, u32>,
    /// How many questions were paid for more than once.
    pub paid_twice: u64,
    /// Bulk jobs.
    pub bulk: BulkAudit,
    /// Credits of jobs that were completed and never downloaded.
    pub unbilled: BTreeMap<BulkKind, u64>,
    /// What became of callbacks of jobs.
    pub callbacks: CallbackAudit,
    /// What became of callbacks that name a job that there is not.
    pub forged: CallbackAudit,
}

impl<K> WindowAudit<K> {
    /// How many requests too many the busiest span of the window was offered.
    pub fn excess(&self) -> u64 {
        self.offered.saturating_sub(u64::from(self.limit))
    }
}

const POOLS: [Pool; 6] = [
    Pool::Searches,
    Pool::Verifications,
    Pool::Phones,
    Pool::Count,
    Pool::Similar,
    Pool::Technologies,
];

impl Book {
    /// What the team has seen so far.
    pub(super) fn audit(&self, options: &Options, now: Instant) -> Audit {
        let foreign = self.limits.foreign();
        let windows = self.limits.audit();
        let paid = &self.memory.paid;
        Audit {
            requests: self.requests.clone(),
            statuses: self.statuses.clone(),
            throttled: self.statuses.get(&429).copied().unwrap_or_default(),
            foreign_accepted: foreign.accepted,
            foreign_refused: foreign.refused,
            worst_excess: windows.iter().map(WindowAudit::excess).max().unwrap_or(0),
            windows,
            spent: self.pools.ever().clone(),
            left: POOLS.map(|pool| (pool, self.pools.left(pool))).into(),
            repeats: self.repeats,
            asked: self.memory.asked.clone(),
            paid: paid.clone(),
            repeated: self.memory.repeats.clone(),
            paid_twice: paid.values().filter(|&&times| times > 1).count() as u64,
            bulk: self.bulks.audit(options, now),
            unbilled: self.bulks.unbilled(options, now),
            callbacks: self.callbacks,
            forged: self.forged,
        }
    }
}
