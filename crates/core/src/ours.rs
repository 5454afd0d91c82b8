//! Who works on which open batch, where several processes share a state: one process on each.

use crate::{BatchId, Line, RunId};
use std::collections::BTreeSet;

/// The open batches that a process works on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Ours {
    /// All of them: nobody else is at work.
    #[default]
    All,
    /// Those of a run, with what others have begun and this process has taken up. What others begin meanwhile is theirs.
    Of {
        /// The run for which this process works.
        run: RunId,
        /// Batches of other runs that it has taken up.
        taken: BTreeSet<BatchId>,
        /// Batches of its own run that another process has taken up, and works on.
        left: BTreeSet<BatchId>,
    },
}

impl Ours {
    /// Whether a batch is this process's to work on.
    pub fn holds(&self, line: &Line) -> bool {
        match self {
            Self::All => true,
            Self::Of { run, taken, left } => {
                let is_own = line.run == *run && !left.contains(&line.batch);
                is_own || taken.contains(&line.batch)
            }
        }
    }

    /// These are no longer this process's to work on.
    pub fn leave(&mut self, batches: impl Iterator<Item = BatchId>) {
        if let Self::Of { taken, .. } = self {
            for batch in batches {
                taken.remove(&batch);
            }
        }
    }

    /// The batches of other runs that this process has taken up.
    pub fn taken(&self) -> impl Iterator<Item = BatchId> {
        let taken = match self {
            Self::All => None,
            Self::Of { taken, .. } => Some(taken),
        };
        taken.into_iter().flatten().copied()
    }
}
