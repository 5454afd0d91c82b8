//! Where the answers of settled batches lie: a folder, or an object store.

use crate::{
    Subject, TableError, durable,
    location::{Location, told},
};
use bytes::Bytes;
use leadmill_core::StagingError;
use object_store::{ObjectStoreExt, PutPayload, path::Path as Key};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// The file that tells whose answers lie here.
const MARK: &str = "_leadmill";

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

    /// Makes sure, before anything is bought, that answers can be kept here, and that this is the place where the
    /// answers of the state called `owner` are, as a small file tells. `is_used`: the state has some already.
    pub async fn claim(&self, owner: &str, is_used: bool) -> Result<(), TableError> {
        let wrong = |message: String| TableError::new(Subject::Location, message);
        let told = |error: io::Error| wrong(format!("results {self}: {error}"));
        if let Place::Folder(folder) = &self.place {
            durable::create_folder(folder).map_err(told)?;
        }
        let found = self.get(MARK).await.map_err(told)?;
        let found = found.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned());
        match found {
            Some(found) if found == owner => {}
            Some(_) => {
                let message =
                    format!("results {self}: the answers of another state are here");
                return Err(wrong(message).hint("give each state a place of its own"));
            }
            None if is_used => {
                let message =
                    format!("results {self}: the answers of this state are elsewhere");
                return Err(wrong(message).hint(
                    "name the place that was named before, or copy all of its files here",
                ));
            }
            None => {}
        }
        // Written each time: whoever cannot write must not buy.
        let mark = format!("{owner}\n").into_bytes();
        self.put(MARK, mark).await.map_err(told)
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

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Folder(folder) => folder.display().fmt(f),
            Place::Store(location) => f.write_str(&location.written),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_place_belongs_to_one_state() {
        let folder = tempfile::tempdir().unwrap();
        let results = |name: &str| Results::folder(folder.path().join(name));
        results("a").claim("one", false).await.unwrap();
        results("a").claim("one", true).await.unwrap();
        let error = results("a").claim("two", false).await.unwrap_err();
        assert!(error.message.contains("of another state are here"), "{error}");
        let error = results("b").claim("one", true).await.unwrap_err();
        assert!(error.message.contains("of this state are elsewhere"), "{error}");
        fs::write(folder.path().join("c"), "").unwrap();
        assert!(results("c").claim("one", false).await.is_err(), "it is no folder");
    }
}
