use super::*;
use object_store::{ObjectStoreExt, memory::InMemory, path::Path as Key};

async fn lake(objects: &[(&str, Vec<u8>)]) -> Arc<InMemory> {
    let store = Arc::new(InMemory::new());
    for (key, bytes) in objects {
        store.put(&Key::from(*key), bytes.clone().into()).await.unwrap();
    }
    store
}

async fn open(
    store: &Arc<InMemory>,
    format: Format,
    key: &str,
) -> Result<Source, TableError> {
    let location = Location {
        store: store.clone(),
        key: key.to_owned(),
        root: "s3://lake/".to_owned(),
        is_local: false,
        written: format!("s3://lake/{key}"),
    };
    Source::open_at(location, spec(Path::new("/"), format, "")).await
}

fn parquet(ids: std::ops::Range<i64>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write_parquet(&path, &numbers(ids));
    fs::read(path).unwrap()
}

#[tokio::test]
async fn an_object_store_is_read_like_a_folder() {
    let csv = b"id,name\n1,\xc3\xa4\n2,b\n".to_vec();
    let objects = [
        ("leads/dt=2/b.parquet", parquet(5..9)),
        ("leads/dt=1/a.parquet", parquet(0..5)),
        ("leads/_tmp/a.parquet", b"x".to_vec()),
        ("leads/a.csv", csv),
        ("other/a.parquet", b"x".to_vec()),
    ];
    let store = lake(&objects).await;
    for key in ["leads", "leads/", "leads/dt=*/", "leads/*/?.parquet"] {
        let source = open(&store, Format::Parquet, key).await.unwrap();
        assert_eq!(ids(&all(&source).await), (0..9).collect::<Vec<_>>(), "{key}");
    }
    let source = open(&store, Format::Csv, "leads/a.csv").await.unwrap();
    assert_eq!(all(&source).await.column(1).as_string::<i32>().value(0), "ä");
    let Err(error) = open(&store, Format::Ndjson, "leads").await else { panic!() };
    assert_eq!(error.message, "no ndjson file below s3://lake/leads");
}

#[tokio::test]
async fn an_object_that_is_replaced_is_noticed() {
    for (format, old, new) in [
        (Format::Csv, b"id\n1\n".to_vec(), b"id\n2\n".to_vec()),
        (Format::Parquet, parquet(0..5), parquet(5..10)),
    ] {
        let store = lake(&[("a", old.clone())]).await;
        let source = open(&store, format, "a").await.unwrap();
        store.put(&Key::from("a"), new.into()).await.unwrap();
        let Err(error) = source.scan().await else { panic!("{format}") };
        assert_eq!(error.message, "s3://lake/a has changed since the run began");
    }
}
