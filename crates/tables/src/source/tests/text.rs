use super::*;
use arrow::datatypes::DataType::{Boolean, Date32, Float64, Int64};

async fn csv(base: &Path, text: impl AsRef<[u8]>) -> Result<Source, TableError> {
    fs::write(base.join("a.csv"), text).unwrap();
    open(base, Format::Csv, "*.csv").await
}

#[tokio::test]
async fn csv_loses_no_character() {
    let folder = tempfile::tempdir().unwrap();
    let text = "id,zip,score,day,ok,note\r\n1,01234,0.5,2024-02-29,true,\"a \"\"b\"\",\r\nc\"\r\n\
                2,,,,,\r\n";
    let source = csv(folder.path(), text).await.unwrap();
    let kinds: Vec<_> = source.schema().fields().iter().map(|f| f.data_type()).collect();
    assert_eq!(
        kinds,
        [&Int64, &DataType::Utf8, &Float64, &Date32, &Boolean, &DataType::Utf8]
    );
    let rows = all(&source).await;
    assert_eq!(ids(&rows), [1, 2]);
    assert_eq!(rows.column(1).as_string::<i32>().value(0), "01234");
    assert_eq!(rows.column(5).as_string::<i32>().value(0), "a \"b\",\r\nc");
    assert!((1..6).all(|column| rows.column(column).is_null(1)));
    fs::write(folder.path().join("b.csv"), "id,zip,score,day,ok,note\nx,7,,,,").unwrap();
    let source = csv(folder.path(), text).await.unwrap();
    let rows = all(&source).await;
    assert_eq!(rows.column(0).as_string::<i32>().value(2), "x");
    assert_eq!(rows.column(1).as_string::<i32>().value(2), "7");
}

#[tokio::test]
async fn many_csv_rows_come_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let rows: String = (0..20_000).map(|id| format!("{id}\n")).collect();
    let source = csv(folder.path(), format!("id\n{rows}")).await.unwrap();
    let batches = collect(source.scan().await.unwrap()).await.unwrap();
    assert!(batches.iter().all(|batch| batch.num_rows() <= 8192));
    let read: Vec<i64> = batches.iter().flat_map(ids).collect();
    assert_eq!(read, (0..20_000).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_broken_csv_file_is_named_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let shown = folder.path().join("a.csv").display().to_string();
    for (text, why) in [
        (&b"id,name\n1,a\n2"[..], "line 3 has 1 value where the header has 2"),
        (b"id,name\n1,a,b\n", "line 2 has 3 values where the header has 2"),
        (b"id,name\n1,\"a\n2,b\n", "line 2: a quote is never closed"),
        (b"id,name\n1,\"a", "line 2: a quote is never closed"),
        (b"id,na\"me\n1,\xff\n", "line 2: column na\"me is not UTF-8"),
        (b"", "the file is empty: its first line must name the columns"),
        (b"id,id\n1,2\n", "two columns are called id"),
        (b"id,\n1,2\n", "column 2 has no name"),
    ] {
        let Err(error) = csv(folder.path(), text).await else { panic!("{why}") };
        assert_eq!(error.message, format!("{shown}: {why}"));
    }
    fs::write(folder.path().join("b.csv"), "name,id\na,1\n").unwrap();
    let Err(error) = csv(folder.path(), "id,name\n1,a\n").await else { panic!() };
    assert!(error.message.contains("b.csv: the columns are in another order than in"));
}

async fn ndjson(base: &Path, text: &str) -> Result<Source, TableError> {
    fs::write(base.join("a.jsonl"), text).unwrap();
    open(base, Format::Ndjson, ".").await
}

#[tokio::test]
async fn ndjson_keeps_its_fields_and_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{"id":1,"b":null,"a":{"x":[1,2]},"big":18446744073709551615}

{"a":{"y":"z"},"id":2,"n":1.5,"mixed":true,"big":7}
{"n":2,"mixed":"t"}
"#;
    let source = ndjson(folder.path(), text).await.unwrap();
    let names: Vec<_> =
        source.schema().fields().iter().map(|f| f.name().as_str()).collect();
    assert_eq!(names, ["id", "b", "a", "big", "n", "mixed"]);
    let rows = all(&source).await;
    assert_eq!(rows.num_rows(), 3);
    assert_eq!(rows.column(3).as_string::<i32>().value(0), "18446744073709551615");
    assert_eq!(rows.column(5).as_string::<i32>().value(1), "true");
    assert_eq!(rows.column(1).data_type(), &DataType::Utf8);
    assert_eq!(rows.column(0).null_count(), 1);
}

#[tokio::test]
async fn a_broken_ndjson_line_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for (text, why) in [
        ("{\"id\":1}\n{\"id\":\n", "line 2: EOF while parsing a value, at character 0"),
        ("{\"id\":1}\n\n[1]\n", "line 3: this is no JSON object"),
        ("{\"id\":1} x\n", "line 1: trailing characters, at character 10"),
        (
            "{\"id\":1}\n{\"id\":{}}\n",
            "line 2: an object where earlier lines have a number, at character 8",
        ),
    ] {
        let Err(error) = ndjson(folder.path(), text).await else { panic!("{why}") };
        assert!(error.message.ends_with(why), "{error}");
    }
}
