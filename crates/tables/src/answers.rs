//! Everything known for one step, in columns, found by question.

mod loading;

use crate::{Results, StepSpec, TableError, part, parts};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, RecordBatch, StringArray,
        TimestampMillisecondArray,
    },
    datatypes::{Int64Type, UInt8Type},
    error::ArrowError,
};
use futures::StreamExt;
use leadmill_core::{KeyMap, Part, QueryKey, Status, Timestamp};
use loading::{Loading, broken};
use std::{pin::pin, sync::Arc};

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
    places: KeyMap<u32>,
    pub(crate) purchases: Purchases,
}

const ROWS: usize = 1 << 16;

/// Parts that are fetched before they are needed: an object store takes its time for each.
const AHEAD: usize = 8;

/// Columns before the step's own: status, purchase, credits.
const OWN: usize = 3;

/// Where a row of [`Answers`] is: chunk and row.
pub(crate) type Place = (usize, usize);

/// The row of nulls.
pub(crate) const NOWHERE: Place = (0, 0);

impl Answers {
    /// Loads the fields that `step` puts out, for the questions that are `wanted`. Of several answers to the
    /// same question the last one counts.
    ///
    /// A question that is not wanted has no answer here: so a suppressed person's answers stay out.
    pub async fn load(
        step: &StepSpec,
        results: &Results,
        bought: &[Bought<'_>],
        wanted: &(dyn Fn(&QueryKey) -> bool + Sync),
    ) -> Result<Self, TableError> {
        let mut loading = Loading::new(step);
        let parts = bought.iter().map(|bought| async move {
            match bought.part {
                Part::File(name) => parts::fetch(results, name).await.map(Some),
                Part::Inline(_) => Ok(None),
            }
        });
        let mut parts = pin!(futures::stream::iter(parts).buffered(AHEAD));
        for (purchase, bought) in (0..).zip(bought) {
            let fetched = parts.next().await.transpose()?.flatten();
            match (bought.part, fetched) {
                (Part::File(name), Some(bytes)) => {
                    for batch in
                        parts::read(bytes, name, step.operation, &loading.fields)?
                    {
                        loading.add(name, purchase, &batch, wanted)?;
                    }
                }
                (Part::Inline(answers), _) => {
                    const NAME: &str = "in the journal";
                    let batch = part::encode(step.operation, answers);
                    let batch = batch.map_err(|error| broken(NAME, &error))?;
                    loading.add(NAME, purchase, &batch, wanted)?;
                }
                (Part::File(name), None) => return Err(parts::foreign(name)),
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

    /// The whole number in an output of an answer.
    pub fn integer(&self, output: usize, key: &QueryKey) -> Option<i64> {
        let values = self.output(output, &[self.place(key)?]).ok()?;
        let values = values.as_primitive_opt::<Int64Type>()?;
        (!values.is_empty() && values.is_valid(0)).then(|| values.value(0))
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
