//! What survives a crash, and what a process keeps there: its journal, its answers, its part of the windows.

use super::{Check, process::Process};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, BatchId, Endpoint, Entry, Journal, JournalError, Leases,
    Moment, Operation, Sent, Staging, StagingError, journal,
    slots::{Agreement, Noted, ProcessId, Slots, Trade},
};
use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::time::sleep;

/// Everything that survives a crash.
#[derive(Debug, Default)]
pub(super) struct Disk {
    pub(super) entries: Vec<Entry>,
    /// Of each account.
    pub(super) slots: HashMap<String, Slots>,
    /// Processes that have been at work.
    pub(super) processes: u64,
    /// What each of them has sent, until its end is noticed.
    pub(super) sends: HashMap<ProcessId, Vec<Sent>>,
    /// By account.
    pub(super) ended: Vec<(String, ProcessId, Vec<Sent>)>,
    pub(super) answers: BTreeMap<String, Vec<Answered>>,
    pub(super) appends: usize,
}

pub(super) type Shared = Arc<Mutex<Disk>>;

/// A journal whose process dies around one of its appends.
#[derive(Debug)]
pub(super) struct CrashingJournal {
    pub(super) disk: Shared,
    pub(super) crash: Option<Crash>,
    pub(super) appends: usize,
    /// Entries that this process knows.
    pub(super) seen: usize,
    pub(super) takes: Duration,
    pub(super) check: Option<Arc<dyn Check>>,
    /// Appends, counted from 0, that fail although the process lives on.
    pub(super) fails: Range<usize>,
    pub(super) process: Arc<Process>,
}

/// Where the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    /// The append, counted from 0.
    pub(crate) append: usize,
    /// Whether it was written.
    pub(crate) written: bool,
}

#[async_trait]
impl Journal for CrashingJournal {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        if !self.takes.is_zero() {
            sleep(self.takes).await;
        }
        let dies = self.crash.filter(|crash| crash.append == self.appends);
        let fails = self.fails.contains(&self.appends);
        self.appends += 1;
        if fails {
            // Of some it is not heard that they were written.
            if self.appends.is_multiple_of(2) {
                self.write_unheard(entries);
            }
            return Err(JournalError("the disk is full".into()));
        }
        let written = self.write(entries, dies);
        if dies.is_some() {
            // A process that is gone hears of nothing any more.
            self.process.dies();
            std::future::pending::<()>().await;
        }
        Ok(written)
    }
}

impl CrashingJournal {
    /// Writes what the process takes for not written: it comes back among what others wrote.
    fn write_unheard(&mut self, entries: &[Entry]) {
        let seen = self.seen;
        let (Appended::Written { .. } | Appended::Collides { .. }) =
            self.write(entries, None);
        self.seen = seen;
    }

    fn write(&mut self, entries: &[Entry], dies: Option<Crash>) -> Appended {
        let mut disk = self.disk.lock().unwrap();
        disk.appends += 1;
        let before = disk.entries[self.seen..].to_vec();
        self.seen = disk.entries.len();
        if journal::collide(entries, &before) {
            return Appended::Collides { before };
        }
        if dies.is_none_or(|crash| crash.written) {
            disk.entries.extend_from_slice(entries);
            self.seen += entries.len();
            self.process.has_written(entries);
        }
        if let Some(check) = &self.check {
            check.written(&disk.entries);
        }
        Appended::Written { before }
    }
}

#[derive(Debug)]
pub(super) struct MemoryStaging(pub(super) Shared, pub(super) Duration);

#[async_trait]
impl Staging for MemoryStaging {
    async fn stage(
        &self,
        batch: BatchId,
        _: Operation,
        answers: Vec<Answered>,
    ) -> Result<String, StagingError> {
        if !self.1.is_zero() {
            sleep(self.1).await;
        }
        let name = format!("{batch}.parquet");
        self.0.lock().unwrap().answers.insert(name.clone(), answers);
        Ok(name)
    }
}

/// The windows of a process, as the disk remembers them when it has ended.
#[derive(Debug)]
pub(super) struct MemoryLeases {
    disk: Shared,
    process: ProcessId,
    account: Account,
    /// Notes that are taken before the disk fails.
    notes: usize,
}

impl MemoryLeases {
    /// A new process, at the side of those that have not ended.
    pub(super) fn join(disk: &Shared, account: &Account, notes: usize) -> Self {
        let mut held = disk.lock().unwrap();
        held.processes += 1;
        let process = ProcessId(held.processes);
        held.sends.insert(process, Vec::new());
        Self { disk: Arc::clone(disk), process, account: account.clone(), notes }
    }
}

impl Drop for MemoryLeases {
    /// The process ends: what it sent is known to whoever comes next.
    fn drop(&mut self) {
        let mut disk = self.disk.lock().unwrap_or_else(PoisonError::into_inner);
        let sends = disk.sends.remove(&self.process).unwrap_or_default();
        disk.ended.push((self.account.purse.clone(), self.process, sends));
    }
}

impl Leases for MemoryLeases {
    fn note(&mut self, sends: &[Sent]) -> Result<Noted, JournalError> {
        let left = self.notes.checked_sub(1);
        self.notes = left.ok_or_else(|| JournalError("the disk is full".into()))?;
        let mut disk = self.disk.lock().unwrap();
        disk.sends.entry(self.process).or_default().extend_from_slice(sends);
        Ok(Noted::Written)
    }

    fn heard(&mut self, now: Moment, to: Endpoint) -> Result<(), JournalError> {
        let mut disk = self.disk.lock().unwrap();
        let sends = disk.sends.entry(self.process).or_default();
        let oldest = sends.iter_mut().filter(|sent| sent.to == to && !sent.arrived);
        if let Some(sent) = oldest.min_by_key(|sent| sent.at) {
            *sent = Sent { at: now, to, arrived: true };
        }
        Ok(())
    }

    fn freeze(&mut self, now: Moment, until: Moment) -> Result<(), JournalError> {
        let mut disk = self.disk.lock().unwrap();
        disk.slots.entry(self.account.purse.clone()).or_default().freeze(now, until);
        Ok(())
    }

    fn close(
        &mut self,
        now: Moment,
        to: Endpoint,
        until: Moment,
    ) -> Result<(), JournalError> {
        let mut disk = self.disk.lock().unwrap();
        let slots = disk.slots.entry(self.account.purse.clone()).or_default();
        slots.close(now, to, until);
        Ok(())
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        let mut disk = self.disk.lock().unwrap();
        let purse = &self.account.purse;
        let (ours, others): (Vec<_>, _) = std::mem::take(&mut disk.ended)
            .into_iter()
            .partition(|(account, ..)| account == purse);
        disk.ended = others;
        let slots = disk.slots.entry(purse.clone()).or_default();
        for (_, process, sends) in ours {
            slots.bury(process, now, &sends, |endpoint| {
                self.account.windows_of(endpoint).collect()
            });
        }
        Ok(slots.trade(self.process, now, trades))
    }
}
