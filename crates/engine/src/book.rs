//! The journal and its fold, kept in step: the journal hears first, the ledger second, the world last.

use leadmill_core::{
    Appended, Entry, Event, IllegalEvent, Journal, JournalError, KeySet, Ledger, QueryKey,
};
use std::{collections::HashMap, sync::Arc};

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
    /// Questions that other processes have claimed since this one opened the book.
    claimed: HashMap<Arc<str>, KeySet>,
}

/// What became of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "entries that collide were not written"]
pub enum Recorded {
    /// They are durable.
    Written,
    /// Another process was there first: nothing was written, and its claims are in the book now.
    Collides,
}

impl Book {
    /// A journal and the fold of what it holds.
    pub fn new(journal: Box<dyn Journal>, ledger: Ledger) -> Self {
        Self { journal, ledger, claimed: HashMap::new() }
    }

    /// Writes entries, durably, all or none.
    pub async fn record(&mut self, entries: &[Entry]) -> Result<Recorded, BookError> {
        self.record_left(&mut entries.to_vec()).await
    }

    /// Writes those of entries that are not written yet. After an error of the journal nothing is known about those that
    /// are left in `entries`: they may be given again, and are written once.
    pub async fn record_left(
        &mut self,
        entries: &mut Vec<Entry>,
    ) -> Result<Recorded, BookError> {
        loop {
            if entries.is_empty() {
                return Ok(Recorded::Written);
            }
            // What cannot follow must not be written: nobody could read the journal any more.
            self.ledger.check(entries)?;
            match self.journal.append(entries).await? {
                Appended::Written { before } => {
                    self.take(&before)?;
                    entries.iter().try_for_each(|entry| self.ledger.apply(entry))?;
                    return Ok(Recorded::Written);
                }
                Appended::Collides { before } => {
                    self.take(&before)?;
                    let count = entries.len();
                    // Those that come back to us were written when an append seemed to fail.
                    entries.retain(|entry| !before.contains(entry));
                    if entries.len() == count {
                        return Ok(Recorded::Collides);
                    }
                }
            }
        }
    }

    /// Takes in what other processes have written meanwhile.
    pub async fn refresh(&mut self) -> Result<(), BookError> {
        let (Appended::Written { before } | Appended::Collides { before }) =
            self.journal.append(&[]).await?;
        Ok(self.take(&before)?)
    }

    /// Takes in what other processes wrote.
    fn take(&mut self, entries: &[Entry]) -> Result<(), IllegalEvent> {
        for entry in entries {
            self.ledger.apply(entry)?;
            if let Event::Intended { account, keys, .. } = &entry.event {
                let claimed = self.claimed.entry(Arc::clone(account)).or_default();
                claimed.extend(keys.iter().copied());
            }
        }
        Ok(())
    }

    /// Whether another process has claimed a question since this one opened the book.
    pub fn is_claimed(&self, account: &Arc<str>, key: &QueryKey) -> bool {
        self.claimed.get(account).is_some_and(|claimed| claimed.contains(key))
    }

    /// Whether another process has claimed anything at this account.
    pub fn has_rivals(&self, account: &Arc<str>) -> bool {
        self.claimed.contains_key(account)
    }

    /// What the journal says.
    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }
}
