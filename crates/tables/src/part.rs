//! The columns in which a batch's answers are kept.

use crate::nested;
use arrow::{
    array::{
        Array, ArrayRef, AsArray, FixedSizeBinaryArray, RecordBatch, StringArray,
        UInt8Array, UInt64Array,
    },
    datatypes::{DataType, Field, Schema, SchemaRef, UInt8Type, UInt64Type},
    error::ArrowError,
};
use leadmill_core::{Answered, Credits, Finding, Operation, QueryKey, Status, Value};
use std::sync::Arc;

/// Columns before the operation's own.
pub(crate) const OWN: [&str; 4] = ["key", "status", "reason", "credits"];

/// `key, status, reason, credits`, then the operation's fields.
pub(crate) fn schema(operation: Operation) -> SchemaRef {
    let [key, status, reason, credits] = OWN;
    let mut fields = vec![
        Field::new(key, DataType::FixedSizeBinary(16), false),
        Field::new(status, DataType::UInt8, false),
        Field::new(reason, DataType::Utf8, true),
        Field::new(credits, DataType::UInt64, true),
    ];
    let answer = operation.fields().iter();
    fields.extend(
        answer.map(|field| Field::new(field.name, nested::data_type(field.kind), true)),
    );
    Arc::new(Schema::new(fields))
}

/// Answers as a batch of [`schema`].
pub(crate) fn encode(
    operation: Operation,
    answers: &[Answered],
) -> Result<RecordBatch, ArrowError> {
    let keys = answers.iter().map(|answer| answer.key.0);
    let keys = match answers.is_empty() {
        true => FixedSizeBinaryArray::try_new(16, Vec::<u8>::new().into(), None)?,
        false => FixedSizeBinaryArray::try_from_iter(keys)?,
    };
    let status = answers.iter().map(|answer| answer.finding.status().code());
    let reason = answers.iter().map(|answer| match &answer.finding {
        Finding::Failed(reason) | Finding::Unknown(reason) => Some(reason.as_ref()),
        Finding::Hit(_) | Finding::Miss => None,
    });
    let credits = answers.iter().map(|answer| answer.credits.map(|credits| credits.0));
    let mut columns: Vec<ArrayRef> = vec![
        Arc::new(keys),
        Arc::new(UInt8Array::from_iter_values(status)),
        Arc::new(reason.collect::<StringArray>()),
        Arc::new(credits.collect::<UInt64Array>()),
    ];
    for (place, field) in operation.fields().iter().enumerate() {
        let values = answers.iter().map(|answer| match &answer.finding {
            Finding::Hit(values) => values.get(place),
            _ => None,
        });
        columns.push(nested::column(field.kind, &values.collect::<Vec<_>>())?);
    }
    RecordBatch::try_new(schema(operation), columns)
}

/// The questions that a batch answers; `None` if it is no batch of answers.
pub(crate) fn keys(batch: &RecordBatch) -> Option<Vec<QueryKey>> {
    let keys = batch.column_by_name("key")?.as_fixed_size_binary_opt()?;
    keys.iter().map(|key| Some(QueryKey(key?.try_into().ok()?))).collect()
}

/// A batch of [`schema`] as answers; `None` if it is not one.
pub(crate) fn decode(operation: Operation, batch: &RecordBatch) -> Option<Vec<Answered>> {
    let keys = keys(batch)?;
    let statuses = batch.column_by_name("status")?.as_primitive_opt::<UInt8Type>()?;
    let reasons = batch.column_by_name("reason")?.as_string_opt::<i32>()?;
    let credits = batch.column_by_name("credits")?.as_primitive_opt::<UInt64Type>()?;
    let fields: Vec<_> = operation
        .fields()
        .iter()
        .map(|field| (field.kind, batch.column_by_name(field.name)))
        .collect();
    let answer = |(row, key)| {
        let reason = || reasons.is_valid(row).then(|| reasons.value(row).into());
        let value = |(kind, column): &(_, Option<&ArrayRef>)| {
            column.map_or(Value::Null, |column| nested::value(*kind, column, row))
        };
        let finding = match Status::from_code(statuses.value(row))? {
            Status::Hit => Finding::Hit(fields.iter().map(value).collect()),
            Status::Miss => Finding::Miss,
            Status::Failed => Finding::Failed(reason()?),
            Status::UnknownCharged => Finding::Unknown(reason()?),
            Status::InvalidInput
            | Status::Suppressed
            | Status::Deferred
            | Status::Stale => return None,
        };
        let credits = credits.is_valid(row).then(|| Credits(credits.value(row)));
        Some(Answered { key, finding, credits })
    };
    keys.into_iter().enumerate().map(answer).collect()
}
