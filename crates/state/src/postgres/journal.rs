//! The journal on Postgres.

use super::session::{Connected, POOLED, Session};
use crate::{
    StateError, VERSION,
    chain::{Record, Seen, Sum, corrupt},
    code,
};
use async_trait::async_trait;
use futures::TryStreamExt;
use leadmill_core::{Appended, Entry, Journal, JournalError, Ledger, journal};
use std::{pin::pin, sync::Arc, time::Duration};
use tokio::time::timeout;
use tokio_postgres::{GenericClient, Row, Statement, types::ToSql};

/// How long the server may take for what takes milliseconds. After that the connection counts as lost.
const PATIENCE: Duration = Duration::from_secs(20);

/// Times that a connection is renewed for one append.
const RENEWALS: u32 = 3;

/// Appends entries to the journal of a schema: one statement where nobody else has written since.
#[derive(Debug)]
pub(crate) struct PostgresJournal {
    session: Arc<Session>,
    /// The last record that this process has seen or written.
    seen: Seen,
    /// Where the entries of the present append would end, by each attempt that may have been written unseen.
    tried: Vec<Seen>,
}

impl PostgresJournal {
    /// A journal of which everything up to the record `seen` is known.
    pub(super) fn new(session: Arc<Session>, seen: Seen) -> Self {
        Self { session, seen, tried: Vec::new() }
    }

    #[cfg(test)]
    pub(super) const fn seen(&self) -> Seen {
        self.seen
    }

    #[cfg(test)]
    pub(super) async fn append_again(
        &mut self,
        ours: &[Entry],
    ) -> Result<Appended, StateError> {
        let session = Arc::clone(&self.session);
        let records = Record::of(ours).unwrap();
        let mut connected = session.client().await;
        self.tried.extend(chain(self.seen, &records).last());
        self.attempt(&mut connected, ours, &records, true).await
    }

    /// Writes, over a new connection where the old one is lost. What was on its way then may have been
    /// written: the chain tells.
    async fn write(&mut self, ours: &[Entry]) -> Result<Appended, StateError> {
        let records =
            Record::of(ours).map_err(|error| StateError::Corrupt(error.to_string()))?;
        let session = Arc::clone(&self.session);
        let mut connected = session.client().await;
        let mut renewed = 0;
        self.tried.clear();
        loop {
            let attempt = self.attempt(&mut connected, ours, &records, renewed > 0);
            let error = match timeout(PATIENCE, attempt).await {
                Ok(Ok(appended)) => return Ok(appended),
                Ok(Err(error)) => error,
                Err(_) => StateError::Lost(format!(
                    "the database took more than {} s",
                    PATIENCE.as_secs()
                )),
            };
            let is_lost = matches!(error, StateError::Lost(_)) || connected.is_closed();
            if !is_lost || renewed == RENEWALS {
                return Err(error);
            }
            renewed += 1;
            session.renew(&mut connected).await?;
        }
    }

    async fn attempt(
        &mut self,
        connected: &mut Connected,
        ours: &[Entry],
        records: &[Record],
        may_be_there: bool,
    ) -> Result<Appended, StateError> {
        let schema = self.session.schema();
        let insert = connected.statement(&insert(schema)).await?;
        let mark = connected.mark.clone();
        if !may_be_there {
            self.tried.extend(chain(self.seen, records).last());
        }
        if !records.is_empty()
            && !may_be_there
            && let Some(last) =
                add(&**connected, &insert, &mark, self.seen, records).await?
        {
            self.seen = last;
            return Ok(Appended::Written { before: Vec::new() });
        }
        // Others have written on. From here on nobody does until we are through.
        let head_of = connected.statement(&head(schema)).await?;
        let after = connected.statement(&after(schema)).await?;
        let transaction = connected.transaction().await?;
        let (mut before, mut last, mut written) = (Vec::new(), self.seen, None);
        let known: [&(dyn ToSql + Sync); 1] = [&self.seen.seq];
        // One round trip: the server reads once it has the journal's end for us.
        let (head, rows) = tokio::join!(
            transaction.query_one(&head_of, &[]),
            transaction.query(&after, &known)
        );
        let head = seen(&head?)?;
        for row in &rows? {
            let (at, entry) = entry(last, row)?;
            last = at;
            before.push(entry);
            if self.tried.contains(&at) {
                written = Some((at, before.len() - records.len()));
            }
        }
        if last != head {
            return Err(corrupt(
                head.seq,
                &format!("the journal ends here, and {} was seen before", last.seq),
            ));
        }
        // What others wrote after it is read the next time.
        if let Some((end, others)) = written {
            self.seen = end;
            before.truncate(others);
            return Ok(Appended::Written { before });
        }
        if journal::collide(ours, &before) {
            self.seen = last;
            return Ok(Appended::Collides { before });
        }
        if !records.is_empty() {
            self.tried.extend(chain(last, records).last());
            let added = add(&transaction, &insert, &mark, last, records).await?;
            last = match added {
                Some(last) => last,
                None => return Err(refused(&transaction, schema).await?),
            };
        }
        transaction.commit().await?;
        self.seen = last;
        Ok(Appended::Written { before })
    }
}

