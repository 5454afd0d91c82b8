//! Answers meet their rows.

use crate::{
    Answers, Asked, StepSpec, Subject, TableError,
    answers::{NOWHERE, Place},
    nested,
    plain::lower,
    receipt::{self, RECEIPT, Receipt},
};
use arrow::{
    array::{ArrayRef, RecordBatch, StringArray, UInt8Array},
    compute::take,
    datatypes::{DataType, Field, Schema, SchemaRef},
    error::ArrowError,
};
use leadmill_core::{QueryKey, Status};
use std::sync::Arc;

/// Adds a step's columns: its output, its status, and its receipt at the very end.
#[derive(Clone, Debug)]
pub struct Attach {
    schema: SchemaRef,
    outputs: usize,
    names: StringArray,
    /// Where earlier steps left their receipts.
    receipts: Option<usize>,
    receipt: bool,
}

impl Attach {
    /// Plans the columns. A name that is taken, also in another letter case, is an error.
    pub fn new(schema: &SchemaRef, step: &StepSpec) -> Result<Self, TableError> {
        let receipts = schema.index_of(RECEIPT).ok();
        let kept = schema.fields().iter().enumerate();
        let kept = kept.filter(|(place, _)| Some(*place) != receipts);
        let mut fields: Vec<_> = kept.map(|(_, field)| field.as_ref().clone()).collect();
        for (place, (column, selection)) in step.output.iter().enumerate() {
            let added = Field::new(column, nested::data_type(selection.kind), true);
            add(&mut fields, added, Subject::Output(place))?;
        }
        let status = Field::new(step.status_column(), DataType::Utf8, false);
        add(&mut fields, status, Subject::Output(step.output.len()))?;
        let earlier = receipts.and_then(|place| schema.fields().get(place));
        let subject = Subject::Output(step.output.len() + 1);
        match (step.receipt, earlier) {
            (true, earlier) => {
                let receipt = receipt::field(earlier, &step.name, subject)?;
                add(&mut fields, receipt, subject)?;
            }
            (false, Some(earlier)) => fields.push(earlier.as_ref().clone()),
            (false, None) => {}
        }
        Ok(Self {
            schema: Arc::new(Schema::new_with_metadata(
                fields,
                schema.metadata().clone(),
            )),
            outputs: step.output.len(),
            names: Status::ALL.iter().map(|status| Some(status.name())).collect(),
            receipts,
            receipt: step.receipt,
        })
    }

    /// The columns afterwards.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Adds the columns to a batch whose rows ask `asked`. `standing` tells about a question without an
    /// answer: deferred, failed, suppressed or held.
    pub fn batch(
        &self,
        batch: &RecordBatch,
        asked: &[Asked],
        answers: &Answers,
        standing: &dyn Fn(&QueryKey) -> Status,
    ) -> Result<RecordBatch, TableError> {
        let mut rows: Vec<Place> = Vec::with_capacity(asked.len());
        let mut statuses: Vec<u8> = Vec::with_capacity(asked.len());
        for asked in asked {
            let (row, status) = match asked.as_ref().map(|query| query.key()) {
                Err(_) => (NOWHERE, Status::InvalidInput),
                Ok(key) => answers
                    .place(&key)
                    .and_then(|row| Some((row, answers.status_at(row)?)))
                    .unwrap_or_else(|| (NOWHERE, standing(&key))),
            };
            rows.push(row);
            statuses.push(status.code());
        }
        self.columns(batch, answers, &rows, statuses)
            .and_then(|columns| RecordBatch::try_new(self.schema.clone(), columns))
            .map_err(|error| TableError::new(Subject::Sink, lower(&error.to_string())))
    }

    fn columns(
        &self,
        batch: &RecordBatch,
        answers: &Answers,
        rows: &[Place],
        statuses: Vec<u8>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let kept = batch.columns().iter().enumerate();
        let kept = kept.filter(|(place, _)| Some(*place) != self.receipts);
        let mut columns: Vec<ArrayRef> = kept.map(|(_, column)| column.clone()).collect();
        for output in 0..self.outputs {
            columns.push(answers.output(output, rows)?);
        }
        let status = take(&self.names, &UInt8Array::from(statuses), None)?;
        columns.push(status.clone());
        let earlier = self.receipts.map(|place| batch.column(place));
        match (self.receipt, earlier, self.schema.fields().last()) {
            (true, earlier, Some(field)) => {
                columns.push(Receipt { answers, rows, status }.column(field, earlier)?);
            }
            (_, Some(earlier), _) => columns.push(earlier.clone()),
            (_, None, _) => {}
        }
        Ok(columns)
    }
}

fn add(fields: &mut Vec<Field>, new: Field, subject: Subject) -> Result<(), TableError> {
    let name = new.name().to_lowercase();
    match fields.iter().find(|field| field.name().to_lowercase() == name) {
        None => {
            fields.push(new);
            Ok(())
        }
        Some(taken) => {
            let message = format!("there is already a column {}", taken.name());
            Err(TableError::new(subject, message)
                .hint("choose another name, or leave that column out with sql:"))
        }
    }
}

#[cfg(test)]
mod tests;
