//! The windows' slots of one purse as they stand in the database.
//!
//! Each process holds a lock of its name for as long as its connection lives; whoever finds it free takes
//! back what the process held, and reads which calls it made. Times are the server's: machines need not
//! agree about them.

mod calls;

use super::super::{
    address::Address,
    session::{Connected, POOLED, Session, lock_key},
};
use crate::{
    StateError,
    sent::{self, RECORD},
};
use leadmill_core::{
    Account, Endpoint, Moment, Sent,
    slots::{Agreement, ProcessId, STRAGGLING, Slots, Trade},
};
use std::{
    collections::{HashMap, VecDeque},
    time::Duration,
};
use tokio::time::Instant;
use tokio_postgres::{Client, types::ToSql};

/// What is added to the longest window: a call may have been on its way.
const LATE: Duration = STRAGGLING.saturating_add(Duration::from_secs(5));

/// What a purse is called for.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Note(Vec<Sent>),
    /// A call to this endpoint has arrived.
    Heard {
        now: Moment,
        to: Endpoint,
    },
    /// The process is about to end.
    End,
    /// The provider wants nothing, or no calls to this endpoint.
    Freeze {
        now: Moment,
        to: Option<Endpoint>,
        until: Moment,
    },
    Trade {
        now: Moment,
        trades: Vec<Trade>,
    },
}

/// Slots of one purse, in this process's hands.
pub(super) struct Purse {
    session: Session,
    account: Account,
    process: ProcessId,
    /// By how much the server's clock is ahead of ours, at most.
    ahead: i64,
    /// Nothing older than this is in any window.
    horizon: Duration,
    swept: Moment,
    /// Calls that were written down, and their records.
    written: u32,
    unheard: HashMap<Endpoint, VecDeque<Record>>,
    /// Records of calls that have arrived, and what is to stand in their place: when, and the record.
    heard: Vec<(Record, i64, Record)>,
}

type Record = [u8; RECORD];

impl Purse {
    pub(super) async fn open(
        address: &Address,
        account: Account,
        process: ProcessId,
    ) -> Result<Self, StateError> {
        let session = Session::open(address).await?;
        let lock = lock_of(process);
        if !session.take(&lock).await? {
            return Err(StateError::Server(format!("another process is {lock}")));
        }
        let client = session.client().await;
        let insert = format!(
            "INSERT INTO {}.slots (purse, body) VALUES ($1, '{{}}') ON CONFLICT (purse) DO NOTHING",
            session.schema()
        );
        client.execute(&insert, &[&account.purse]).await?;
        drop(client);
        let longest = account.windows.values().flatten().map(|window| window.per).max();
        // A weighted counter looks back two lengths.
        let horizon = longest.unwrap_or_default() * 2 + LATE;
        Ok(Self {
            session,
            account,
            process,
            ahead: 0,
            horizon,
            swept: Moment(0),
            written: 0,
            unheard: HashMap::new(),
            heard: Vec::new(),
        })
    }

    /// One call, over a new connection where the old one is lost. `None` where others took this process for one that has
    /// ended while it was out of reach, and took its slots back.
    pub(super) async fn answer(
        &mut self,
        call: Call,
    ) -> Result<Option<Agreement>, StateError> {
        match self.act(call.clone()).await {
            Err(StateError::Lost(_)) => {}
            other => return other.map(Some),
        }
        {
            let mut connected = self.session.client().await;
            self.session.renew(&mut connected).await?;
        }
        match call {
            // Nothing that had them may leave.
            Call::Note(_) if !self.is_known().await? => Ok(None),
            Call::Note(_) | Call::Freeze { .. } | Call::Heard { .. } | Call::End => {
                self.act(call).await.map(Some)
            }
            // Nobody knows whether it was made, and it must not be made twice: it is made as by a new process,
            // which comes after one that has made our calls.
            Call::Trade { now, trades } => self.begin_anew(now, trades).await.map(Some),
        }
    }

