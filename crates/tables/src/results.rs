//! Where the answers of settled batches lie: a folder, or an object store.

use crate::{
    Subject, TableError, durable,
    location::{Location, told},
};
use bytes::Bytes;
use leadmill_core::StagingError;
use object_store::{ObjectStore, ObjectStoreExt, PutMode, PutPayload, path::Path as Key};
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
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
    /// answers of the state called `owner` are, as a small file tells. `parts`: some that the state has.
    pub async fn claim(
        &self,
        owner: &str,
        probe: &str,
        parts: &[&str],
    ) -> Result<(), TableError> {
        let wrong = |message: String| TableError::new(Subject::Location, message);
        let told = |error: io::Error| wrong(format!("results {self}: {error}"));
        if let Place::Folder(folder) = &self.place {
            durable::create_folder(folder).map_err(told)?;
        }
        let mut found = self.mark().await.map_err(told)?;
        if found.is_none() {
            // Copied from elsewhere, or used before there were marks.
            let is_here = match parts.first() {
                Some(part) => self.holds(part).await,
                None => true,
            };
            if !is_here {
                let message =
                    format!("results {self}: the answers of this state are elsewhere");
                return Err(wrong(message).hint(
                    "name the place that was named before, or copy all of its files here",
                ));
            }
            match self
                .create(MARK, format!("{owner}\n").into_bytes())
                .await
                .map_err(told)?
            {
                true => found = Some(owner.to_owned()),
                false => found = self.mark().await.map_err(told)?,
            }
        }
        if found.as_deref() != Some(owner) {
            let message =
                format!("results {self}: the answers of another state are here");
            return Err(wrong(message).hint(
                "give each state a place of its own; a state that takes over from a lost one takes these over once \
                 the file `_leadmill` there is removed",
            ));
        }
        // Whoever cannot write must not buy.
        let probe = format!("{MARK}-{probe}");
        self.create(&probe, b"can be written\n".to_vec()).await.map_err(told)?;
        self.remove(&probe).await;
        Ok(())
    }

    async fn mark(&self) -> io::Result<Option<String>> {
        let bytes = match self.get(MARK).await {
            // Who may not list is told so of what is not there.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => None,
            bytes => bytes?,
        };
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned()))
    }

    /// Writes a file if there is none of its name. Tells whether there was none.
    async fn create(&self, name: &str, bytes: Vec<u8>) -> io::Result<bool> {
        match &self.place {
            Place::Folder(folder) => {
                let (path, whole) = (folder.join(name), folder.join(unique(name)));
                let create = move || {
                    fs::write(&whole, bytes)?;
                    let linked = fs::hard_link(&whole, &path);
                    fs::remove_file(&whole)?;
                    match linked {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                            Ok(false)
                        }
                        linked => linked.map(|()| true),
                    }
                };
                spawn_blocking(create).await.map_err(io::Error::other)?
            }
            Place::Store(location) => {
                let (key, payload) = (key(location, name), PutPayload::from(bytes));
                let put = location.store.put_opts(&key, payload, PutMode::Create.into());
                match put.await {
                    Ok(_) => Ok(true),
                    Err(object_store::Error::AlreadyExists { .. }) => Ok(false),
                    Err(error) => Err(wrong(&error)),
                }
            }
        }
    }

    /// Removes a file, if that is allowed.
    async fn remove(&self, name: &str) {
        match &self.place {
            Place::Folder(folder) => _ = fs::remove_file(folder.join(name)),
            Place::Store(location) => {
                _ = location.store.delete(&key(location, name)).await
            }
        }
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
                put.map(drop).map_err(|error| wrong(&error))
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
                match location.store.get(&key(location, name)).await {
                    Ok(found) => {
                        Ok(Some(found.bytes().await.map_err(|error| wrong(&error))?))
                    }
                    Err(object_store::Error::NotFound { .. }) => Ok(None),
                    Err(error) => Err(wrong(&error)),
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

/// A hidden name that no other process and no other task has.
fn unique(name: &str) -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(".{name}-{}-{count}", std::process::id())
}

fn wrong(error: &object_store::Error) -> io::Error {
    let kind = match error {
        object_store::Error::PermissionDenied { .. } => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, told(error))
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

    #[tokio::test(flavor = "multi_thread")]
    async fn of_two_that_claim_a_place_at_once_one_gets_it() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().unwrap();
            let results = Results::folder(folder.path().to_owned());
            let other = results.clone();
            let two =
                tokio::spawn(async move { other.claim("two", "2", &[]).await.is_ok() });
            let one = results.claim("one", "1", &[]).await.is_ok();
            assert!(one ^ two.await.unwrap());
        }
    }

    #[tokio::test]
    async fn a_place_belongs_to_one_state() {
        let folder = tempfile::tempdir().unwrap();
        let results = |name: &str| Results::folder(folder.path().join(name));
        results("a").claim("one", "1", &[]).await.unwrap();
        results("a").claim("one", "2", &["gone.parquet"]).await.unwrap();
        let error = results("a").claim("two", "3", &[]).await.unwrap_err();
        assert!(error.message.contains("of another state are here"), "{error}");
        let error = results("b").claim("one", "4", &["gone.parquet"]).await.unwrap_err();
        assert!(error.message.contains("of this state are elsewhere"), "{error}");
        // A place that was used before there were marks, or to which the answers were copied.
        results("b").put("old.parquet", b"answers".to_vec()).await.unwrap();
        results("b").claim("one", "5", &["old.parquet"]).await.unwrap();
        let names = fs::read_dir(folder.path().join("b")).unwrap();
        assert_eq!(names.count(), 2, "what was tried is gone");
        fs::write(folder.path().join("c"), "").unwrap();
        assert!(results("c").claim("one", "6", &[]).await.is_err(), "it is no folder");
    }
}
