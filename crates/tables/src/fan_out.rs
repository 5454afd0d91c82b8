//! Rows that become several: one for each item of the list that an answer holds, and usually one where it holds none.

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, UInt64Array},
    compute::{take, take_record_batch},
    error::ArrowError,
};

/// Which row each new row comes from, and which item of its list it is.
#[derive(Debug)]
pub(crate) struct FanOut {
    rows: UInt64Array,
    items: Vec<usize>,
}

impl FanOut {
    /// By the lists of each row. One without items stays, unless it `may_go`.
    pub(crate) fn of(lists: &ListArray, may_go: impl Fn(usize) -> bool) -> Self {
        let length = |row| match lists.is_valid(row) {
            true => usize::try_from(lists.value_length(row)).unwrap_or(0),
            false => 0,
        };
        let least = |row| usize::from(!may_go(row));
        let rows = (0..lists.len()).flat_map(|row| {
            (0..length(row).max(least(row))).map(move |item| (row, item))
        });
        let (rows, items): (Vec<u64>, Vec<usize>) =
            rows.map(|(row, item)| (row as u64, item)).unzip();
        Self { rows: rows.into(), items }
    }

    /// The rows, each as often as it has items.
    pub(crate) fn batch(&self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        take_record_batch(batch, &self.rows)
    }

    /// What stands for each row, as often as it has items.
    pub(crate) fn repeat<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let row = |row: &u64| usize::try_from(*row).ok().and_then(|row| values.get(row));
        self.rows.values().iter().filter_map(row).copied().collect()
    }

    /// Whether each new row is the first of its old one.
    pub(crate) fn is_first(&self) -> impl Iterator<Item = bool> {
        self.items.iter().map(|item| *item == 0)
    }

    /// The item of each new row; null where there is none.
    pub(crate) fn items(&self, lists: &ArrayRef) -> Result<ArrayRef, ArrowError> {
        let lists = lists.as_list_opt::<i32>().ok_or_else(|| {
            ArrowError::SchemaError("what should become rows is no list".into())
        })?;
        let place = |(row, item): (&u64, &usize)| {
            let row = usize::try_from(*row).ok()?;
            let length = usize::try_from(lists.value_length(row)).ok()?;
            let start = u64::try_from(*lists.value_offsets().get(row)?).ok()?;
            (lists.is_valid(row) && *item < length).then(|| start + *item as u64)
        };
        let places = self.rows.values().iter().zip(&self.items).map(place);
        take(lists.values(), &places.collect::<UInt64Array>(), None)
    }
}
