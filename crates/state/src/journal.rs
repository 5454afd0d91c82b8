//! The journal on SQLite.

use crate::{StateError, code};
use async_trait::async_trait;
use leadmill_core::{BatchId, Entry, Journal, JournalError, Ledger, RunId, Timestamp};
use rusqlite::{Connection, TransactionBehavior};
use std::sync::{Arc, Mutex, PoisonError};

/// Appends entries to the state's database, one transaction a call.
#[derive(Clone, Debug)]
pub struct SqliteJournal(pub(crate) Arc<Mutex<Connection>>);

struct Stored {
    at: i64,
    run: i64,
    batch: i64,
    row: code::Row,
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&mut self, entries: &[Entry]) -> Result<(), JournalError> {
        let wrong = |error: &dyn std::fmt::Display| JournalError(error.to_string());
        let rows = entries
            .iter()
            .map(|entry| {
                let row = code::encode(&entry.event).map_err(|error| wrong(&error))?;
                let batch = entry.batch.0.cast_signed();
                Ok(Stored { at: entry.at.0, run: entry.run.0, batch, row })
            })
            .collect::<Result<Vec<_>, JournalError>>()?;
        let connection = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || write(&connection, &rows))
            .await
            .map_err(|error| wrong(&error))?
            .map_err(|error| wrong(&error))
    }
}

fn write(connection: &Mutex<Connection>, rows: &[Stored]) -> Result<(), rusqlite::Error> {
    let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO journal (at, run, batch, event, body, bytes) VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for Stored { at, run, batch, row } in rows {
            insert.execute((at, run, batch, &row.event, &row.body, &row.bytes))?;
        }
    }
    transaction.commit()
}

/// Folds the whole journal.
pub(crate) fn replay(connection: &Connection) -> Result<Ledger, StateError> {
    let mut select = connection.prepare(
        "SELECT at, run, batch, event, body, bytes, seq FROM journal ORDER BY seq",
    )?;
    let mut rows = select.query(())?;
    let mut ledger = Ledger::default();
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(6)?;
        let stored =
            code::Row { event: row.get(3)?, body: row.get(4)?, bytes: row.get(5)? };
        let event = code::decode(stored).map_err(|error| {
            StateError::Corrupt(format!("journal record {seq}: {error}"))
        })?;
        let batch = BatchId(row.get::<_, i64>(2)?.cast_unsigned());
        let entry =
            Entry { at: Timestamp(row.get(0)?), run: RunId(row.get(1)?), batch, event };
        ledger.apply(&entry).map_err(|error| {
            StateError::Corrupt(format!("journal record {seq}: {error}"))
        })?;
    }
    Ok(ledger)
}
