use super::*;
use crate::samples::{findings, key};
use leadmill_core::{Finding, Value};
use std::{fs, path::Path};

async fn stage(parts: &Parts, answers: Vec<Answered>) -> String {
    parts.stage(BatchId(0xab), Operation::FindEmail, answers).await.unwrap()
}

fn open(folder: &Path) -> Parts {
    Parts::open(Results::folder(folder.to_owned())).unwrap()
}

#[tokio::test]
async fn answers_come_back_as_they_were_staged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("state/parts");
    let parts = open(&folder);
    let empty = stage(&parts, Vec::new()).await;
    let name = stage(&parts, findings()).await;
    assert!(name.starts_with("00000000000000ab-"), "{name}");
    assert_eq!(parts.read(&name, Operation::FindEmail).await.unwrap(), findings());
    assert_eq!(parts.read(&empty, Operation::FindEmail).await.unwrap(), []);
    assert_eq!(stage(&parts, findings()).await, name, "the same answers, the same file");
    assert_eq!(fs::read_dir(folder).unwrap().count(), 2);
}

#[tokio::test]
async fn an_older_part_has_no_value_for_a_newer_field() {
    let folder = tempfile::tempdir().unwrap();
    let parts = open(folder.path());
    let name = stage(&parts, findings()).await;
    let read = parts.read(&name, Operation::VerifyEmail).await.unwrap();
    let Finding::Hit(values) = &read[0].finding else { panic!() };
    assert_eq!(values.len(), Operation::VerifyEmail.fields().len());
    assert_eq!((&read[0].key, &values[0]), (&key(0), &Value::Null));
}

#[tokio::test]
async fn a_part_that_is_missing_or_no_part_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let parts = open(folder.path());
    let read = async |name: &str| parts.read(name, Operation::FindEmail).await;
    let error = read("x.parquet").await.unwrap_err();
    assert_eq!(error.message, "staged answers x.parquet are missing");
    let path = folder.path().join("old.parquet");
    crate::samples::write_parquet(&path, &crate::samples::numbers(0..3));
    let error = read("old.parquet").await.unwrap_err();
    assert_eq!(error.message, "staged answers old.parquet: this is no file of answers");
    assert_eq!(error.subject, Subject::Part);
}

/// Every truncation, and every bit of the file.
#[tokio::test]
async fn a_part_that_was_changed_or_cut_short_is_never_read() {
    let folder = tempfile::tempdir().unwrap();
    let parts = open(folder.path());
    let name = stage(&parts, findings()).await;
    let whole = fs::read(folder.path().join(&name)).unwrap();
    let check = async |bytes: &[u8]| {
        fs::write(folder.path().join(&name), bytes).unwrap();
        let error = parts.read(&name, Operation::FindEmail).await.unwrap_err();
        let expected = format!("staged answers {name}: the file is not what was written");
        assert_eq!(error.message, expected);
    };
    for length in 0..whole.len() {
        check(&whole[..length]).await;
    }
    for bit in 0..whole.len() * 8 {
        let mut bent = whole.clone();
        bent[bit / 8] ^= 1 << (bit % 8);
        check(&bent).await;
    }
}

#[tokio::test]
async fn staging_where_nothing_can_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("parts");
    let parts = open(&folder);
    fs::remove_dir(&folder).unwrap();
    let staged = parts.stage(BatchId(1), Operation::FindEmail, Vec::new()).await;
    let error = staged.unwrap_err().to_string();
    assert!(error.starts_with("staging answers: 0000000000000001: "), "{error}");
}
