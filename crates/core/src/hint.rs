//! What a callback says.

use crate::{BatchId, JobId};

/// A provider, or somebody who knows the address, says that a job has to do with a batch of ours.
///
/// It may be wrong, late, doubled, forged or missing: it never decides anything. It wakes a look early, and
/// names a job that can be looked at where a reply was lost.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Hint {
    /// The batch whose address was called.
    pub batch: BatchId,
    /// The job that the body named.
    pub job: JobId,
    /// What was said of it.
    pub kind: HintKind,
}

/// What was said of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HintKind {
    /// One of its items is done.
    Item,
    /// It has ended.
    End,
}

impl HintKind {
    /// Its name in the state.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::End => "end",
        }
    }

    /// The kind of this name.
    pub fn of(name: &str) -> Option<Self> {
        [Self::Item, Self::End].into_iter().find(|kind| kind.name() == name)
    }
}
