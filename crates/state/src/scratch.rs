//! A folder for what only a running process needs, where the state itself is elsewhere.

use crate::{StateError, random};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

const PREFIX: &str = "leadmill-scratch-";
const LOCK: &str = "lock";

/// A folder that goes with its process; what a killed one left goes with the next.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: PathBuf,
    _lock: File,
}

impl Scratch {
    /// A fresh folder that only its owner can read, under the system's folder for temporary files.
    pub(crate) fn create() -> Result<Self, StateError> {
        let base = std::env::temp_dir();
        let number = random::number()?;
        let folder = base.join(format!("{PREFIX}{number:016x}"));
        let create = || {
            sweep(&base);
            // It is locked before it has the name that others look for.
            let nascent = base.join(format!(".leadmill-{number:016x}"));
            DirBuilder::new().mode(0o700).create(&nascent)?;
            let mut options = OpenOptions::new();
            let lock = options.create_new(true).write(true).mode(0o600);
            let lock = lock.open(nascent.join(LOCK))?;
            lock.try_lock()?;
            fs::rename(&nascent, &folder)?;
            Ok(lock)
        };
        match create() {
            Ok(lock) => Ok(Self { folder, _lock: lock }),
            Err(error) => {
                let error: io::Error = error;
                Err(StateError::Io(folder, error))
            }
        }
    }

    /// A file in it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what killed processes of this user left: it holds people's names. A folder without a lock may be
/// one that is just being created.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_ours || !is_owned(&entry.path()) {
            continue;
        }
        if let Ok(lock) = File::open(entry.path().join(LOCK))
            && lock.try_lock().is_ok()
        {
            _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Whether a folder is a real one, of the user whose process this is.
fn is_owned(path: &Path) -> bool {
    let own = fs::metadata("/proc/self").map(|own| own.uid());
    let found = fs::symlink_metadata(path).map(|found| (found.is_dir(), found.uid()));
    matches!((own, found), (Ok(own), Ok((true, uid))) if own == uid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_may_begin_at_once() {
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    for _ in 0..300 {
                        let scratch = Scratch::create().unwrap();
                        fs::write(scratch.join("questions"), "").unwrap();
                    }
                });
            }
        });
    }

    #[test]
    fn a_folder_goes_with_its_process_and_what_a_killed_one_left_with_the_next() {
        let alive = Scratch::create().unwrap();
        let dead = Scratch::create().unwrap();
        fs::write(dead.join("questions"), "Ada").unwrap();
        let (left, kept) = (dead.folder.clone(), alive.folder.clone());
        // A killed process drops its lock and nothing else.
        let Scratch { _lock, .. } = &dead;
        _lock.unlock().unwrap();
        let next = Scratch::create().unwrap();
        assert!(!left.exists());
        assert!(kept.exists());
        std::mem::forget(dead);
        drop(next);
        drop(alive);
        assert!(!kept.exists());
    }
}
