//! Bytes on their way to a file or an object that nobody sees until it is whole.

use super::{blocking, place::Place};
use crate::{
    Subject, TableError,
    durable::{self, Unpublished},
    location::told,
};
use bytes::Bytes;
use object_store::buffered::BufWriter;
use std::{io, io::Write, path::Path, sync::Arc};
use tokio::{io::AsyncWriteExt, runtime::Handle};

/// Where an output's bytes go.
#[derive(Debug)]
pub(crate) enum Target {
    /// A hidden file beside the final one.
    File { file: Arc<Unpublished>, shown: String },
    /// A multipart upload, aborted when dropped.
    Object { upload: Option<Box<BufWriter>>, shown: String },
}

impl Target {
    /// Starts writing.
    pub(crate) async fn open(place: Place) -> Result<Self, TableError> {
        const PART_BYTES: usize = 10 << 20;
        const PARTS_AT_ONCE: usize = 4;
        let shown = place.shown;
        let Some(path) = place.local else {
            let upload = BufWriter::with_capacity(place.store, place.key, PART_BYTES)
                .with_max_concurrency(PARTS_AT_ONCE);
            return Ok(Self::Object { upload: Some(Box::new(upload)), shown });
        };
        let name = shown.clone();
        let file = blocking(move || create(&path).map_err(|error| failed(&name, &error)));
        Ok(Self::File { file: Arc::new(file.await?), shown })
    }

    /// Adds bytes.
    pub(crate) async fn put(&mut self, bytes: Bytes) -> Result<(), TableError> {
        if bytes.is_empty() {
            return Ok(());
        }
        match self {
            Self::File { file, shown } => {
                let (file, shown) = (file.clone(), shown.clone());
                let write = move || file.file().write_all(&bytes);
                blocking(move || write().map_err(|error| failed(&shown, &error))).await
            }
            Self::Object { upload, shown } => {
                let upload = upload.as_mut().ok_or_else(super::given_up)?;
                upload.put(bytes).await.map_err(|error| failed(shown, &told(&error)))
            }
        }
    }

    /// Makes it visible.
    pub(crate) async fn commit(mut self) -> Result<(), TableError> {
        match &mut self {
            Self::File { file, shown } => {
                let (file, shown) = (file.clone(), shown.clone());
                drop(self);
                let publish = move || Arc::into_inner(file).map(Unpublished::publish);
                let publish = move || match publish() {
                    Some(published) => published.map_err(|error| failed(&shown, &error)),
                    None => Err(super::given_up()),
                };
                blocking(publish).await
            }
            Self::Object { upload, shown } => {
                let Some(mut finishing) = upload.take() else {
                    return Err(super::given_up());
                };
                let finished = finishing.shutdown().await;
                finished.map_err(|error| failed(shown, &error))
            }
        }
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let Self::Object { upload, .. } = self else { return };
        if let (Some(mut upload), Ok(runtime)) = (upload.take(), Handle::try_current()) {
            runtime.spawn(async move { upload.abort().await });
        }
    }
}

fn create(path: &Path) -> io::Result<Unpublished> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if let Some(folder) = path.parent() {
        durable::create_folder(folder)?;
        durable::sweep(folder, path.file_name().and_then(|name| name.to_str()))?;
    }
    Unpublished::create(path)
}

fn failed(shown: &str, error: &dyn std::fmt::Display) -> TableError {
    TableError::new(Subject::Sink, format!("{shown}: {error}"))
}
