//! What the server saw: the truth that a client's account book is compared with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::plan::Category;

/// What a sandbox has seen and sold so far.
///
/// `balance + charged + reserved` is always the starting balance plus what was topped up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Requests by route, e.g. `GET /email-finder/batch/{batchId}/results`, refused ones included.
    pub requests: BTreeMap<String, u64>,
    /// Replies by status. A reply that was then lost counts as it was meant.
    pub statuses: BTreeMap<u16, u64>,
    /// How many requests got 429.
    pub throttled: u64,
    /// How many requests of colleagues passed. They count nowhere else in the audit.
    pub foreign_accepted: u64,
    /// How many requests of colleagues were refused.
    pub foreign_refused: u64,
    /// Each window with the most requests of the client that it has held.
    pub windows: Vec<WindowAudit>,
    /// Credits that can be spent.
    pub balance: u64,
    /// Credits spent for good; a failed estimate still gives them back.
    pub charged: u64,
    /// Credits taken by batches that are not settled.
    pub reserved: u64,
    /// Batches and scrapes accepted; a scrape that is continued is one.
    pub jobs: u64,
    /// Batches and scrapes accepted that are not settled: those whose results were never fetched after their end,
    /// but for scrapes that are settled by themselves.
    pub unsettled: u64,
    /// What became of callbacks, by kind.
    pub callbacks: CallbacksAudit,
    /// How many paid acts were accepted for each question, named as by [`question`](crate::question).
    /// Empty if [`Options::track_questions`](crate::Options::track_questions) is off.
    pub asked: BTreeMap<String, u32>,
    /// How many questions were paid for more than once. A lookup that was free, as one that finds nobody is, may be
    /// asked again: it is among those that were [`asked`](Self::asked), and counts for nothing here.
    pub asked_twice: u64,
}

/// What became of callbacks, by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallbacksAudit {
    /// Those of items.
    pub items: CallbackAudit,
    /// Those of the ends of jobs.
    pub completions: CallbackAudit,
    /// Those that name a job that there is not.
    pub forged: CallbackAudit,
}

/// What became of callbacks of one kind.
///
/// `sent - acknowledged - failed` are on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CallbackAudit {
    /// POSTs begun; each retry and each second copy is one more.
    pub sent: u64,
    /// POSTs answered with any 2xx.
    pub acknowledged: u64,
    /// POSTs answered otherwise, or not in time, or not to be delivered, as those to `https://` are.
    pub failed: u64,
    /// Callbacks lost on demand, for which there was no POST.
    pub lost: u64,
}

/// The most requests that any half-open span of a window's length has held, counted exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowAudit<K = Category> {
    /// The requests that it counts.
    pub category: K,
    /// Its length in milliseconds.
    pub length_ms: u64,
    /// How many it should let through: the most, if that has changed.
    pub limit: u32,
    /// The most that were accepted.
    pub peak: u64,
    /// The most that were asked for, refused ones included.
    pub offered: u64,
}

/// What became of the requests of colleagues, as far as they were looked at: until the client's last request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ForeignAudit {
    /// How many passed.
    pub accepted: u64,
    /// How many were refused.
    pub refused: u64,
}
