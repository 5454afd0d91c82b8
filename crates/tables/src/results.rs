//! Where the answers of settled batches lie: a folder, or an object store.

use crate::{
    Subject, TableError, durable,
    location::{Location, told},
};
use bytes::Bytes;
use leadmill_core::StagingError;
use object_store::{ObjectStoreExt, PutPayload, path::Path as Key};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// A place for files that are written once, whole, and read whole.
#[derive(Clone, Debug)]
pub struct Results {
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    Store(Location),
}

impl Results {
    /// Finds a place as it is written in a pipeline: a path, or an address such as `s3://bucket/folder/`.
    pub fn find(written: &str, base: &Path) -> Result<Self, TableError> {
        let location = Location::find(written, base, Subject::Location)?;
        let place = match location.local_path() {
            Some(folder) => Place::Folder(folder),
            None => Place::Store(location),
        };
        Ok(Self { place })
    }

    /// A folder of this machine.
    pub const fn folder(folder: PathBuf) -> Self {
        Self { place: Place::Folder(folder) }
    }

    /// Makes it ready for writing: creates the folder if need be, and clears what an interrupted process
    /// left half written. Blocks.
    pub(crate) fn prepare(&self) -> Result<(), StagingError> {
        let Place::Folder(folder) = &self.place else { return Ok(()) };
        let told = |error| StagingError(format!("{}: {error}", folder.display()));
        durable::create_folder(folder).map_err(told)?;
        durable::sweep(folder, None).map_err(told)
    }

    /// Writes a file, whole or not at all. Replaces one of this name.
    pub(crate) async fn put(&self, name: &str, bytes: Vec<u8>) -> io::Result<()> {
        match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let write = move || {
                    let part = durable::Unpublished::create(&path)?;
                    io::Write::write_all(&mut part.file(), &bytes)?;
                    part.publish()
                };
                spawn_blocking(write).await.map_err(io::Error::other)?
            }
            Place::Store(location) => {
                let put = location
                    .store
                    .put(&key(location, name), PutPayload::from(bytes))
                    .await;
                put.map(drop).map_err(|error| io::Error::other(told(&error)))
            }
        }
    }

    /// Reads a file. `None` if there is none of this name.
    pub(crate) async fn get(&self, name: &str) -> io::Result<Option<Bytes>> {
        match &self.place {
            Place::Folder(folder) => {
                let path = folder.join(name);
                let read = spawn_blocking(move || fs::read(path)).await;
                match read.map_err(io::Error::other)? {
                    Ok(bytes) => Ok(Some(bytes.into())),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error),
                }
            }
            Place::Store(location) => {
                let wrong = |error| io::Error::other(told(&error));
                match location.store.get(&key(location, name)).await {
                    Ok(found) => Ok(Some(found.bytes().await.map_err(wrong)?)),
                    Err(object_store::Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(wrong(error)),
                }
            }
        }
    }
}

fn key(location: &Location, name: &str) -> Key {
    let folder = location.key.trim_end_matches('/');
    match folder.is_empty() {
        true => Key::from(name),
        false => Key::from(format!("{folder}/{name}")),
    }
}
