//! Where tables are: local paths and object stores, reached with the credentials of the environment.

use crate::{Subject, TableError};
use object_store::{
    ObjectStore, ObjectStoreExt, aws::AmazonS3Builder, azure::MicrosoftAzureBuilder,
    gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, memory::InMemory,
    path::Path as Key,
};
use std::{
    path::{Component, Path, PathBuf, absolute},
    sync::Arc,
};

/// A place that was written in a pipeline, opened.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    /// The store.
    pub store: Arc<dyn ObjectStore>,
    /// The place in the store, perhaps with wildcards. Ends in `/` if that was written.
    pub key: String,
    /// What to put before a key of the store to name it to people.
    pub root: String,
    /// Whether the store is this machine's.
    pub is_local: bool,
    /// As it was written.
    pub written: String,
}

impl Location {
    /// One file in memory; `written` names it to people.
    pub(crate) async fn of_text(written: &str, text: String) -> Result<Self, TableError> {
        let store = InMemory::new();
        let key = "rows.ndjson".to_owned();
        let put = store.put(&Key::from(key.as_str()), text.into()).await;
        put.map_err(|error| TableError::new(Subject::Location, error.to_string()))?;
        let (store, root, written) = (Arc::new(store), String::new(), written.to_owned());
        Ok(Self { store, key, root, is_local: false, written })
    }

    /// Finds a place. `base` is what relative paths start from.
    ///
    /// # Source
    /// Schemes and environment variables: <https://docs.rs/object_store/0.13/object_store/>
    pub(crate) fn find(
        written: &str,
        base: &Path,
        subject: Subject,
    ) -> Result<Self, TableError> {
        let Some((scheme, rest)) = written.split_once("://") else {
            return Self::local(written, base, subject);
        };
        let (bucket, key) = rest.split_once('/').unwrap_or((rest, ""));
        let root = format!("{scheme}://{bucket}/");
        let nameless = || TableError::new(subject, format!("{written} names no bucket"));
        let bad = |error: object_store::Error| {
            TableError::new(subject, format!("{root}: {}", told(&error)))
        };
        let store: Arc<dyn ObjectStore> = match scheme.to_ascii_lowercase().as_str() {
            "file" => return Self::local(&format!("/{key}"), base, subject),
            _ if bucket.is_empty() => return Err(nameless()),
            "s3" | "s3a" => {
                let builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
                Arc::new(builder.build().map_err(bad)?)
            }
            "gs" | "gcs" => {
                let builder =
                    GoogleCloudStorageBuilder::from_env().with_bucket_name(bucket);
                Arc::new(builder.build().map_err(bad)?)
            }
            "az" | "azure" | "abfs" | "abfss" | "adl" => {
                let builder = MicrosoftAzureBuilder::from_env().with_url(&root);
                Arc::new(builder.build().map_err(bad)?)
            }
            _ => {
                let message = format!("cannot read or write {scheme}:// addresses");
                return Err(TableError::new(subject, message)
                    .hint("use a path, or file://, s3://, gs://, az:// or abfs://"));
            }
        };
        let (key, written) = (key.to_owned(), written.to_owned());
        Ok(Self { store, key, root, is_local: false, written })
    }

    fn local(written: &str, base: &Path, subject: Subject) -> Result<Self, TableError> {
        let bad = |why: String| TableError::new(subject, format!("{written}: {why}"));
        if written.is_empty() {
            return Err(TableError::new(subject, "the location is empty"));
        }
        let path =
            absolute(base.join(written)).map_err(|error| bad(error.to_string()))?;
        let mut key = without_detours(&path)
            .to_str()
            .ok_or_else(|| bad("the path is not UTF-8".to_owned()))?
            .trim_start_matches('/')
            .to_owned();
        if written.ends_with('/') && !key.is_empty() {
            key.push('/');
        }
        Ok(Self {
            store: Arc::new(LocalFileSystem::new()),
            key,
            root: "/".to_owned(),
            is_local: true,
            written: written.to_owned(),
        })
    }

    /// Names a key of the store to people.
    pub(crate) fn show(&self, key: &Key) -> String {
        format!("{}{key}", self.root)
    }

    /// The path on this machine, if it is there.
    pub(crate) fn local_path(&self) -> Option<PathBuf> {
        self.is_local.then(|| Path::new("/").join(&self.key))
    }
}

/// Resolves `.` and `..` by their spelling.
fn without_detours(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut path, part| {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
        path
    })
}

/// A store's error as one sentence.
pub(crate) fn told(error: &object_store::Error) -> String {
    use object_store::Error::{
        Generic, NotFound, PermissionDenied, Precondition, Unauthenticated,
    };
    match error {
        NotFound { .. } => "not found".to_owned(),
        PermissionDenied { .. } => "access denied".to_owned(),
        Unauthenticated { .. } => "the credentials were not accepted".to_owned(),
        Generic { source, .. } | Precondition { source, .. } => {
            crate::plain::lower(source.to_string().lines().next().unwrap_or_default())
        }
        other => {
            crate::plain::lower(other.to_string().lines().next().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(written: &str) -> Result<Location, TableError> {
        Location::find(written, Path::new("/data/base"), Subject::Location)
    }

    #[test]
    fn places_are_found_as_they_are_written() {
        let local = find("../leads/x y.csv").unwrap();
        assert_eq!(local.key, "data/leads/x y.csv");
        assert_eq!(local.local_path().unwrap(), Path::new("/data/leads/x y.csv"));
        assert_eq!(find("/leads/").unwrap().key, "leads/");
        assert_eq!(find("file:///leads/a.csv").unwrap().key, "leads/a.csv");
        let bucket = find("s3://lake/leads/dt=*/").unwrap();
        assert_eq!((bucket.key.as_str(), bucket.is_local), ("leads/dt=*/", false));
        assert_eq!(bucket.show(&Key::from("leads/a.csv")), "s3://lake/leads/a.csv");
    }

    #[test]
    fn an_unknown_scheme_says_what_is_known() {
        let error = find("ftp://host/leads.csv").unwrap_err();
        assert_eq!(error.message, "cannot read or write ftp:// addresses");
        assert!(error.hint.unwrap().contains("s3://"));
        assert_eq!(find("s3:///x").unwrap_err().message, "s3:///x names no bucket");
    }
}
