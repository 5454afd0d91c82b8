//! CSV and NDJSON files as a table: read line by line, in the order of the list.

use crate::{
    Format, TableError,
    csv::{self, CsvShape},
    ndjson::{self, NdjsonShape},
    pinned::Pinned,
};
use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use bytes::{Buf, Bytes};
use datafusion::{
    error::DataFusionError,
    execution::{SendableRecordBatchStream, TaskContext},
    physical_plan::{stream::RecordBatchReceiverStream, streaming::PartitionStream},
};
use futures::{StreamExt, stream::BoxStream};
use object_store::{GetResultPayload, ObjectStoreExt, path::Path as Key};
use std::{
    io::{self, Read},
    sync::Arc,
};
use tokio::{runtime::Handle, task::spawn_blocking};

/// Text files that are read as one table.
#[derive(Clone, Debug)]
pub(crate) struct TextFiles {
    format: Format,
    store: Arc<Pinned>,
    files: Arc<[Key]>,
    schema: SchemaRef,
}

impl TextFiles {
    /// Reads all files once to learn the types.
    pub(crate) async fn open(
        format: Format,
        store: Arc<Pinned>,
        files: Arc<[Key]>,
    ) -> Result<Self, TableError> {
        let (from, names) = (store.clone(), files.clone());
        let learn = spawn_blocking(move || match format {
            Format::Ndjson => {
                let mut shape = NdjsonShape::default();
                each(&from, &names, |file, name| shape.read(file, name))?;
                Ok(shape.schema())
            }
            Format::Csv | Format::Parquet => {
                let mut shape = CsvShape::default();
                each(&from, &names, |file, name| shape.read(file, name))?;
                Ok(shape.schema())
            }
        });
        let schema = learn.await.map_err(|_| stopped())??;
        Ok(Self { format, store, files, schema })
    }

    fn read(&self, mut emit: impl FnMut(RecordBatch) -> bool) -> Result<(), TableError> {
        each(&self.store, &self.files, |file, name| match self.format {
            Format::Ndjson => ndjson::decode(file, name, &self.schema, &mut emit),
            Format::Csv | Format::Parquet => {
                csv::decode(file, name, &self.schema, &mut emit)
            }
        })
    }
}

impl PartitionStream for TextFiles {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        const AHEAD: usize = 2;
        let mut builder = RecordBatchReceiverStream::builder(self.schema.clone(), AHEAD);
        let (files, batches) = (self.clone(), builder.tx());
        builder.spawn_blocking(move || {
            files
                .read(|batch| batches.blocking_send(Ok(batch)).is_ok())
                .map_err(|error| DataFusionError::External(Box::new(error)))
        });
        builder.build()
    }
}

/// Opens one file after the other. To be called where blocking is allowed.
fn each(
    store: &Pinned,
    files: &[Key],
    mut read: impl FnMut(Box<dyn Read + Send>, &str) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let runtime = Handle::current();
    for key in files {
        let got = runtime.block_on(store.get(key));
        let input: Box<dyn Read + Send> =
            match got.map_err(|error| store.error(key, &error))?.payload {
                GetResultPayload::File(file, _) => Box::new(file),
                GetResultPayload::Stream(stream) => Box::new(Download {
                    runtime: runtime.clone(),
                    stream,
                    ready: Bytes::new(),
                }),
            };
        let read = read(input, &store.show(key));
        // Whoever rewrites a file in place is noticed here, at the latest.
        let unchanged = runtime.block_on(store.head(key));
        unchanged.map_err(|error| store.error(key, &error))?;
        read?;
    }
    Ok(())
}

fn stopped() -> TableError {
    TableError::new(crate::Subject::Location, "reading the source was interrupted")
}

/// A download as a blocking reader.
struct Download {
    runtime: Handle,
    stream: BoxStream<'static, object_store::Result<Bytes>>,
    ready: Bytes,
}

impl Read for Download {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.ready.is_empty() {
            match self.runtime.block_on(self.stream.next()) {
                None => return Ok(0),
                Some(chunk) => self.ready = chunk.map_err(io::Error::other)?,
            }
        }
        let taken = self.ready.len().min(buffer.len());
        let (to, _) = buffer.split_at_mut(taken);
        self.ready.copy_to_slice(to);
        Ok(taken)
    }
}
