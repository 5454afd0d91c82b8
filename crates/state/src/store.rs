//! The state folder: who may write to it, its runs, and the way to its parts.

use crate::{
    FolderLeases, SqliteJournal, journal,
    locks::{Locks, alone},
    schema,
};
use leadmill_core::{Account, Ledger, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process is at work on the same run.
    #[error("state {0}: another process is at work on the same run")]
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
    /// An older version wrote it, and nothing was to be changed.
    #[error("state: an older version of leadmill wrote it")]
    Older,
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
    locks: Option<Mutex<Locks>>,
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
    /// Opens a state for a run, creating it if needed. Several processes may have it open.
    pub fn open(folder: &Path) -> Result<Self, StateError> {
        let wrong = |error| StateError::Io(folder.to_owned(), error);
        for folder in [folder, &folder.join("answers")] {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(folder).map_err(wrong)?;
        }
        let locks = Locks::open(folder)?;
        let connection = alone(folder, || schema::open(&folder.join("state.db")))?;
        let store = Self::of(folder, connection, Some(locks));
        store.forget_questions()?;
        Ok(store)
    }

    /// Opens a state for looking only; `None` if there is none.
    pub fn look(folder: &Path) -> Result<Option<Self>, StateError> {
        let path = folder.join("state.db");
        match path.try_exists() {
            Ok(false) => Ok(None),
            Ok(true) => {
                let connection = schema::look(&path)?;
                Ok(connection.map(|connection| Self::of(folder, connection, None)))
            }
            Err(error) => Err(StateError::Io(path, error)),
        }
    }

    fn of(folder: &Path, connection: Connection, locks: Option<Locks>) -> Self {
        let connection = Arc::new(Mutex::new(connection));
        Self { folder: folder.to_owned(), connection, locks: locks.map(Mutex::new) }
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The unfinished run of this key, or a new one. One process at a time is at work on it.
    pub fn begin(
        &self,
        key: &str,
        pipeline: &str,
        now: Timestamp,
    ) -> Result<Run, StateError> {
        let digest = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let locked = || StateError::Locked(self.folder.clone());
        if !self.take(|locks| locks.take(&format!("key-{digest:016x}")))? {
            return Err(locked());
        }
        let resumed = self.unfinished(key)?;
        let id = match resumed {
            Some(id) => id,
            None => {
                let database = self.database();
                database.execute(
                    "INSERT INTO runs (key, pipeline, opened_at) VALUES (?, ?, ?)",
                    (key, pipeline, now.0),
                )?;
                RunId(database.last_insert_rowid())
            }
        };
        // Another process may have taken up what this run left open.
        let is_ours = self.take(|locks| locks.take_run(id))?
            && self.take(|locks| locks.take(&format!("jobs-{}", id.0)))?;
        match is_ours {
            true => Ok(Run { id, resumed: resumed.is_some() }),
            false => Err(locked()),
        }
    }

    /// Of these runs, those whose open jobs other processes fetch. Those of the rest are fetched by this
    /// process from now on, and by nobody else.
    pub fn others(
        &self,
        runs: impl IntoIterator<Item = RunId>,
    ) -> Result<BTreeSet<RunId>, StateError> {
        let mut others = BTreeSet::new();
        for run in runs {
            if !others.contains(&run) && !self.take(|locks| locks.take_jobs(run))? {
                others.insert(run);
            }
        }
        Ok(others)
    }

    /// Of these runs, those whose open jobs this process does not fetch: others do, or nobody does before
    /// another process looks for them.
    pub fn strangers(&self, runs: impl IntoIterator<Item = RunId>) -> BTreeSet<RunId> {
        let is_ours = |run: RunId| {
            let locks = self.locks.as_ref().map(|locks| locks.lock());
            locks.is_some_and(|locks| {
                locks.unwrap_or_else(PoisonError::into_inner).holds_jobs(run)
            })
        };
        runs.into_iter().filter(|run| !is_ours(*run)).collect()
    }

    fn take(
        &self,
        take: impl FnOnce(&mut Locks) -> Result<bool, StateError>,
    ) -> Result<bool, StateError> {
        match &self.locks {
            Some(locks) => {
                take(&mut locks.lock().unwrap_or_else(PoisonError::into_inner))
            }
            None => Ok(false),
        }
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
        Ok(journal::replay(&self.database())?.0)
    }

    /// The account book, and the journal to go on writing it.
    pub fn book(&self) -> Result<(Ledger, SqliteJournal), StateError> {
        let (ledger, seen) = journal::replay(&self.database())?;
        Ok((ledger, SqliteJournal::new(Arc::clone(&self.connection), seen)))
    }

    /// Takes part in sharing the windows of an account with other processes on this state.
    pub fn leases(
        &self,
        account: &Account,
        now: Timestamp,
    ) -> Result<FolderLeases, StateError> {
        FolderLeases::open(&self.folder, account, now)
    }

    /// Where the answers of settled batches are.
    pub fn answers(&self) -> PathBuf {
        self.folder.join("answers")
    }

    /// Where the questions of a step wait while it runs.
    pub fn questions(&self, run: RunId, step: usize) -> PathBuf {
        self.folder.join(format!(".questions-{}-{step}", run.0))
    }

    /// Deletes the waiting questions of processes that were killed: they hold people's names.
    fn forget_questions(&self) -> Result<(), StateError> {
        let wrong = |error| StateError::Io(self.folder.clone(), error);
        for entry in fs::read_dir(&self.folder).map_err(wrong)? {
            let entry = entry.map_err(wrong)?;
            let name = entry.file_name();
            let run = name.to_string_lossy();
            let run =
                run.strip_prefix(".questions-").and_then(|rest| rest.split('-').next());
            let Some(run) = run.and_then(|run| run.parse().ok()).map(RunId) else {
                continue;
            };
            if !self.take(|locks| locks.is_at_work(run))? {
                fs::remove_file(entry.path()).map_err(wrong)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
