//! Answers meet their rows.

use crate::{
    Answers, Asked, StepSpec, Subject, TableError,
    answers::{NOWHERE, Place},
    fan_out::FanOut,
    nested,
    plain::lower,
    receipt::{self, RECEIPT, Receipt},
};
use arrow::{
    array::{ArrayRef, AsArray, RecordBatch, StringArray, UInt8Array},
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
    /// The outputs whose items become rows: all of one list.
    fanned: Vec<usize>,
    names: StringArray,
    /// Where earlier steps left their receipts.
    receipts: Option<usize>,
    receipt: bool,
    asks_for_rows: bool,
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
        let fanned = fanned(step)?;
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
            fanned,
            names: Status::ALL.iter().map(|status| Some(status.name())).collect(),
            receipts,
            receipt: step.receipt,
            asks_for_rows: step.asks_for_rows,
        })
    }

    /// The columns afterwards.
    pub fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Adds the columns to a batch whose rows ask `asked`. `standing` tells about a question without an
    /// answer: deferred, failed, suppressed or held. Where the items of a list become rows, so do their leads.
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
                Ok(key) => {
                    let row = answers.place(&key).unwrap_or(NOWHERE);
                    (row, answers.status_at(row).unwrap_or_else(|| standing(&key)))
                }
            };
            rows.push(row);
            statuses.push(status.code());
        }
        self.columns(batch, answers, rows, statuses)
            .and_then(|columns| RecordBatch::try_new(self.schema.clone(), columns))
            .map_err(|error| TableError::new(Subject::Sink, lower(&error.to_string())))
    }

    fn columns(
        &self,
        batch: &RecordBatch,
        answers: &Answers,
        mut rows: Vec<Place>,
        mut statuses: Vec<u8>,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let mut outputs = Vec::with_capacity(self.outputs);
        for output in 0..self.outputs {
            outputs.push(answers.output(output, &rows)?);
        }
        let list = self.fanned.first().and_then(|place| outputs.get(*place));
        let is_empty = |row: usize| {
            let status = statuses.get(row).copied();
            self.asks_for_rows
                && [Status::Miss, Status::Hit, Status::Stale]
                    .iter()
                    .any(|s| status == Some(s.code()))
        };
        let list = list.and_then(|list| list.as_list_opt::<i32>());
        let mut fan_out = list.map(|list| FanOut::of(list, is_empty));
        // What is bought on several pages may stand on two of them.
        let first = self.fanned.first().and_then(|place| outputs.get(*place));
        if let (true, Some(fan_out), Some(first)) =
            (self.asks_for_rows, &mut fan_out, first)
            && let Some(names) = fan_out.items(first)?.as_string_opt::<i32>()
        {
            fan_out.keep_distinct(names);
        }
        // What a question cost stands on the first of its rows.
        let mut paid = rows.clone();
        let fanned;
        let batch = match &fan_out {
            None => batch,
            Some(fan_out) => {
                (rows, statuses) = (fan_out.repeat(&rows), fan_out.repeat(&statuses));
                let first = rows.iter().zip(fan_out.is_first());
                paid = first
                    .map(|(row, first)| if first { *row } else { NOWHERE })
                    .collect();
                for (place, output) in outputs.iter_mut().enumerate() {
                    *output = match self.fanned.contains(&place) {
                        true => fan_out.items(output)?,
                        false => answers.output(place, &rows)?,
                    };
                }
                fanned = fan_out.batch(batch)?;
                &fanned
            }
        };
        let kept = batch.columns().iter().enumerate();
        let kept = kept.filter(|(place, _)| Some(*place) != self.receipts);
        let mut columns: Vec<ArrayRef> = kept.map(|(_, column)| column.clone()).collect();
        columns.extend(outputs);
        let status = take(&self.names, &UInt8Array::from(statuses), None)?;
        columns.push(status.clone());
        let earlier = self.receipts.map(|place| batch.column(place));
        match (self.receipt, earlier, self.schema.fields().last()) {
            (true, earlier, Some(field)) => {
                let receipt = Receipt { answers, rows: &rows, paid: &paid, status };
                columns.push(receipt.column(field, earlier)?);
            }
            (_, Some(earlier), _) => columns.push(earlier.clone()),
            (_, None, _) => {}
        }
        Ok(columns)
    }
}

/// The outputs whose items become rows.
fn fanned(step: &StepSpec) -> Result<Vec<usize>, TableError> {
    let each = step.output.iter().enumerate();
    let each = each.filter_map(|(place, (_, way))| Some((place, way.fan_out()?)));
    let each: Vec<_> = each.collect();
    let first = each.first().map(|(_, list)| *list);
    match each.iter().find(|(_, list)| Some(*list) != first) {
        None => Ok(each.into_iter().map(|(place, _)| place).collect()),
        Some((place, _)) => {
            let message = "another list of this step becomes rows already";
            Err(TableError::new(Subject::Output(*place), message)
                .hint("take the other one whole, and UNNEST it later"))
        }
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
