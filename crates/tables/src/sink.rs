//! The output: visible as a whole or not at all.

mod encoder;
mod flat;
mod place;
mod target;

use crate::{Format, Subject, TableError};
use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
use encoder::Encoder;
use place::Place;
use std::path::PathBuf;
use target::Target;
use tokio::task::spawn_blocking;

/// Where the output goes.
#[derive(Clone, Debug)]
pub struct SinkSpec {
    /// How it is written.
    pub format: Format,
    /// A file, or a folder: what ends in `/`, is one already, or has no extension. A folder holds one object
    /// named after the pipeline.
    pub location: String,
    /// What a relative location starts from.
    pub base: PathBuf,
    /// The pipeline's name.
    pub name: String,
}

/// Opens outputs.
#[derive(Debug)]
pub struct Sink;

/// An output that is being written. Dropped without [`commit`](Self::commit), it leaves nothing behind.
#[derive(Debug)]
pub struct Writer {
    /// Gone while a batch is being encoded, and for good after a failure.
    encoder: Option<Encoder>,
    target: Target,
    location: String,
    rows: u64,
    bytes: u64,
}

/// A committed output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file or object.
    pub location: String,
    /// Its rows.
    pub rows: u64,
    /// Its size.
    pub bytes: u64,
}

impl Sink {
    /// Finds what would stop an output before anything is bought: columns that the format cannot hold, a
    /// folder that cannot be written. Object stores are not asked.
    pub async fn check(spec: &SinkSpec, schema: &SchemaRef) -> Result<(), TableError> {
        Encoder::check(spec.format, schema)?;
        match Place::find(spec)?.local {
            Some(path) => blocking(move || place::is_writable(&path)).await,
            None => Ok(()),
        }
    }

    /// Starts an output. What is there stays until the new one is committed.
    pub async fn open(spec: &SinkSpec, schema: &SchemaRef) -> Result<Writer, TableError> {
        Encoder::check(spec.format, schema)?;
        let encoder = Encoder::new(spec.format, schema)?;
        let place = Place::find(spec)?;
        let location = place.shown.clone();
        let target = Target::open(place).await?;
        Ok(Writer { encoder: Some(encoder), target, location, rows: 0, bytes: 0 })
    }
}

impl Writer {
    /// Adds rows. After an error the output cannot be committed any more.
    pub async fn write(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        let mut encoder = self.encoder.take().ok_or_else(given_up)?;
        let rows = batch.clone();
        let (encoder, bytes) = blocking(move || {
            let bytes = encoder.encode(&rows)?;
            Ok((encoder, bytes))
        })
        .await?;
        self.bytes += bytes.len() as u64;
        self.target.put(bytes).await?;
        self.rows += batch.num_rows() as u64;
        self.encoder = Some(encoder);
        Ok(())
    }

    /// Makes the output visible, in place of what was there, once all of it is durable.
    pub async fn commit(mut self) -> Result<Written, TableError> {
        let encoder = self.encoder.take().ok_or_else(given_up)?;
        let bytes = blocking(move || encoder.finish()).await?;
        self.bytes += bytes.len() as u64;
        self.target.put(bytes).await?;
        self.target.commit().await?;
        Ok(Written { location: self.location, rows: self.rows, bytes: self.bytes })
    }
}

fn given_up() -> TableError {
    TableError::new(Subject::Sink, "the output was given up after an earlier error")
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, TableError> + Send + 'static,
) -> Result<T, TableError> {
    let stopped = |_| TableError::new(Subject::Sink, "writing was interrupted");
    spawn_blocking(work).await.map_err(stopped)?
}

#[cfg(test)]
mod tests;
