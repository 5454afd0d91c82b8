//! One pass over a source.

use crate::{
    Batches, Format, Subject, TableError, parquet_files::first_broken, pinned::Pinned,
    plain::rewrite,
};
use arrow::{
    datatypes::SchemaRef,
    record_batch::{RecordBatch, RecordBatchOptions},
};
use datafusion::{error::DataFusionError, execution::SendableRecordBatchStream};
use futures::StreamExt;
use object_store::ObjectMeta;
use std::sync::Arc;

/// What a pass needs to know to tell what went wrong.
#[derive(Clone)]
pub(crate) struct Pass {
    pub store: Arc<Pinned>,
    pub files: Arc<[ObjectMeta]>,
    pub format: Format,
    pub subject: Subject,
    pub schema: SchemaRef,
}

impl Pass {
    /// The batches as they were declared, and errors as people read them.
    pub(crate) fn over(self, batches: SendableRecordBatchStream) -> Batches {
        let pass = Arc::new(self);
        let told = move |batch: Result<RecordBatch, DataFusionError>| {
            let pass = pass.clone();
            async move {
                match batch.and_then(|batch| as_declared(&pass.schema, &batch)) {
                    Ok(batch) => Ok(batch),
                    Err(error) => Err(pass.failure(&error).await),
                }
            }
        };
        batches.then(told).boxed()
    }

    /// Parquet's own errors do not say which file they are about, so it is looked for.
    async fn failure(&self, error: &DataFusionError) -> TableError {
        if let Some(ours) = TableError::inside(error) {
            return ours;
        }
        let in_file = match error.find_root() {
            DataFusionError::ParquetError(_)
            | DataFusionError::ObjectStore(_)
            | DataFusionError::ArrowError(..) => self.format == Format::Parquet,
            _ => false,
        };
        let broken =
            if in_file { first_broken(&self.store, &self.files).await } else { None };
        broken.unwrap_or_else(|| rewrite(self.subject, error, []))
    }
}

fn as_declared(
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, DataFusionError> {
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let columns = batch.columns().to_vec();
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &rows)?)
}
