use super::*;
use crate::samples::{all, collect, ids, numbers, open, spec, wide, write_parquet};
use arrow::{array::AsArray, datatypes::DataType};
use std::{fs, path::Path};

async fn failure_of(
    base: &Path,
    change: impl FnOnce(&mut SourceSpec),
) -> (Subject, String, Option<String>) {
    let mut spec = spec(base, Format::Parquet, "n.parquet");
    change(&mut spec);
    let Err(error) = Source::open(spec).await else { panic!("it opened") };
    (error.subject, error.message, error.hint)
}

#[tokio::test]
async fn every_type_passes_through_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("wide.parquet"), &wide());
    let source = open(folder.path(), Format::Parquet, "wide.parquet").await.unwrap();
    assert_eq!(source.schema(), &wide().schema());
    assert_eq!(all(&source).await, wide());
    let mut filtered = spec(folder.path(), Format::Parquet, "wide.parquet");
    filtered.sql = Some("SELECT * FROM leads".into());
    filtered.filter = Some("kind = 'x' AND price > 100 AND \"Small\" = 7".into());
    let source = Source::open(filtered).await.unwrap();
    assert_eq!(source.schema(), &wide().schema());
    assert_eq!(all(&source).await, wide().slice(0, 1));
}

#[tokio::test]
async fn rows_come_in_the_order_of_the_files_every_time() {
    let folder = tempfile::tempdir().unwrap();
    for (file, from) in [("b/1", 300), ("a", 0), ("b/0", 150)] {
        let path = folder.path().join(format!("leads/{file}.parquet"));
        write_parquet(&path, &numbers(from..from + 150));
    }
    for noise in ["_tmp.parquet", ".x.parquet", "_log/a.parquet", "read.me"] {
        let path = folder.path().join("leads").join(noise);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
    let source = open(folder.path(), Format::Parquet, "leads").await.unwrap();
    assert_eq!(source.files(), 3);
    let expected: Vec<i64> = (0..450).collect();
    for _ in 0..2 {
        assert_eq!(ids(&all(&source).await), expected);
    }
    for (location, rows) in [
        ("leads/", 450),
        ("leads/b/*.parquet", 300),
        ("leads/**/[0a].parquet", 300),
        ("leads/?/", 300),
        ("file://BASE/leads/a.parquet", 150),
    ] {
        let location = location.replace("BASE", folder.path().to_str().unwrap());
        let source = open(folder.path(), Format::Parquet, &location).await.unwrap();
        assert_eq!(all(&source).await.num_rows(), rows, "{location}");
    }
    for (location, why) in [
        ("nothing", "nothing does not exist"),
        ("leads/*.csv", "no file matches leads/*.csv"),
        ("leads/_log/x/", "leads/_log/x/ does not exist"),
    ] {
        let Err(error) = open(folder.path(), Format::Parquet, location).await else {
            panic!("{location}");
        };
        assert_eq!(error.message, why);
    }
    let Err(error) = open(folder.path(), Format::Csv, "leads").await else { panic!() };
    assert_eq!(error.message, "no csv file below leads");
}

#[tokio::test]
async fn filters_and_columns_reach_into_parquet() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("n.parquet"), &numbers(0..1000));
    let mut spec = spec(folder.path(), Format::Parquet, "n.parquet");
    spec.filter = Some("id >= 250 AND id < 255".into());
    let source = Source::open(spec.clone()).await.unwrap();
    let plan = source.explain(None).await;
    assert!(plan.contains("predicate=id@0 >= 250 AND id@0 < 255"), "{plan}");
    assert!(!plan.contains("FilterExec"), "{plan}");
    assert_eq!(ids(&all(&source).await), [250, 251, 252, 253, 254]);
    let plan = source.explain(Some(&[1])).await;
    assert!(plan.contains("projection=[name]"), "{plan}");
    let names = collect(source.scan_columns(Some(&[1])).await.unwrap()).await.unwrap();
    assert_eq!(names[0].column(0).as_string::<i32>().value(4), "name 254");

    spec.sql =
        Some("SELECT id * 2 AS id FROM leads WHERE id < 10 ORDER BY id DESC".into());
    spec.filter = Some("id > 12".into());
    let source = Source::open(spec).await.unwrap();
    assert_eq!(ids(&all(&source).await), [18, 16, 14]);
}

