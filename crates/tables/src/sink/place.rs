//! Which file or object a sink's location names.

use super::SinkSpec;
use crate::{Subject, TableError, location::Location};
use object_store::{ObjectStore, path::Path as Key};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// One file or object.
#[derive(Debug)]
pub(crate) struct Place {
    /// As people know it.
    pub shown: String,
    /// The path, if it is on this machine.
    pub local: Option<PathBuf>,
    /// Its store.
    pub store: Arc<dyn ObjectStore>,
    /// Its name there.
    pub key: Key,
}

impl Place {
    /// Finds it, without touching anything.
    pub(crate) fn find(spec: &SinkSpec) -> Result<Self, TableError> {
        let location = Location::find(&spec.location, &spec.base, Subject::Sink)?;
        let written = location.key.trim_end_matches('/');
        let last = written.rsplit('/').next().unwrap_or_default();
        let is_folder = location.key.is_empty()
            || location.key.ends_with('/')
            || !last.contains('.')
            || location.local_path().is_some_and(|path| path.is_dir());
        let object = format!("{}.{}", spec.name, spec.format.extension());
        let key = match (is_folder, written) {
            (false, file) => file.to_owned(),
            (true, "") => object,
            (true, folder) => format!("{folder}/{object}"),
        };
        let local = location.is_local.then(|| Path::new("/").join(&key));
        let key = Key::parse(&key).map_err(|_| {
            let message = format!("{}: no file can be called this", spec.location);
            TableError::new(Subject::Sink, message)
        })?;
        Ok(Self { shown: location.show(&key), local, store: location.store, key })
    }
}

/// Tries whether a file could be created here, and leaves nothing behind. Blocks.
pub(crate) fn is_writable(file: &Path) -> Result<(), TableError> {
    let wrong = |path: &Path, why: &dyn std::fmt::Display| {
        let message = format!("cannot write into {}: {why}", path.display());
        TableError::new(Subject::Sink, message)
    };
    if file.is_dir() {
        return Err(wrong(file, &"a folder has the name of the output"));
    }
    let folders = file.ancestors().skip(1);
    let Some(folder) = folders.into_iter().find(|folder| folder.exists()) else {
        return Ok(());
    };
    if !folder.is_dir() {
        return Err(wrong(folder, &"it is no folder"));
    }
    let probe = folder.join(format!(".leadmill-check.tmp-{}", std::process::id()));
    fs::write(&probe, "")
        .and_then(|()| fs::remove_file(&probe))
        .map_err(|error| wrong(folder, &error))
}
