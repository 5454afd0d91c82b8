//! The journal and its fold, kept in step: the journal hears first, the ledger second, the world last.

use leadmill_core::{Entry, IllegalEvent, Journal, JournalError, Ledger};

/// A book that cannot be kept. The run ends at once.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// The journal could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What should be written contradicts what is written.
    #[error(transparent)]
    Illegal(#[from] IllegalEvent),
}

/// The account book of a state.
#[derive(Debug)]
pub struct Book {
    journal: Box<dyn Journal>,
    ledger: Ledger,
}

impl Book {
    /// A journal and the fold of what it holds.
    pub fn new(journal: Box<dyn Journal>, ledger: Ledger) -> Self {
        Self { journal, ledger }
    }

    /// Writes entries, durably, all or none.
    pub async fn record(&mut self, entries: &[Entry]) -> Result<(), BookError> {
        if entries.is_empty() {
            return Ok(());
        }
        self.journal.append(entries).await?;
        entries.iter().try_for_each(|entry| self.ledger.apply(entry))?;
        Ok(())
    }

    /// What the journal says.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
