//! Which hits are good enough: a condition over the fields of an answer.

use crate::{
    Results, Subject, TableError, answers::loading::broken, compiler::Compiler, nearest,
    nested, part, parts, plain::rewrite,
};
use arrow::{
    array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, new_null_array},
    compute::filter_record_batch,
    datatypes::{Field, Schema, SchemaRef, UInt8Type},
    error::ArrowError,
};
use datafusion::{
    common::ScalarValue, error::DataFusionError, physical_expr::expressions::Literal,
    physical_plan::PhysicalExpr,
};
use leadmill_core::{KeySet, Operation, Part, QueryKey, Status};
use std::sync::Arc;

/// The `accept:` of an entry of a step's `try:`, compiled.
#[derive(Debug)]
pub struct Accept {
    operation: Operation,
    subject: Subject,
    /// All fields of an answer, each a column.
    schema: SchemaRef,
    /// Those that the condition looks at.
    fields: Vec<usize>,
    condition: Arc<dyn PhysicalExpr>,
}

impl Accept {
    /// Compiles the condition of the entry at this place against the fields of the operation's answers.
    pub fn prepare(
        operation: Operation,
        entry: usize,
        sql: &str,
    ) -> Result<Self, TableError> {
        let subject = Subject::Accept(entry);
        let fields = operation.fields().iter();
        let fields = fields
            .map(|field| Field::new(field.name, nested::data_type(field.kind), true));
        let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let condition = Compiler::new(&schema)
            .and_then(|compiler| compiler.condition(subject, sql))
            .map_err(of_fields)?;
        let used = datafusion::physical_expr::utils::collect_columns(&condition);
        let mut fields: Vec<usize> = used.iter().map(|column| column.index()).collect();
        fields.sort_unstable();
        Ok(Self { operation, subject, schema, fields, condition })
    }

    /// Whether it says the same of every answer, and what.
    pub fn constant(&self) -> Option<bool> {
        let literal = self.condition.downcast_ref::<Literal>()?;
        Some(matches!(literal.value(), ScalarValue::Boolean(Some(true))))
    }

    /// The questions whose hits are not good enough, of those that are judged by what each part says (by its
    /// place). What is neither true nor false is not good enough.
    pub async fn rejected(
        &self,
        results: &Results,
        kept: &[&Part],
        is_judged: &(dyn Fn(usize, &QueryKey) -> bool + Sync),
    ) -> Result<KeySet, TableError> {
        let mut rejected = KeySet::default();
        for (place, part) in kept.iter().enumerate() {
            let is_judged = |key: &QueryKey| is_judged(place, key);
            match part {
                Part::File(name) => {
                    let bytes = parts::fetch(results, name).await?;
                    for batch in parts::read(bytes, name, self.operation, &self.fields)? {
                        self.judge(name, &batch, &is_judged, &mut rejected)?;
                    }
                }
                Part::Inline(answers) => {
                    const NAME: &str = "in the journal";
                    let batch = part::encode(self.operation, answers);
                    let batch = batch.map_err(|error| broken(NAME, &error))?;
                    self.judge(NAME, &batch, &is_judged, &mut rejected)?;
                }
            }
        }
        Ok(rejected)
    }

    fn judge(
        &self,
        name: &str,
        batch: &RecordBatch,
        is_judged: &dyn Fn(&QueryKey) -> bool,
        rejected: &mut KeySet,
    ) -> Result<(), TableError> {
        let foreign = || parts::foreign(name);
        let keys = part::keys(batch).ok_or_else(foreign)?;
        let status = batch.column_by_name("status").ok_or_else(foreign)?;
        let status = status.as_primitive_opt::<UInt8Type>().ok_or_else(foreign)?;
        let is_hit = |row: usize| status.value(row) == Status::Hit.code();
        let judged = keys.iter().enumerate();
        let judged = judged.map(|(row, key)| is_hit(row) && is_judged(key));
        let judged = BooleanArray::from(judged.collect::<Vec<bool>>());
        if judged.true_count() == 0 {
            return Ok(());
        }
        let answers = self.answers(batch).map_err(|error| broken(name, &error))?;
        let answers = filter_record_batch(&answers, &judged);
        let answers = answers.map_err(|error| broken(name, &error))?;
        let accepted = self.evaluate(&answers)?;
        let accepted = accepted.as_boolean_opt();
        let is_accepted = |row: usize| {
            accepted.is_some_and(|accepted| accepted.is_valid(row) && accepted.value(row))
        };
        let keys = keys.into_iter().zip(judged.values());
        let keys = keys.filter(|(_, is_judged)| *is_judged).map(|(key, _)| key);
        let keys = keys.enumerate().filter(|(row, _)| !is_accepted(*row));
        rejected.extend(keys.map(|(_, key)| key));
        Ok(())
    }

    /// The fields of a part; those that it does not have, and those that nobody looks at, are null.
    fn answers(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let fields = self.schema.fields().iter().enumerate();
        let column = |(place, field): (usize, &Arc<Field>)| {
            let column = batch.column_by_name(field.name());
            let column = column.filter(|_| self.fields.contains(&place)).cloned();
            let nulls = || new_null_array(field.data_type(), batch.num_rows());
            column.unwrap_or_else(nulls)
        };
        RecordBatch::try_new(self.schema.clone(), fields.map(column).collect())
    }

    fn evaluate(&self, answers: &RecordBatch) -> Result<ArrayRef, TableError> {
        let told = |error: DataFusionError| {
            of_fields(rewrite(self.subject, &error, nearest::columns(&self.schema)))
        };
        let values = self.condition.evaluate(answers).map_err(told)?;
        values.into_array(answers.num_rows()).map_err(told)
    }
}

/// What a table has as columns, an answer has as fields.
fn of_fields(error: TableError) -> TableError {
    let said = |text: String| {
        let text = text.replacen("no column ", "no field ", 1);
        text.replacen("the columns are ", "the fields are ", 1)
    };
    let (message, hint) = (said(error.message), error.hint.map(said));
    let is_unknown = message.starts_with("no field ");
    let all = || is_unknown.then(|| "`leadmill packs` lists the fields".to_owned());
    TableError { message, hint: hint.or_else(all), ..error }
}

#[cfg(test)]
mod tests;
