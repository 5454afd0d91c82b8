//! Everything known for one step, in columns, found by question.

pub(crate) mod loading;

use crate::{Results, StepSpec, TableError, part, parts};
use arrow::{
    array::{
        Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray,
        TimestampMillisecondArray,
    },
    datatypes::{Int64Type, UInt8Type, UInt32Type},
    error::ArrowError,
};
use futures::StreamExt;
use leadmill_core::{KeyMap, Part, QueryKey, Status, Timestamp};
use loading::{Loading, broken};
use std::{collections::HashMap, pin::pin, sync::Arc};

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
    /// Whether they are a sandbox's, and made up.
    pub sandbox: bool,
}

/// How a question's answer in a purchase counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counts {
    /// Not at all.
    Not,
    /// It is the answer.
    Whole,
    /// It is an older answer, which stands for a newer one that is not here.
    AsStale,
    /// It was turned down, and is a miss: its values are left out, what it cost is not.
    AsMiss,
    /// The answer is another's, or not here yet: what this one cost is added to it.
    AsCost,
}

/// The answers of one step: about 100 bytes each.
#[derive(Debug)]
pub struct Answers {
    /// All of [`ROWS`] rows but the first, which is one row of nulls, and the last.
    chunks: Vec<RecordBatch>,
    places: KeyMap<u32>,
    /// What others were paid for the questions of some rows; none where nobody says how much.
    added: HashMap<Place, Option<i64>>,
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
    /// Loads the fields that `step` puts out, of each purchase (by its place) for the questions whose answers
    /// count. Of several that are the answer to the same question the last one is.
    ///
    /// A question of which no answer counts has none here: so a suppressed person's answers stay out.
    pub async fn load(
        step: &StepSpec,
        results: &Results,
        bought: &[Bought<'_>],
        counts: &(dyn Fn(usize, &QueryKey) -> Counts + Sync),
    ) -> Result<Self, TableError> {
        let mut loading = Loading::new(step);
        let parts = bought.iter().map(|bought| async move {
            match bought.part {
                Part::File(name) => parts::fetch(results, name).await.map(Some),
                Part::Inline(_) => Ok(None),
            }
        });
        let mut parts = pin!(futures::stream::iter(parts).buffered(AHEAD));
        for (purchase, bought) in bought.iter().enumerate() {
            let counts = |key: &QueryKey| counts(purchase, key);
            let fetched = parts.next().await.transpose()?.flatten();
            match (bought.part, fetched) {
                (Part::File(name), Some(bytes)) => {
                    for batch in
                        parts::read(bytes, name, step.operation, &loading.fields)?
                    {
                        loading.add(name, purchase, &batch, &counts)?;
                    }
                }
                (Part::Inline(answers), _) => {
                    const NAME: &str = "in the journal";
                    let batch = part::encode(step.operation, answers);
                    let batch = batch.map_err(|error| broken(NAME, &error))?;
                    loading.add(NAME, purchase, &batch, &counts)?;
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

    /// Which purchase the answer to a question is from, by its place.
    pub fn purchase_of(&self, key: &QueryKey) -> Option<usize> {
        let (chunk, row) = self.place(key)?;
        let column = self.chunks.get(chunk)?.column(1);
        let column = column.as_primitive_opt::<UInt32Type>()?;
        column.is_valid(row).then(|| column.value(row) as usize)
    }

    pub(crate) fn place(&self, key: &QueryKey) -> Option<Place> {
        self.places.get(key).map(|row| place_of(*row))
    }

    pub(crate) fn status_at(&self, (chunk, row): Place) -> Option<Status> {
        let column = self.chunks.get(chunk)?.column(0).as_primitive_opt::<UInt8Type>()?;
        column.is_valid(row).then(|| Status::from_code(column.value(row)))?
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

    /// What the question of each of many rows cost, whoever was paid.
    pub(crate) fn credits(&self, rows: &[Place]) -> Result<ArrayRef, ArrowError> {
        let own = self.gather(2, rows)?;
        let Some(known) = own.as_primitive_opt::<Int64Type>() else { return Ok(own) };
        if self.added.is_empty() {
            return Ok(own);
        }
        let sum = |(own, row): (Option<i64>, &Place)| match self.added.get(row) {
            Some(added) => Some(own?.saturating_add((*added)?)),
            None => own,
        };
        Ok(Arc::new(known.iter().zip(rows).map(sum).collect::<Int64Array>()))
    }

    fn gather(&self, column: usize, rows: &[Place]) -> Result<ArrayRef, ArrowError> {
        let columns: Vec<&dyn Array> =
            self.chunks.iter().map(|chunk| chunk.column(column).as_ref()).collect();
        arrow::compute::interleave(&columns, rows)
    }
}

/// Where a row is, counted over all chunks but the first.
const fn place_of(row: u32) -> Place {
    let row = row as usize;
    (row / ROWS + 1, row % ROWS)
}

/// Facts of each purchase, in columns.
#[derive(Debug)]
pub(crate) struct Purchases {
    pub provider: StringArray,
    pub job: StringArray,
    pub fetched_at: TimestampMillisecondArray,
    pub reused: BooleanArray,
    pub sandbox: BooleanArray,
}

impl Purchases {
    fn of(bought: &[Bought<'_>]) -> Self {
        let at = bought.iter().map(|bought| bought.at.0);
        let reused: Vec<bool> = bought.iter().map(|bought| bought.reused).collect();
        let sandbox: Vec<bool> = bought.iter().map(|bought| bought.sandbox).collect();
        Self {
            provider: bought
                .iter()
                .map(|bought| Some(bought.provider.as_ref()))
                .collect(),
            job: bought.iter().map(|bought| bought.job.as_deref()).collect(),
            fetched_at: TimestampMillisecondArray::from_iter_values(at)
                .with_timezone("UTC"),
            reused: BooleanArray::from(reused),
            sandbox: BooleanArray::from(sandbox),
        }
    }
}
