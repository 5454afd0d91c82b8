//! The journal on SQLite.

use crate::{StateError, code};
use async_trait::async_trait;
use leadmill_core::{
    Appended, BatchId, Entry, Journal, JournalError, Ledger, RunId, Timestamp, journal,
};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::{Arc, Mutex, PoisonError};

/// Appends entries to the state's database, one transaction a call.
#[derive(Debug)]
pub struct SqliteJournal {
    connection: Arc<Mutex<Connection>>,
    /// The last record that this process has seen or written.
    seen: i64,
}

impl SqliteJournal {
    /// A journal of which everything up to the record `seen` is known.
    pub(crate) const fn new(connection: Arc<Mutex<Connection>>, seen: i64) -> Self {
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
    seen: i64,
    rows: &[(Entry, code::Row)],
) -> Result<(i64, Appended), StateError> {
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut before, mut last) = (Vec::new(), seen);
    read(&transaction, seen, |seq, entry| {
        last = seq;
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
            "INSERT INTO journal (at, run, batch, event, body, bytes) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for (entry, row) in rows {
            let batch = entry.batch.0.cast_signed();
            insert.execute((
                entry.at.0,
                entry.run.0,
                batch,
                &row.event,
                &row.body,
                &row.bytes,
            ))?;
            last = transaction.last_insert_rowid();
        }
    }
    transaction.commit()?;
    Ok((last, Appended::Written { before }))
}

/// Folds the whole journal; tells the last record too.
pub(crate) fn replay(connection: &Connection) -> Result<(Ledger, i64), StateError> {
    let (mut ledger, mut last) = (Ledger::default(), 0);
    read(connection, 0, |seq, entry| {
        last = seq;
        ledger.apply(&entry).map_err(|error| corrupt(seq, &error))
    })?;
    Ok((ledger, last))
}

/// Reads the records after `seen`, in order.
fn read(
    connection: &Connection,
    seen: i64,
    mut take: impl FnMut(i64, Entry) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let mut select = connection.prepare_cached(
        "SELECT at, run, batch, event, body, bytes, seq FROM journal WHERE seq > ? ORDER BY seq",
    )?;
    let mut rows = select.query([seen])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(6)?;
        let stored =
            code::Row { event: row.get(3)?, body: row.get(4)?, bytes: row.get(5)? };
        let event = code::decode(stored).map_err(|error| corrupt(seq, &error))?;
        let batch = BatchId(row.get::<_, i64>(2)?.cast_unsigned());
        let (at, run) = (Timestamp(row.get(0)?), RunId(row.get(1)?));
        take(seq, Entry { at, run, batch, event })?;
    }
    Ok(())
}

fn corrupt(seq: i64, error: &dyn std::fmt::Display) -> StateError {
    StateError::Corrupt(format!("journal record {seq}: {error}"))
}
