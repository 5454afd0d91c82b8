//! Leads in: the source's files, selected by SQL, read as often as the run looks at them.

mod pass;
mod query;

use crate::{
    Format, KeyCheck, Subject, TableError, listing,
    location::Location,
    parquet_files::{ParquetFiles, without_remarks},
    pinned::Pinned,
    plain::rewrite,
    session::session,
    text_files::TextFiles,
};
use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use datafusion::{
    catalog::{TableProvider, streaming::StreamingTable},
    error::DataFusionError,
    execution::object_store::ObjectStoreUrl,
    logical_expr::{LogicalPlan, LogicalPlanBuilder},
    physical_plan::{ExecutionPlan, execute_stream, streaming::PartitionStream},
    prelude::SessionContext,
};
use futures::stream::BoxStream;
use object_store::ObjectMeta;
use pass::Pass;
use std::{path::PathBuf, sync::Arc};

/// Where the leads are, and which of them are wanted.
#[derive(Clone, Debug)]
pub struct SourceSpec {
    /// How they are written.
    pub format: Format,
    /// A file, a folder or a pattern, local or in an object store.
    pub location: String,
    /// What a relative location starts from.
    pub base: PathBuf,
    /// A query over the tables `source` and `leads`, which are the same.
    pub sql: Option<String>,
    /// A condition on the result: `where:`.
    pub filter: Option<String>,
    /// The columns that name a lead.
    pub key: Vec<String>,
}

/// Batches of a source, in the order of its files.
pub type Batches = BoxStream<'static, Result<RecordBatch, TableError>>;

/// An opened source. Every scan gives the same rows in the same order, or fails.
pub struct Source {
    session: SessionContext,
    store: Arc<Pinned>,
    files: Arc<[ObjectMeta]>,
    format: Format,
    subject: Subject,
    plan: LogicalPlan,
    schema: SchemaRef,
    key: Vec<String>,
}

impl Source {
    /// Lists the files, learns their columns and plans the query. Of Parquet only footers are read; text is
    /// read once in whole, to learn its types.
    pub async fn open(spec: SourceSpec) -> Result<Self, TableError> {
        let location = Location::find(&spec.location, &spec.base, Subject::Location)?;
        Self::open_at(location, spec).await
    }

    /// Leads that are written out: one JSON object a line. The spec's location names them to people.
    pub async fn of_rows(rows: String, spec: SourceSpec) -> Result<Self, TableError> {
        let location = Location::of_text(&spec.location, rows).await?;
        Self::open_at(location, spec).await
    }

    async fn open_at(location: Location, spec: SourceSpec) -> Result<Self, TableError> {
        let files: Arc<[_]> = listing::list(&location, spec.format).await?.into();
        let store = Pinned::new(location, &files);
        let table = table(spec.format, &store, &files).await?;
        let subject = match (&spec.sql, &spec.filter) {
            (Some(_), _) => Subject::Sql,
            (None, Some(_)) => Subject::Filter,
            (None, None) => Subject::Location,
        };
        let told = |error: DataFusionError| rewrite(subject, &error, []);
        let session = session().map_err(told)?;
        session.register_object_store(url().map_err(told)?.as_ref(), store.clone());
        let plan = query::plan(&session, table, &spec).await?;
        let state = session.state();
        let plan = state.optimize(&plan).map_err(told)?;
        let physical = state.query_planner().create_physical_plan(&plan, &state).await;
        let schema = without_remarks(&physical.map_err(told)?.schema());
        KeyCheck::new(&schema, &spec.key)?;
        let (format, key) = (spec.format, spec.key);
        Ok(Self { session, store, files, format, subject, plan, schema, key })
    }

    /// The columns of the selected leads.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// How many files it reads.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Checks the key over a pass: feed it every batch.
    pub fn key_check(&self) -> Result<KeyCheck, TableError> {
        KeyCheck::new(&self.schema, &self.key)
    }

    /// Reads all selected leads. Fails if a file is not what it was when the source was opened.
    pub async fn scan(&self) -> Result<Batches, TableError> {
        self.scan_columns(None).await
    }

    /// Reads some columns of all selected leads, by their places in [`Self::schema`] in ascending order.
    /// Columns that no expression needs are then never decoded.
    pub async fn scan_columns(
        &self,
        columns: Option<&[usize]>,
    ) -> Result<Batches, TableError> {
        self.store.check().await?;
        let told = |error: DataFusionError| rewrite(self.subject, &error, []);
        let plan = self.physical(columns).await.map_err(told)?;
        let schema = match columns {
            Some(columns) => {
                let schema = self.schema.project(columns);
                Arc::new(schema.map_err(|error| told(error.into()))?)
            }
            None => self.schema.clone(),
        };
        let batches = execute_stream(plan, self.session.task_ctx()).map_err(told)?;
        let (store, files) = (self.store.clone(), self.files.clone());
        let (format, subject) = (self.format, self.subject);
        Ok(Pass { store, files, format, subject, schema }.over(batches))
    }

    async fn physical(
        &self,
        columns: Option<&[usize]>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let state = self.session.state();
        let plan = match columns {
            None => self.plan.clone(),
            Some(columns) => {
                let plan = LogicalPlanBuilder::from(self.plan.clone());
                state.optimize(&plan.select(columns.iter().copied())?.build()?)?
            }
        };
        state.query_planner().create_physical_plan(&plan, &state).await
    }

    /// The plan as text, for tests of what reaches the files.
    #[cfg(test)]
    async fn explain(&self, columns: Option<&[usize]>) -> String {
        let plan = self.physical(columns).await.unwrap();
        datafusion::physical_plan::displayable(plan.as_ref()).indent(true).to_string()
    }
}

fn url() -> Result<ObjectStoreUrl, DataFusionError> {
    ObjectStoreUrl::parse("leadmill://source")
}

async fn table(
    format: Format,
    store: &Arc<Pinned>,
    files: &[ObjectMeta],
) -> Result<Arc<dyn TableProvider>, TableError> {
    let told = |error: DataFusionError| rewrite(Subject::Location, &error, []);
    if format == Format::Parquet {
        let url = url().map_err(told)?;
        return Ok(Arc::new(ParquetFiles::open(url, store, files.to_vec()).await?));
    }
    let keys = files.iter().map(|file| file.location.clone()).collect();
    let files = TextFiles::open(format, store.clone(), keys).await?;
    let schema = PartitionStream::schema(&files);
    let table = StreamingTable::try_new(schema.clone(), vec![Arc::new(files)]);
    Ok(Arc::new(table.map_err(told)?))
}

#[cfg(test)]
mod tests;
