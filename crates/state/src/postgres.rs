//! A state in a Postgres database, for processes of many machines.

mod address;
mod journal;
mod leases;
mod schema;
mod session;

pub use address::Address;

use crate::{
    Run, RunRecord, StateError,
    claims::{self, Claims, NOBODY, Open},
    scratch::Scratch,
};
use journal::PostgresJournal;
use leadmill_core::{
    Account, BatchId, Hint, HintKind, JobId, Ledger, Ours, RunId, Timestamp,
    slots::ProcessId,
};
use leases::PostgresLeases;
use session::{Session, lock_key};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};
use tokio_postgres::GenericClient;

/// An open schema.
#[derive(Debug)]
pub(crate) struct Postgres {
    address: Address,
    session: Arc<Session>,
    scratch: Option<Scratch>,
}

impl Postgres {
    /// Opens a state for a run, creating it if needed. Several processes may have it open.
    pub(crate) async fn open(address: &Address) -> Result<Self, StateError> {
        let session = Arc::new(Session::open(address).await?);
        schema::open(&session).await?;
        let scratch = Some(Scratch::create()?);
        Ok(Self { address: address.clone(), session, scratch })
    }

    /// Opens a state for looking only; `None` if there is none.
    pub(crate) async fn look(address: &Address) -> Result<Option<Self>, StateError> {
        let session = Arc::new(Session::open(address).await?);
        let is_there = schema::look(&session).await?;
        let address = address.clone();
        Ok(is_there.then_some(Self { address, session, scratch: None }))
    }

    fn sql(&self, statement: &str) -> String {
        statement.replace("{}", self.session.schema())
    }

    /// The unfinished run of this key, or a new one. One process at a time is at work on it.
    pub(crate) async fn begin(
        &self,
        key: &str,
        pipeline: &str,
        now: Timestamp,
    ) -> Result<Run, StateError> {
        let locked = || StateError::Locked(self.address.to_string());
        if !self.session.take(&format!("key {key}")).await? {
            return Err(locked());
        }
        let resumed = self.unfinished(key).await?;
        let id = match resumed {
            Some(id) => id,
            None => {
                let insert = self.sql(
                    "INSERT INTO {}.runs (key, pipeline, opened_at) VALUES ($1, $2, $3) RETURNING id",
                );
                let client = self.session.live().await?;
                let row = client.query_one(&insert, &[&key, &pipeline, &now.0]).await?;
                RunId(row.try_get(0)?)
            }
        };
        // Who takes up what it left open holds this for a moment.
        if !self.session.take(&jobs_of(id)).await? {
            return Err(locked());
        }
        self.session.work_for(id).await?;
        Ok(Run { id, resumed: resumed.is_some() })
    }

    /// Takes up what nobody works on, and tells what this run works on.
    pub(crate) async fn take_up(
        &self,
        run: RunId,
        open: &Open,
    ) -> Result<Ours, StateError> {
        let mut client = self.session.live().await?;
        let claims = self.claims(&**client).await?;
        for worker in claims::workers(run, open, &claims).into_keys() {
            // Held until its batches are taken: it does not begin meanwhile, nor does another take them.
            let transaction = client.transaction().await?;
            let key = lock_key(self.session.schema(), &jobs_of(worker));
            let free = "SELECT pg_try_advisory_xact_lock($1)";
            if !transaction.query_one(free, &[&key]).await?.try_get::<_, bool>(0)? {
                continue;
            }
            let claims = self.claims(&transaction).await?;
            let mut workers = claims::workers(run, open, &claims);
            let batches = workers.remove(&worker).unwrap_or_default();
            let batches: Open = batches.into_iter().map(|batch| (batch, run)).collect();
            self.claim(&transaction, &batches).await?;
            session::pass(&transaction, self.session.schema(), worker).await?;
            transaction.commit().await?;
        }
        Ok(claims::ours(run, open, &self.claims(&**client).await?))
    }

    /// Hands batches back to the runs that began them.
    pub(crate) async fn hand_back(&self, batches: &Open) -> Result<(), StateError> {
        self.claim(&**self.session.live().await?, batches).await
    }

