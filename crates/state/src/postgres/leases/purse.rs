//! The windows' slots of one purse as they stand in the database.
//!
//! Each process holds a lock of its name for as long as its connection lives; whoever finds it free takes
//! back what the process held, and reads which calls it made. Times are the server's: machines need not
//! agree about them.

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
use tokio_postgres::{Client, Statement, types::ToSql};

/// What is added to the longest window: a call may have been on its way.
const LATE: Duration = STRAGGLING.saturating_add(Duration::from_secs(5));

/// Most calls to an endpoint of which it is remembered that nobody has heard of them: many more than are in flight.
const MOST_UNHEARD: usize = 10_000;

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

    /// Of several calls to an endpoint the oldest is taken for the one that has arrived: the others were made later, so
    /// that nothing is taken to have arrived earlier than it has.
    fn hear(&mut self, now: Moment, to: Endpoint) {
        let oldest = self.unheard.get_mut(&to).and_then(VecDeque::pop_front);
        let Some(old) = oldest else { return };
        let at = Moment(now.0 + self.ahead);
        self.heard.push((old, at.0, sent::encode(&Sent { at, to, arrived: true })));
    }

    async fn tell_heard(&mut self) -> Result<(), StateError> {
        let update = update(self.session.schema());
        let mut client = self.session.client().await;
        let update = client.statement(&update).await?;
        tell(&client, &update, self.process, &self.heard).await?;
        drop(client);
        self.heard.clear();
        Ok(())
    }

    /// Writes calls down, by the server's time, and with them those that have arrived: in one round trip.
    async fn note(&mut self, sends: &[Sent]) -> Result<(), StateError> {
        let there = |sent: &Sent| Sent { at: Moment(sent.at.0 + self.ahead), ..*sent };
        let sends: Vec<Sent> = sends.iter().map(there).collect();
        let at: Vec<i64> = sends.iter().map(|sent| sent.at.0).collect();
        let numbered = |sent: &Sent| {
            self.written = self.written.wrapping_add(1);
            sent::numbered(sent::encode(sent), self.written)
        };
        let numbered: Vec<Record> = sends.iter().map(numbered).collect();
        let records: Vec<&[u8]> = numbered.iter().map(|record| &record[..]).collect();
        let schema = self.session.schema();
        let insert = format!(
            "INSERT INTO {schema}.sends (process, at, record)
             SELECT $1, call.* FROM unnest($2::bigint[], $3::bytea[]) AS call"
        );
        let mut client = self.session.client().await;
        let insert = client.statement(&insert).await?;
        let update = client.statement(&update(schema)).await?;
        let process = self.process.0.cast_signed();
        let values: [&(dyn ToSql + Sync); 3] = [&process, &at, &records];
        let (told, noted) = tokio::join!(
            tell(&client, &update, self.process, &self.heard),
            client.execute(&insert, &values)
        );
        told?;
        noted?;
        drop(client);
        self.heard.clear();
        for (sent, record) in sends.iter().zip(numbered) {
            let unheard = self.unheard.entry(sent.to).or_default();
            unheard.push_back(record);
            // A reply that never comes leaves its record behind.
            if unheard.len() > MOST_UNHEARD {
                unheard.pop_front();
            }
        }
        Ok(())
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

/// Puts records of calls that have arrived in the place of those that were written when they left.
fn update(schema: &str) -> String {
    format!(
        "UPDATE {schema}.sends AS call SET at = heard.at, record = heard.new
         FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS heard (old, at, new)
         WHERE call.process = $1 AND call.record = heard.old"
    )
}

/// Tells of calls that have arrived.
async fn tell(
    client: &Client,
    update: &Statement,
    process: ProcessId,
    heard: &[(Record, i64, Record)],
) -> Result<(), StateError> {
    if heard.is_empty() {
        return Ok(());
    }
    let old: Vec<&[u8]> = heard.iter().map(|(old, ..)| &old[..]).collect();
    let at: Vec<i64> = heard.iter().map(|(_, at, _)| *at).collect();
    let new: Vec<&[u8]> = heard.iter().map(|(.., new)| &new[..]).collect();
    client.execute(update, &[&process.0.cast_signed(), &old, &at, &new]).await?;
    Ok(())
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
mod tests {
    use super::*;
    use crate::samples::wants;

    /// Two machines whose clocks are two hours apart.
    #[test]
    fn machines_need_not_agree_about_the_time() {
        let mut slots = Slots::default();
        let (fast, slow) = (ProcessId(1), ProcessId(2));
        let mut trades = |process, now, server, offer| {
            trade(&mut slots, process, (Moment(now), vec![offer]), Moment(server), 10)
        };
        let hour = 3_600_000;
        let all = trades(fast, hour, 0, wants("5/60s", 5));
        assert_eq!((all.deals[0].held, all.until.0), (5, hour + 30_000));
        // It gives one back that is free, by its clock, in 20 s.
        let back = Trade { cooling: vec![Moment(hour + 21_000)], ..wants("5/60s", 0) };
        assert_eq!(trades(fast, hour + 1_000, 1_000, back).deals[0].held, 4);
        let deal = trades(slow, -hour, 2_000, wants("5/60s", 5)).deals.remove(0);
        // 19 s from here, and what the call may have taken.
        assert_eq!((deal.held, deal.cooling), (1, vec![Moment(-hour + 19_011)]));
    }

    /// The connection was lost when a trade had been made and nobody had said so.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_trade_that_was_made_unseen_gives_no_slot_to_two() {
        let Some(server) = crate::server::Postgres::start().unwrap() else { return };
        let url = server.schema("unseen_trade");
        let place = crate::Place::read(&url, std::path::Path::new("")).unwrap();
        drop(crate::Store::open(&place).await.unwrap());
        let crate::Place::Postgres(address) = place else { panic!() };
        let window = "10/60s";
        let account = crate::samples::account(window);
        let open = async |process| {
            Purse::open(&address, account.clone(), ProcessId(process)).await.unwrap()
        };
        let (mut ours, mut theirs) = (open(1).await, open(2).await);
        let now = Moment(1_000_000);
        let trade = |offer| Call::Trade { now, trades: vec![offer] };
        let held = ours.act(trade(wants(window, 10))).await.unwrap().deals[0].held;
        assert_eq!(held, 10);
        let call = Sent::leaving(now, leadmill_core::Call::Poll);
        ours.act(Call::Note(vec![call; 6])).await.unwrap();
        // Four go back, and nobody says that they have.
        let back = Trade { back: 4, ..wants(window, 0) };
        ours.act(trade(back.clone())).await.unwrap();
        let ours = ours.begin_anew(now, vec![back]).await.unwrap().deals[0].held;
        let deal = theirs.act(trade(wants(window, 10))).await.unwrap().deals.remove(0);
        let at_once = deal.held as usize - deal.cooling.len();
        assert!(6 + at_once + ours as usize <= 10, "{ours} {deal:?}");
        assert_eq!((ours, deal.held, deal.cooling.len()), (0, 10, 6));
    }

    /// A server that is far away costs a call no more than one round trip, however many leave and have arrived.
    #[test]
    fn calls_are_written_down_in_one_round_trip_and_slots_are_traded_in_two() {
        let Some(server) = crate::server::Postgres::start().unwrap() else { return };
        let wire = crate::wire::Wire::to(&server.schema("far"), Duration::from_millis(5));
        let place = crate::Place::read(wire.address(), std::path::Path::new("")).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(count_round_trips(&place, || wire.round_trips()));
    }

    async fn count_round_trips(place: &crate::Place, round_trips: impl Fn() -> usize) {
        drop(crate::Store::open(place).await.unwrap());
        let crate::Place::Postgres(address) = place else { panic!() };
        let account = crate::samples::account("100/60s");
        let mut purse = Purse::open(address, account, ProcessId(1)).await.unwrap();
        let now = Moment(1_000_000);
        let call = Sent::leaving(now, leadmill_core::Call::Poll);
        let heard = Call::Heard { now, to: call.to };
        let trade = Call::Trade { now, trades: vec![wants("100/60s", 10)] };
        let calls = [trade, Call::Note(vec![call; 30]), heard.clone(), heard];
        let [mut trades, mut notes] = [0; 2];
        for round in 0..5 {
            for call in &calls {
                let before = round_trips();
                purse.act(call.clone()).await.unwrap();
                let took = round_trips() - before;
                match call {
                    // The first of each kind is made ready.
                    _ if round == 0 => {}
                    Call::Trade { .. } => trades += took,
                    Call::Note(_) => notes += took,
                    _ => assert_eq!(took, 0),
                }
            }
        }
        assert_eq!((trades, notes), (2 * 4, 4));
    }
}
