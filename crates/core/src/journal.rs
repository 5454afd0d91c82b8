//! The port that remembers.

use crate::Entry;
use async_trait::async_trait;
use std::fmt::Debug;

/// A journal that cannot be read or written. The run ends: nothing is spent that cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[error("journal: {0}")]
pub struct JournalError(pub String);

/// Durable memory of what was intended, accepted and settled.
#[async_trait]
pub trait Journal: Debug + Send {
    /// Writes entries in order, all or none, and returns only when they would survive a power cut.
    ///
    /// After an error nothing is known about them, and the run must end.
    async fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError>;
}
