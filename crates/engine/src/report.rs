//! What a run did, for the summary and the terminal.

use crate::{bills::Billed, limiter::Learnt};
use leadmill_core::{BatchId, Call, Credits, JobId, Operation, RunId, Timestamp};
use std::collections::BTreeMap;

/// Why buying ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Every question was asked, and every job settled.
    Complete,
    /// What was paid for is fetched, and nothing was to be bought.
    Fetched,
    /// The budget holds no further question.
    AtLimit,
    /// The day's quota of jobs is used up.
    DailyQuota,
    /// Every job slot is held by a job that this run does not fetch.
    NoJobSlot,
    /// Other processes work on batches of this run, and were not waited for any longer.
    AtOthers,
    /// The provider lets nothing through for long.
    Throttled,
    /// The wallet holds no further question.
    NoCredit,
    /// The provider lost one reply after the other: nothing more was bought.
    GaveUp,
    /// Somebody in between answers paid calls instead of the provider: nothing more was bought.
    Intercepted,
    /// As much is in doubt as may be: nothing more was bought.
    TooMuchInDoubt,
    /// Told to stop.
    Interrupted,
}

/// A batch whose fate is unknown: its credits are held and its questions are not asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The batch.
    pub batch: BatchId,
    /// When it was intended.
    pub at: Timestamp,
    /// How many questions it holds.
    pub questions: usize,
    /// The most that it may have cost.
    pub reserve: Credits,
    /// What was seen.
    pub reason: String,
}

/// A job that nobody has paid for: fetching its results is what charges. It stays at the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unpaid {
    /// The provider's name for it.
    pub job: JobId,
    /// The run that began it.
    pub run: RunId,
    /// What its results cost at most.
    pub charge: Credits,
    /// What would pay for them.
    pub lacks: Lacks,
}

/// What a job lacks to be paid for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lacks {
    /// The run's budget does not hold the charge.
    Budget,
    /// The provider's quota does not cover it.
    Quota,
    /// This run only fetches what is paid for.
    Buying,
    /// Another pipeline has begun it, and pays for it.
    ItsPipeline,
}

/// Counts of one session.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// Calls sent, by what they were for.
    pub calls: BTreeMap<Call, u64>,
    /// Times that the provider said 429.
    pub throttled: u64,
    /// Questions put to the provider.
    pub asked: u64,
    /// Answers that are durable.
    pub hits: u64,
    /// Questions that the provider knows nothing about.
    pub misses: u64,
    /// Questions without a usable answer.
    pub failed: u64,
    /// Credits charged in this session, for batches settled in it.
    pub spent: Credits,
    /// Items that the results left out.
    pub missing: u64,
    /// Jobs that found less than there is, as the provider says: what they found is charged and kept.
    pub partial: u64,
    /// Items that came more than once.
    pub duplicated: u64,
    /// Items that nobody had asked for, or that could not be read.
    pub foreign: u64,
    /// Replies lost in this session.
    pub doubts: Vec<Doubt>,
    /// Jobs that the provider no longer knows.
    pub gone: Vec<String>,
    /// Jobs that are left at the provider, and that nobody has paid for.
    pub unpaid: BTreeMap<BatchId, Unpaid>,
    /// What is reserved for a single call where one has cost more than was reserved for it.
    pub dearer: BTreeMap<Operation, Credits>,
    /// Why batches were refused, each reason once, with the questions it concerned.
    pub refusals: BTreeMap<String, u64>,
    /// Why nothing more was bought, if the provider is to blame.
    pub trouble: Option<String>,
    /// What was in doubt in all when that was too much for one more question, and what may be.
    pub in_doubt: Option<(Credits, Credits)>,
    /// Questions that another process had claimed, and that were left to it.
    pub left_to_others: u64,
    /// Limits that the account itself has, or that the provider's headers name, and that differ from what was known.
    pub learnt: Vec<Learnt>,
    /// Why the account's own limits could not be read, where the provider tells some.
    pub limits_unread: Option<String>,
    /// What the provider's log of calls says of what was booked.
    pub billed: Billed,
    /// Why that log could not be read, where the provider keeps one.
    pub log_unread: Option<String>,
    /// When the quota that ended the run is open again.
    pub resume_at: Option<Timestamp>,
    /// The balance, as last heard.
    pub balance: Option<Credits>,
}

/// Where a step stands, for the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Waits until charges in doubt would show.
    pub settling: bool,
    /// Questions of the step.
    pub questions: u64,
    /// Questions with an end: hit, miss or failed.
    pub done: u64,
    /// Answers.
    pub hits: u64,
    /// Credits spent or held by the run.
    pub committed: Credits,
    /// Jobs at the provider.
    pub jobs: usize,
    /// Seconds until the provider lets us go on, if it told us to stop.
    pub frozen: Option<u64>,
}
