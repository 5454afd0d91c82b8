//! Answers on their way from their parts into columns.

use super::{Answers, Purchases, ROWS};
use crate::{StepSpec, Subject, TableError, nested, part, parts};
use arrow::{
    array::{
        ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt32Array,
        new_null_array,
    },
    compute::{BatchCoalescer, filter_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef, UInt64Type},
    error::ArrowError,
};
use leadmill_core::{KeyMap, Operation, QueryKey, Selection};
use std::sync::Arc;

/// The answers read so far.
pub(crate) struct Loading {
    operation: Operation,
    /// The fields that are needed, and what of them is put out.
    pub fields: Vec<usize>,
    output: Vec<Selection>,
    schema: SchemaRef,
    rows: BatchCoalescer,
    places: KeyMap<u32>,
    next: u32,
}

impl Loading {
    /// Nothing read yet.
    pub(crate) fn new(step: &StepSpec) -> Self {
        let output: Vec<Selection> =
            step.output.iter().map(|(_, selection)| selection.clone()).collect();
        let own = [
            ("status", DataType::UInt8),
            ("purchase", DataType::UInt32),
            ("credits", DataType::Int64),
        ];
        let own = own.into_iter().map(|(name, kind)| Field::new(name, kind, true));
        let columns = output.iter().enumerate().map(|(place, selection)| {
            let kind = nested::selected_type(selection);
            Field::new(place.to_string(), kind, true)
        });
        let schema = Arc::new(Schema::new(own.chain(columns).collect::<Vec<_>>()));
        let mut fields: Vec<usize> =
            output.iter().map(|selection| selection.field).collect();
        fields.dedup();
        Self {
            operation: step.operation,
            fields,
            output,
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
        for selection in &self.output {
            let field = self.operation.fields().get(selection.field)?;
            match batch.column_by_name(field.name) {
                None => {
                    let kind = nested::selected_type(selection);
                    columns.push(new_null_array(&kind, rows));
                }
                Some(column) => match nested::follow(column, &selection.hops)? {
                    Ok(column) => columns.push(column),
                    Err(error) => return Some(Err(error)),
                },
            }
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