    async fn begin_anew(
        &mut self,
        now: Moment,
        mut trades: Vec<Trade>,
    ) -> Result<Agreement, StateError> {
        for trade in &mut trades {
            trade.back = 0;
            trade.cooling.clear();
        }
        let select = format!(
            "SELECT record FROM {}.sends WHERE process = $1",
            self.session.schema()
        );
        let process = self.process.0.cast_signed();
        let rows = self.session.client().await.query(&select, &[&process]).await?;
        let mut sends = Vec::new();
        for row in &rows {
            let record: &[u8] = row.try_get(0)?;
            sends.extend(record.try_into().ok().and_then(sent::decode));
        }
        let account = self.account.clone();
        self.change(now, |slots, process, server, passed| {
            slots.bury(process, server, &sends, |endpoint| {
                account.windows_of(endpoint).collect()
            });
            trade(slots, process, (now, trades), server, passed)
        })
        .await
    }

    /// Whether nobody has taken this process for one that has ended.
    async fn is_known(&self) -> Result<bool, StateError> {
        let select =
            format!("SELECT body FROM {}.slots WHERE purse = $1", self.session.schema());
        let client = self.session.client().await;
        let body: String =
            client.query_one(&select, &[&self.account.purse]).await?.try_get(0)?;
        let slots = self.read(&body)?;
        Ok(slots.processes().any(|process| process == self.process))
    }

    async fn act(&mut self, call: Call) -> Result<Agreement, StateError> {
        match call {
            Call::Note(sends) => self.note(&sends).await.map(|()| Self::nothing()),
            Call::Heard { now, to } => {
                self.hear(now, to);
                Ok(Self::nothing())
            }
            Call::End => self.tell_heard().await.map(|()| Self::nothing()),
            Call::Freeze { now, to, until } => {
                self.change(now, |slots, _, server, _| {
                    let until = Moment(until.0 + (server.0 - now.0));
                    match to {
                        Some(to) => slots.close(server, to, until),
                        None => slots.freeze(server, until),
                    }
                    Self::nothing()
                })
                .await
            }
            Call::Trade { now, trades } => {
                self.change(now, |slots, process, server, passed| {
                    trade(slots, process, (now, trades), server, passed)
                })
                .await
            }
        }
    }

    fn nothing() -> Agreement {
        Agreement {
            until: Moment(0),
            frozen_until: None,
            closed: Vec::new(),
            deals: Vec::new(),
        }
    }

    /// Changes the slots of this purse, alone. `change` is told the server's time, and how many milliseconds
    /// lie between `now` and it at most.
    async fn change(
        &mut self,
        now: Moment,
        change: impl FnOnce(&mut Slots, ProcessId, Moment, i64) -> Agreement,
    ) -> Result<Agreement, StateError> {
        let mut client = self.session.client().await;
        let changed = self.changed(&mut client, change).await;
        if changed.is_err() {
            // Where this fails too, the connection is lost, and what it began with it.
            _ = client.batch_execute("ROLLBACK").await;
        }
        let (agreement, server, swept) = changed?;
        drop(client);
        (self.swept, self.ahead) = (swept, server.0 - now.0);
        Ok(agreement)
    }

    /// The same as one transaction, in two round trips; the server's time, and when it was swept last. After an error it
    /// is still open.
    async fn changed(
        &self,
        client: &mut Connected,
        change: impl FnOnce(&mut Slots, ProcessId, Moment, i64) -> Agreement,
    ) -> Result<(Agreement, Moment, Moment), StateError> {
        let schema = self.session.schema();
        let purse = &self.account.purse;
        let select = format!(
            "SELECT body, (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
                    current_setting('leadmill.session', true) IS NOT DISTINCT FROM $2
             FROM {schema}.slots WHERE purse = $1 FOR UPDATE"
        );
        let select = client.statement(&select).await?;
        let update = format!("UPDATE {schema}.slots SET body = $2 WHERE purse = $1");
        let update = client.statement(&update).await?;
        let called = Instant::now();
        let wanted: [&(dyn ToSql + Sync); 2] = [purse, &client.mark];
        let (begun, row) = tokio::join!(
            client.batch_execute("BEGIN"),
            client.query_one(&select, &wanted)
        );
        begun?;
        let row = row?;
        if !row.try_get::<_, bool>(2)? {
            return Err(StateError::Unsafe(POOLED.into()));
        }
        let server = Moment(row.try_get(1)?);
        let passed = i64::try_from(called.elapsed().as_millis()).unwrap_or(i64::MAX);
        let mut slots = self.read(row.try_get(0)?)?;
        self.bury(client, &mut slots, server).await?;
        let agreement = change(&mut slots, self.process, server, passed);
        let body =
            serde_json::to_string(&slots).map_err(|error| self.unreadable(&error))?;
        let swept = match server.since(self.swept) > self.horizon {
            true => self.sweep(client, server).await?,
            false => self.swept,
        };
        let values: [&(dyn ToSql + Sync); 2] = [purse, &body];
        let (updated, committed) = tokio::join!(
            client.execute(&update, &values),
            client.batch_execute("COMMIT")
        );
        updated?;
        committed?;
        Ok((agreement, server, swept))
    }

