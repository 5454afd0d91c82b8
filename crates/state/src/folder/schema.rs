//! The tables, and the refusal to touch those of a newer version.

use super::journal;
use crate::{StateError, VERSION};
use rusqlite::{Connection, OpenFlags};
use std::{path::Path, thread::sleep, time::Duration};

const TABLES: &str = "
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    summary TEXT
);
CREATE INDEX runs_by_key ON runs (key);
";

const JOURNAL: &str = "
CREATE TABLE journal (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    run INTEGER NOT NULL,
    batch INTEGER NOT NULL,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    bytes BLOB,
    sum INTEGER NOT NULL
);
";

const HINTS: &str = "
CREATE TABLE hints (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,
    job TEXT NOT NULL,
    kind TEXT NOT NULL,
    UNIQUE (batch, job, kind)
);
CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
";

/// Who has taken up which batch, the latest last.
const CLAIMS: &str = "
CREATE TABLE IF NOT EXISTS claims (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL,
    run INTEGER NOT NULL
);
";

/// Opens the database for writing and creates or checks its tables.
pub(crate) fn open(path: &Path) -> Result<Connection, StateError> {
    let mut connection = Connection::open(path)?;
    prepare(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > VERSION {
        return Err(StateError::Newer { found, known: VERSION });
    }
    if found == 0 {
        transaction.execute_batch(TABLES)?;
        transaction.execute_batch(JOURNAL)?;
    }
    if found == 1 {
        // 2: every record carries a sum over itself and all before it. An older process that is still at
        // work can write none, and ends.
        transaction.execute_batch("ALTER TABLE journal RENAME TO journal_1")?;
        transaction.execute_batch(JOURNAL)?;
        journal::sum_up(&transaction)?;
        transaction.execute_batch("DROP TABLE journal_1")?;
    }
    if found < 3 {
        // 3: what callbacks hint at.
        transaction.execute_batch(HINTS)?;
    }
    transaction.execute_batch(CLAIMS)?;
    // 4: a job whose fetch is the paid act is authorized first. 5: a question in doubt is asked again, and a person resolves what was settled without an
    // answer. No older version can read either.
    if found < VERSION {
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()?;
    Ok(connection)
}

/// Opens the database of the windows' slots. It is worth no sync: see [`super::leases::FolderLeases`].
pub(crate) fn open_slots(path: &Path) -> Result<Connection, StateError> {
    let mut connection = Connection::open(path)?;
    prepare(&mut connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.execute_batch(
        // `boot` is the life of the machine by whose time `body` is; `moment` and `wall` are when it was written.
        "CREATE TABLE IF NOT EXISTS windows (purse TEXT PRIMARY KEY, body TEXT NOT NULL, boot TEXT NOT NULL,
            moment INTEGER NOT NULL, wall INTEGER NOT NULL)",
    )?;
    Ok(connection)
}

/// Opens an existing database for reading only.
///
/// `None` if it has no tables yet: its first process is about to create them, or was killed before it did.
pub(crate) fn look(path: &Path) -> Result<Option<Connection>, StateError> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare(&mut connection)?;
    connection.pragma_update(None, "query_only", true)?;
    match version(&connection)? {
        0 => Ok(None),
        VERSION => Ok(Some(connection)),
        found if found < VERSION => Err(StateError::Older),
        found => Err(StateError::Newer { found, known: VERSION }),
    }
}

/// Opens a database of which nobody knows what is left, for reading only.
pub(crate) fn open_damaged(path: &Path) -> Result<Connection, StateError> {
    let mut connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    prepare(&mut connection)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn version(connection: &Connection) -> Result<i64, StateError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// SQLite's own busy timeout starves one of several hot processes; short waits with jitter do not.
fn prepare(connection: &mut Connection) -> Result<(), StateError> {
    connection.busy_handler(Some(|attempt: i32| {
        let jitter =
            u64::from(std::process::id()).wrapping_mul(attempt.unsigned_abs().into()) % 7;
        sleep(Duration::from_micros(300 + 100 * jitter));
        attempt < 20_000
    }))?;
    Ok(())
}
