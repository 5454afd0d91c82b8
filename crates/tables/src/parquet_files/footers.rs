//! What Parquet files say about themselves, and which of them cannot be read.

use crate::{Subject, TableError, error::at, pinned::Pinned, plain::lower};
use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use futures::{FutureExt, TryFutureExt, TryStreamExt, future::BoxFuture};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::{
    arrow::{
        arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions},
        async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder},
    },
    errors::{ParquetError, Result},
    file::metadata::{ParquetMetaData, ParquetMetaDataReader},
};
use std::{ops::Range, sync::Arc};

/// Bytes read from a file's end in the hope of holding the whole footer.
pub(crate) const FOOTER_BYTES: usize = 64 << 10;

/// The columns of a file.
pub(crate) async fn footer(
    store: &Arc<Pinned>,
    file: &ObjectMeta,
) -> Result<SchemaRef, TableError> {
    let mut reader = Reader { store: store.clone(), file: file.clone() };
    let metadata =
        ArrowReaderMetadata::load_async(&mut reader, ArrowReaderOptions::new()).await;
    metadata
        .map(|metadata| metadata.schema().clone())
        .map_err(|error| broken(store, file, &error))
}

/// Finds the first file that cannot be decoded, after a scan failed without saying which.
pub(crate) async fn first_broken(
    store: &Arc<Pinned>,
    files: &[ObjectMeta],
) -> Option<TableError> {
    for file in files {
        let reader = Reader { store: store.clone(), file: file.clone() };
        let read = async {
            let builder = ParquetRecordBatchStreamBuilder::new(reader).await?;
            builder.build()?.try_for_each(|_| std::future::ready(Ok(()))).await
        };
        if let Err(error) = read.await {
            return Some(broken(store, file, &error));
        }
    }
    None
}

fn broken(store: &Pinned, file: &ObjectMeta, error: &ParquetError) -> TableError {
    if let Some(ours) = TableError::inside(error) {
        return ours;
    }
    let text = error.to_string();
    let text = text.split_once(": ").map_or(text.as_str(), |(_, text)| text);
    let name = store.show(&file.location);
    at(Subject::Location, format!("{name} is no whole Parquet file"))(&lower(text))
}

/// A file of a pinned store.
struct Reader {
    store: Arc<Pinned>,
    file: ObjectMeta,
}

fn external(error: object_store::Error) -> ParquetError {
    ParquetError::External(Box::new(error))
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes>> {
        self.store.get_range(&self.file.location, range).map_err(external).boxed()
    }

    fn get_byte_ranges(
        &mut self,
        ranges: Vec<Range<u64>>,
    ) -> BoxFuture<'_, Result<Vec<Bytes>>> {
        let got =
            async move { self.store.get_ranges(&self.file.location, &ranges).await };
        got.map_err(external).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>>> {
        let size = self.file.size;
        let read = async move {
            let reader = ParquetMetaDataReader::new()
                .with_arrow_reader_options(options)
                .with_prefetch_hint(Some(FOOTER_BYTES));
            Ok(Arc::new(reader.load_and_finish(self, size).await?))
        };
        read.boxed()
    }
}
