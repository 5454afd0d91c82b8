//! The windows' slots in a small database of their own, shared by all processes on one state folder.

use super::{locks, schema, sends, sends::Sends};
use crate::StateError;
use leadmill_core::{
    Account, JournalError, Leases, Sent, Timestamp,
    slots::{Agreement, ProcessId, Slots, Trade},
};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    time::Duration,
};

/// What is added to the longest window: a call may have been on its way.
const LATE: Duration = Duration::from_secs(5);

/// [`Leases`] of one account at work in this process.
///
/// A trade is one transaction. It survives the process and need not survive the machine: after a power
/// cut the machine takes longer to come up than the windows that matter here.
#[derive(Debug)]
pub(crate) struct FolderLeases {
    connection: Connection,
    folder: PathBuf,
    process: ProcessId,
    sends: Sends,
    account: Account,
}

impl FolderLeases {
    /// Takes part in sharing the windows of an account.
    pub(crate) fn open(
        folder: &Path,
        account: &Account,
        now: Timestamp,
    ) -> Result<Self, StateError> {
        let wrong = |error| StateError::Io(folder.to_owned(), error);
        let calls = folder.join("calls");
        DirBuilder::new().recursive(true).mode(0o700).create(&calls).map_err(wrong)?;
        let open = || schema::open_slots(&folder.join("limits.db"));
        let connection = locks::alone(folder, open)?;
        let longest = account.windows.values().flatten().map(|window| window.per).max();
        // A weighted counter looks back two lengths.
        let horizon = longest.unwrap_or_default() * 2 + LATE;
        let (process, sends) = first_free(&calls, now, horizon).map_err(wrong)?;
        Ok(Self { connection, folder: calls, process, sends, account: account.clone() })
    }

    fn path(&self, process: ProcessId) -> PathBuf {
        self.folder.join(name(process))
    }

    /// Changes the slots of this purse, alone.
    fn change<T>(
        &mut self,
        now: Option<Timestamp>,
        change: impl FnOnce(&mut Slots) -> T,
    ) -> Result<T, StateError> {
        let purse = self.account.purse.clone();
        let (folder, process) = (self.folder.clone(), self.process);
        let wrong = |error| StateError::Io(folder.clone(), error);
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let select = "SELECT body FROM slots WHERE purse = ?";
        let body: Option<String> =
            transaction.query_row(select, [&purse], |row| row.get(0)).optional()?;
        let read = body.map(|body| serde_json::from_str(&body)).transpose();
        let mut slots: Slots = read.map_err(unreadable)?.unwrap_or_default();
        let mut buried: Vec<(PathBuf, File)> = Vec::new();
        if let Some(now) = now {
            let others: Vec<ProcessId> =
                slots.processes().filter(|other| *other != process).collect();
            for other in others {
                let path = folder.join(name(other));
                if let Some((file, sends)) = sends::of_the_dead(&path).map_err(wrong)? {
                    let windows = |endpoint| self.account.windows_of(endpoint).collect();
                    slots.bury(other, now, &sends, windows);
                    buried.push((path, file));
                }
            }
        }
        let changed = change(&mut slots);
        let body = serde_json::to_string(&slots)
            .map_err(|error| StateError::Corrupt(error.to_string()))?;
        transaction.execute(
            "INSERT INTO slots (purse, body) VALUES (?1, ?2)
             ON CONFLICT (purse) DO UPDATE SET body = ?2",
            (&purse, &body),
        )?;
        transaction.commit()?;
        for (path, _lock) in buried {
            fs::remove_file(path).map_err(wrong)?;
        }
        Ok(changed)
    }
}

impl Leases for FolderLeases {
    fn note(&mut self, sends: &[Sent]) -> Result<(), JournalError> {
        self.sends.note(sends).map_err(|error| {
            JournalError(format!("{}: {error}", self.path(self.process).display()))
        })
    }

    fn freeze(&mut self, now: Timestamp, until: Timestamp) -> Result<(), JournalError> {
        self.change(None, |slots| slots.freeze(now, until))
            .map_err(|error| JournalError(error.to_string()))
    }

    fn trade(
        &mut self,
        now: Timestamp,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        let process = self.process;
        self.change(Some(now), |slots| slots.trade(process, now, trades))
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
