//! A state, wherever it is.

use crate::{
    Place, Run, RunRecord, Salvaged, StateClock, StateError,
    claims::Open,
    clock::{Judge, Watched},
    folder::Folder,
    postgres::Postgres,
    random,
};
use leadmill_core::{
    Account, BatchId, Clock, Hint, Journal, Leases, Ledger, Ours, RunId, Timestamp,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

/// Hints that are kept of one batch: its job's two, and a few that somebody may have made up.
const MOST_HINTS: i64 = 16;

/// An open state. Several processes may have it open.
#[derive(Debug)]
pub struct Store {
    database: Database,
    clock: OnceLock<Arc<StateClock>>,
}

#[derive(Debug)]
enum Database {
    Folder(Box<Folder>),
    Postgres(Box<Postgres>),
}

impl Store {
    /// Opens a state for a run, creating it if needed.
    pub async fn open(place: &Place) -> Result<Self, StateError> {
        let database = match place {
            Place::Folder(folder) => Database::Folder(Folder::open(folder)?.into()),
            Place::Postgres(address) => {
                Database::Postgres(Postgres::open(address).await?.into())
            }
        };
        Ok(Self { database, clock: OnceLock::new() })
    }

    /// Opens a state for looking only; `None` if there is none.
    pub async fn look(place: &Place) -> Result<Option<Self>, StateError> {
        let database = match place {
            Place::Folder(folder) => {
                Folder::look(folder)?.map(|folder| Database::Folder(folder.into()))
            }
            Place::Postgres(address) => Postgres::look(address)
                .await?
                .map(|postgres| Database::Postgres(postgres.into())),
        };
        Ok(database.map(|database| Self { database, clock: OnceLock::new() }))
    }

    /// The clock by which this state's times are judged and written, for a machine with this clock of its own. To be
    /// asked for before the [book](Self::book), whose times it then never falls behind.
    pub async fn clock(
        &self,
        own: Arc<dyn Clock>,
    ) -> Result<Arc<StateClock>, StateError> {
        if let Some(clock) = self.clock.get() {
            return Ok(Arc::clone(clock));
        }
        #[cfg(feature = "kill-points")]
        let own = crate::kill_point::set_wrong(own);
        let before = own.moment();
        let (judge, at) = match &self.database {
            Database::Folder(folder) => (Judge::Journal, folder.newest()?),
            Database::Postgres(postgres) => (Judge::Database, postgres.now().await?),
        };
        // Somewhere between both it read that: half way, it is off by half of it at most.
        let asked = own.moment().since(before);
        let clock = StateClock::new(own, judge, at, before.after(asked / 2));
        Ok(Arc::clone(self.clock.get_or_init(|| Arc::new(clock))))
    }

    /// The unfinished run of this key, or a new one. One process at a time is at work on it: another one
    /// that is about to end is waited for briefly.
    pub async fn begin(
        &self,
        key: &str,
        pipeline: &str,
        now: Timestamp,
    ) -> Result<Run, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.begin(key, pipeline, now),
            Database::Postgres(postgres) => postgres.begin(key, pipeline, now).await,
        }
    }

    /// Takes up, for a run that this process has [begun](Self::begin), those of these open batches at which nobody is at
    /// work, and tells which are its own from now on. Each comes with the run that began it. That run may go on
    /// meanwhile with whatever else it does.
    pub async fn take_up(
        &self,
        run: RunId,
        open: impl IntoIterator<Item = (BatchId, RunId)> + Send,
    ) -> Result<Ours, StateError> {
        let open: Open = open.into_iter().collect();
        match &self.database {
            Database::Folder(folder) => folder.take_up(run, &open),
            Database::Postgres(postgres) => postgres.take_up(run, &open).await,
        }
    }

    /// Hands batches that were taken up back to the runs that began them.
    pub async fn hand_back(
        &self,
        batches: impl IntoIterator<Item = (BatchId, RunId)> + Send,
    ) -> Result<(), StateError> {
        let batches: Open = batches.into_iter().collect();
        match &self.database {
            Database::Folder(folder) => folder.hand_back(&batches),
            Database::Postgres(postgres) => postgres.hand_back(&batches).await,
        }
    }

    /// Of these batches, those at which another process is at work. Nobody else is at work on the rest as long as this
    /// state is open here.
    pub async fn at_work(
        &self,
        batches: impl IntoIterator<Item = (BatchId, RunId)> + Send,
    ) -> Result<BTreeSet<BatchId>, StateError> {
        let batches: Open = batches.into_iter().collect();
        match &self.database {
            Database::Folder(folder) => folder.at_work(&batches),
            Database::Postgres(postgres) => postgres.at_work(&batches).await,
        }
    }

    /// The unfinished run of this key, if there is one.
    pub async fn unfinished(&self, key: &str) -> Result<Option<RunId>, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.unfinished(key),
            Database::Postgres(postgres) => postgres.unfinished(key).await,
        }
    }

    /// A run that this process has [begun](Self::begin), if another process has taken it over since: it found nobody at
    /// work, as this one had lost its connection. `None` where nobody has.
    pub async fn overtaken(&self, run: RunId) -> Result<Option<RunRecord>, StateError> {
        match &self.database {
            // A lock on a file lasts as long as its process.
            Database::Folder(_) => Ok(None),
            Database::Postgres(postgres) => postgres.overtaken(run).await,
        }
    }

    /// Keeps a run's summary, and closes it if its output is complete.
    pub async fn end(
        &self,
        run: RunId,
        closed_at: Option<Timestamp>,
        summary: &str,
    ) -> Result<(), StateError> {
        match &self.database {
            Database::Folder(folder) => folder.end(run, closed_at, summary),
            Database::Postgres(postgres) => postgres.end(run, closed_at, summary).await,
        }
    }

    /// What can still be read of a damaged state in a folder, whatever its sums say.
    pub fn salvage(folder: &Path) -> Result<Salvaged, StateError> {
        Folder::salvage(folder)
    }

    /// Names runs from here on after this one, which a damaged state had.
    pub async fn begin_after(&self, run: RunId) -> Result<(), StateError> {
        match &self.database {
            Database::Folder(folder) => folder.begin_after(run),
            Database::Postgres(postgres) => postgres.begin_after(run).await,
        }
    }

    /// All runs, oldest first.
    pub async fn runs(&self) -> Result<Vec<RunRecord>, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.runs(),
            Database::Postgres(postgres) => postgres.runs().await,
        }
    }

    /// The account book: the fold of the whole journal.
    pub async fn ledger(&self) -> Result<Ledger, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.ledger(),
            Database::Postgres(postgres) => postgres.ledger().await,
        }
    }

    /// The account book, and the journal to go on writing it.
    pub async fn book(&self) -> Result<(Ledger, Box<dyn Journal>), StateError> {
        let (ledger, journal): (_, Box<dyn Journal>) = match &self.database {
            Database::Folder(folder) => {
                let (ledger, journal) = folder.book()?;
                (ledger, Box::new(journal))
            }
            Database::Postgres(postgres) => {
                let (ledger, journal) = postgres.book().await?;
                (ledger, Box::new(journal))
            }
        };
        #[cfg(feature = "kill-points")]
        let journal: Box<dyn Journal> = Box::new(crate::kill_point::Mortal::new(journal));
        let Some(clock) = self.clock.get().map(Arc::clone) else {
            return Ok((ledger, journal));
        };
        Ok((ledger, Box::new(Watched { inner: journal, clock })))
    }

    /// Takes part in sharing the windows of an account with other processes on this state.
    pub async fn leases(
        &self,
        account: &Account,
        clock: Arc<dyn Clock>,
    ) -> Result<Box<dyn Leases>, StateError> {
        match &self.database {
            Database::Folder(folder) => Ok(Box::new(folder.leases(account, clock)?)),
            Database::Postgres(postgres) => Ok(Box::new(postgres.leases(account).await?)),
        }
    }

    /// Where the questions of a step wait while it runs: a file of this machine.
    pub fn questions(&self, run: RunId, step: usize) -> PathBuf {
        match &self.database {
            Database::Folder(folder) => folder.questions(run, step),
            Database::Postgres(postgres) => postgres.questions(run, step),
        }
    }

    /// Writes down what a callback hints at. `false` if it is known, or if too much is known of its batch.
    pub async fn hint(&self, hint: &Hint) -> Result<bool, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.hint(hint, MOST_HINTS),
            Database::Postgres(postgres) => postgres.hint(hint, MOST_HINTS).await,
        }
    }

    /// The hints after this one, in the order in which they came, each with its place.
    pub async fn hints(&self, after: i64) -> Result<Vec<(i64, Hint)>, StateError> {
        match &self.database {
            Database::Folder(folder) => folder.hints(after),
            Database::Postgres(postgres) => postgres.hints(after).await,
        }
    }

    /// Takes a secret over from a damaged state, in the place of its own.
    pub async fn inherit(&self, name: &str, value: &[u8]) -> Result<(), StateError> {
        match &self.database {
            Database::Folder(folder) => folder.inherit(name, value),
            Database::Postgres(postgres) => postgres.inherit(name, value).await,
        }
    }

    /// A fact that all processes on this state go by: `value`, unless another one was written down first.
    pub async fn fact(&self, name: &str, value: &str) -> Result<String, StateError> {
        let kept = match &self.database {
            Database::Folder(folder) => folder.secret(name, value.as_bytes()),
            Database::Postgres(postgres) => postgres.secret(name, value.as_bytes()).await,
        };
        Ok(String::from_utf8_lossy(&kept?).into_owned())
    }

    /// Puts a fact in the place of the one that was known.
    pub async fn put_fact(&self, name: &str, value: &str) -> Result<(), StateError> {
        self.inherit(name, value.as_bytes()).await
    }

    /// The facts whose names begin like this.
    pub async fn facts(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<String, String>, StateError> {
        let rows = match &self.database {
            Database::Folder(folder) => folder.kept(prefix)?,
            Database::Postgres(postgres) => postgres.kept(prefix).await?,
        };
        let text = |value: Vec<u8>| String::from_utf8_lossy(&value).into_owned();
        Ok(rows.into_iter().map(|(name, value)| (name, text(value))).collect())
    }

    /// A secret of this state, the same for all of its processes and for ever.
    pub async fn secret(&self, name: &str) -> Result<Vec<u8>, StateError> {
        let fresh = random::bytes::<32>()?;
        match &self.database {
            Database::Folder(folder) => folder.secret(name, &fresh),
            Database::Postgres(postgres) => postgres.secret(name, &fresh).await,
        }
    }
}
