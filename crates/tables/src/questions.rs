//! Rows become questions.

use crate::{StepSpec, Subject, TableError, compiler::Compiler, nearest, plain::rewrite};
use arrow::{
    array::{Array, AsArray, BooleanArray, StringArray},
    compute::{cast, filter_record_batch, prep_null_mask_filter},
    datatypes::{DataType, SchemaRef},
    record_batch::RecordBatch,
};
use datafusion::{error::DataFusionError, physical_plan::PhysicalExpr};
use leadmill_core::{Operation, Query, Unaskable};
use std::{collections::BTreeSet, sync::Arc};

/// What one row asks, or why it asks nothing.
pub type Asked = Result<Query, Unaskable>;

/// A step's expressions, compiled for one schema.
#[derive(Debug)]
pub struct Questions {
    operation: Operation,
    schema: SchemaRef,
    when: Option<Arc<dyn PhysicalExpr>>,
    inputs: Vec<Option<Arc<dyn PhysicalExpr>>>,
}

impl Questions {
    /// Compiles a step's `when:` and inputs against the columns that its rows have: all that is wrong.
    pub fn prepare(schema: &SchemaRef, step: &StepSpec) -> Result<Self, Vec<TableError>> {
        let compiler = Compiler::new(schema).map_err(|error| vec![error])?;
        let mut errors = Vec::new();
        let when = step.when.as_deref();
        let when = when.map(|sql| compiler.condition(Subject::When, sql)).transpose();
        let when = when.unwrap_or_else(|error| {
            errors.push(error);
            None
        });
        let mut inputs = Vec::new();
        for (place, sql) in step.inputs.iter().enumerate() {
            let input =
                sql.as_deref().map(|sql| compiler.text(Subject::Input(place), sql));
            match input.transpose() {
                Ok(input) => inputs.push(input),
                Err(error) => errors.push(error),
            }
        }
        match errors.is_empty() {
            true => Ok(Self {
                operation: step.operation,
                schema: schema.clone(),
                when,
                inputs,
            }),
            false => Err(errors),
        }
    }

    /// The places of the columns that the expressions look at, ascending.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = BTreeSet::new();
        for expression in self.when.iter().chain(self.inputs.iter().flatten()) {
            let used = datafusion::physical_expr::utils::collect_columns(expression);
            columns.extend(used.iter().map(|column| column.index()));
        }
        columns.into_iter().collect()
    }

    /// The question of each row, in order. Inputs are computed only where `when:` is true.
    pub fn read(&self, batch: &RecordBatch) -> Result<Vec<Asked>, TableError> {
        let Some(when) = &self.when else { return self.ask(batch) };
        let wanted = self.evaluate(Subject::When, when, batch)?;
        let wanted = match wanted.as_boolean_opt() {
            Some(wanted) if wanted.null_count() > 0 => prep_null_mask_filter(wanted),
            Some(wanted) => wanted.clone(),
            None => BooleanArray::from(vec![false; batch.num_rows()]),
        };
        if wanted.true_count() == batch.num_rows() {
            return self.ask(batch);
        }
        let rows = filter_record_batch(batch, &wanted)
            .map_err(|error| self.told(Subject::When, &error.into()))?;
        let mut asked = self.ask(&rows)?.into_iter();
        let unwanted = || Err(Unaskable::Unwanted);
        let mut row = |wanted| match wanted {
            true => asked.next().unwrap_or_else(unwanted),
            false => unwanted(),
        };
        Ok(wanted.values().iter().map(&mut row).collect())
    }

    fn ask(&self, batch: &RecordBatch) -> Result<Vec<Asked>, TableError> {
        let mut texts: Vec<Option<StringArray>> = Vec::with_capacity(self.inputs.len());
        for (place, input) in self.inputs.iter().enumerate() {
            let Some(input) = input else {
                texts.push(None);
                continue;
            };
            let subject = Subject::Input(place);
            let values = self.evaluate(subject, input, batch)?;
            let texts_of = cast(&values, &DataType::Utf8)
                .map_err(|error| self.told(subject, &error.into()))?;
            texts.push(Some(texts_of.as_string::<i32>().clone()));
        }
        let ask = |row: usize| {
            let raw = texts.iter().map(|text| {
                text.as_ref()
                    .filter(|text| text.is_valid(row))
                    .map(|text| text.value(row))
            });
            Query::read(self.operation, raw)
        };
        Ok((0..batch.num_rows()).map(ask).collect())
    }

    fn evaluate(
        &self,
        subject: Subject,
        expression: &Arc<dyn PhysicalExpr>,
        batch: &RecordBatch,
    ) -> Result<arrow::array::ArrayRef, TableError> {
        expression
            .evaluate(batch)
            .and_then(|values| values.into_array(batch.num_rows()))
            .map_err(|error| self.told(subject, &error))
    }

    fn told(&self, subject: Subject, error: &DataFusionError) -> TableError {
        rewrite(subject, error, nearest::columns(&self.schema))
    }
}

#[cfg(test)]
mod tests;
