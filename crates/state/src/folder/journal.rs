//! The journal on SQLite.

use super::room::Room;
use crate::{
    StateError,
    chain::{Record, Seen, Sum, corrupt},
    code,
};
use async_trait::async_trait;
use leadmill_core::{Appended, Entry, Event, Journal, JournalError, Ledger, journal};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::sync::{Arc, Mutex, PoisonError};

/// Appends entries to the state's database, one transaction a call.
#[derive(Debug)]
pub(crate) struct SqliteJournal {
    connection: Arc<Mutex<Connection>>,
    /// The last record that this process has seen or written.
    seen: Seen,
    /// Kept on the disk for the replies to what was intended.
    room: Option<Room>,
}

impl SqliteJournal {
    /// A journal of which everything up to the record `seen` is known.
    pub(crate) const fn new(
        connection: Arc<Mutex<Connection>>,
        seen: Seen,
        room: Option<Room>,
    ) -> Self {
        Self { connection, seen, room }
    }
}

#[async_trait]
impl Journal for SqliteJournal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        let records = Record::of(entries)?;
        let ours = entries.to_vec();
        let (connection, seen) = (Arc::clone(&self.connection), self.seen);
        let room = self.room.clone();
        let written = tokio::task::spawn_blocking(move || {
            let is_intent = |entry: &Entry| matches!(entry.event, Event::Intended { .. });
            let Some(room) = room else {
                return write(&connection, seen, &ours, &records);
            };
            if ours.iter().any(is_intent) {
                room.ensure()?;
            }
            match write(&connection, seen, &ours, &records) {
                // What has left must be written down: nothing else will leave.
                Err(error) if is_full(&error) && room.give_up() => {
                    write(&connection, seen, &ours, &records)
                }
                written => written,
            }
        });
        let written = written.await.map_err(|error| JournalError(error.to_string()))?;
        let (seen, appended) =
            written.map_err(|error| JournalError(error.to_string()))?;
        self.seen = seen;
        Ok(appended)
    }
}

fn is_full(error: &StateError) -> bool {
    let StateError::Database(error) = error else { return false };
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Reads what others have written since `seen`, and writes ours after it unless they collide.
fn write(
    connection: &Mutex<Connection>,
    seen: Seen,
    ours: &[Entry],
    records: &[Record],
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
    if journal::collide(ours, &before) {
        return Ok((last, Appended::Collides { before }));
    }
    {
        let mut insert = transaction.prepare_cached(
            "INSERT INTO journal (at, run, batch, event, body, bytes, sum)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?;
        for record in records {
            let Record { at, run, batch, row } = record;
            let sum = record.sum(last.sum);
            let values = (at, run, batch, &row.event, &row.body, &row.bytes, sum.0);
            insert.execute(values)?;
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
        let (seen, entry) = record(row)?.read(before, row.get(6)?, row.get(7)?)?;
        before = seen;
        take(seen, entry)?;
    }
    Ok(())
}

/// The first six columns.
pub(super) fn record(row: &rusqlite::Row<'_>) -> Result<Record, rusqlite::Error> {
    let stored = code::Row { event: row.get(3)?, body: row.get(4)?, bytes: row.get(5)? };
    Ok(Record { at: row.get(0)?, run: row.get(1)?, batch: row.get(2)?, row: stored })
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
        sum = record(row)?.sum(sum);
        insert.execute((sum.0, row.get::<_, i64>(6)?))?;
    }
    Ok(())
}
