//! Which runs are at work, by locks that end with their process.

use crate::StateError;
use leadmill_core::RunId;
use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread::sleep,
    time::Duration,
};

/// How long another process is waited for that is about to end, and how often it is looked for.
const PATIENCE: u32 = 40;
const APART: Duration = Duration::from_millis(25);

/// The locks that this process holds.
#[derive(Debug)]
pub(crate) struct Locks {
    folder: PathBuf,
    held: Vec<(String, File)>,
}

/// Runs `open` while no other process does so on the same state: a database that two processes create at
/// once refuses one of them, and no busy handler is asked.
pub(crate) fn alone<T>(
    state: &Path,
    open: impl FnOnce() -> Result<T, StateError>,
) -> Result<T, StateError> {
    let path = state.join("locks").join("opening");
    let wrong = |error| StateError::Io(path.clone(), error);
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true).mode(0o600);
    let file = options.open(&path).map_err(wrong)?;
    file.lock().map_err(wrong)?;
    open()
}

impl Locks {
    pub(crate) fn open(state: &Path) -> Result<Self, StateError> {
        let folder = state.join("locks");
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&folder)
            .map_err(|error| StateError::Io(folder.clone(), error))?;
        Ok(Self { folder, held: Vec::new() })
    }

    /// Whether this process is the only one with this lock from now on. Waits briefly.
    pub(crate) fn take(&mut self, name: &str) -> Result<bool, StateError> {
        self.try_take(name, PATIENCE)
    }

    fn try_take(&mut self, name: &str, patience: u32) -> Result<bool, StateError> {
        if self.held.iter().any(|(held, _)| held == name) {
            return Ok(true);
        }
        let path = self.folder.join(name);
        let wrong = |error| StateError::Io(path.clone(), error);
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let file = options.open(&path).map_err(wrong)?;
        let mut tried = 0;
        loop {
            match file.try_lock() {
                Ok(()) => {
                    self.held.push((name.to_owned(), file));
                    return Ok(true);
                }
                Err(TryLockError::WouldBlock) if tried < patience => sleep(APART),
                Err(TryLockError::WouldBlock) => return Ok(false),
                Err(TryLockError::Error(error)) => return Err(wrong(error)),
            }
            tried += 1;
        }
    }

    /// Whether this process alone is at work on a run from now on. Waits briefly.
    pub(crate) fn take_run(&mut self, run: RunId) -> Result<bool, StateError> {
        self.take(&format!("run-{}", run.0))
    }

    /// Whether somebody is at work on a run.
    pub(crate) fn is_at_work(&self, run: RunId) -> Result<bool, StateError> {
        let name = format!("run-{}", run.0);
        if self.held.iter().any(|(held, _)| *held == name) {
            return Ok(true);
        }
        let path = self.folder.join(name);
        let Ok(file) = File::open(&path) else { return Ok(false) };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(StateError::Io(path, error)),
        }
    }

    /// Whether nobody else is at work for a run, until these are [left](Self::leave_jobs).
    pub(crate) fn take_jobs(&mut self, run: RunId) -> Result<bool, StateError> {
        self.try_take(&format!("jobs-{}", run.0), 0)
    }

    /// Lets others be at work for a run again.
    pub(crate) fn leave_jobs(&mut self, run: RunId) {
        let name = format!("jobs-{}", run.0);
        self.held.retain(|(held, _)| *held != name);
    }
}
