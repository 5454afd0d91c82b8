//! CSV: which type each column has, without losing a character of it, and its rows as batches.

mod columns;
mod kinds;
mod records;

use crate::{TableError, error::Subject, session::BATCH_ROWS};
use arrow::{
    datatypes::{Field, Schema, SchemaRef},
    record_batch::RecordBatch,
};
use columns::Column;
use kinds::Kinds;
use records::Records;
use std::{collections::HashSet, io::Read, sync::Arc};

/// What the CSV files read so far agree on.
#[derive(Debug, Default)]
pub(crate) struct CsvShape {
    header: Vec<String>,
    kinds: Vec<Kinds>,
    first: Option<String>,
}

impl CsvShape {
    /// Reads a whole file.
    pub(crate) fn read(
        &mut self,
        input: impl Read,
        file: &str,
    ) -> Result<(), TableError> {
        let mut records = Records::open(input, file)?;
        self.agree(records.header(), file)?;
        while let Some(record) = records.next()? {
            for (kinds, value) in self.kinds.iter_mut().zip(record) {
                kinds.see(value);
            }
        }
        Ok(())
    }

    fn agree(&mut self, header: &[String], file: &str) -> Result<(), TableError> {
        let wrong = |message: String| TableError::new(Subject::Location, message);
        let Some(first) = &self.first else {
            let mut seen = HashSet::new();
            if let Some(twice) = header.iter().find(|name| !seen.insert(name.as_str())) {
                return Err(wrong(format!("{file}: two columns are called {twice}")));
            }
            if let Some(place) = header.iter().position(String::is_empty) {
                let place = place + 1;
                return Err(wrong(format!("{file}: column {place} has no name"))
                    .hint("the first line must name every column"));
            }
            self.first = Some(file.to_owned());
            self.header = header.to_vec();
            self.kinds = vec![Kinds::default(); header.len()];
            return Ok(());
        };
        if self.header == header {
            return Ok(());
        }
        let stranger = header.iter().find(|name| !self.header.contains(name));
        let missing = self.header.iter().find(|name| !header.contains(name));
        Err(wrong(match (stranger, missing) {
            (Some(name), _) => format!("{file}: column {name} is not in {first}"),
            (None, Some(name)) => format!("{file}: column {name} of {first} is missing"),
            (None, None) => {
                format!("{file}: the columns are in another order than in {first}")
            }
        })
        .hint("all CSV files of a source must have the same header"))
    }

    /// The columns, all nullable.
    pub(crate) fn schema(self) -> SchemaRef {
        let fields = self.header.into_iter().zip(self.kinds);
        let fields =
            fields.map(|(name, kinds)| Field::new(name, kinds.data_type(), true));
        Arc::new(Schema::new(fields.collect::<Vec<_>>()))
    }
}

/// Reads a file as batches of a known schema until `emit` says that nobody listens.
pub(crate) fn decode(
    input: impl Read,
    file: &str,
    schema: &SchemaRef,
    emit: &mut dyn FnMut(RecordBatch) -> bool,
) -> Result<(), TableError> {
    let mut records = Records::open(input, file)?;
    let mut columns: Vec<Column> = schema.fields().iter().map(Column::of).collect();
    let changed = || {
        TableError::new(
            Subject::Location,
            format!("{file} has changed since the run began"),
        )
    };
    let mut rows = 0;
    while let Some(record) = records.next()? {
        for (column, value) in columns.iter_mut().zip(record) {
            column.push(value).ok_or_else(changed)?;
        }
        rows += 1;
        if rows == BATCH_ROWS {
            rows = 0;
            if !emit(batch(schema, &mut columns).ok_or_else(changed)?) {
                return Ok(());
            }
        }
    }
    if rows > 0 {
        emit(batch(schema, &mut columns).ok_or_else(changed)?);
    }
    Ok(())
}

fn batch(schema: &SchemaRef, columns: &mut [Column]) -> Option<RecordBatch> {
    let arrays = columns.iter_mut().map(Column::finish).collect();
    RecordBatch::try_new(schema.clone(), arrays).ok()
}
