//! Parquet files as a table: one partition, in the order of the list.

mod footers;

use crate::{TableError, pinned::Pinned, uniform::Uniform};
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::{
    catalog::{Session, TableProvider},
    config::TableParquetOptions,
    datasource::{
        TableType,
        listing::PartitionedFile,
        physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource},
        source::DataSourceExec,
    },
    error::Result,
    execution::object_store::ObjectStoreUrl,
    logical_expr::{Expr, TableProviderFilterPushDown},
    physical_plan::ExecutionPlan,
};
pub(crate) use footers::first_broken;
use footers::{FOOTER_BYTES, footer};
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectMeta;
use std::sync::Arc;

/// Parquet files that are read as one table.
#[derive(Debug)]
pub(crate) struct ParquetFiles {
    url: ObjectStoreUrl,
    files: Vec<ObjectMeta>,
    schema: SchemaRef,
}

impl ParquetFiles {
    /// Reads the footers.
    pub(crate) async fn open(
        url: ObjectStoreUrl,
        store: &Arc<Pinned>,
        files: Vec<ObjectMeta>,
    ) -> Result<Self, TableError> {
        const AT_ONCE: usize = 8;
        let mut schemas = stream::iter(&files)
            .map(|file| async move {
                let schema = footer(store, file).await?;
                Ok::<_, TableError>((store.show(&file.location), schema))
            })
            .buffered(AT_ONCE);
        let mut uniform = Uniform::default();
        while let Some((name, schema)) = schemas.try_next().await? {
            uniform.add(&name, &schema)?;
        }
        drop(schemas);
        Ok(Self { url, files, schema: uniform.schema() })
    }
}

#[async_trait]
impl TableProvider for ParquetFiles {
    fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let global = state.config().options().execution.parquet.clone();
        let options = TableParquetOptions { global, ..TableParquetOptions::default() };
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(options)
            .with_metadata_size_hint(FOOTER_BYTES);
        let files = self.files.iter().cloned().map(PartitionedFile::from);
        let scan = FileScanConfigBuilder::new(self.url.clone(), Arc::new(source))
            .with_file_group(FileGroup::new(files.collect()))
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_preserve_order(true)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// The same columns without what a file says about itself as a whole.
pub(crate) fn without_remarks(schema: &Schema) -> SchemaRef {
    Arc::new(Schema::new(schema.fields().clone()))
}
