//! Answers become durable: one file a batch, in a folder of the state.

use crate::{Subject, TableError, durable, part, plain::lower};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use leadmill_core::{Answered, BatchId, Operation, Staging, StagingError};
use parquet::{
    arrow::{ArrowWriter, ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    file::properties::WriterProperties,
};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};
use tokio::task::spawn_blocking;

/// The folder of staged answers.
#[derive(Clone, Debug)]
pub struct Parts {
    folder: PathBuf,
}

impl Parts {
    /// Creates the folder if need be, and clears what an interrupted process left half written. Blocks.
    pub fn open(folder: PathBuf) -> Result<Self, StagingError> {
        let told = |error| StagingError(format!("{}: {error}", folder.display()));
        durable::create_folder(&folder).map_err(told)?;
        durable::sweep(&folder, None).map_err(told)?;
        Ok(Self { folder })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Reads all answers of a staged part. Blocks.
    pub fn read(
        &self,
        name: &str,
        operation: Operation,
    ) -> Result<Vec<Answered>, TableError> {
        let columns: Vec<usize> = (0..operation.fields().len()).collect();
        let mut answers = Vec::new();
        for batch in read(&self.folder, name, operation, &columns)? {
            let decoded = part::decode(operation, &batch);
            answers.extend(decoded.ok_or_else(|| foreign(name))?);
        }
        Ok(answers)
    }
}

#[async_trait]
impl Staging for Parts {
    async fn stage(
        &self,
        batch: BatchId,
        operation: Operation,
        answers: Vec<Answered>,
    ) -> Result<String, StagingError> {
        let name = format!("{batch}.parquet");
        let path = self.folder.join(&name);
        let write = spawn_blocking(move || write(&path, operation, &answers)).await;
        match write {
            Ok(Ok(())) => Ok(name),
            Ok(Err(error)) => Err(StagingError(format!("{name}: {error}"))),
            Err(_) => Err(StagingError(format!("{name}: interrupted"))),
        }
    }
}

fn write(path: &Path, operation: Operation, answers: &[Answered]) -> io::Result<()> {
    let rows = part::encode(operation, answers).map_err(io::Error::other)?;
    let zstd = ZstdLevel::try_new(1).map_err(io::Error::other)?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(zstd)).build();
    let part = durable::Unpublished::create(path)?;
    let mut writer = ArrowWriter::try_new(part.file(), rows.schema(), Some(properties))?;
    writer.write(&rows)?;
    writer.close()?;
    part.publish()
}

/// Reads a part's own columns and some of the operation's fields. A field that a part of an older release
/// does not have is left out.
pub(crate) fn read(
    folder: &Path,
    name: &str,
    operation: Operation,
    fields: &[usize],
) -> Result<Vec<RecordBatch>, TableError> {
    const ROWS: usize = 1 << 16;
    let told = |error: &dyn std::fmt::Display| {
        let text = format!("staged answers {name}: {}", lower(&error.to_string()));
        TableError::new(Subject::Part, text)
    };
    let file = match File::open(folder.join(name)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let message = format!("staged answers {name} are missing");
            return Err(TableError::new(Subject::Part, message));
        }
        file => file.map_err(|error| told(&error))?,
    };
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| told(&error))?;
    let wanted = fields.iter().filter_map(|field| operation.fields().get(*field));
    let names = part::OWN.into_iter().chain(wanted.map(|field| field.name));
    let columns = ProjectionMask::columns(builder.parquet_schema(), names);
    let reader = builder.with_projection(columns).with_batch_size(ROWS).build();
    reader
        .map_err(|error| told(&error))?
        .map(|batch| batch.map_err(|error| told(&error)))
        .collect()
}

/// A file that is none of ours.
pub(crate) fn foreign(name: &str) -> TableError {
    let message = format!("staged answers {name}: this is no file of answers");
    TableError::new(Subject::Part, message)
}

#[cfg(test)]
mod tests;
