//! Records as both databases keep them: each carries a sum over itself and all before it.

use crate::{StateError, code};
use leadmill_core::{BatchId, Entry, JournalError, RunId, Timestamp};
use sha2::{Digest, Sha256};

/// A record's place, and the sum over it and all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) seq: i64,
    pub(crate) sum: Sum,
}

/// A sum over a record and the sum before: a record that was changed, lost or moved does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub(crate) i64);

/// A record as it is stored, without its place and its sum.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: i64,
    pub(crate) run: i64,
    pub(crate) batch: i64,
    pub(crate) row: code::Row,
}

impl Record {
    /// Entries as they are stored.
    pub(crate) fn of(entries: &[Entry]) -> Result<Vec<Self>, JournalError> {
        let record = |entry: &Entry| {
            let row = code::encode(&entry.event)?;
            let batch = entry.batch.0.cast_signed();
            Ok(Self { at: entry.at.0, run: entry.run.0, batch, row })
        };
        let records = entries.iter().map(record).collect::<Result<_, _>>();
        records.map_err(|error: serde_json::Error| JournalError(error.to_string()))
    }

    /// Where the chain stands after this record.
    pub(crate) fn sum(&self, before: Sum) -> Sum {
        let mut hash = Sha256::new();
        hash.update(before.0.to_be_bytes());
        for number in [self.at, self.run, self.batch] {
            hash.update(number.to_be_bytes());
        }
        let bytes = self.row.bytes.as_deref().unwrap_or_default();
        for part in [self.row.event.as_bytes(), self.row.body.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(self.row.bytes.is_some())]);
        let digest = hash.finalize();
        Sum(digest.iter().take(8).fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
    }

    /// The entry, if the record fits behind `before` and carries the sum that it must.
    pub(crate) fn read(
        self,
        before: Seen,
        seq: i64,
        sum: i64,
    ) -> Result<(Seen, Entry), StateError> {
        let at = Seen { seq, sum: self.sum(before.sum) };
        if at.sum != Sum(sum) {
            return Err(corrupt(
                seq,
                &"it is not what was written, or one before it is lost",
            ));
        }
        let event = code::decode(self.row).map_err(|error| corrupt(seq, &error))?;
        let batch = BatchId(self.batch.cast_unsigned());
        let entry = Entry { at: Timestamp(self.at), run: RunId(self.run), batch, event };
        Ok((at, entry))
    }
}

/// A record that cannot be.
pub(crate) fn corrupt(seq: i64, error: &dyn std::fmt::Display) -> StateError {
    StateError::Corrupt(format!("journal record {seq}: {error}"))
}
