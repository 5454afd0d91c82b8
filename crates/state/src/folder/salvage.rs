//! The records of a damaged journal, as far as they can be read.

use super::{journal::record, schema};
use crate::{
    Salvaged, StateError,
    chain::{Seen, Sum},
};
use leadmill_core::RunId;
use rusqlite::Connection;
use std::path::Path;

/// Reads one record after the other, and leaves out what cannot be read or is not what was written: each is
/// held against its own sum and the one that is stored before it.
pub(super) fn salvage(folder: &Path) -> Result<Salvaged, StateError> {
    let connection = schema::open_damaged(&folder.join("state.db"))?;
    let last: Option<i64> =
        connection.query_row("SELECT max(seq) FROM journal", [], |row| row.get(0))?;
    let mut select = connection.prepare(
        "SELECT at, run, batch, event, body, bytes, sum FROM journal WHERE seq = ?",
    )?;
    let mut sum = connection
        .prepare("SELECT sum FROM journal WHERE seq = ?")
        .map_err(StateError::from)?;
    let (entries, secrets) = (Vec::new(), secrets(&connection));
    let mut salvaged = Salvaged { entries, lost: 0, last_run: RunId(0), secrets };
    let mut before = Ok(0);
    for seq in 1..=last.unwrap_or_default() {
        let read =
            select.query_row([seq], |row| Ok((record(row)?, row.get::<_, i64>(6)?)));
        let entry = match (read, &before) {
            (Ok((record, sum)), Ok(before)) => {
                let before = Seen { seq: seq - 1, sum: Sum(*before) };
                record.read(before, seq, sum).ok()
            }
            _ => None,
        };
        match entry {
            Some((_, entry)) => {
                salvaged.last_run = salvaged.last_run.max(entry.run);
                salvaged.entries.push(entry);
            }
            None => salvaged.lost += 1,
        }
        before = sum.query_row([seq], |row| row.get(0));
    }
    Ok(salvaged)
}

/// Those that can be read; none in a state of a version that had none.
fn secrets(connection: &Connection) -> Vec<(String, Vec<u8>)> {
    let read = || {
        let mut select = connection.prepare("SELECT name, value FROM secrets")?;
        let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok::<_, rusqlite::Error>(rows.flatten().collect())
    };
    read().unwrap_or_default()
}
