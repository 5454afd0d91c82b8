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
mod tests {
    use super::*;
    use leadmill_core::{
        Appended, BatchId, Credits, Entry, Event, Journal, Lane, Operation, QueryKey,
    };

    fn begin(store: &Store, key: &str) -> Result<Run, StateError> {
        store.begin(key, "p", Timestamp(1))
    }

    #[test]
    fn a_run_is_taken_up_again_until_it_is_closed() {
        let folder = tempfile::tempdir().unwrap();
        let begin = |store: &Store| begin(store, "k").unwrap();
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
    fn one_process_at_a_time_is_at_work_on_a_run() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = begin(&store, "k").unwrap();
        let other = Store::open(folder.path()).unwrap();
        assert!(matches!(begin(&other, "k"), Err(StateError::Locked(_))));
        let second = begin(&other, "l").unwrap();
        assert!(store.others([run.id]).unwrap().is_empty());
        assert_eq!(other.others([run.id, second.id]).unwrap(), [run.id].into());
        assert!(Store::look(folder.path()).unwrap().is_some());
        drop(store);
        assert!(other.others([run.id]).unwrap().is_empty());
        assert!(begin(&other, "k").unwrap().resumed);
    }

    #[tokio::test]
    async fn what_another_process_wrote_is_seen_and_its_questions_are_not_claimed_twice()
    {
        let folder = tempfile::tempdir().unwrap();
        let stores =
            [Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap()];
        let runs =
            ["a", "b"].iter().zip(&stores).map(|(key, store)| begin(store, key).unwrap());
        let runs: Vec<RunId> = runs.map(|run| run.id).collect();
        let mut journals = stores.iter().map(|store| store.book().unwrap().1);
        let (mut first, mut second) =
            (journals.next().unwrap(), journals.next().unwrap());
        let intent = |run: RunId, batch: u64, lane, keys: &[u8]| Entry {
            at: Timestamp(1),
            run,
            batch: BatchId(batch),
            event: Event::Intended {
                account: "p".into(),
                step: "s".into(),
                operation: Operation::VerifyEmail,
                lane,
                reserve: Credits(1),
                anchor: None,
                keys: keys.iter().map(|key| QueryKey([*key; 16])).collect(),
            },
        };
        let (a, b) = (runs[0], runs[1]);
        let ours = intent(a, 1, Lane::Single, &[1]);
        let written = first.append(std::slice::from_ref(&ours)).await.unwrap();
        assert_eq!(written, Appended::Written { before: vec![] });
        let same = second.append(&[intent(b, 2, Lane::Single, &[1])]).await.unwrap();
        assert_eq!(same, Appended::Collides { before: vec![ours] });
        let other = second.append(&[intent(b, 2, Lane::Single, &[2])]).await.unwrap();
        assert_eq!(other, Appended::Written { before: vec![] });
        let theirs = intent(b, 3, Lane::Bulk, &[3]);
        second.append(std::slice::from_ref(&theirs)).await.unwrap();
        // Another job of the same operation may have taken the last slot.
        let job = first.append(&[intent(a, 4, Lane::Bulk, &[4])]).await.unwrap();
        assert!(matches!(job, Appended::Collides { before } if before.len() == 2));
        assert!(matches!(
            first.append(&[intent(a, 4, Lane::Bulk, &[4])]).await.unwrap(),
            Appended::Written { .. }
        ));
        assert_eq!(stores[1].ledger().unwrap().lines().len(), 4);
    }

