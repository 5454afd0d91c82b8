//! Rows that become several: one for each item of the list that an answer holds, and usually one where it holds none.

use arrow::{
    array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray, UInt64Array},
    compute::{take, take_record_batch},
    error::ArrowError,
};
use std::collections::HashSet;

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

    /// Leaves out the items that others of this name stand before. One without a name stays.
    pub(crate) fn keep_distinct(&mut self, names: &StringArray) {
        let mut seen = HashSet::new();
        let keep: Vec<bool> =
            names.iter().map(|name| name.is_none_or(|name| seen.insert(name))).collect();
        let kept = |place: &usize| keep.get(*place).copied().unwrap_or(true);
        let rows = self.rows.values().iter().enumerate();
        let rows = rows.filter(|(place, _)| kept(place)).map(|(_, row)| *row);
        let items = self.items.iter().enumerate();
        let items = items.filter(|(place, _)| kept(place)).map(|(_, item)| *item);
        (self.rows, self.items) = (rows.collect::<Vec<u64>>().into(), items.collect());
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
        let rows = self.rows.values();
        let before = std::iter::once(None).chain(rows.iter().map(Some));
        rows.iter().zip(before).map(|(row, before)| before != Some(row))
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
