//! The state folder: who may write to it, its runs, and the way to its parts.

use crate::{FileSendLog, SqliteJournal, journal, schema};
use leadmill_core::{Earlier, Ledger, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// A state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process runs on it.
    #[error("state {0}: another run is using it")]
    Locked(PathBuf),
    /// A newer version of Leadmill wrote it.
    #[error(
        "state: its version is {found}, and this binary knows versions up to {known}"
    )]
    Newer {
        /// The version of the state.
        found: i64,
        /// The newest version that this binary reads.
        known: i64,
    },
    /// It contradicts itself. Nothing may be bought on top of it.
    #[error("state: {0}")]
    Corrupt(String),
    /// The disk said no.
    #[error("state {0}: {1}")]
    Io(PathBuf, io::Error),
    /// The database said no.
    #[error("state: {0}")]
    Database(#[from] rusqlite::Error),
}

/// An open state folder.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    connection: Arc<Mutex<Connection>>,
    _lock: Option<File>,
}

/// A run, begun or taken up again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Its name in the journal.
    pub id: RunId,
    /// Whether an earlier process began it.
    pub resumed: bool,
}

/// A run as the state remembers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Its name in the journal.
    pub id: RunId,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it began.
    pub opened_at: Timestamp,
    /// When its output was complete; `None` while there is something left to do.
    pub closed_at: Option<Timestamp>,
    /// The summary of its latest session, as JSON.
    pub summary: Option<String>,
}

impl Store {
    /// Opens a state for a run, creating it if needed, and locks it for this process.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        let wrong = |error| StateError::Io(folder.to_owned(), error);
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(wrong)?;
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder.join("answers"))
            .map_err(wrong)?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(folder.join("lock"))
            .map_err(wrong)?;
        lock.try_lock().map_err(|error| match error {
            fs::TryLockError::WouldBlock => StateError::Locked(folder.to_owned()),
            fs::TryLockError::Error(error) => wrong(error),
        })?;
        forget_questions(folder).map_err(wrong)?;
        let connection = schema::open(&folder.join("state.db"))?;
        Ok(Self::of(folder, connection, Some(lock)))
    }

    /// Opens a state for looking only; `None` if there is none.
    pub fn look(folder: &Path) -> Result<Option<Self>, StateError> {
        let path = folder.join("state.db");
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => Ok(Some(Self::of(folder, schema::look(&path)?, None))),
            Err(error) => Err(StateError::Io(path, error)),
        }
    }

    fn of(folder: &Path, connection: Connection, lock: Option<File>) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        Self { folder: folder.to_owned(), connection, _lock: lock }
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The unfinished run of this key, or a new one.
    pub fn begin(
        &self,
        key: &str,
        pipeline: &str,
        now: Timestamp,
    ) -> Result<Run, StateError> {
        let database = self.database();
        let open =
            "SELECT id FROM runs WHERE key = ? AND closed_at IS NULL ORDER BY id DESC";
        if let Some(id) = database.query_row(open, [key], |row| row.get(0)).optional()? {
            return Ok(Run { id: RunId(id), resumed: true });
        }
        database.execute(
            "INSERT INTO runs (key, pipeline, opened_at) VALUES (?, ?, ?)",
            (key, pipeline, now.0),
        )?;
        Ok(Run { id: RunId(database.last_insert_rowid()), resumed: false })
    }

    /// The unfinished run of this key, if there is one.
    pub fn unfinished(&self, key: &str) -> Result<Option<RunId>, StateError> {
        let open =
            "SELECT id FROM runs WHERE key = ? AND closed_at IS NULL ORDER BY id DESC";
        let id = self.database().query_row(open, [key], |row| row.get(0)).optional()?;
        Ok(id.map(RunId))
    }

    /// Keeps a run's summary, and closes it if its output is complete.
    pub fn end(
        &self,
        run: RunId,
        closed_at: Option<Timestamp>,
        summary: &str,
    ) -> Result<(), StateError> {
        self.database().execute(
            "UPDATE runs SET closed_at = ?, summary = ? WHERE id = ?",
            (closed_at.map(|at| at.0), summary, run.0),
        )?;
        Ok(())
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunRecord>, StateError> {
        let database = self.database();
        let mut select = database.prepare(
            "SELECT id, pipeline, opened_at, closed_at, summary FROM runs ORDER BY id",
        )?;
        let rows = select.query_map((), |row| {
            Ok(RunRecord {
                id: RunId(row.get(0)?),
                pipeline: row.get(1)?,
                opened_at: Timestamp(row.get(2)?),
                closed_at: row.get::<_, Option<i64>>(3)?.map(Timestamp),
                summary: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The account book: the fold of the whole journal.
    pub fn ledger(&self) -> Result<Ledger, StateError> {
        journal::replay(&self.database())
    }

    /// The journal, for writing.
    pub fn journal(&self) -> SqliteJournal {
        SqliteJournal(Arc::clone(&self.connection))
    }

    /// The log of sends, and what earlier processes left in it about this purse, as far back as `window`.
    pub fn sends(
        &self,
        purse: &str,
        now: Timestamp,
        window: Duration,
    ) -> Result<(FileSendLog, Earlier), StateError> {
        let path = self.folder.join("sends.log");
        FileSendLog::open(&path, purse, now, window)
            .map_err(|error| StateError::Io(path, error))
    }

    /// Where the answers of settled batches are.
    pub fn answers(&self) -> PathBuf {
        self.folder.join("answers")
    }

    /// Where the questions of a step wait while it runs.
    pub fn questions(&self, run: RunId, step: usize) -> PathBuf {
        self.folder.join(format!(".questions-{}-{step}", run.0))
    }
}

/// Deletes the waiting questions of a process that was killed: they hold people's names.
fn forget_questions(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(".questions-") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_taken_up_again_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |store: &Store| store.begin("k", "p", Timestamp(1)).unwrap();
        let store = Store::open(folder.path()).unwrap();
        let first = begin(&store);
        assert!(!first.resumed);
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(begin(&store), Run { resumed: true, ..first });
        store.end(first.id, Some(Timestamp(2)), "{}").unwrap();
        assert!(!begin(&store).resumed);
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        assert!(matches!(Store::open(folder.path()), Err(StateError::Locked(_))));
        assert!(Store::look(folder.path()).unwrap().is_some());
        drop(store);
        Store::open(folder.path()).unwrap();
    }

    #[test]
    fn a_newer_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.database().pragma_update(None, "user_version", 2).unwrap();
        drop(store);
        assert!(matches!(
            Store::open(folder.path()),
            Err(StateError::Newer { found: 2, .. })
        ));
        assert!(matches!(
            Store::look(folder.path()),
            Err(StateError::Newer { found: 2, .. })
        ));
    }
}