    /// Of these batches, those at which another process is at work; nobody else is at the rest from now on.
    pub(crate) async fn at_work(
        &self,
        batches: &Open,
    ) -> Result<BTreeSet<BatchId>, StateError> {
        let claims = self.claims(&**self.session.live().await?).await?;
        let mut at_work = BTreeSet::new();
        for (worker, batches) in claims::workers(NOBODY, batches, &claims) {
            match self.session.try_take(&jobs_of(worker), 0).await? {
                true => {
                    let client = self.session.live().await?;
                    session::pass(&**client, self.session.schema(), worker).await?;
                }
                false => at_work.extend(batches),
            }
        }
        Ok(at_work)
    }

    async fn claims(&self, client: &impl GenericClient) -> Result<Claims, StateError> {
        let select = self.sql("SELECT batch, run FROM {}.claims ORDER BY seq");
        let rows = client.query(&select, &[]).await?;
        let claim = |row: &tokio_postgres::Row| {
            let batch: i64 = row.try_get(0)?;
            Ok((BatchId(batch.cast_unsigned()), RunId(row.try_get(1)?)))
        };
        rows.iter().map(claim).collect()
    }

    async fn claim(
        &self,
        client: &impl GenericClient,
        claims: &Open,
    ) -> Result<(), StateError> {
        let batches: Vec<i64> =
            claims.keys().map(|batch| batch.0.cast_signed()).collect();
        let runs: Vec<i64> = claims.values().map(|run| run.0).collect();
        let insert = self.sql(
            "INSERT INTO {}.claims (batch, run)
             SELECT claim.* FROM unnest($1::bigint[], $2::bigint[]) AS claim",
        );
        client.execute(&insert, &[&batches, &runs]).await?;
        Ok(())
    }

    /// The unfinished run of this key, if there is one.
    pub(crate) async fn unfinished(
        &self,
        key: &str,
    ) -> Result<Option<RunId>, StateError> {
        let select = self.sql(
            "SELECT id FROM {}.runs WHERE key = $1 AND closed_at IS NULL ORDER BY id DESC LIMIT 1",
        );
        let row = self.session.live().await?.query_opt(&select, &[&key]).await?;
        Ok(row.map(|row| row.try_get(0)).transpose()?.map(RunId))
    }

    /// The run that this process works for, if another process has taken it over while the connection was lost.
    pub(crate) async fn overtaken(
        &self,
        run: RunId,
    ) -> Result<Option<RunRecord>, StateError> {
        if !self.session.was_overtaken().await? {
            return Ok(None);
        }
        let look = Self::look(&self.address).await?;
        let runs = match look {
            Some(look) => look.runs().await?,
            None => Vec::new(),
        };
        Ok(runs.into_iter().find(|record| record.id == run))
    }

    /// Keeps a run's summary, and closes it if its output is complete.
    pub(crate) async fn end(
        &self,
        run: RunId,
        closed_at: Option<Timestamp>,
        summary: &str,
    ) -> Result<(), StateError> {
        let update =
            self.sql("UPDATE {}.runs SET closed_at = $1, summary = $2 WHERE id = $3");
        let closed_at = closed_at.map(|at| at.0);
        let client = self.session.live().await?;
        client.execute(&update, &[&closed_at, &summary, &run.0]).await?;
        Ok(())
    }

    /// Names runs from here on after this one.
    pub(crate) async fn begin_after(&self, run: RunId) -> Result<(), StateError> {
        let name = format!("{}.runs", self.session.schema());
        let set = "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)";
        let client = self.session.live().await?;
        client.query_one(set, &[&name, &run.0.max(1)]).await?;
        Ok(())
    }

    /// All runs, oldest first.
    pub(crate) async fn runs(&self) -> Result<Vec<RunRecord>, StateError> {
        let select = self.sql(
            "SELECT id, pipeline, opened_at, closed_at, summary FROM {}.runs ORDER BY id",
        );
        let rows = self.session.live().await?.query(&select, &[]).await?;
        let record = |row: &tokio_postgres::Row| {
            Ok(RunRecord {
                id: RunId(row.try_get(0)?),
                pipeline: row.try_get(1)?,
                opened_at: Timestamp(row.try_get(2)?),
                closed_at: row.try_get::<_, Option<i64>>(3)?.map(Timestamp),
                summary: row.try_get(4)?,
            })
        };
        rows.iter().map(record).collect()
    }

    /// The database's time.
    pub(crate) async fn now(&self) -> Result<Timestamp, StateError> {
        let select = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
        let row = self.session.live().await?.query_one(select, &[]).await?;
        Ok(Timestamp(row.try_get(0)?))
    }

