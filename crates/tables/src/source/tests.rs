use super::*;

mod broken;
mod stores;
mod text;

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
