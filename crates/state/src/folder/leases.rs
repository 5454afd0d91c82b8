//! The windows' slots in a small database of their own, shared by all processes on one state folder.

use super::{locks, schema, sends, sends::Sends};
use crate::StateError;
use leadmill_core::{
    Account, Clock, Endpoint, JournalError, Leases, Moment, Sent, Timestamp,
    slots::{Agreement, Noted, ProcessId, Restart, STRAGGLING, Slots, Trade},
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What is added to the longest window: a call may have been on its way.
const LATE: Duration = STRAGGLING.saturating_add(Duration::from_secs(5));

/// [`Leases`] of one account at work in this process.
///
/// A trade is one transaction. It survives the process and need not survive the machine: after a power
/// cut the machine takes longer to come up than the windows that matter here.
///
/// Times are the machine's own, which nobody sets. When it has been started anew, what was written is taken for
/// just written.
#[derive(Debug)]
pub(crate) struct FolderLeases {
    connection: Connection,
    folder: PathBuf,
    process: ProcessId,
    sends: Sends,
    account: Account,
    clock: Arc<dyn Clock>,
    boot: String,
}

/// What the database holds of one purse.
struct Kept {
    slots: Slots,
    boot: String,
    moment: Moment,
    wall: Timestamp,
}

impl FolderLeases {
    /// Takes part in sharing the windows of an account.
    pub(crate) fn open(
        folder: &Path,
        account: &Account,
        clock: Arc<dyn Clock>,
        boot: String,
    ) -> Result<Self, StateError> {
        let wrong = |error| StateError::Io(folder.to_owned(), error);
        let calls = folder.join("calls");
        DirBuilder::new().recursive(true).mode(0o700).create(&calls).map_err(wrong)?;
        let open = || schema::open_slots(&folder.join("limits.db"));
        let connection = locks::alone(folder, open)?;
        let longest = account.windows.values().flatten().map(|window| window.per).max();
        // A weighted counter looks back two lengths.
        let horizon = longest.unwrap_or_default() * 2 + LATE;
        let (process, sends) = first_free(&calls, clock.now(), horizon).map_err(wrong)?;
        let account = account.clone();
        Ok(Self { connection, folder: calls, process, sends, account, clock, boot })
    }

    fn path(&self, process: ProcessId) -> PathBuf {
        self.folder.join(name(process))
    }

    /// Changes the slots of this purse, alone.
    fn change<T>(
        &mut self,
        now: Moment,
        change: impl FnOnce(&mut Slots) -> T,
    ) -> Result<T, StateError> {
        let purse = self.account.purse.clone();
        let (folder, process, wall) =
            (self.folder.clone(), self.process, self.clock.now());
        let wrong = |error| StateError::Io(folder.clone(), error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut slots, restart) = match kept(&transaction, &purse)? {
            Some(Kept { mut slots, boot, moment: from, wall: then })
                if boot != self.boot =>
            {
                let restart = Restart { from, now, down: wall.since(then) };
                slots.restart(restart);
                (slots, Some(restart))
            }
            Some(kept) => (kept.slots, None),
            None => (Slots::default(), None),
        };
        let mut buried: Vec<(PathBuf, File)> = Vec::new();
        let others: Vec<ProcessId> =
            slots.processes().filter(|other| *other != process).collect();
        for other in others {
            let path = folder.join(name(other));
            if let Some((file, mut sends)) = sends::of_the_dead(&path).map_err(wrong)? {
                if let Some(restart) = restart {
                    sends.iter_mut().for_each(|sent| sent.at = restart.carried(sent.at));
                }
                let windows = |endpoint| self.account.windows_of(endpoint).collect();
                slots.bury(other, now, &sends, windows);
                buried.push((path, file));
            }
        }
        let changed = change(&mut slots);
        let body = serde_json::to_string(&slots)
            .map_err(|error| StateError::Corrupt(error.to_string()))?;
        transaction.execute(
            "INSERT OR REPLACE INTO windows (purse, body, boot, moment, wall) VALUES (?, ?, ?, ?, ?)",
            (&purse, &body, &self.boot, now.0, wall.0),
        )?;
        transaction.commit()?;
        for (path, _lock) in buried {
            fs::remove_file(path).map_err(wrong)?;
        }
        Ok(changed)
    }
}

fn kept(connection: &Connection, purse: &str) -> Result<Option<Kept>, StateError> {
    let select = "SELECT body, boot, moment, wall FROM windows WHERE purse = ?";
    let row = connection.query_row(select, [purse], |row| {
        let (body, boot): (String, _) = (row.get(0)?, row.get(1)?);
        Ok((body, boot, Moment(row.get(2)?), Timestamp(row.get(3)?)))
    });
    let Some((body, boot, moment, wall)) = row.optional()? else { return Ok(None) };
    let slots = serde_json::from_str(&body).map_err(unreadable)?;
    Ok(Some(Kept { slots, boot, moment, wall }))
}

impl Leases for FolderLeases {
    fn note(&mut self, sends: &[Sent]) -> Result<Noted, JournalError> {
        let noted = self.sends.note(sends).map_err(|error| {
            JournalError(format!("{}: {error}", self.path(self.process).display()))
        });
        noted.map(|()| Noted::Written)
    }

    fn heard(&mut self, now: Moment, to: Endpoint) -> Result<(), JournalError> {
        self.sends.heard(now, to).map_err(|error| {
            JournalError(format!("{}: {error}", self.path(self.process).display()))
        })
    }

    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError> {
        self.change(now, |slots| slots.freeze(now, until))
            .map_err(|error| JournalError(error.to_string()))
    }

    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError> {
        self.change(now, |slots| slots.close(now, to, until))
            .map_err(|error| JournalError(error.to_string()))
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        let process = self.process;
        self.change(now, |slots| slots.trade(process, now, trades))
            .map_err(|error| JournalError(error.to_string()))
    }
}

fn unreadable(error: serde_json::Error) -> StateError {
    StateError::Corrupt(format!(
        "limits.db: {error}; it may be deleted when no run has been at work for some minutes"
    ))
}

fn name(process: ProcessId) -> String {
    format!("{:016x}", process.0)
}

/// A name that no process has.
fn first_free(
    folder: &Path,
    now: Timestamp,
    horizon: Duration,
) -> io::Result<(ProcessId, Sends)> {
    let mut id = now.0.cast_unsigned() << 20 ^ u64::from(std::process::id());
    loop {
        let process = ProcessId(id);
        match Sends::create(&folder.join(name(process)), horizon) {
            Ok(sends) => return Ok((process, sends)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                id = id.wrapping_add(1 << 44);
            }
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests;
