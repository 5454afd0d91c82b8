//! What became of the rows of a finished batch.

use crate::{Subject, TableError, plain::lower};
use arrow::{
    array::{Array, AsArray, BooleanArray, StringArray},
    compute::filter_record_batch,
    record_batch::RecordBatch,
};
use leadmill_core::Status;

/// The status of each row in a `<step>_status` column.
pub fn statuses(batch: &RecordBatch, column: &str) -> Result<Vec<Status>, TableError> {
    let texts = texts(batch, column)?;
    let read = |text: Option<&str>| {
        text.and_then(|text| text.parse().ok()).ok_or_else(|| {
            TableError::new(Subject::Sink, format!("{column} holds no status"))
        })
    };
    texts.iter().map(read).collect()
}

/// The rows that failed or are held in any of the columns; `None` if there is none.
pub fn failed_rows(
    batch: &RecordBatch,
    columns: &[String],
) -> Result<Option<RecordBatch>, TableError> {
    let mut failed = vec![false; batch.num_rows()];
    for column in columns {
        for (failed, status) in failed.iter_mut().zip(statuses(batch, column)?) {
            *failed |= matches!(status, Status::Failed | Status::UnknownCharged);
        }
    }
    if !failed.contains(&true) {
        return Ok(None);
    }
    filter_record_batch(batch, &BooleanArray::from(failed))
        .map(Some)
        .map_err(|error| TableError::new(Subject::Sink, lower(&error.to_string())))
}

fn texts<'a>(
    batch: &'a RecordBatch,
    column: &str,
) -> Result<&'a StringArray, TableError> {
    batch
        .column_by_name(column)
        .filter(|array| array.null_count() == 0)
        .and_then(|array| array.as_string_opt())
        .ok_or_else(|| {
            TableError::new(Subject::Sink, format!("there is no column {column}"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn failed_and_held_rows_of_any_step_are_picked() {
        let column = |texts: [&str; 3]| Arc::new(StringArray::from(texts.to_vec())) as _;
        let batch = RecordBatch::try_from_iter([
            ("a_status", column(["hit", "failed", "miss"])),
            ("b_status", column(["unknown_charged", "hit", "deferred"])),
        ])
        .unwrap();
        let columns = ["a_status", "b_status"].map(str::to_owned);
        assert_eq!(failed_rows(&batch, &columns).unwrap().unwrap().num_rows(), 2);
        assert_eq!(failed_rows(&batch.slice(2, 1), &columns).unwrap(), None);
        assert_eq!(
            statuses(&batch, "a_status").unwrap(),
            [Status::Hit, Status::Failed, Status::Miss]
        );
        assert!(statuses(&batch, "c_status").is_err());
    }
}
