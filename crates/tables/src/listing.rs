//! Which files a location names.

use crate::{
    Format, Subject, TableError,
    glob::{Glob, is_hidden},
    location::{Location, told},
};
use futures::TryStreamExt;
use object_store::{Error, ObjectMeta, ObjectStoreExt, path::Path as Key};

/// The files of a location, by path. A file, all files of the format below a folder, or what a pattern names.
pub(crate) async fn list(
    location: &Location,
    format: Format,
) -> Result<Vec<ObjectMeta>, TableError> {
    let key = location.key.as_str();
    let is_folder = key.is_empty() || key.ends_with('/');
    if !is_folder && let Some(file) = file(location).await? {
        return Ok(vec![file]);
    }
    let glob = Glob::read(key);
    let folder = glob.as_ref().map_or(key.trim_end_matches('/'), |glob| &glob.folder);
    let folder = parse(location, folder)?;
    let below = |meta: &ObjectMeta| {
        let path = meta.location.as_ref().strip_prefix(folder.as_ref())?;
        Some(path.trim_start_matches('/').to_owned())
    };
    let wanted = |meta: &ObjectMeta| {
        below(meta).is_some_and(|path| match &glob {
            Some(glob) if is_folder => {
                has_format(&path, format) && glob.names(&path, true)
            }
            Some(glob) => glob.names(&path, false),
            None => has_format(&path, format) && !path.split('/').any(is_hidden),
        })
    };
    let mut files: Vec<ObjectMeta> = location
        .store
        .list(Some(&folder))
        .try_filter(|meta| std::future::ready(wanted(meta)))
        .try_collect()
        .await
        .map_err(|error| unreadable(location, &error))?;
    files.sort_by(|a, b| a.location.cmp(&b.location));
    match files.is_empty() {
        true => Err(nothing(location, format, glob.is_some())),
        false => Ok(files),
    }
}

async fn file(location: &Location) -> Result<Option<ObjectMeta>, TableError> {
    match location.store.head(&parse(location, &location.key)?).await {
        Ok(meta) => Ok(Some(meta)),
        Err(Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(unreadable(location, &error)),
    }
}

fn parse(location: &Location, key: &str) -> Result<Key, TableError> {
    Key::parse(key).map_err(|_| {
        let message = format!("{}: no file can be called this", location.written);
        TableError::new(Subject::Location, message)
    })
}

fn has_format(path: &str, format: Format) -> bool {
    let extension = path.rsplit('/').next().and_then(|name| name.rsplit_once('.'));
    extension.is_some_and(|(_, extension)| {
        format.extensions().iter().any(|known| extension.eq_ignore_ascii_case(known))
    })
}

fn unreadable(location: &Location, error: &Error) -> TableError {
    let message = format!("{}: {}", location.written, told(error));
    TableError::new(Subject::Location, message)
}

fn nothing(location: &Location, format: Format, is_glob: bool) -> TableError {
    let written = &location.written;
    let exists = location.local_path().is_none_or(|path| path.exists());
    let message = match (is_glob, exists) {
        (true, _) => format!("no file matches {written}"),
        (false, true) => format!("no {format} file below {written}"),
        (false, false) => format!("{written} does not exist"),
    };
    TableError::new(Subject::Location, message)
}