    #[test]
    fn many_may_open_a_new_state_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            std::thread::scope(|scope| {
                for key in ["a", "b", "c", "d"] {
                    let folder = folder.path();
                    scope.spawn(move || {
                        begin(&Store::open(folder).unwrap(), key).unwrap()
                    });
                }
            });
        }
    }

    #[test]
    fn a_newer_state_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        store.database().pragma_update(None, "user_version", 3).unwrap();
        drop(store);
        assert!(matches!(
            Store::open(folder.path()),
            Err(StateError::Newer { found: 3, .. })
        ));
        assert!(matches!(
            Store::look(folder.path()),
            Err(StateError::Newer { found: 3, .. })
        ));
    }

    /// Some records, and the folder they lie in.
    async fn written() -> (tempfile::TempDir, Vec<Entry>) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let run = begin(&store, "k").unwrap().id;
        let entry = |batch: u64, event| Entry {
            at: Timestamp(5),
            run,
            batch: BatchId(batch),
            event,
        };
        let intent = Event::Intended {
            account: "p".into(),
            step: "s".into(),
            operation: Operation::VerifyEmail,
            lane: Lane::Bulk,
            reserve: Credits(2),
            anchor: Some("t".into()),
            keys: [QueryKey([1; 16]), QueryKey([2; 16])].into(),
        };
        let entries = vec![
            entry(1, intent),
            entry(1, Event::Accepted { job: leadmill_core::JobId("j1".into()) }),
        ];
        let mut journal = store.book().unwrap().1;
        journal.append(&entries).await.unwrap();
        (folder, entries)
    }

    /// Every bit of every column of every record, one at a time.
    #[tokio::test]
    async fn a_record_that_was_changed_is_never_read_as_another() {
        let (folder, _) = written().await;
        let store = Store::open(folder.path()).unwrap();
        let mut flips = 0;
        for seq in 1..=2 {
            for column in ["at", "run", "batch", "event", "body", "bytes", "sum"] {
                let read = format!(
                    "SELECT CAST({column} AS BLOB) FROM journal WHERE seq = {seq}"
                );
                let kind =
                    format!("SELECT typeof({column}) FROM journal WHERE seq = {seq}");
                let database = store.database();
                let kind: String =
                    database.query_row(&kind, [], |row| row.get(0)).unwrap();
                let whole: Option<Vec<u8>> =
                    database.query_row(&read, [], |row| row.get(0)).unwrap();
                let Some(whole) = whole else { continue };
                drop(database);
                for bit in 0..whole.len() * 8 {
                    let mut bent = whole.clone();
                    bent[bit / 8] ^= 1 << (bit % 8);
                    let write = |bytes: &[u8]| {
                        let text = match kind.as_str() {
                            "integer" => "CAST(CAST(? AS TEXT) AS INTEGER)",
                            "text" => "CAST(? AS TEXT)",
                            _ => "?",
                        };
                        let update = format!(
                            "UPDATE journal SET {column} = {text} WHERE seq = {seq}"
                        );
                        store.database().execute(&update, [bytes]).unwrap();
                    };
                    write(&bent);
                    let read: Option<Vec<u8>> =
                        store.database().query_row(&read, [], |row| row.get(0)).unwrap();
                    if read.as_ref() != Some(&whole) {
                        assert!(store.ledger().is_err(), "{column} of {seq}, bit {bit}");
                        flips += 1;
                    }
                    write(&whole);
                }
            }
        }
        assert!(flips > 1_000, "{flips}");
        assert_eq!(store.ledger().unwrap().lines().len(), 1);
    }

    #[tokio::test]
    async fn a_record_that_is_lost_in_between_is_noticed() {
        let (folder, entries) = written().await;
        let store = Store::open(folder.path()).unwrap();
        store.database().execute("DELETE FROM journal WHERE seq = 1", []).unwrap();
        assert!(matches!(store.ledger(), Err(StateError::Corrupt(_))));
        assert!(matches!(store.book(), Err(StateError::Corrupt(_))));
        drop(entries);
    }

    /// A state of version 1, whose records carry no sums.
    #[tokio::test]
    async fn an_older_state_is_brought_up_to_date() {
        let (folder, _) = written().await;
        let store = Store::open(folder.path()).unwrap();
        let back = "ALTER TABLE journal DROP COLUMN sum; PRAGMA user_version = 1";
        store.database().execute_batch(back).unwrap();
        drop(store);
        assert!(matches!(Store::look(folder.path()), Err(StateError::Older)));
        let store = Store::open(folder.path()).unwrap();
        assert_eq!(store.ledger().unwrap().lines().len(), 1);
        let old =
            "INSERT INTO journal (at, run, batch, event, body) VALUES (1, 1, 1, '', '')";
        assert!(store.database().execute(old, []).is_err(), "an older process must end");
        store.database().execute("UPDATE journal SET at = 6 WHERE seq = 2", []).unwrap();
        assert!(store.ledger().is_err(), "from here on it has sums");
    }
}
