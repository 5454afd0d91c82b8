//! Batches as bytes of a format.

use super::flat;
use crate::{Format, Subject, TableError, plain::lower};
use arrow::{
    array::{RecordBatch, new_null_array},
    csv,
    datatypes::{Field, Schema, SchemaRef},
    error::ArrowError,
    json::{LineDelimitedWriter, WriterBuilder, writer::LineDelimited},
};
use bytes::Bytes;
use parquet::{
    arrow::ArrowWriter,
    basic::{Compression, ZstdLevel},
    errors::ParquetError,
    file::properties::WriterProperties,
};
use std::{
    fmt, io, mem,
    sync::{Arc, Mutex, PoisonError},
};

/// A file being encoded.
pub(crate) struct Encoder {
    format: Encoding,
    bytes: Buffer,
}

enum Encoding {
    Parquet(Box<ArrowWriter<Buffer>>),
    Csv(SchemaRef, Box<csv::Writer<Buffer>>),
    Ndjson(Box<LineDelimitedWriter<Buffer>>),
}

impl fmt::Debug for Encoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").finish_non_exhaustive()
    }
}

impl Encoder {
    /// Fails if the format cannot hold one of the columns.
    pub(crate) fn check(format: Format, schema: &SchemaRef) -> Result<(), TableError> {
        for field in schema.fields() {
            let field = nullable(field);
            let nulls = new_null_array(field.data_type(), 1);
            let schema: SchemaRef = Arc::new(Schema::new(vec![field.clone()]));
            let row = RecordBatch::try_new(schema.clone(), vec![nulls]);
            let mut encoder = Self::new(format, &schema)?;
            let encoded = row
                .map_err(|error| failed(&error))
                .and_then(|row| encoder.encode(&row))
                .and_then(|_| encoder.finish());
            encoded.map_err(|error| unfit(format, &field, &error.message))?;
        }
        Ok(())
    }

    /// Starts a file.
    pub(crate) fn new(format: Format, schema: &SchemaRef) -> Result<Self, TableError> {
        let bytes = Buffer::default();
        let to = bytes.clone();
        let format = match format {
            Format::Parquet => {
                let properties = properties().map_err(|error| failed(&error))?;
                let writer = ArrowWriter::try_new(to, schema.clone(), Some(properties));
                Encoding::Parquet(Box::new(writer.map_err(|error| {
                    match schema.fields().first() {
                        Some(field) if schema.fields().len() == 1 => {
                            unfit(format, field, &error.to_string())
                        }
                        _ => failed(&error),
                    }
                })?))
            }
            Format::Csv => {
                let flat = flat::schema(schema)?;
                let mut writer = csv::WriterBuilder::new().with_header(true).build(to);
                // An output without rows has its header too.
                writer
                    .write(&RecordBatch::new_empty(flat.clone()))
                    .map_err(|error| failed(&error))?;
                Encoding::Csv(flat, Box::new(writer))
            }
            Format::Ndjson => {
                let writer = WriterBuilder::new().with_explicit_nulls(true);
                Encoding::Ndjson(Box::new(writer.build::<_, LineDelimited>(to)))
            }
        };
        Ok(Self { format, bytes })
    }

    /// Adds rows, and gives the bytes that are ready.
    pub(crate) fn encode(&mut self, batch: &RecordBatch) -> Result<Bytes, TableError> {
        match &mut self.format {
            Encoding::Parquet(writer) => {
                writer.write(batch).map_err(|error| failed(&error))?;
            }
            Encoding::Csv(schema, writer) => {
                flat::batch(schema, batch)
                    .and_then(|batch| writer.write(&batch))
                    .map_err(|error| failed(&error))?;
            }
            Encoding::Ndjson(writer) => {
                writer.write(batch).map_err(|error| failed(&error))?;
            }
        }
        Ok(self.bytes.take())
    }

    /// Ends the file, and gives its last bytes.
    pub(crate) fn finish(self) -> Result<Bytes, TableError> {
        match self.format {
            Encoding::Parquet(writer) => {
                writer.close().map_err(|error| failed(&error))?;
            }
            Encoding::Csv(_, writer) => drop(writer.into_inner()),
            Encoding::Ndjson(mut writer) => {
                writer.finish().map_err(|error: ArrowError| failed(&error))?;
            }
        }
        Ok(self.bytes.take())
    }
}

fn properties() -> Result<WriterProperties, ParquetError> {
    const GROUP_ROWS: usize = 1 << 18;
    const GROUP_BYTES: usize = 64 << 20;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_max_row_group_row_count(Some(GROUP_ROWS))
        .set_max_row_group_bytes(Some(GROUP_BYTES))
        .build())
}

fn nullable(field: &Field) -> Field {
    field.clone().with_nullable(true)
}

fn failed(error: &dyn fmt::Display) -> TableError {
    TableError::new(Subject::Sink, lower(&error.to_string()))
}

fn unfit(format: Format, field: &Field, why: &str) -> TableError {
    let (name, kind) = (field.name(), field.data_type());
    let message = format!("{format} cannot hold column {name}, {kind}: {}", lower(why));
    TableError::new(Subject::Sink, message)
}

/// Bytes that were written and not yet taken.
#[derive(Clone, Debug, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn take(&self) -> Bytes {
        let mut bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        mem::take(&mut *bytes).into()
    }
}

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut buffer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffer.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
