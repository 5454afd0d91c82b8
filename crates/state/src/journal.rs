//! The journal on SQLite.

use crate::{StateError, code};
use async_trait::async_trait;
use leadmill_core::{
    Appended, BatchId, Entry, Journal, JournalError, Ledger, RunId, Timestamp, journal,
};
use rusqlite::{Connection, TransactionBehavior};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};

/// Appends entries to the state's database, one transaction a call.
#[derive(Debug)]
pub struct SqliteJournal {
    connection: Arc<Mutex<Connection>>,
    /// The last record that this process has seen or written.
    seen: Seen,
}

/// A record's place, and the sum over it and all before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) seq: i64,
    pub(crate) sum: Sum,
}

/// A sum over a record and the sum before: a record that was changed, lost or moved does not fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum(i64);

impl Sum {
    fn over(self, entry: &(i64, i64, i64), row: &code::Row) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.0.to_be_bytes());
        let (at, run, batch) = *entry;
        [at, run, batch].iter().for_each(|number| hash.update(number.to_be_bytes()));
        let bytes = row.bytes.as_deref().unwrap_or_default();
        for part in [row.event.as_bytes(), row.body.as_bytes(), bytes] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update([u8::from(row.bytes.is_some())]);
        let digest = hash.finalize();
        Self(digest.iter().take(8).fold(0, |sum, byte| sum << 8 | i64::from(*byte)))
    }
}

impl SqliteJournal {
    /// A journal of which everything up to the record `seen` is known.
    pub(crate) const fn new(connection: Arc<Mutex<Connection>>, seen: Seen) -> Self {
        Self { connection, seen }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        let rows = entries
            .iter()
            .map(|entry| code::encode(&entry.event).map(|row| (entry.clone(), row)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| JournalError(error.to_string()))?;
        let (connection, seen) = (Arc::clone(&self.connection), self.seen);
        let written =
            tokio::task::spawn_blocking(move || write(&connection, seen, &rows)).await;
        let written = written.map_err(|error| JournalError(error.to_string()))?;
        let (seen, appended) =
            written.map_err(|error| JournalError(error.to_string()))?;
        self.seen = seen;
        Ok(appended)
    }
}

/// Reads what others have written since `seen`, and writes ours after it unless they collide.
fn write(
    connection: &Mutex<Connection>,
    seen: Seen,
    rows: &[(Entry, code::Row)],
) -> Result<(Seen, Appended), StateError> {
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut before, mut last) = (Vec::new(), seen);
    read(&transaction, seen, |at, entry| {
        last = at;
        before.push(entry);
        Ok(())
    })?;
    let ours: Vec<Entry> = match before.is_empty() {
        true => Vec::new(),
        false => rows.iter().map(|(entry, _)| entry.clone()).collect(),
    };
    if journal::collide(&ours, &before) {
        return Ok((last, Appended::Collides { before }));
    }
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO journal (at, run, batch, event, body, bytes, sum)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?;
        for (entry, row) in rows {
            let batch = entry.batch.0.cast_signed();
            let sum = last.sum.over(&(entry.at.0, entry.run.0, batch), row);
            insert.execute((
                entry.at.0,
                entry.run.0,
                batch,
                &row.event,
                &row.body,
                &row.bytes,
                sum.0,
            ))?;
            last = Seen { seq: transaction.last_insert_rowid(), sum };
        }
    }
    transaction.commit()?;
    Ok((last, Appended::Written { before }))
}

/// Folds the whole journal; tells the last record too.
pub(crate) fn replay(connection: &Connection) -> Result<(Ledger, Seen), StateError> {
    let (mut ledger, mut last) = (Ledger::default(), Seen::default());
    read(connection, last, |at, entry| {
        last = at;
        ledger.apply(&entry).map_err(|error| corrupt(at.seq, &error))
    })?;
    Ok((ledger, last))
}

/// Reads the records after `seen`, in order.
fn read(
    connection: &Connection,
    seen: Seen,
    mut take: impl FnMut(Seen, Entry) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let mut select = connection.prepare_cached(
        "SELECT at, run, batch, event, body, bytes, seq, sum FROM journal
         WHERE seq > ? ORDER BY seq",
    )?;
    let mut rows = select.query([seen.seq])?;
    let mut before = seen;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(6)?;
        let stored =
            code::Row { event: row.get(3)?, body: row.get(4)?, bytes: row.get(5)? };
        let (at, run, batch) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let sum = before.sum.over(&(at, run, batch), &stored);
        if sum != Sum(row.get(7)?) {
            return Err(corrupt(
                seq,
                &"it is not what was written, or one before it is lost",
            ));
        }
        before = Seen { seq, sum };
        let event = code::decode(stored).map_err(|error| corrupt(seq, &error))?;
        let (at, run, batch) =
            (Timestamp(at), RunId(run), BatchId(batch.cast_unsigned()));
        take(before, Entry { at, run, batch, event })?;
    }
    Ok(())
}

/// Sums up the records of a journal that was written without sums.
pub(crate) fn sum_up(connection: &Connection) -> Result<(), StateError> {
    let mut select = connection.prepare(
        "SELECT at, run, batch, event, body, bytes, seq FROM journal_1 ORDER BY seq",
    )?;
    let mut insert = connection.prepare(
        "INSERT INTO journal SELECT seq, at, run, batch, event, body, bytes, ?1
         FROM journal_1 WHERE seq = ?2",
    )?;
    let (mut rows, mut sum) = (select.query([])?, Sum::default());
    while let Some(row) = rows.next()? {
        let stored =
            code::Row { event: row.get(3)?, body: row.get(4)?, bytes: row.get(5)? };
        sum = sum.over(&(row.get(0)?, row.get(1)?, row.get(2)?), &stored);
        insert.execute((sum.0, row.get::<_, i64>(6)?))?;
    }
    Ok(())
}

fn corrupt(seq: i64, error: &dyn std::fmt::Display) -> StateError {
    StateError::Corrupt(format!("journal record {seq}: {error}"))
}