    /// Deletes calls that are in no window any more.
    async fn sweep(&self, client: &Client, server: Moment) -> Result<Moment, StateError> {
        let oldest = server.before(self.horizon).0;
        // Of processes too whose lease had expired before they ended: nobody buries them. Other purses
        // have windows of a day at most.
        let sweep = format!(
            "DELETE FROM {}.sends
             WHERE process = $1 AND at < $2 OR at < $2 - 3 * 86400000::bigint",
            self.session.schema()
        );
        client.execute(&sweep, &[&self.process.0.cast_signed(), &oldest]).await?;
        Ok(server)
    }

    /// Takes back the slots of processes that have ended.
    async fn bury(
        &self,
        client: &Client,
        slots: &mut Slots,
        server: Moment,
    ) -> Result<(), StateError> {
        let schema = self.session.schema();
        let others: Vec<ProcessId> =
            slots.processes().filter(|other| *other != self.process).collect();
        for other in others {
            let key = lock_key(schema, &lock_of(other));
            let free = "SELECT pg_try_advisory_xact_lock($1)";
            if !client.query_one(free, &[&key]).await?.try_get::<_, bool>(0)? {
                continue;
            }
            let delete =
                format!("DELETE FROM {schema}.sends WHERE process = $1 RETURNING record");
            let rows = client.query(&delete, &[&other.0.cast_signed()]).await?;
            let mut sends = Vec::new();
            for row in &rows {
                let record: &[u8] = row.try_get(0)?;
                sends.extend(record.try_into().ok().and_then(sent::decode));
            }
            let windows = |endpoint| self.account.windows_of(endpoint).collect();
            slots.bury(other, server, &sends, windows);
        }
        Ok(())
    }

    fn read(&self, body: &str) -> Result<Slots, StateError> {
        match body {
            "{}" => Ok(Slots::default()),
            body => serde_json::from_str(body).map_err(|error| self.unreadable(&error)),
        }
    }

    fn unreadable(&self, error: &serde_json::Error) -> StateError {
        StateError::Corrupt(format!(
            "{}.slots: {error}; its rows may be deleted when no run has been at work for some minutes",
            self.session.schema()
        ))
    }
}

fn lock_of(process: ProcessId) -> String {
    format!("process {:016x}", process.0)
}

/// Trades in the server's time. Between the caller's `now` and the reading of the server's clock lie at most
/// `passed` milliseconds: times are moved so that, whatever part of them it was, nothing is free too early
/// and no lease is too long.
fn trade(
    slots: &mut Slots,
    process: ProcessId,
    (now, mut trades): (Moment, Vec<Trade>),
    server: Moment,
    passed: i64,
) -> Agreement {
    let there = |at: Moment| Moment(at.0 + (server.0 - now.0));
    let early = |at: Moment| Moment(at.0 - (server.0 - now.0));
    let late = |at: Moment| Moment(early(at).0 + passed + 1);
    for trade in &mut trades {
        trade.cooling.iter_mut().for_each(|free| *free = there(*free));
    }
    let mut agreement = slots.trade(process, server, &trades);
    agreement.until = early(agreement.until);
    agreement.frozen_until = agreement.frozen_until.map(late);
    agreement.closed.iter_mut().for_each(|(_, until)| *until = late(*until));
    for deal in &mut agreement.deals {
        deal.cooling.iter_mut().for_each(|free| *free = late(*free));
        deal.past.iter_mut().for_each(|(free, _)| *free = late(*free));
        deal.next = deal.next.map(late);
    }
    agreement
}

#[cfg(test)]
mod tests;
