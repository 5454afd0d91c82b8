//! Everything known for one step, in columns, found by question.

use crate::{StepSpec, Subject, TableError, part, parts};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
        TimestampMillisecondArray, UInt32Array, new_null_array,
    },
    compute::{BatchCoalescer, filter_record_batch},
    datatypes::{DataType, Field, Schema, SchemaRef, UInt8Type, UInt64Type},
    error::ArrowError,
};
use leadmill_core::{Operation, Part, QueryKey, Status, Timestamp};
use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    path::Path,
    sync::Arc,
};

/// Answers that were bought together.
#[derive(Clone, Debug)]
pub struct Bought<'a> {
    /// Where they are kept.
    pub part: &'a Part,
    /// Who gave them.
    pub provider: Arc<str>,
    /// The provider's name for the job, if it was one.
    pub job: Option<String>,
    /// When they were settled.
    pub at: Timestamp,
    /// Whether an earlier run paid for them.
    pub reused: bool,
}

/// The answers of one step: about 100 bytes each.
#[derive(Debug)]
pub struct Answers {
    /// All of [`ROWS`] rows but the first, which is one row of nulls, and the last.
    chunks: Vec<RecordBatch>,
    places: HashMap<QueryKey, u32, BuildHasherDefault<Prefix>>,
    pub(crate) purchases: Purchases,
}

const ROWS: usize = 1 << 16;

/// Columns before the step's own: status, purchase, credits.
const OWN: usize = 3;

/// Where a row of [`Answers`] is: chunk and row.
pub(crate) type Place = (usize, usize);

/// The row of nulls.
pub(crate) const NOWHERE: Place = (0, 0);

impl Answers {
    /// Loads the fields that `step` puts out, for the questions that are `wanted`. Of several answers to the
    /// same question the last one counts. Blocks on files.
    ///
    /// A question that is not wanted has no answer here: so a suppressed person's answers stay out.
    pub fn load(
        step: &StepSpec,
        folder: &Path,
        bought: &[Bought<'_>],
        wanted: &dyn Fn(&QueryKey) -> bool,
    ) -> Result<Self, TableError> {
        let mut loading = Loading::new(step);
        for (purchase, bought) in (0..).zip(bought) {
            match bought.part {
                Part::File(name) => {
                    let read = parts::read(folder, name, step.operation, &loading.fields);
                    for batch in read? {
                        loading.add(name, purchase, &batch, wanted)?;
                    }
                }
                Part::Inline(answers) => {
                    const NAME: &str = "in the journal";
                    let batch = part::encode(step.operation, answers);
                    let batch = batch.map_err(|error| broken(NAME, &error))?;
                    loading.add(NAME, purchase, &batch, wanted)?;
                }
            }
        }
        loading.finish(Purchases::of(bought))
    }

    /// How many questions have an answer.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// What the answer to a question makes of a row, if there is one.
    pub fn status(&self, key: &QueryKey) -> Option<Status> {
        self.status_at(self.place(key)?)
    }

    pub(crate) fn place(&self, key: &QueryKey) -> Option<Place> {
        let row = *self.places.get(key)? as usize;
        Some((row / ROWS + 1, row % ROWS))
    }

    pub(crate) fn status_at(&self, (chunk, row): Place) -> Option<Status> {
        let column = self.chunks.get(chunk)?.column(0);
        Status::from_code(column.as_primitive_opt::<UInt8Type>()?.value(row))
    }

    /// Values of the step's output column in this place, for many rows.
    pub(crate) fn output(
        &self,
        column: usize,
        rows: &[Place],
    ) -> Result<ArrayRef, ArrowError> {
        self.gather(OWN + column, rows)
    }

    /// Which purchase each of many rows comes from.
    pub(crate) fn purchase(&self, rows: &[Place]) -> Result<ArrayRef, ArrowError> {
        self.gather(1, rows)
    }

    /// What each of many rows cost.
    pub(crate) fn credits(&self, rows: &[Place]) -> Result<ArrayRef, ArrowError> {
        self.gather(2, rows)
    }

    fn gather(&self, column: usize, rows: &[Place]) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<&dyn Array> =
            self.chunks.iter().map(|chunk| chunk.column(column).as_ref()).collect();
        arrow::compute::interleave(&columns, rows)
    }
}

/// Facts of each purchase, in columns.
#[derive(Debug)]
pub(crate) struct Purchases {
    pub provider: StringArray,
    pub job: StringArray,
    pub fetched_at: TimestampMillisecondArray,
    pub reused: BooleanArray,
}

impl Purchases {
    fn of(bought: &[Bought<'_>]) -> Self {
        let at = bought.iter().map(|bought| bought.at.0);
        let reused: Vec<bool> = bought.iter().map(|bought| bought.reused).collect();
        Self {
            provider: bought
                .iter()
                .map(|bought| Some(bought.provider.as_ref()))
                .collect(),
            job: bought.iter().map(|bought| bought.job.as_deref()).collect(),
            fetched_at: TimestampMillisecondArray::from_iter_values(at)
                .with_timezone("UTC"),
            reused: BooleanArray::from(reused),
        }
    }
}

struct Loading {
    operation: Operation,
    fields: Vec<usize>,
    schema: SchemaRef,
    rows: BatchCoalescer,
    places: HashMap<QueryKey, u32, BuildHasherDefault<Prefix>>,
    next: u32,
}

impl Loading {
    fn new(step: &StepSpec) -> Self {
        let fields: Vec<usize> = step.output.iter().map(|(_, field)| *field).collect();
        let own = [
            ("status", DataType::UInt8),
            ("purchase", DataType::UInt32),
            ("credits", DataType::Int64),
        ];
        let own = own.into_iter().map(|(name, kind)| Field::new(name, kind, true));
        let output =
            fields.iter().filter_map(|field| step.operation.fields().get(*field));
        let output = output.map(|f| Field::new(f.name, part::data_type(f.kind), true));
        let schema = Arc::new(Schema::new(own.chain(output).collect::<Vec<_>>()));
        Self {
            operation: step.operation,
            fields,
            rows: BatchCoalescer::new(schema.clone(), ROWS),
            schema,
            places: HashMap::default(),
            next: 0,
        }
    }

    fn add(
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
        for field in &self.fields {
            let field = self.operation.fields().get(*field)?;
            let column = batch.column_by_name(field.name).cloned();
            let kind = part::data_type(field.kind);
            columns.push(column.unwrap_or_else(|| new_null_array(&kind, rows)));
        }
        Some(RecordBatch::try_new(self.schema.clone(), columns))
    }

    fn finish(mut self, purchases: Purchases) -> Result<Answers, TableError> {
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

fn broken(name: &str, error: &ArrowError) -> TableError {
    let text = crate::plain::lower(&error.to_string());
    TableError::new(Subject::Part, format!("staged answers {name}: {text}"))
}

/// A question's key is a hash already: its first bytes do.
#[derive(Debug, Default)]
pub(crate) struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
