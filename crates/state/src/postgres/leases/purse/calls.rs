//! The calls that a process has made, as they stand in the database: written before they leave, and again with those that
//! leave after they have arrived.

use super::{Purse, Record};
use crate::{StateError, sent};
use leadmill_core::{Endpoint, Moment, Sent, slots::ProcessId};
use std::collections::VecDeque;
use tokio_postgres::{Client, Statement, types::ToSql};

/// Most calls to an endpoint of which it is remembered that nobody has heard of them: many more than are in flight.
const MOST_UNHEARD: usize = 10_000;

impl Purse {
    /// Of several calls to an endpoint the oldest is taken for the one that has arrived: the others were made later, so
    /// that nothing is taken to have arrived earlier than it has.
    pub(super) fn hear(&mut self, now: Moment, to: Endpoint) {
        let oldest = self.unheard.get_mut(&to).and_then(VecDeque::pop_front);
        let Some(old) = oldest else { return };
        let at = Moment(now.0 + self.ahead);
        self.heard.push((old, at.0, sent::encode(&Sent { at, to, arrived: true })));
    }

    pub(super) async fn tell_heard(&mut self) -> Result<(), StateError> {
        let update = update(self.session.schema());
        let mut client = self.session.client().await;
        let update = client.statement(&update).await?;
        tell(&client, &update, self.process, &self.heard).await?;
        drop(client);
        self.heard.clear();
        Ok(())
    }

    /// Writes calls down, by the server's time, and with them those that have arrived: in one round trip.
    pub(super) async fn note(&mut self, sends: &[Sent]) -> Result<(), StateError> {
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
