//! Columns of a CSV file as they grow.

use super::kinds;
use arrow::{
    array::{
        ArrayRef, BooleanBuilder, Date32Builder, Float64Builder, Int64Builder,
        StringBuilder,
    },
    datatypes::{DataType, FieldRef},
};
use std::sync::Arc;

/// A column under construction.
pub(crate) enum Column {
    Integer(Int64Builder),
    Float(Float64Builder),
    Flag(BooleanBuilder),
    Date(Date32Builder),
    Text(StringBuilder),
}

impl Column {
    /// An empty column of a field's type.
    pub(crate) fn of(field: &FieldRef) -> Self {
        match field.data_type() {
            DataType::Int64 => Self::Integer(Int64Builder::new()),
            DataType::Float64 => Self::Float(Float64Builder::new()),
            DataType::Boolean => Self::Flag(BooleanBuilder::new()),
            DataType::Date32 => Self::Date(Date32Builder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Adds a value; an empty one is null. `None` if it is not of the column's type.
    pub(crate) fn push(&mut self, value: &str) -> Option<()> {
        let some = !value.is_empty();
        match self {
            Self::Integer(column) if some => column.append_value(kinds::integer(value)?),
            Self::Float(column) if some => column.append_value(kinds::float(value)?),
            Self::Flag(column) if some => column.append_value(kinds::flag(value)?),
            Self::Date(column) if some => column.append_value(kinds::date(value)?),
            Self::Text(column) if some => column.append_value(value),
            Self::Integer(column) => column.append_null(),
            Self::Float(column) => column.append_null(),
            Self::Flag(column) => column.append_null(),
            Self::Date(column) => column.append_null(),
            Self::Text(column) => column.append_null(),
        }
        Some(())
    }

    /// The values so far; the column starts again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Integer(column) => Arc::new(column.finish()),
            Self::Float(column) => Arc::new(column.finish()),
            Self::Flag(column) => Arc::new(column.finish()),
            Self::Date(column) => Arc::new(column.finish()),
            Self::Text(column) => Arc::new(column.finish()),
        }
    }
}
