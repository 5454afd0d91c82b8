//! Facts about a batch, in the past tense, as they are written to the journal.

use crate::{
    Answered, BatchId, Credits, JobId, Keys, Lane, Moment, Operation, RunId, Status,
    Timestamp,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it was written.
    pub at: Timestamp,
    /// The run that wrote it.
    pub run: RunId,
    /// The batch it is about.
    pub batch: BatchId,
    /// What happened.
    pub event: Event,
}

/// What happened to a batch. It is durable before its effect is attempted or reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// We are about to spend up to `reserve` at `account`.
    Intended {
        /// Whose wallet: the provider and the account there.
        account: Arc<str>,
        /// The pipeline's step.
        step: Arc<str>,
        /// What is asked.
        operation: Operation,
        /// How it travels.
        lane: Lane,
        /// Upper bound of the spend.
        reserve: Credits,
        /// The newest transaction of the wallet that was known before: a charge for this batch is newer.
        /// Empty where the wallet had none yet. Where the provider keeps a log of calls, the [`Mark`](crate::Mark) in it.
        anchor: Option<Arc<str>>,
        /// When that is on the clock that nobody sets; none where an earlier version wrote it.
        moment: Option<Moment>,
        /// The questions inside, in request order.
        keys: Keys,
    },
    /// The reply to a single call was lost, and the same question is about to be asked again, which is free where the
    /// first call was charged. What is held for it stays held until it is answered.
    Repeated {
        /// Upper bound of the spend.
        reserve: Credits,
    },
    /// The provider took the batch as `job`.
    Accepted {
        /// The provider's name for it.
        job: JobId,
    },
    /// Somebody says that the provider has the batch as `job`: a callback, or a person. It is looked at, and is
    /// the batch's if it holds the batch's questions and nothing else.
    Adopted {
        /// The name that was told.
        job: JobId,
    },
    /// The job has ended, and its first fetch, which is what charges for it, is about to leave.
    Authorized {
        /// Upper bound of the charge: it is held from here on in place of the reserve.
        charge: Credits,
        /// Whether it was charged before: then it counts where it did. Else it counts in the budget of the run that
        /// authorises it.
        paid: bool,
    },
    /// The answers of a settled job can no longer be read here: they are fetched again, which is free.
    Reopened,
    /// The provider provably did not take the batch, or refused it, and charged nothing. Also of a job that it
    /// took and could not charge for.
    Refused {
        /// Why, for people.
        reason: String,
        /// Whether the same questions may go again by themselves.
        again: bool,
    },
    /// The reply was lost, or the job that was adopted is another's: the provider may or may not have taken it.
    /// Its credits stay held.
    Doubted {
        /// What was seen, for people.
        reason: String,
        /// Whether the reply was one that comes where the provider knows nothing, too: a miss, if it was not charged.
        likely_miss: bool,
    },
    /// The answers are durable and the true cost is known.
    Settled {
        /// What was really charged.
        cost: Credits,
        /// What became of each question, in the order of the intent's keys.
        statuses: Arc<[Status]>,
        /// Where the answers are.
        part: Part,
    },
    /// The provider's log says what the only question of a settled single call has cost: another price than was booked.
    Billed {
        /// What was really charged.
        cost: Credits,
    },
    /// A person has said what became of the questions that were settled without an answer.
    Resolved {
        /// What the batch has cost, by that.
        cost: Credits,
        /// What became of each question: only that of those without an answer may differ from before.
        statuses: Arc<[Status]>,
    },
}

/// Where the answers of a settled batch are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// In a staged file of this name.
    File(String),
    /// In the journal itself: the answers of single calls are as durable as their settlement.
    Inline(Arc<[Answered]>),
}
