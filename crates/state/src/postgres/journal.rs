//! The journal on Postgres.

use super::session::Session;
use crate::{
    StateError,
    chain::{Record, Seen, Sum, corrupt},
    code,
};
use async_trait::async_trait;
use futures::TryStreamExt;
use leadmill_core::{Appended, Entry, Journal, JournalError, Ledger, journal};
use std::{pin::pin, sync::Arc};
use tokio_postgres::{GenericClient, Statement};

/// Appends entries to the journal of a schema: one statement where nobody else has written since.
#[derive(Debug)]
pub(crate) struct PostgresJournal {
    session: Arc<Session>,
    insert: Statement,
    /// The last record that this process has seen or written.
    seen: Seen,
}

impl PostgresJournal {
    /// A journal of which everything up to the record `seen` is known.
    pub(super) async fn new(
        session: Arc<Session>,
        seen: Seen,
    ) -> Result<Self, StateError> {
        let insert =
            session.client.lock().await.prepare(&insert(&session.schema)).await?;
        Ok(Self { session, insert, seen })
    }

    #[cfg(test)]
    pub(super) const fn seen(&self) -> Seen {
        self.seen
    }

    async fn write(&mut self, ours: &[Entry]) -> Result<Appended, StateError> {
        let records =
            Record::of(ours).map_err(|error| StateError::Corrupt(error.to_string()))?;
        let mut client = self.session.client.lock().await;
        if !records.is_empty()
            && let Some(last) =
                add(&*client, &self.insert, self.session.backend, self.seen, &records)
                    .await?
        {
            self.seen = last;
            return Ok(Appended::Written { before: Vec::new() });
        }
        // Others have written on. From here on nobody does until we are through.
        let transaction = client.transaction().await?;
        let head = head(&transaction, &self.session).await?;
        let (mut before, mut last) = (Vec::new(), self.seen);
        read(&transaction, &self.session.schema, self.seen, |at, entry| {
            last = at;
            before.push(entry);
            Ok(())
        })
        .await?;
        if last != head {
            return Err(corrupt(
                head.seq,
                &format!("the journal ends here, and {} was seen before", last.seq),
            ));
        }
        if journal::collide(ours, &before) {
            self.seen = last;
            return Ok(Appended::Collides { before });
        }
        if !records.is_empty() {
            let backend = self.session.backend;
            let added = add(&transaction, &self.insert, backend, last, &records).await?;
            last = added.ok_or_else(|| StateError::Unsafe(POOLED.into()))?;
        }
        transaction.commit().await?;
        self.seen = last;
        Ok(Appended::Written { before })
    }
}

const POOLED: &str = "the connection is not the one that holds the run's locks: a pooler between here and \
                      the server must pool sessions, not transactions";

#[async_trait]
impl Journal for PostgresJournal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        self.write(entries).await.map_err(|error| JournalError(error.to_string()))
    }
}

/// Writes records, if the journal ends where it should, and if this is the session that holds our locks.
fn insert(schema: &str) -> String {
    format!(
        "WITH head AS (
            UPDATE {schema}.state SET seq = $9, sum = $10
            WHERE seq = $11 AND sum = $12 AND pg_backend_pid() = $13
            RETURNING true
        )
        INSERT INTO {schema}.journal (seq, at, run, batch, event, body, bytes, sum)
        SELECT record.* FROM head, unnest(
            $1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[],
            $5::text[], $6::text[], $7::bytea[], $8::bigint[]
        ) AS record (seq, at, run, batch, event, body, bytes, sum)"
    )
}

/// Puts records behind `seen`. Where the journal ends then; `None` if nothing was written.
async fn add(
    client: &impl GenericClient,
    insert: &Statement,
    backend: i32,
    seen: Seen,
    records: &[Record],
) -> Result<Option<Seen>, StateError> {
    let (mut last, mut seqs, mut sums) = (seen, Vec::new(), Vec::new());
    for record in records {
        last = Seen { seq: last.seq + 1, sum: record.sum(last.sum) };
        seqs.push(last.seq);
        sums.push(last.sum.0);
    }
    let records = records.iter();
    let at: Vec<i64> = records.clone().map(|record| record.at).collect();
    let runs: Vec<i64> = records.clone().map(|record| record.run).collect();
    let batches: Vec<i64> = records.clone().map(|record| record.batch).collect();
    let rows = records.map(|record| &record.row);
    let events: Vec<&str> = rows.clone().map(|row| row.event.as_str()).collect();
    let bodies: Vec<&str> = rows.clone().map(|row| row.body.as_str()).collect();
    let bytes: Vec<Option<&[u8]>> = rows.map(|row| row.bytes.as_deref()).collect();
    let added = client
        .execute(
            insert,
            &[
                &seqs,
                &at,
                &runs,
                &batches,
                &events,
                &bodies,
                &bytes,
                &sums,
                &last.seq,
                &last.sum.0,
                &seen.seq,
                &seen.sum.0,
                &backend,
            ],
        )
        .await?;
    Ok((added == seqs.len() as u64).then_some(last))
}

/// Where the journal ends; nobody moves it before the transaction ends.
async fn head(
    client: &impl GenericClient,
    session: &Session,
) -> Result<Seen, StateError> {
    let select = format!("SELECT seq, sum FROM {}.state FOR UPDATE", session.schema);
    let row = client.query_one(&select, &[]).await?;
    Ok(Seen { seq: row.try_get(0)?, sum: Sum(row.try_get(1)?) })
}

/// Folds the whole journal; tells the last record too.
pub(super) async fn replay(session: &Session) -> Result<(Ledger, Seen), StateError> {
    let mut client = session.client.lock().await;
    let (mut ledger, mut last) = (Ledger::default(), Seen::default());
    // One snapshot: the end belongs to the records.
    let transaction = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let select = format!("SELECT seq, sum FROM {}.state", session.schema);
    let row = transaction.query_one(&select, &[]).await?;
    let head = Seen { seq: row.try_get(0)?, sum: Sum(row.try_get(1)?) };
    read(&transaction, &session.schema, last, |at, entry| {
        last = at;
        ledger.apply(&entry).map_err(|error| corrupt(at.seq, &error))
    })
    .await?;
    match last == head {
        true => Ok((ledger, last)),
        false => Err(corrupt(head.seq, &"the journal does not end here, as it should")),
    }
}

/// Reads the records after `seen`, in order.
async fn read(
    client: &impl GenericClient,
    schema: &str,
    seen: Seen,
    mut take: impl FnMut(Seen, Entry) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let select = format!(
        "SELECT at, run, batch, event, body, bytes, seq, sum FROM {schema}.journal
         WHERE seq > $1 ORDER BY seq"
    );
    let mut rows = pin!(client.query_raw(&select, [seen.seq]).await?);
    let mut before = seen;
    while let Some(row) = rows.try_next().await? {
        let stored = code::Row {
            event: row.try_get(3)?,
            body: row.try_get(4)?,
            bytes: row.try_get(5)?,
        };
        let record = Record {
            at: row.try_get(0)?,
            run: row.try_get(1)?,
            batch: row.try_get(2)?,
            row: stored,
        };
        let (seen, entry) = record.read(before, row.try_get(6)?, row.try_get(7)?)?;
        before = seen;
        take(seen, entry)?;
    }
    Ok(())
}