#[tokio::test]
async fn mistakes_are_told_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("n.parquet"), &numbers(0..3));
    let base = folder.path();
    let filter = async |filter: &str| {
        failure_of(base, |spec| spec.filter = Some(filter.into())).await
    };
    let hint = |text: &str| Some(text.to_owned());
    assert_eq!(
        filter("nmae = 'x'").await,
        (Subject::Filter, "no column nmae".into(), hint("did you mean name?"))
    );
    let (_, message, _) = filter("name =").await;
    assert_eq!(message, "expected: an expression, found: EOF");
    let (_, message, _) = filter("id").await;
    assert_eq!(message, "a condition must be true or false, and this is a number");
    let (_, message, _) = filter("random() > 0.5").await;
    assert_eq!(message, "random() gives another answer each time it is asked");
    let (_, message, _) = filter("count(*) > 1").await;
    assert_eq!(message, "count sees more than one row");
    let (_, message, _) = filter("id IN (SELECT 1)").await;
    assert_eq!(message, "a subquery is only possible in the source's sql:");
    let (_, message, hinted) = filter("lowr(name) = 'x'").await;
    assert_eq!(
        (message.as_str(), hinted),
        ("no function lowr", hint("did you mean lower?"))
    );

    let sql =
        async |sql: &str| failure_of(base, |spec| spec.sql = Some(sql.into())).await;
    let (subject, message, hinted) = sql("SELECT * FROM lead").await;
    assert_eq!((subject, message.as_str()), (Subject::Sql, "no table lead"));
    assert!(hinted.unwrap().contains("source"));
    for forbidden in [
        "CREATE TABLE x AS SELECT 1",
        "DROP TABLE source",
        "COPY source TO '/tmp/x.csv'",
        "INSERT INTO source VALUES (1, 'x')",
        "EXPLAIN SELECT 1",
        "SELECT 1 INTO x",
        "SHOW TABLES",
        "SET datafusion.execution.batch_size = 1",
    ] {
        let (subject, message, _) = sql(forbidden).await;
        assert_eq!(subject, Subject::Sql);
        assert_eq!(message, "only SELECT is possible here", "{forbidden}");
    }
    let (_, message, _) = sql("SELECT random() AS r FROM source").await;
    assert_eq!(message, "random() gives another answer each time it is asked");
    let (subject, message, _) =
        failure_of(base, |spec| spec.key = vec!["ID".into()]).await;
    assert_eq!((subject, message.as_str()), (Subject::Key, "no column ID"));
}

#[tokio::test]
async fn the_same_time_holds_for_every_pass() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("n.parquet"), &numbers(0..3));
    let mut spec = spec(folder.path(), Format::Parquet, "n.parquet");
    spec.sql = Some("SELECT id, now() AS at FROM source".into());
    let source = Source::open(spec).await.unwrap();
    assert_eq!(all(&source).await, all(&source).await);
}

#[tokio::test]
async fn a_file_that_changes_between_passes_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for (format, name) in [
        (Format::Parquet, "n.parquet"),
        (Format::Csv, "n.csv"),
        (Format::Ndjson, "n.ndjson"),
    ] {
        let path = folder.path().join(name);
        let write = |rows: i64| match format {
            Format::Parquet => write_parquet(&path, &numbers(0..rows)),
            Format::Csv => fs::write(&path, format!("id\n{rows}\n")).unwrap(),
            Format::Ndjson => fs::write(&path, format!("{{\"id\":{rows}}}\n")).unwrap(),
        };
        write(3);
        let source = open(folder.path(), format, name).await.unwrap();
        let rows_before = all(&source).await.num_rows();
        let pass = source.scan().await.unwrap();
        write(40);
        let shown = path.display();
        let Err(error) = source.scan().await else { panic!("{name}") };
        assert_eq!(error.message, format!("{shown} has changed since the run began"));
        match collect(pass).await {
            Ok(batches) => assert_eq!(batches[0].num_rows(), rows_before),
            Err(error) => {
                let expected = format!("{shown} has changed since the run began");
                assert_eq!(error.message, expected);
            }
        }
        fs::remove_file(&path).unwrap();
        let Err(error) = source.scan().await else { panic!("{name}") };
        assert_eq!(error.message, format!("{shown} is gone since the run began"));
    }
}

#[tokio::test]
async fn a_broken_parquet_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["a", "b", "c"] {
        write_parquet(&folder.path().join(format!("{file}.parquet")), &numbers(0..500));
    }
    let path = folder.path().join("b.parquet");
    let whole = fs::read(&path).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", b"PAR1"] {
        fs::write(&path, broken).unwrap();
        let Err(error) = open(folder.path(), Format::Parquet, ".").await else {
            panic!("it opened");
        };
        let expected = format!("{} is no whole Parquet file: ", path.display());
        assert!(error.message.starts_with(&expected), "{error}");
    }
    let mut damaged = whole.clone();
    damaged[20..200].fill(0xff);
    fs::write(&path, damaged).unwrap();
    let source = open(folder.path(), Format::Parquet, ".").await.unwrap();
    let error = collect(source.scan().await.unwrap()).await.unwrap_err();
    assert!(error.message.contains("b.parquet"), "{error}");
}

#[tokio::test]
async fn parquet_files_of_several_shapes_are_one_table() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("a.parquet"), &numbers(0..2));
    let only_ids = numbers(2..4).project(&[0]).unwrap();
    write_parquet(&folder.path().join("b.parquet"), &only_ids);
    let source = open(folder.path(), Format::Parquet, "*.parquet").await.unwrap();
    let rows = all(&source).await;
    assert_eq!((ids(&rows), rows.column(1).null_count()), (vec![0, 1, 2, 3], 2));
    let texts = arrow::array::StringArray::from(vec!["x"]);
    let texts: arrow::array::ArrayRef = Arc::new(texts);
    let other = RecordBatch::try_from_iter([("id", texts)]).unwrap();
    write_parquet(&folder.path().join("c.parquet"), &other);
    let Err(error) = open(folder.path(), Format::Parquet, "*.parquet").await else {
        panic!("it opened");
    };
    assert!(error.message.contains("c.parquet: column id is Utf8 here and Int64 in"));
}

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
    use DataType::{Boolean, Date32, Float64, Int64, Utf8};
    assert_eq!(kinds, [&Int64, &Utf8, &Float64, &Date32, &Boolean, &Utf8]);
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
