//! A store whose files must stay what they were when they were listed.

use crate::{
    Subject, TableError,
    location::{Location, told},
};
use async_trait::async_trait;
use futures::{StreamExt, TryStreamExt, stream, stream::BoxStream};
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutResult,
    Result, path::Path as Key,
};
use std::{collections::HashMap, fmt, sync::Arc};

/// The files of a source. A read of one that has changed since is an error, never other leads.
#[derive(Debug)]
pub(crate) struct Pinned {
    location: Location,
    files: HashMap<Key, ObjectMeta>,
}

impl Pinned {
    /// Remembers what the files are.
    pub(crate) fn new(location: Location, files: &[ObjectMeta]) -> Arc<Self> {
        let files = files.iter().map(|meta| (meta.location.clone(), meta.clone()));
        Arc::new(Self { location, files: files.collect() })
    }

    /// Names a file to people.
    pub(crate) fn show(&self, key: &Key) -> String {
        self.location.show(key)
    }

    /// Looks at every file, and fails if one has changed.
    pub(crate) async fn check(&self) -> std::result::Result<(), TableError> {
        const AT_ONCE: usize = 16;
        let keys: Vec<Key> = self.files.keys().cloned().collect();
        stream::iter(keys)
            .map(|key| async move {
                let head = self.head(&key).await;
                head.map(drop).map_err(|error| self.error(&key, &error))
            })
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// What a failed read of a file means.
    pub(crate) fn error(&self, key: &Key, error: &Error) -> TableError {
        TableError::inside(error).unwrap_or_else(|| match error {
            Error::NotFound { .. } => self.changed(key, "is gone since the run began"),
            other => self.changed(key, &format!("cannot be read: {}", told(other))),
        })
    }

    fn changed(&self, key: &Key, how: &str) -> TableError {
        TableError::new(Subject::Location, format!("{} {how}", self.show(key)))
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.location.store.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Pinned {
    async fn get_opts(&self, key: &Key, options: GetOptions) -> Result<GetResult> {
        let result = self.location.store.get_opts(key, options).await?;
        match self.files.get(key).is_none_or(|pinned| same(pinned, &result.meta)) {
            true => Ok(result),
            false => Err(Error::Precondition {
                path: key.to_string(),
                source: Box::new(self.changed(key, "has changed since the run began")),
            }),
        }
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.location.store.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Key>) -> Result<ListResult> {
        self.location.store.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, _: &Key, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(
        &self,
        _: &Key,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(
        &self,
        keys: BoxStream<'static, Result<Key>>,
    ) -> BoxStream<'static, Result<Key>> {
        keys.map(|_| Err(read_only())).boxed()
    }

    async fn copy_opts(&self, _: &Key, _: &Key, _: CopyOptions) -> Result<()> {
        Err(read_only())
    }
}

fn read_only() -> Error {
    Error::NotSupported { source: "a source is only read".into() }
}

/// By entity tag where both have one. Listings and reads spell tags differently, and times more coarsely.
fn same(a: &ObjectMeta, b: &ObjectMeta) -> bool {
    let tag = |meta: &ObjectMeta| {
        let tag = meta.e_tag.as_deref()?;
        Some(tag.trim_start_matches("W/").trim_matches('"').to_owned())
    };
    let times = a.last_modified.timestamp() == b.last_modified.timestamp();
    a.size == b.size && tag(a).zip(tag(b)).map_or(times, |(a, b)| a == b)
}
