//! Room on the disk for what must be written down once money is at risk.
//!
//! A file is kept that is worth nothing but its size. It is there before a paid call leaves, or none does. When
//! the disk is full, it is given up, so that the replies to what has left can be written down; nothing more
//! leaves then.

use crate::StateError;
use rustix::{
    fs::{FallocateFlags, fallocate},
    io::Errno,
};
use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

/// Enough for the replies to all calls that can be in flight.
const SIZE: u64 = 16 << 20;

/// The file, and whether it was given up.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    path: PathBuf,
}

impl Room {
    /// Keeps room in a state's folder.
    pub(crate) fn keep(folder: &Path) -> Result<Self, StateError> {
        let room = Self { path: folder.join("room") };
        room.ensure()?;
        Ok(room)
    }

    /// Makes sure that the room is there: it takes a look where it is.
    pub(crate) fn ensure(&self) -> Result<(), StateError> {
        let is_kept =
            fs::metadata(&self.path).is_ok_and(|kept| kept.blocks() * 512 >= SIZE);
        if is_kept {
            return Ok(());
        }
        self.allocate().map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                StateError::Full { path: self.path.clone(), wanted: SIZE >> 20 }
            }
            _ => StateError::Io(self.path.clone(), error),
        })
    }

    fn allocate(&self) -> io::Result<()> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600);
        let mut file = options.open(&self.path)?;
        match fallocate(&file, FallocateFlags::empty(), 0, SIZE) {
            Ok(()) => file.sync_all(),
            // The file system knows of no room without contents.
            Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
                let zeros = vec![0; 1 << 20];
                (0..SIZE >> 20).try_for_each(|_| file.write_all(&zeros))?;
                file.sync_all()
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Gives the room up. Tells whether there was any.
    pub(crate) fn give_up(&self) -> bool {
        let was_kept = fs::metadata(&self.path).is_ok_and(|kept| kept.blocks() > 0);
        was_kept && fs::remove_file(&self.path).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_given_up_and_taken_again() {
        let folder = tempfile::tempdir().unwrap();
        let room = Room::keep(folder.path()).unwrap();
        let blocks = || fs::metadata(&room.path).map_or(0, |kept| kept.blocks() * 512);
        assert!(blocks() >= SIZE);
        assert!(room.give_up());
        assert_eq!(blocks(), 0);
        assert!(!room.give_up());
        room.ensure().unwrap();
        assert!(blocks() >= SIZE);
        // A file of that length that takes no room is none.
        let file = OpenOptions::new().write(true).open(&room.path).unwrap();
        file.set_len(0).unwrap();
        file.set_len(SIZE).unwrap();
        assert!(blocks() < SIZE);
        room.ensure().unwrap();
        assert!(blocks() >= SIZE);
    }
}
