//! Answers on their way from their parts into columns.

use super::{Answers, Counts, Purchases, ROWS, place_of};
use crate::{StepSpec, Subject, TableError, nested, part, parts};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, UInt8Array,
        UInt32Array, new_null_array,
    },
    compute::{BatchCoalescer, filter_record_batch, nullif},
    datatypes::{DataType, Field, Int64Type, Schema, SchemaRef, UInt8Type, UInt64Type},
    error::ArrowError,
};
use leadmill_core::{KeyMap, Operation, QueryKey, Selection, Status};
use std::{collections::HashMap, sync::Arc};

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
    /// What others than who answered were paid; none where nobody says how much.
    added: KeyMap<Option<i64>>,
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
            added: KeyMap::default(),
        }
    }

    /// Adds a purchase's answers, as far as they count.
    pub(crate) fn add(
        &mut self,
        name: &str,
        purchase: usize,
        batch: &RecordBatch,
        counts: &dyn Fn(&QueryKey) -> Counts,
    ) -> Result<(), TableError> {
        let told = |error| broken(name, &error);
        let mut keys = part::keys(batch).ok_or_else(|| parts::foreign(name))?;
        let counts: Vec<Counts> = keys.iter().map(counts).collect();
        let purchase = u32::try_from(purchase).unwrap_or(u32::MAX);
        let rows = self.columns(purchase, batch).ok_or_else(|| parts::foreign(name))?;
        let mut rows = rows.map_err(told)?;
        self.add_costs(&keys, &counts, &rows);
        if counts.iter().any(|counts| status_of(*counts).is_some()) {
            rows = self.restated(&rows, &counts).map_err(told)?;
        }
        let is_taken = |counts: &Counts| {
            matches!(counts, Counts::Whole | Counts::AsStale | Counts::AsMiss)
        };
        let taken: Vec<bool> = counts.iter().map(is_taken).collect();
        if taken.contains(&false) {
            let mut taken_keys = taken.iter();
            keys.retain(|_| taken_keys.next() == Some(&true));
            rows =
                filter_record_batch(&rows, &BooleanArray::from(taken)).map_err(told)?;
        }
        for key in keys {
            self.places.insert(key, self.next);
            self.next += 1;
        }
        self.rows.push_batch(rows).map_err(told)
    }

    /// Keeps what answers cost that are not the ones that count.
    fn add_costs(&mut self, keys: &[QueryKey], counts: &[Counts], rows: &RecordBatch) {
        let Some(credits) = rows.column(2).as_primitive_opt::<Int64Type>() else {
            return;
        };
        for (row, (key, counts)) in keys.iter().zip(counts).enumerate() {
            let cost = credits.is_valid(row).then(|| credits.value(row));
            if *counts == Counts::AsCost && cost != Some(0) {
                let sum = self.added.entry(*key).or_insert(Some(0));
                *sum = sum.zip(cost).map(|(sum, cost)| sum.saturating_add(cost));
            }
        }
    }

    /// Makes misses of hits that were turned down: what they cost stays, their values do not. What is stale says so.
    fn restated(
        &self,
        rows: &RecordBatch,
        counts: &[Counts],
    ) -> Result<RecordBatch, ArrowError> {
        let is_down = counts.iter().map(|counts| Some(*counts == Counts::AsMiss));
        let is_down: BooleanArray = is_down.collect();
        let mut columns = Vec::with_capacity(rows.num_columns());
        for (place, column) in rows.columns().iter().enumerate() {
            columns.push(match place {
                0 => {
                    let codes = column.as_primitive_opt::<UInt8Type>();
                    let code = |(row, counts): (usize, &Counts)| match status_of(*counts)
                    {
                        Some(status) => Some(status.code()),
                        None => codes.map(|codes| codes.value(row)),
                    };
                    let codes = counts.iter().enumerate().map(code);
                    Arc::new(codes.collect::<UInt8Array>())
                }
                1 | 2 => Arc::clone(column),
                _ => nullif(column, &is_down)?,
            });
        }
        RecordBatch::try_new(self.schema.clone(), columns)
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
        self.add_unanswered().map_err(told)?;
        self.rows.finish_buffered_batch().map_err(told)?;
        let nulls = self.schema.fields().iter();
        let nulls = nulls.map(|field| new_null_array(field.data_type(), 1)).collect();
        let mut chunks = vec![RecordBatch::try_new(self.schema, nulls).map_err(told)?];
        while let Some(chunk) = self.rows.next_completed_batch() {
            chunks.push(chunk);
        }
        let places = &self.places;
        let added = self.added.into_iter();
        let added =
            added.filter_map(|(key, cost)| Some((place_of(*places.get(&key)?), cost)));
        let added: HashMap<_, _> = added.collect();
        Ok(Answers { chunks, places: self.places, added, purchases })
    }

    /// A question without an answer has a row too, if it cost something: of nulls, and no cost of its own.
    fn add_unanswered(&mut self) -> Result<(), ArrowError> {
        let unanswered = self.added.keys().filter(|key| !self.places.contains_key(*key));
        let unanswered: Vec<QueryKey> = unanswered.copied().collect();
        let columns = self.schema.fields().iter().enumerate();
        let columns = columns.map(|(place, field)| -> ArrayRef {
            match place {
                2 => Arc::new(Int64Array::from(vec![0; unanswered.len()])),
                _ => new_null_array(field.data_type(), unanswered.len()),
            }
        });
        let rows = RecordBatch::try_new(self.schema.clone(), columns.collect())?;
        for key in unanswered {
            self.places.insert(key, self.next);
            self.next += 1;
        }
        self.rows.push_batch(rows)
    }
}

/// What an answer is called that counts as something else than it was.
const fn status_of(counts: Counts) -> Option<Status> {
    match counts {
        Counts::AsStale => Some(Status::Stale),
        Counts::AsMiss => Some(Status::Miss),
        Counts::Not | Counts::Whole | Counts::AsCost => None,
    }
}

/// Answers that cannot be read.
pub(crate) fn broken(name: &str, error: &ArrowError) -> TableError {
    let text = crate::plain::lower(&error.to_string());
    TableError::new(Subject::Part, format!("staged answers {name}: {text}"))
}
