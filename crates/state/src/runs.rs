//! Runs, as the state remembers them.

use leadmill_core::{Entry, RunId, Timestamp};

/// A run, begun or taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its name in the journal.
    pub id: RunId,
    /// Whether an earlier process began it.
    pub resumed: bool,
}

/// A run as the state remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its name in the journal.
    pub id: RunId,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When its output was complete; `None` while there is something left to do.
    pub closed_at: Option<Timestamp>,
    /// The summary of its latest session, as JSON.
    pub summary: Option<String>,
}

/// What can still be read of a damaged state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Salvaged {
    /// Records, in their order.
    pub entries: Vec<Entry>,
    /// Records that cannot be read.
    pub lost: u64,
    /// The latest run that any of them is of.
    pub last_run: RunId,
    /// Its secrets by their names: with them, whoever takes over is known as it was.
    pub secrets: Vec<(String, Vec<u8>)>,
}
