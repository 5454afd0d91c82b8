//! A batch: what is admitted, submitted, journalled and settled together.

use crate::{Credits, Keys, Operation, Query};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr, sync::Arc};

/// Names a run in the journal.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
pub struct RunId(pub i64);

/// Deterministic name of a batch: of its run, its purse, the questions it holds, and the attempt.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BatchId(pub u64);

impl FromStr for BatchId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = (text.len() == 16).then(|| u64::from_str_radix(text, 16).ok());
        number.flatten().map(Self).ok_or_else(|| {
            format!("`{text}` is no batch: `leadmill status` shows them, such as 00f1e2d3c4b5a697")
        })
    }
}

impl fmt::Display for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for BatchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The provider's own name for an accepted batch.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(pub String);

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How questions travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Many questions in one job.
    Bulk,
    /// One question, answered at once.
    Single,
}

/// Questions that are paid for together: one job, or one single call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Stable for the same questions of the same run.
    pub id: BatchId,
    /// What is asked.
    pub operation: Operation,
    /// How it travels.
    pub lane: Lane,
    /// The questions in request order, all of [`Self::operation`], no two with the same key.
    pub queries: Arc<[Query]>,
    /// The keys of [`Self::queries`], in the same order.
    pub keys: Keys,
    /// The most it can cost; held until it settles.
    pub reserve: Credits,
}

impl Batch {
    /// Puts questions of one operation together, at `price` each. `attempt` tells apart the times that the
    /// same questions were asked from this purse.
    pub fn of(
        run: RunId,
        purse: &str,
        attempt: u32,
        operation: Operation,
        lane: Lane,
        price: Credits,
        queries: Vec<Query>,
    ) -> Self {
        // One answer is about one question, however it spells it.
        let keys = match lane {
            Lane::Bulk => Keys::of(&queries),
            Lane::Single => queries.iter().map(Query::key).collect(),
        };
        let mut hash = Sha256::new();
        hash.update(run.0.to_be_bytes());
        hash.update(attempt.to_be_bytes());
        hash.update((purse.len() as u64).to_be_bytes());
        hash.update(purse);
        keys.iter().for_each(|key| hash.update(key.0));
        let id =
            hash.finalize().iter().take(8).fold(0, |id, byte| id << 8 | u64::from(*byte));
        let reserve = price * queries.len() as u64;
        Self { id: BatchId(id), operation, lane, queries: queries.into(), keys, reserve }
    }
}
