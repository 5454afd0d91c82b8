use super::*;
use crate::samples::{all, numbers, open, wide};
use arrow::array::{ArrayRef, Int64Array, StringArray, StructArray};
use bytes::Bytes;
use object_store::{ObjectStoreExt, memory::InMemory, path::Path as Key};
use std::{fs, path::Path, slice, sync::Arc};

fn spec(base: &Path, format: Format, location: &str) -> SinkSpec {
    let (location, base) = (location.to_owned(), base.to_owned());
    SinkSpec { format, location, base, name: "nightly".into() }
}

async fn write(spec: &SinkSpec, batches: &[RecordBatch]) -> Written {
    let mut writer = Sink::open(spec, &batches[0].schema()).await.unwrap();
    for batch in batches {
        writer.write(batch).await.unwrap();
    }
    writer.commit().await.unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.collect()
}

#[tokio::test]
async fn an_output_is_seen_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path(), Format::Parquet, "a/b/out.parquet");
    let place = folder.path().join("a/b");
    let written = write(&spec, &[numbers(0..10)]).await;
    let old = fs::read(place.join("out.parquet")).unwrap();
    assert_eq!(written.location, place.join("out.parquet").display().to_string());
    assert_eq!((written.rows, written.bytes), (10, old.len() as u64));

    fs::write(place.join(".out.parquet.tmp-1"), "left by a crash").unwrap();
    let mut writer = Sink::open(&spec, &numbers(0..1).schema()).await.unwrap();
    writer.write(&numbers(0..1000)).await.unwrap();
    assert_eq!(names(&place).len(), 2);
    assert_eq!(fs::read(place.join("out.parquet")).unwrap(), old);
    drop(writer);
    assert_eq!(names(&place), ["out.parquet"]);
    assert_eq!(fs::read(place.join("out.parquet")).unwrap(), old);

    write(&spec, &[numbers(0..1000), numbers(1000..1001)]).await;
    assert_eq!(names(&place), ["out.parquet"]);
    let source = open(&place, Format::Parquet, "out.parquet").await.unwrap();
    assert_eq!(all(&source).await.num_rows(), 1001);
}

#[tokio::test]
async fn an_object_is_seen_whole_or_not_at_all() {
    let store = Arc::new(InMemory::new());
    let key = Key::from("out/nightly.parquet");
    let place = || Place {
        shown: "s3://lake/out/nightly.parquet".into(),
        local: None,
        store: store.clone(),
        key: key.clone(),
    };
    // More than a part, so that the upload has begun.
    let bytes = Bytes::from(vec![7; 25 << 20]);
    let mut target = Target::open(place()).await.unwrap();
    target.put(bytes.clone()).await.unwrap();
    assert!(store.head(&key).await.is_err());
    drop(target);
    tokio::task::yield_now().await;
    assert!(store.head(&key).await.is_err());
    let mut target = Target::open(place()).await.unwrap();
    target.put(bytes.clone()).await.unwrap();
    target.commit().await.unwrap();
    assert_eq!(store.get(&key).await.unwrap().bytes().await.unwrap(), bytes);
}

#[tokio::test]
async fn a_failed_write_can_never_be_committed() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path(), Format::Parquet, "out.parquet");
    let mut writer = Sink::open(&spec, &numbers(0..1).schema()).await.unwrap();
    assert!(writer.write(&wide()).await.is_err());
    assert!(writer.write(&numbers(0..1)).await.is_err());
    let error = writer.commit().await.unwrap_err();
    assert_eq!(error.message, "the output was given up after an earlier error");
    assert!(names(folder.path()).is_empty());
}

#[tokio::test]
async fn a_location_is_a_file_or_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("is.folder")).unwrap();
    for (location, place) in [
        ("out/", "out/nightly.csv"),
        ("plain", "plain/nightly.csv"),
        ("is.folder", "is.folder/nightly.csv"),
        ("x/leads.csv", "x/leads.csv"),
        ("leads.txt", "leads.txt"),
    ] {
        let written =
            write(&spec(folder.path(), Format::Csv, location), &[numbers(0..1)]).await;
        let place = folder.path().join(place);
        assert_eq!(written.location, place.display().to_string());
        assert_eq!(fs::read_to_string(place).unwrap(), "id,name\n0,name 0\n");
    }
    let remote =
        Place::find(&spec(Path::new("/"), Format::Parquet, "s3://lake/out")).unwrap();
    assert_eq!(remote.shown, "s3://lake/out/nightly.parquet");
}

