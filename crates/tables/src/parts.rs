//! Answers become durable: one file a batch.
//!
//! The name of a file tells the batch and a sum over its bytes. The journal keeps the name, so that a file
//! that was changed or cut short is noticed, whatever is left of it.

use crate::{Results, Subject, TableError, part, plain::lower};
use arrow::record_batch::RecordBatch;
use async_trait::async_trait;
use bytes::Bytes;
use leadmill_core::{Answered, BatchId, Operation, Staging, StagingError};
use parquet::{
    arrow::{ArrowWriter, ProjectionMask, arrow_reader::ParquetRecordBatchReaderBuilder},
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use sha2::{Digest, Sha256};

/// The staged answers of a state.
#[derive(Clone, Debug)]
pub struct Parts {
    results: Results,
}

impl Parts {
    /// Makes the place ready for writing. Blocks.
    pub fn open(results: Results) -> Result<Self, StagingError> {
        results.prepare()?;
        Ok(Self { results })
    }

    /// Reads all answers of a staged part.
    pub async fn read(
        &self,
        name: &str,
        operation: Operation,
    ) -> Result<Vec<Answered>, TableError> {
        let columns: Vec<usize> = (0..operation.fields().len()).collect();
        let mut answers = Vec::new();
        let bytes = fetch(&self.results, name).await?;
        for batch in read(bytes, name, operation, &columns)? {
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
        let told =
            |error: &dyn std::fmt::Display| StagingError(format!("{batch}: {error}"));
        let bytes = tokio::task::spawn_blocking(move || write(operation, &answers)).await;
        let bytes = bytes.map_err(|error| told(&error))?.map_err(|error| told(&error))?;
        let name = format!("{batch}-{:016x}.parquet", sum(&bytes));
        self.results.put(&name, bytes).await.map_err(|error| told(&error))?;
        Ok(name)
    }
}

fn write(operation: Operation, answers: &[Answered]) -> Result<Vec<u8>, ParquetError> {
    let rows = part::encode(operation, answers)?;
    let zstd = ZstdLevel::try_new(1)?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(zstd)).build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties))?;
    writer.write(&rows)?;
    writer.close()?;
    Ok(bytes)
}

fn sum(bytes: &[u8]) -> u64 {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
}

/// The bytes of a part, if they are those that were written.
pub(crate) async fn fetch(results: &Results, name: &str) -> Result<Bytes, TableError> {
    let wrong = |what: &str| {
        TableError::new(Subject::Part, format!("staged answers {name}{what}"))
            .hint("`leadmill fetch` collects what was paid for again, and pays nothing")
    };
    let bytes = results.get(name).await;
    let bytes =
        bytes.map_err(|error| wrong(&format!(": {}", lower(&error.to_string()))))?;
    let bytes = bytes.ok_or_else(|| wrong(" are missing"))?;
    match written_sum(name) {
        Some(written) if written != sum(&bytes) => {
            Err(wrong(": the file is not what was written"))
        }
        // Parts of older releases carry no sum.
        _ => Ok(bytes),
    }
}

fn written_sum(name: &str) -> Option<u64> {
    let (_, sum) = name.strip_suffix(".parquet")?.split_once('-')?;
    u64::from_str_radix(sum, 16).ok()
}

impl Results {
    /// Whether a part is here, and is what was written.
    pub async fn holds(&self, name: &str) -> bool {
        fetch(self, name).await.is_ok()
    }

    /// Copies a part that is what was written from another place. Tells whether it was.
    pub async fn adopt(&self, name: &str, from: &Self) -> Result<bool, TableError> {
        let Ok(bytes) = fetch(from, name).await else { return Ok(false) };
        let told = |error: std::io::Error| {
            TableError::new(Subject::Part, format!("staged answers {name}: {error}"))
        };
        self.put(name, bytes.to_vec()).await.map_err(told)?;
        Ok(true)
    }
}

/// Reads a part's own columns and some of the operation's fields. A field that a part of an older release
/// does not have is left out.
pub(crate) fn read(
    bytes: Bytes,
    name: &str,
    operation: Operation,
    fields: &[usize],
) -> Result<Vec<RecordBatch>, TableError> {
    const ROWS: usize = 1 << 16;
    let told = |error: &dyn std::fmt::Display| {
        let text = format!("staged answers {name}: {}", lower(&error.to_string()));
        TableError::new(Subject::Part, text)
    };
    let builder =
        ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(|error| told(&error))?;
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