    /// The account book: the fold of the whole journal.
    pub(crate) async fn ledger(&self) -> Result<Ledger, StateError> {
        Ok(journal::replay(&self.session).await?.0)
    }

    /// The account book, and the journal to go on writing it.
    pub(crate) async fn book(&self) -> Result<(Ledger, PostgresJournal), StateError> {
        let (ledger, seen) = journal::replay(&self.session).await?;
        let journal = PostgresJournal::new(Arc::clone(&self.session), seen);
        Ok((ledger, journal))
    }

    /// Takes part in sharing the windows of an account with other processes on this state.
    pub(crate) async fn leases(
        &self,
        account: &Account,
    ) -> Result<PostgresLeases, StateError> {
        let (address, account) = (self.address.clone(), account.clone());
        let process = ProcessId(crate::random::number()?);
        let open = tokio::task::spawn_blocking(move || {
            PostgresLeases::open(address, account, process)
        });
        open.await.map_err(|error| StateError::Server(error.to_string()))?
    }

    /// Where the questions of a step wait while it runs.
    pub(crate) fn questions(&self, run: RunId, step: usize) -> PathBuf {
        let name = format!("questions-{}-{step}", run.0);
        self.scratch.as_ref().map_or_else(|| name.clone().into(), |it| it.join(&name))
    }

    /// Writes down what a callback hints at; `false` if it is known.
    pub(crate) async fn hint(&self, hint: &Hint, most: i64) -> Result<bool, StateError> {
        let insert = self.sql(
            "INSERT INTO {}.hints (batch, job, kind) SELECT $1, $2, $3
             WHERE (SELECT count(*) FROM {}.hints WHERE batch = $1) < $4
             ON CONFLICT DO NOTHING",
        );
        let batch = hint.batch.0.cast_signed();
        let client = self.session.live().await?;
        let (job, kind) = (&hint.job.0, hint.kind.name());
        Ok(client.execute(&insert, &[&batch, job, &kind, &most]).await? > 0)
    }

    /// The hints after this one, in the order in which they came, each with its place.
    pub(crate) async fn hints(&self, after: i64) -> Result<Vec<(i64, Hint)>, StateError> {
        let select = self.sql(
            "SELECT seq, batch, job, kind FROM {}.hints WHERE seq > $1 ORDER BY seq",
        );
        let rows = self.session.live().await?.query(&select, &[&after]).await?;
        let mut hints = Vec::new();
        for row in &rows {
            let (batch, kind): (i64, String) = (row.try_get(1)?, row.try_get(3)?);
            let (batch, job) = (BatchId(batch.cast_unsigned()), JobId(row.try_get(2)?));
            if let Some(kind) = HintKind::of(&kind) {
                hints.push((row.try_get(0)?, Hint { batch, job, kind }));
            }
        }
        Ok(hints)
    }

    /// Takes over a secret from another state.
    pub(crate) async fn inherit(
        &self,
        name: &str,
        value: &[u8],
    ) -> Result<(), StateError> {
        let replace = self.sql(
            "INSERT INTO {}.secrets (name, value) VALUES ($1, $2)
             ON CONFLICT (name) DO UPDATE SET value = $2",
        );
        self.session.live().await?.execute(&replace, &[&name, &value]).await?;
        Ok(())
    }

    /// The secret of this name: `fresh` where there was none.
    pub(crate) async fn secret(
        &self,
        name: &str,
        fresh: &[u8],
    ) -> Result<Vec<u8>, StateError> {
        let insert = self.sql(
            "INSERT INTO {}.secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        );
        let select = self.sql("SELECT value FROM {}.secrets WHERE name = $1");
        let client = self.session.live().await?;
        client.execute(&insert, &[&name, &fresh]).await?;
        Ok(client.query_one(&select, &[&name]).await?.try_get(0)?)
    }

    /// What is kept under names that begin like this.
    pub(crate) async fn kept(
        &self,
        prefix: &str,
    ) -> Result<Vec<(String, Vec<u8>)>, StateError> {
        let select =
            self.sql("SELECT name, value FROM {}.secrets WHERE starts_with(name, $1)");
        let rows = self.session.live().await?.query(&select, &[&prefix]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }
}

fn jobs_of(run: RunId) -> String {
    format!("jobs {}", run.0)
}

#[cfg(test)]
mod tests;
