//! Receipts: who answered, what it cost, under which job, when.

use crate::{Answers, Subject, TableError, answers::Place};
use arrow::{
    array::{Array, ArrayRef, AsArray, StructArray},
    buffer::NullBuffer,
    compute::take,
    datatypes::{DataType, Field, FieldRef, Fields, TimeUnit},
    error::ArrowError,
};
use std::sync::Arc;

/// The column of receipts: a struct with one field a step, itself a struct.
pub(crate) const RECEIPT: &str = "_leadmill";

/// The receipts' column once a step has added its own.
pub(crate) fn field(
    earlier: Option<&FieldRef>,
    step: &str,
    subject: Subject,
) -> Result<Field, TableError> {
    let wrong = |message: String| TableError::new(subject, message);
    let mut steps = match earlier.map(|field| field.data_type()) {
        None => Vec::new(),
        Some(DataType::Struct(steps)) => steps.to_vec(),
        Some(_) => return Err(wrong(format!("column {RECEIPT} holds no receipts"))),
    };
    if steps.iter().any(|known| known.name() == step) {
        return Err(wrong(format!("column {RECEIPT} has a receipt of {step} already"))
            .hint("rename the step, or leave that column out with sql:"));
    }
    steps.push(Arc::new(Field::new(step, DataType::Struct(fields()), false)));
    let nullable = earlier.is_some_and(|field| field.is_nullable());
    Ok(Field::new(RECEIPT, DataType::Struct(steps.into()), nullable))
}

fn fields() -> Fields {
    let time = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    Fields::from(vec![
        Field::new("provider", DataType::Utf8, true),
        Field::new("status", DataType::Utf8, false),
        Field::new("credits", DataType::Int64, true),
        Field::new("job", DataType::Utf8, true),
        Field::new("fetched_at", time, true),
        Field::new("reused", DataType::Boolean, true),
        Field::new("sandbox", DataType::Boolean, true),
    ])
}

/// The receipts of one batch in one step.
pub(crate) struct Receipt<'a> {
    pub answers: &'a Answers,
    pub rows: &'a [Place],
    /// The same, and nowhere for all but the first of the rows that one became.
    pub paid: &'a [Place],
    pub status: ArrayRef,
}

impl Receipt<'_> {
    /// The receipts' column, as [`field`] planned it, after those of earlier steps.
    pub(crate) fn column(
        self,
        field: &FieldRef,
        earlier: Option<&ArrayRef>,
    ) -> Result<ArrayRef, ArrowError> {
        let DataType::Struct(steps) = field.data_type() else {
            return Err(ArrowError::SchemaError("the receipts are no struct".into()));
        };
        let earlier = earlier.and_then(|earlier| earlier.as_struct_opt());
        let mut columns = earlier.map_or_else(Vec::new, |steps| steps.columns().to_vec());
        let nulls: Option<NullBuffer> = earlier.and_then(|steps| steps.nulls().cloned());
        columns.push(Arc::new(self.step()?));
        Ok(Arc::new(StructArray::try_new(steps.clone(), columns, nulls)?))
    }

    fn step(self) -> Result<StructArray, ArrowError> {
        let purchase = self.answers.purchase(self.rows)?;
        let bought = &self.answers.purchases;
        let columns = vec![
            take(&bought.provider, &purchase, None)?,
            self.status,
            self.answers.credits(self.paid)?,
            take(&bought.job, &purchase, None)?,
            take(&bought.fetched_at, &purchase, None)?,
            take(&bought.reused, &purchase, None)?,
            take(&bought.sandbox, &purchase, None)?,
        ];
        StructArray::try_new(fields(), columns, None)
    }
}
