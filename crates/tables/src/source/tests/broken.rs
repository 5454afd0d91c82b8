use super::*;

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
