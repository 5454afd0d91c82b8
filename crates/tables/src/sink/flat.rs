//! Columns as CSV can hold them: receipts become columns of their own, other nested columns are refused.

use crate::{Subject, TableError, receipt::RECEIPT};
use arrow::{
    array::{Array, ArrayRef, AsArray, RecordBatch},
    compute::nullif,
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};
use std::sync::Arc;

/// The columns of the file: `_leadmill.<step>.<field>` for receipts, the others as they are.
pub(crate) fn schema(schema: &SchemaRef) -> Result<SchemaRef, TableError> {
    let mut fields = Vec::new();
    for field in schema.fields() {
        let is_receipt = field.name() == RECEIPT;
        match field.data_type() {
            DataType::Struct(_) if is_receipt => names(field, "", &mut fields),
            kind if kind.is_nested() => {
                let message = format!("CSV cannot hold column {}: {kind}", field.name());
                return Err(TableError::new(Subject::Sink, message)
                    .hint("write parquet: or ndjson:, or take it apart with sql:"));
            }
            _ => fields.push(field.as_ref().clone()),
        }
    }
    Ok(Arc::new(Schema::new(fields)))
}

fn names(field: &Field, prefix: &str, flat: &mut Vec<Field>) {
    let name = format!("{prefix}{}", field.name());
    match field.data_type() {
        DataType::Struct(inner) => {
            let prefix = format!("{name}.");
            inner.iter().for_each(|field| names(field, &prefix, flat));
        }
        kind => flat.push(Field::new(name, kind.clone(), true)),
    }
}

/// The batch in the columns of [`schema`].
pub(crate) fn batch(
    schema: &SchemaRef,
    batch: &RecordBatch,
) -> Result<RecordBatch, ArrowError> {
    let mut columns = Vec::with_capacity(schema.fields().len());
    for column in batch.columns() {
        leaves(column, &mut columns)?;
    }
    RecordBatch::try_new(schema.clone(), columns)
}

fn leaves(column: &ArrayRef, flat: &mut Vec<ArrayRef>) -> Result<(), ArrowError> {
    let Some(inner) = column.as_struct_opt() else {
        flat.push(column.clone());
        return Ok(());
    };
    for child in inner.columns() {
        match inner.nulls().filter(|nulls| nulls.null_count() > 0) {
            None => leaves(child, flat)?,
            Some(nulls) => {
                let is_null = !nulls.inner();
                leaves(&nullif(child, &is_null.into())?, flat)?;
            }
        }
    }
    Ok(())
}
