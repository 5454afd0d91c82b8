//! Whether a source's key names every lead, and each only once.

use crate::{Subject, TableError, nearest};
use arrow::{
    array::Array,
    datatypes::SchemaRef,
    record_batch::RecordBatch,
    row::{RowConverter, SortField},
};
use std::{
    collections::{HashMap, hash_map::Entry},
    hash::{BuildHasher, RandomState},
};

/// Watches the key columns over one pass. Takes about 40 bytes a row; values appear in no message.
#[derive(Debug)]
pub struct KeyCheck {
    names: Vec<String>,
    columns: Vec<usize>,
    rows: RowConverter,
    seen: HashMap<[u8; 16], u32>,
    hashes: (RandomState, RandomState),
    row: u64,
}

impl KeyCheck {
    /// Finds the key columns. Without any, nothing is checked.
    pub fn new(schema: &SchemaRef, key: &[String]) -> Result<Self, TableError> {
        let column = |name: &String| {
            let missing = || {
                TableError::new(Subject::Key, format!("no column {name}"))
                    .hint_if(nearest::hint(name, nearest::columns(schema)))
            };
            schema.index_of(name).map_err(|_| missing())
        };
        let columns = key.iter().map(column).collect::<Result<Vec<_>, _>>()?;
        let types = columns.iter().filter_map(|column| schema.fields().get(*column));
        let types = types.map(|field| SortField::new(field.data_type().clone()));
        let rows = RowConverter::new(types.collect()).map_err(|_| {
            let message = format!("{} cannot be compared", key.join(", "));
            TableError::new(Subject::Key, message).hint("take columns of simple types")
        })?;
        Ok(Self {
            names: key.to_vec(),
            columns,
            rows,
            seen: HashMap::new(),
            hashes: (RandomState::new(), RandomState::new()),
            row: 0,
        })
    }

    /// The places of the key columns.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Checks the next batch of the pass.
    pub fn check(&mut self, batch: &RecordBatch) -> Result<(), TableError> {
        if self.columns.is_empty() {
            return Ok(());
        }
        let columns: Vec<_> =
            self.columns.iter().map(|column| batch.column(*column).clone()).collect();
        for (name, column) in self.names.iter().zip(&columns) {
            let nulls = column.logical_nulls();
            let null =
                nulls.and_then(|nulls| (0..nulls.len()).find(|r| nulls.is_null(*r)));
            if let Some(null) = null {
                let row = self.row + null as u64 + 1;
                let message = format!("{name} is null in row {row} of the source");
                return Err(TableError::new(Subject::Key, message)
                    .hint("leave such rows out with where:, or take another key"));
            }
        }
        let rows = self.rows.convert_columns(&columns).map_err(|error| {
            TableError::new(Subject::Key, crate::plain::lower(&error.to_string()))
        })?;
        rows.iter().try_for_each(|row| self.enter(row.as_ref()))
    }

    fn enter(&mut self, key: &[u8]) -> Result<(), TableError> {
        self.row += 1;
        let mut hash = [0; 16];
        let (low, high) = hash.split_at_mut(8);
        low.copy_from_slice(&self.hashes.0.hash_one(key).to_le_bytes());
        high.copy_from_slice(&self.hashes.1.hash_one(key).to_le_bytes());
        match self.seen.entry(hash) {
            Entry::Vacant(free) => {
                free.insert(u32::try_from(self.row).unwrap_or(u32::MAX));
                Ok(())
            }
            Entry::Occupied(first) => {
                let (names, first) = (self.names.join(", "), first.get());
                let message = format!(
                    "rows {first} and {} of the source have the same {names}",
                    self.row
                );
                Err(TableError::new(Subject::Key, message)
                    .hint("a key must name each lead once: keep one row of each"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    fn batch(ids: [Option<i64>; 2], names: [&str; 2]) -> RecordBatch {
        let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
        let names: ArrayRef = Arc::new(StringArray::from(names.to_vec()));
        RecordBatch::try_from_iter_with_nullable([
            ("id", ids, true),
            ("name", names, true),
        ])
        .unwrap()
    }

    fn check(key: &[&str], batches: &[RecordBatch]) -> Result<(), TableError> {
        let key: Vec<_> = key.iter().map(|name| (*name).to_owned()).collect();
        let mut check = KeyCheck::new(&batch([None; 2], [""; 2]).schema(), &key)?;
        batches.iter().try_for_each(|batch| check.check(batch))
    }

    #[test]
    fn a_lead_is_named_once_and_by_something() {
        let first = batch([Some(1), Some(2)], ["a", "b"]);
        let twice = batch([Some(3), Some(1)], ["c", "secret"]);
        let none = batch([Some(4), None], ["d", "e"]);
        assert_eq!(check(&["id", "name"], &[first.clone(), twice.clone()]), Ok(()));
        assert_eq!(check(&[], &[first.clone(), first.clone()]), Ok(()));
        let error = check(&["id"], &[first.clone(), twice]).unwrap_err();
        assert_eq!(error.message, "rows 1 and 4 of the source have the same id");
        let error = check(&["id"], &[first, none]).unwrap_err();
        assert_eq!(error.message, "id is null in row 4 of the source");
    }

    #[test]
    fn a_missing_key_column_names_the_nearest() {
        let error = check(&["nmae"], &[]).unwrap_err();
        assert_eq!(
            (error.subject, error.message.as_str()),
            (Subject::Key, "no column nmae")
        );
        assert_eq!(error.hint.unwrap(), "did you mean name?");
    }
}
