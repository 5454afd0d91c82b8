//! The state folder: who may write to it, its runs, and the way to its parts.

mod boot;
mod journal;
mod leases;
mod locks;
mod room;
mod salvage;
mod schema;
mod sends;

use crate::{
    Run, RunRecord, Salvaged, StateError,
    claims::{self, Claims, NOBODY, Open},
};
use journal::SqliteJournal;
use leadmill_core::{
    Account, BatchId, Clock, Hint, HintKind, JobId, Ledger, Ours, RunId, Timestamp,
};
use leases::FolderLeases;
use locks::{Locks, alone};
use room::Room;
use rusqlite::{Connection, OptionalExtension};
use std::{
    collections::BTreeSet,
    fs::{self, DirBuilder},
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// An open state folder.
#[derive(Debug)]
pub(crate) struct Folder {
    folder: PathBuf,
    connection: Arc<Mutex<Connection>>,
    locks: Option<Mutex<Locks>>,
    room: Option<Room>,
}

impl Folder {
    /// Opens a state for a run, creating it if needed. Several processes may have it open.
    pub(crate) fn open(folder: &Path) -> Result<Self, StateError> {
        let wrong = |error| StateError::Io(folder.to_owned(), error);
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(folder).map_err(wrong)?;
        let locks = Locks::open(folder)?;
        let connection = alone(folder, || schema::open(&folder.join("state.db")))?;
        let mut store = Self::of(folder, connection, Some(locks));
        store.room = Some(Room::keep(folder)?);
        store.forget_questions()?;
        Ok(store)
    }

    /// Opens a state for looking only; `None` if there is none.
    pub(crate) fn look(folder: &Path) -> Result<Option<Self>, StateError> {
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
        Self {
            folder: folder.to_owned(),
            connection,
            locks: locks.map(Mutex::new),
            room: None,
        }
    }

    fn database(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The unfinished run of this key, or a new one. One process at a time is at work on it.
    pub(crate) fn begin(
        &self,
        key: &str,
        pipeline: &str,
        now: Timestamp,
    ) -> Result<Run, StateError> {
        let digest = key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let locked = || StateError::Locked(self.folder.display().to_string());
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
        // Who takes up what it left open holds this for a moment.
        let is_ours = self.take(|locks| locks.take_run(id))?
            && self.take(|locks| locks.take(&format!("jobs-{}", id.0)))?;
        match is_ours {
            true => Ok(Run { id, resumed: resumed.is_some() }),
            false => Err(locked()),
        }
    }

    /// Takes up what nobody works on, and tells what this run works on.
    pub(crate) fn take_up(&self, run: RunId, open: &Open) -> Result<Ours, StateError> {
        for worker in claims::workers(run, open, &self.claims()?).into_keys() {
            // Held for as long as its batches are taken: it does not begin meanwhile, nor does another take them.
            if !self.take(|locks| locks.take_jobs(worker))? {
                continue;
            }
            let mut workers = claims::workers(run, open, &self.claims()?);
            let batches = workers.remove(&worker).unwrap_or_default();
            let taken = self.claim(batches.into_iter().map(|batch| (batch, run)));
            if let Some(locks) = &self.locks {
                let mut locks = locks.lock().unwrap_or_else(PoisonError::into_inner);
                locks.leave_jobs(worker);
            }
            taken?;
        }
        Ok(claims::ours(run, open, &self.claims()?))
    }

    /// Hands batches back to the runs that began them.
    pub(crate) fn hand_back(&self, batches: &Open) -> Result<(), StateError> {
        self.claim(batches.iter().map(|(batch, run)| (*batch, *run)))
    }

    /// Of these batches, those at which another process is at work; nobody else is at the rest from now on.
    pub(crate) fn at_work(
        &self,
        batches: &Open,
    ) -> Result<BTreeSet<BatchId>, StateError> {
        let mut at_work = BTreeSet::new();
        for (worker, batches) in claims::workers(NOBODY, batches, &self.claims()?) {
            if !self.take(|locks| locks.take_jobs(worker))? {
                at_work.extend(batches);
            }
        }
        Ok(at_work)
    }

    fn claims(&self) -> Result<Claims, StateError> {
        let database = self.database();
        let mut select =
            database.prepare_cached("SELECT batch, run FROM claims ORDER BY seq")?;
        let claims = select.query_map((), |row| {
            let batch: i64 = row.get(0)?;
            Ok((BatchId(batch.cast_unsigned()), RunId(row.get(1)?)))
        })?;
        Ok(claims.collect::<Result<_, _>>()?)
    }

    fn claim(
        &self,
        claims: impl Iterator<Item = (BatchId, RunId)>,
    ) -> Result<(), StateError> {
        let mut database = self.database();
        let transaction = database.transaction()?;
        for (batch, run) in claims {
            let insert = "INSERT INTO claims (batch, run) VALUES (?, ?)";
            transaction.execute(insert, (batch.0.cast_signed(), run.0))?;
        }
        Ok(transaction.commit()?)
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
    pub(crate) fn unfinished(&self, key: &str) -> Result<Option<RunId>, StateError> {
        let open =
            "SELECT id FROM runs WHERE key = ? AND closed_at IS NULL ORDER BY id DESC";
        let id = self.database().query_row(open, [key], |row| row.get(0)).optional()?;
        Ok(id.map(RunId))
    }

    /// Keeps a run's summary, and closes it if its output is complete.
    pub(crate) fn end(
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

    /// What can still be read of a damaged state.
    pub(crate) fn salvage(folder: &Path) -> Result<Salvaged, StateError> {
        salvage::salvage(folder)
    }

    /// Names runs from here on after this one.
    pub(crate) fn begin_after(&self, run: RunId) -> Result<(), StateError> {
        self.database().execute(
            "INSERT OR REPLACE INTO sqlite_sequence (name, seq) VALUES ('runs', ?)",
            [run.0],
        )?;
        Ok(())
    }

    /// All runs, oldest first.
    pub(crate) fn runs(&self) -> Result<Vec<RunRecord>, StateError> {
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

    /// The newest time in the journal. Its last records do: those before them were written by clocks that they were not
    /// behind.
    pub(crate) fn newest(&self) -> Result<Timestamp, StateError> {
        let select = "SELECT coalesce(max(at), -1) FROM (SELECT at FROM journal ORDER BY seq DESC LIMIT 10000)";
        let newest: i64 = self.database().query_row(select, [], |row| row.get(0))?;
        Ok(Timestamp(newest.saturating_add(1)))
    }

    /// The account book: the fold of the whole journal.
    pub(crate) fn ledger(&self) -> Result<Ledger, StateError> {
        Ok(journal::replay(&self.database())?.0)
    }

    /// The account book, and the journal to go on writing it.
    pub(crate) fn book(&self) -> Result<(Ledger, SqliteJournal), StateError> {
        let (ledger, seen) = journal::replay(&self.database())?;
        Ok((
            ledger,
            SqliteJournal::new(Arc::clone(&self.connection), seen, self.room.clone()),
        ))
    }

    /// Takes part in sharing the windows of an account with other processes on this state.
    pub(crate) fn leases(
        &self,
        account: &Account,
        clock: Arc<dyn Clock>,
    ) -> Result<FolderLeases, StateError> {
        FolderLeases::open(&self.folder, account, clock, boot::this()?)
    }

    /// Where the questions of a step wait while it runs.
    pub(crate) fn questions(&self, run: RunId, step: usize) -> PathBuf {
        self.folder.join(format!(".questions-{}-{step}", run.0))
    }

    /// Writes down what a callback hints at; `false` if it is known, or if `most` are known of its batch.
    pub(crate) fn hint(&self, hint: &Hint, most: i64) -> Result<bool, StateError> {
        let batch = hint.batch.0.cast_signed();
        let added = self.database().execute(
            "INSERT OR IGNORE INTO hints (batch, job, kind) SELECT ?1, ?2, ?3
             WHERE (SELECT count(*) FROM hints WHERE batch = ?1) < ?4",
            (batch, &hint.job.0, hint.kind.name(), most),
        )?;
        Ok(added > 0)
    }

    /// The hints after this one, in the order in which they came, each with its place.
    pub(crate) fn hints(&self, after: i64) -> Result<Vec<(i64, Hint)>, StateError> {
        let database = self.database();
        let mut select = database.prepare_cached(
            "SELECT seq, batch, job, kind FROM hints WHERE seq > ? ORDER BY seq",
        )?;
        let rows = select.query_map([after], |row| {
            let (batch, kind): (i64, String) = (row.get(1)?, row.get(3)?);
            let (batch, job) = (BatchId(batch.cast_unsigned()), JobId(row.get(2)?));
            let kind = HintKind::of(&kind);
            Ok((row.get(0)?, kind.map(|kind| Hint { batch, job, kind })))
        })?;
        let known = |row: rusqlite::Result<(i64, Option<Hint>)>| match row {
            Ok((seq, hint)) => hint.map(|hint| Ok((seq, hint))),
            Err(error) => Some(Err(error.into())),
        };
        rows.filter_map(known).collect()
    }

    /// Takes over a secret from another state.
    pub(crate) fn inherit(&self, name: &str, value: &[u8]) -> Result<(), StateError> {
        let replace = "INSERT OR REPLACE INTO secrets (name, value) VALUES (?, ?)";
        self.database().execute(replace, (name, value))?;
        Ok(())
    }

    /// The secret of this name: `fresh` where there was none.
    pub(crate) fn secret(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, StateError> {
        let database = self.database();
        database.execute(
            "INSERT OR IGNORE INTO secrets (name, value) VALUES (?, ?)",
            (name, fresh),
        )?;
        let select = "SELECT value FROM secrets WHERE name = ?";
        Ok(database.query_row(select, [name], |row| row.get(0))?)
    }

    /// What is kept under names that begin like this.
    pub(crate) fn kept(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let database = self.database();
        let select =
            "SELECT name, value FROM secrets WHERE substr(name, 1, length(?1)) = ?1";
        let mut select = database.prepare_cached(select)?;
        let rows = select.query_map([prefix], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
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
