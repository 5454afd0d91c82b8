//! The port that remembers.

use crate::{Entry, Event, Lane};
use async_trait::async_trait;
use std::{collections::HashSet, fmt::Debug};

/// A journal that cannot be read or written. The run ends: nothing is spent that cannot be recorded.
#[derive(Debug, thiserror::Error)]
#[error("journal: {0}")]
pub struct JournalError(pub String);

/// What became of entries. Either way, `before` is what other processes wrote since this one last looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// They are durable.
    Written {
        /// Entries of others, all of which stand before ours.
        before: Vec<Entry>,
    },
    /// Nothing was written: an intent among them [collides](collide) with one of another process.
    Collides {
        /// Entries of others, the one in the way among them.
        before: Vec<Entry>,
    },
}

/// Durable memory of what was intended, accepted and settled, shared by all processes on one state.
#[async_trait]
pub trait Journal: Debug + Send {
    /// Writes entries in order, all or none, and returns only when they would survive a power cut.
    ///
    /// After an error nothing is known about them, and the run must end. What has happened may be given again, the same
    /// entries: if they were written, they come back among `before`, and [collide](collide).
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError>;
}

/// Whether an intent of ours must not follow what others wrote since we last looked: they claim one of
/// its questions, or they submit a job of the same operation, which may have taken the last job slot.
///
/// Nor may anything of ours follow what others wrote about the very same batch: only one process is at work on
/// a batch, and what both wrote would contradict itself.
pub fn collide(ours: &[Entry], theirs: &[Entry]) -> bool {
    if theirs.is_empty() {
        return false;
    }
    let batches: HashSet<_> = theirs.iter().map(|entry| entry.batch).collect();
    if ours.iter().any(|entry| batches.contains(&entry.batch)) {
        return true;
    }
    let intents = |entries: &[Entry]| -> bool {
        entries.iter().any(|entry| matches!(entry.event, Event::Intended { .. }))
    };
    if !intents(ours) || !intents(theirs) {
        return false;
    }
    let mut claims = HashSet::new();
    let mut jobs = HashSet::new();
    for entry in theirs {
        if let Event::Intended { account, operation, lane, keys, .. } = &entry.event {
            claims.extend(keys.iter().map(|key| (account, key)));
            if *lane == Lane::Bulk {
                jobs.insert((account, operation));
            }
        }
    }
    ours.iter().any(|entry| match &entry.event {
        Event::Intended { account, operation, lane, keys, .. } => {
            *lane == Lane::Bulk && jobs.contains(&(account, operation))
                || keys.iter().any(|key| claims.contains(&(account, key)))
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BatchId, JobId, RunId, Timestamp};

    /// Two processes that both take a batch for theirs: what the second writes would contradict the first,
    /// and nobody could read the journal any more.
    #[test]
    fn what_two_processes_write_about_one_batch_collides() {
        let entry = |batch: u64, job: &str| Entry {
            at: Timestamp(1),
            run: RunId(1),
            batch: BatchId(batch),
            event: Event::Accepted { job: JobId(job.into()) },
        };
        assert!(collide(&[entry(1, "a")], &[entry(1, "b")]));
        assert!(!collide(&[entry(1, "a")], &[entry(2, "b")]));
        assert!(!collide(&[entry(1, "a")], &[]));
    }
}