/// Why nothing could be written at the journal's end.
async fn refused(
    client: &impl GenericClient,
    schema: &str,
) -> Result<StateError, StateError> {
    let select = format!("SELECT version FROM {schema}.state");
    let found: i64 = client.query_one(&select, &[]).await?.try_get(0)?;
    Ok(match found {
        VERSION => StateError::Unsafe(POOLED.into()),
        found => StateError::Newer { found, known: VERSION },
    })
}

/// Where each record stands behind `seen`.
fn chain(seen: Seen, records: &[Record]) -> Vec<Seen> {
    let mut last = seen;
    let next = |record: &Record| {
        last = Seen { seq: last.seq + 1, sum: record.sum(last.sum) };
        last
    };
    records.iter().map(next).collect()
}

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
            WHERE seq = $11 AND sum = $12 AND version = {VERSION}
                AND current_setting('leadmill.session', true) = $13
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
    mark: &str,
    seen: Seen,
    records: &[Record],
) -> Result<Option<Seen>, StateError> {
    let chain = chain(seen, records);
    let last = chain.last().copied().unwrap_or(seen);
    let seqs: Vec<i64> = chain.iter().map(|seen| seen.seq).collect();
    let sums: Vec<i64> = chain.iter().map(|seen| seen.sum.0).collect();
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
                &mark,
            ],
        )
        .await?;
    Ok((added == seqs.len() as u64).then_some(last))
}

/// Where the journal ends; nobody moves it before the transaction ends.
fn head(schema: &str) -> String {
    format!("SELECT seq, sum FROM {schema}.state FOR UPDATE")
}

fn seen(row: &Row) -> Result<Seen, StateError> {
    Ok(Seen { seq: row.try_get(0)?, sum: Sum(row.try_get(1)?) })
}

/// The records after one, in order.
fn after(schema: &str) -> String {
    format!(
        "SELECT at, run, batch, event, body, bytes, seq, sum FROM {schema}.journal
         WHERE seq > $1 ORDER BY seq"
    )
}

/// The record behind another.
fn entry(before: Seen, row: &Row) -> Result<(Seen, Entry), StateError> {
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
    record.read(before, row.try_get(6)?, row.try_get(7)?)
}

/// Folds the whole journal; tells the last record too.
pub(super) async fn replay(session: &Session) -> Result<(Ledger, Seen), StateError> {
    let mut client = session.client().await;
    let (mut ledger, mut last) = (Ledger::default(), Seen::default());
    // One snapshot: the end belongs to the records.
    let transaction = client
        .build_transaction()
        .isolation_level(tokio_postgres::IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .await?;
    let select = format!("SELECT seq, sum FROM {}.state", session.schema());
    let head = seen(&transaction.query_one(&select, &[]).await?)?;
    read(&transaction, session.schema(), last, |at, entry| {
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
    let mut rows = pin!(client.query_raw(&after(schema), [seen.seq]).await?);
    let mut before = seen;
    while let Some(row) = rows.try_next().await? {
        let (seen, entry) = entry(before, &row)?;
        before = seen;
        take(seen, entry)?;
    }
    Ok(())
}