#[tokio::test]
async fn parquet_and_ndjson_hold_every_type() {
    let folder = tempfile::tempdir().unwrap();
    let batches = [wide(), wide()];
    write(&spec(folder.path(), Format::Parquet, "w.parquet"), &batches).await;
    let source = open(folder.path(), Format::Parquet, "w.parquet").await.unwrap();
    assert_eq!(source.schema(), &wide().schema());
    assert_eq!(all(&source).await.slice(2, 2), wide());
    write(&spec(folder.path(), Format::Ndjson, "w.ndjson"), &batches[..1]).await;
    let text = fs::read_to_string(folder.path().join("w.ndjson")).unwrap();
    let (first, second) = text.split_once('\n').unwrap();
    assert!(first.contains(r#""price":123.45"#), "{first}");
    assert!(first.contains(r#""tags":["a",null],"address":{"city":"Paris"}"#), "{first}");
    assert!(second.contains(r#""tags":null,"address":{"city":null}"#), "{second}");
}

#[tokio::test]
async fn csv_takes_receipts_apart_and_refuses_other_nesting() {
    let folder = tempfile::tempdir().unwrap();
    let place = spec(folder.path(), Format::Csv, "out.csv");
    let error = Sink::check(&place, &wide().schema()).await.unwrap_err();
    assert_eq!(error.subject, Subject::Sink);
    assert!(error.message.starts_with("CSV cannot hold column tags: "), "{error}");
    assert!(Sink::open(&place, &wide().schema()).await.is_err());
    assert!(names(folder.path()).is_empty());

    let address = wide().project(&[7]).unwrap().column(0).clone();
    let receipt: ArrayRef =
        Arc::new(StructArray::try_from(vec![("email", address)]).unwrap());
    let id = wide().column(0).clone();
    let rows = RecordBatch::try_from_iter([("id", id), ("_leadmill", receipt)]).unwrap();
    write(&place, &[rows]).await;
    let text = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert_eq!(text, "id,_leadmill.email.city\n1,Paris\n2,\n");

    write(&place, &[numbers(0..0)]).await;
    assert_eq!(fs::read_to_string(folder.path().join("out.csv")).unwrap(), "id,name\n");
}

#[tokio::test]
async fn csv_quotes_what_needs_it() {
    let folder = tempfile::tempdir().unwrap();
    let place = spec(folder.path(), Format::Csv, "out.csv");
    let texts = StringArray::from(vec![Some("a \"b\",\nc"), None, Some("d")]);
    let texts: ArrayRef = Arc::new(texts);
    let ids: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
    let rows = RecordBatch::try_from_iter([("id", ids), ("t", texts)]).unwrap();
    write(&place, slice::from_ref(&rows)).await;
    let text = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert_eq!(text, "id,t\n1,\"a \"\"b\"\",\nc\"\n2,\n3,d\n");
    let source = open(folder.path(), Format::Csv, "out.csv").await.unwrap();
    assert_eq!(all(&source).await.columns(), rows.columns());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_found_early() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    fs::create_dir(folder.path().join("taken.csv")).unwrap();
    fs::create_dir_all(folder.path().join("dir/nightly.csv")).unwrap();
    for location in ["file/out.csv", "dir/"] {
        let place = spec(folder.path(), Format::Csv, location);
        let error = Sink::check(&place, &numbers(0..1).schema()).await.unwrap_err();
        assert!(error.message.starts_with("cannot write into "), "{error}");
        assert!(Sink::open(&place, &numbers(0..1).schema()).await.is_err());
    }
    let place = spec(folder.path(), Format::Csv, "new/deep/out.csv");
    Sink::check(&place, &numbers(0..1).schema()).await.unwrap();
    assert!(!folder.path().join("new").exists());
}
