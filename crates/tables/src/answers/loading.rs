//! Answers on their way from their parts into columns.

use super::{Answers, Purchases, ROWS};
use crate::{StepSpec, Subject, TableError, part, parts};
use arrow::{
    array::{
        ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt32Array,
        new_null_array,
    },
    compute::{BatchCoalescer, filter_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type},
    error::ArrowError,
};
use leadmill_core::{KeyMap, Operation, QueryKey};
use std::sync::Arc;

/// The answers read so far.
pub(crate) struct Loading {
    operation: Operation,
    pub fields: Vec<usize>,
    schema: SchemaRef,
    rows: BatchCoalescer,
    places: KeyMap<u32>,
    next: u32,
}

impl Loading {
    /// Nothing read yet.
    pub(crate) fn new(step: &StepSpec) -> Self {
        let fields: Vec<usize> = step.output.iter().map(|(_, field)| *field).collect();
        let own = [
            ("status", DataType::UInt8),
            ("purchase", DataType::UInt32),
            ("credits", DataType::Int64),
        ];
        let own = own.into_iter().map(|(name, kind)| Field::new(name, kind, true));
        let output =
            fields.iter().filter_map(|field| step.operation.fields().get(*field));
        let output = output.map(|f| Field::new(f.name, part::data_type(f.kind), true));
        let schema = Arc::new(Schema::new(own.chain(output).collect::<Vec<_>>()));
        Self {
            operation: step.operation,
            fields,
            rows: BatchCoalescer::new(schema.clone(), ROWS),
            schema,
            places: KeyMap::default(),
            next: 0,
        }
    }

    /// Adds a purchase's answers, as far as they are wanted.
    pub(crate) fn add(
        &mut self,
        name: &str,
        purchase: u32,
        batch: &RecordBatch,
        wanted: &dyn Fn(&QueryKey) -> bool,
    ) -> Result<(), TableError> {
        let mut keys = part::keys(batch).ok_or_else(|| parts::foreign(name))?;
        let taken: Vec<bool> = keys.iter().map(wanted).collect();
        let mut rows = self
            .columns(purchase, batch)
            .ok_or_else(|| parts::foreign(name))?
            .map_err(|error| broken(name, &error))?;
        if taken.contains(&false) {
            let mut taken_keys = taken.iter();
            keys.retain(|_| taken_keys.next() == Some(&true));
            rows = filter_record_batch(&rows, &BooleanArray::from(taken))
                .map_err(|error| broken(name, &error))?;
        }
        for key in keys {
            self.places.insert(key, self.next);
            self.next += 1;
        }
        self.rows.push_batch(rows).map_err(|error| broken(name, &error))
    }

    /// The part's columns as ours; `None` if it is no part.
    fn columns(
        &self,
        purchase: u32,
        batch: &RecordBatch,
    ) -> Option<Result<RecordBatch, ArrowError>> {
        let rows = batch.num_rows();
        let credits =
            batch.column_by_name("credits")?.as_primitive_opt::<UInt64Type>()?;
        let credits = credits.iter().map(|credits| i64::try_from(credits?).ok());
        let mut columns: Vec<ArrayRef> = vec![
            batch.column_by_name("status")?.clone(),
            Arc::new(UInt32Array::from(vec![purchase; rows])),
            Arc::new(credits.collect::<Int64Array>()),
        ];
        for field in &self.fields {
            let field = self.operation.fields().get(*field)?;
            let column = batch.column_by_name(field.name).cloned();
            let kind = part::data_type(field.kind);
            columns.push(column.unwrap_or_else(|| new_null_array(&kind, rows)));
        }
        Some(RecordBatch::try_new(self.schema.clone(), columns))
    }

    /// All answers, in chunks.
    pub(crate) fn finish(mut self, purchases: Purchases) -> Result<Answers, TableError> {
        let told = |error| broken("together", &error);
        self.rows.finish_buffered_batch().map_err(told)?;
        let nulls = self.schema.fields().iter();
        let nulls = nulls.map(|field| new_null_array(field.data_type(), 1)).collect();
        let mut chunks = vec![RecordBatch::try_new(self.schema, nulls).map_err(told)?];
        while let Some(chunk) = self.rows.next_completed_batch() {
            chunks.push(chunk);
        }
        Ok(Answers { chunks, places: self.places, purchases })
    }
}

/// Answers that cannot be read.
pub(crate) fn broken(name: &str, error: &ArrowError) -> TableError {
    let text = crate::plain::lower(&error.to_string());
    TableError::new(Subject::Part, format!("staged answers {name}: {text}"))
}
