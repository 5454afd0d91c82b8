use super::*;
use crate::samples::{findings, key};
use leadmill_core::{Finding, Value};
use std::fs;

async fn stage(parts: &Parts, answers: Vec<Answered>) -> String {
    parts.stage(BatchId(0xab), Operation::FindEmail, answers).await.unwrap()
}

#[tokio::test]
async fn answers_come_back_as_they_were_staged() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::open(folder.path().join("state/parts")).unwrap();
    stage(&parts, Vec::new()).await;
    let name = stage(&parts, findings()).await;
    assert_eq!(name, "00000000000000ab.parquet");
    assert_eq!(parts.read(&name, Operation::FindEmail).unwrap(), findings());
    let files: Vec<_> = fs::read_dir(parts.folder()).unwrap().collect();
    assert_eq!(files.len(), 1);
    stage(&parts, Vec::new()).await;
    assert_eq!(parts.read(&name, Operation::FindEmail).unwrap(), []);
}

#[tokio::test]
async fn an_older_part_has_no_value_for_a_newer_field() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::open(folder.path().to_owned()).unwrap();
    let name = stage(&parts, findings()).await;
    let read = parts.read(&name, Operation::VerifyEmail).unwrap();
    let Finding::Hit(values) = &read[0].finding else { panic!() };
    assert_eq!(values.len(), Operation::VerifyEmail.fields().len());
    assert_eq!((&read[0].key, &values[0]), (&key(0), &Value::Null));
}

#[tokio::test]
async fn a_part_that_is_missing_or_broken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::open(folder.path().to_owned()).unwrap();
    let name = stage(&parts, findings()).await;
    let read = |name: &str| parts.read(name, Operation::FindEmail).unwrap_err();
    assert_eq!(read("x.parquet").message, "staged answers x.parquet are missing");
    let path = folder.path().join(&name);
    let whole = fs::read(&path).unwrap();
    fs::write(&path, &whole[..whole.len() - 20]).unwrap();
    let error = read(&name);
    assert_eq!(error.subject, Subject::Part);
    assert!(error.message.starts_with(&format!("staged answers {name}: ")), "{error}");
    crate::samples::write_parquet(&path, &crate::samples::numbers(0..3));
    let expected = format!("staged answers {name}: this is no file of answers");
    assert_eq!(read(&name).message, expected);
}

#[tokio::test]
async fn staging_where_nothing_can_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let parts = Parts::open(folder.path().join("parts")).unwrap();
    fs::remove_dir(parts.folder()).unwrap();
    let staged = parts.stage(BatchId(1), Operation::FindEmail, Vec::new()).await;
    let error = staged.unwrap_err().to_string();
    assert!(error.starts_with("staging answers: 0000000000000001.parquet: "), "{error}");
}
