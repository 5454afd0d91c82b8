//! NDJSON: the types of its fields, and its lines as batches.

mod shape;

use crate::{Subject, TableError, session::BATCH_ROWS};
use arrow::{
    datatypes::SchemaRef, error::ArrowError, json::ReaderBuilder,
    record_batch::RecordBatch,
};
use serde::de::DeserializeSeed;
use serde_json::{Deserializer, de::SliceRead};
use shape::Shape;
use std::io::{BufRead, BufReader, Read};

/// What the lines read so far agree on.
#[derive(Debug)]
pub(crate) struct NdjsonShape(Shape);

impl Default for NdjsonShape {
    fn default() -> Self {
        Self(Shape::Object(Vec::new()))
    }
}

impl NdjsonShape {
    /// Reads a whole file.
    pub(crate) fn read(
        &mut self,
        input: impl Read,
        file: &str,
    ) -> Result<(), TableError> {
        let mut input = BufReader::with_capacity(1 << 16, input);
        let mut line = Vec::new();
        for number in 1_u64.. {
            line.clear();
            let read = input.read_until(b'\n', &mut line);
            if read.map_err(|error| wrong(file, number, &error.to_string()))? == 0 {
                return Ok(());
            }
            if !line.trim_ascii().is_empty() {
                self.line(&line).map_err(|why| wrong(file, number, &why))?;
            }
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err("this is no JSON object".to_owned());
        }
        let mut json = Deserializer::new(SliceRead::new(line));
        let told = |error: serde_json::Error| {
            let text = error.to_string();
            let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(t, _)| t);
            format!("{text}, at character {}", error.column())
        };
        self.0.deserialize(&mut json).map_err(told)?;
        json.end().map_err(told)
    }

    /// The fields in the order of their first mention, all nullable.
    pub(crate) fn schema(&self) -> SchemaRef {
        self.0.schema()
    }
}

/// Reads a file as batches of a known schema until `emit` says that nobody listens.
pub(crate) fn decode(
    input: impl Read,
    file: &str,
    schema: &SchemaRef,
    emit: &mut dyn FnMut(RecordBatch) -> bool,
) -> Result<(), TableError> {
    let told = |error: ArrowError| {
        TableError::inside(&error).unwrap_or_else(|| {
            let text = crate::plain::lower(&error.to_string());
            TableError::new(Subject::Location, format!("{file}: {text}"))
        })
    };
    let reader = ReaderBuilder::new(schema.clone())
        .with_batch_size(BATCH_ROWS)
        .with_coerce_primitive(true)
        .build(BufReader::with_capacity(1 << 16, input))
        .map_err(told)?;
    for batch in reader {
        if !emit(batch.map_err(told)?) {
            break;
        }
    }
    Ok(())
}

fn wrong(file: &str, line: u64, why: &str) -> TableError {
    TableError::new(Subject::Location, format!("{file}: line {line}: {why}"))
}
