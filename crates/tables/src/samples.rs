//! Tables for tests.

use crate::{Asked, Batches, Format, Source, SourceSpec, TableError};
use arrow::{
    array::{
        ArrayRef, AsArray, Date32Array, Decimal128Array, DictionaryArray, Int32Array,
        Int64Array, ListBuilder, RecordBatch, StringArray, StringBuilder, StructArray,
        TimestampMicrosecondArray,
    },
    compute::concat_batches,
    datatypes::{DataType, Field, Int8Type, Int64Type, Schema},
};
use futures::TryStreamExt;
use leadmill_core::{Answered, Credits, Finding, Operation, Query, QueryKey, Value};
use parquet::{arrow::ArrowWriter, file::properties::WriterProperties};
use std::{fs, path::Path, sync::Arc};

/// One row of nearly every type, and one of nulls.
pub(crate) fn wide() -> RecordBatch {
    let mut list = ListBuilder::new(StringBuilder::new());
    list.append_value([Some("a"), None]);
    list.append_null();
    let dictionary: DictionaryArray<Int8Type> =
        vec![Some("x"), None].into_iter().collect();
    let city: ArrayRef = Arc::new(StringArray::from(vec![Some("Paris"), None]));
    let fields = vec![Arc::new(Field::new("city", DataType::Utf8, true))];
    let address = StructArray::new(fields.into(), vec![city], None);
    let decimal = Decimal128Array::from(vec![Some(12_345), None]);
    let time = TimestampMicrosecondArray::from(vec![Some(1_700_000_000_123_456), None]);
    let large = arrow::array::LargeStringArray::from(vec![Some("Ada"), None]);
    let columns: Vec<(&str, ArrayRef, bool)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2])), false),
        ("Small", Arc::new(Int32Array::from(vec![Some(7), None])), true),
        ("price", Arc::new(decimal.with_precision_and_scale(10, 2).unwrap()), true),
        ("at", Arc::new(time.with_timezone("Europe/Berlin")), true),
        ("day", Arc::new(Date32Array::from(vec![Some(19_000), None])), true),
        ("kind", Arc::new(dictionary), true),
        ("tags", Arc::new(list.finish()), true),
        ("address", Arc::new(address), false),
        ("name", Arc::new(large), true),
    ];
    RecordBatch::try_from_iter_with_nullable(columns).unwrap()
}

/// Numbers in a column `id` and texts of them in `name`, in row groups of 100.
pub(crate) fn numbers(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: StringArray = ids.clone().map(|id| Some(format!("name {id}"))).collect();
    let ids = Int64Array::from_iter_values(ids);
    let schema = Schema::new(vec![
        Field::new("id", DataType::Int64, false),
        Field::new("name", DataType::Utf8, true),
    ]);
    RecordBatch::try_new(Arc::new(schema), vec![Arc::new(ids), Arc::new(names)]).unwrap()
}

pub(crate) fn write_parquet(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties =
        WriterProperties::builder().set_max_row_group_row_count(Some(100)).build();
    let file = fs::File::create(path).unwrap();
    let mut writer =
        ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

pub(crate) fn spec(base: &Path, format: Format, location: &str) -> SourceSpec {
    SourceSpec {
        format,
        location: location.to_owned(),
        base: base.to_owned(),
        sql: None,
        filter: None,
        key: Vec::new(),
    }
}

pub(crate) async fn open(
    base: &Path,
    format: Format,
    location: &str,
) -> Result<Source, TableError> {
    Source::open(spec(base, format, location)).await
}

pub(crate) async fn collect(batches: Batches) -> Result<Vec<RecordBatch>, TableError> {
    batches.try_collect().await
}

/// All rows of a source.
pub(crate) async fn all(source: &Source) -> RecordBatch {
    let batches = collect(source.scan().await.unwrap()).await.unwrap();
    concat_batches(source.schema(), &batches).unwrap()
}

/// The column `id` of a batch.
pub(crate) fn ids(batch: &RecordBatch) -> Vec<i64> {
    let ids = batch.column_by_name("id").unwrap();
    ids.as_primitive::<Int64Type>().values().to_vec()
}

/// The question of a number: whose address `<number>@x.io` is.
pub(crate) fn question(number: u8) -> Asked {
    let name = format!("n{number}");
    let name = Some(name.as_str());
    Query::read(Operation::FindEmail, [name, name, Some("x.io")])
}

pub(crate) fn key(number: u8) -> QueryKey {
    question(number).unwrap().key()
}

pub(crate) fn answered(number: u8, finding: Finding) -> Answered {
    Answered { key: key(number), finding, credits: Some(Credits(u64::from(number))) }
}

/// A hit whose address is `<text>@x.io`.
pub(crate) fn hit(text: &str) -> Finding {
    let mut values = vec![Value::Null; Operation::FindEmail.fields().len()];
    values[0] = Value::Text(format!("{text}@x.io").into());
    values[1] = Value::Integer(90);
    values[3] = Value::Flag(false);
    Finding::Hit(values.into())
}

/// One answer of each kind, to the questions of 0, 1, 2 and 3.
pub(crate) fn findings() -> Vec<Answered> {
    let unbilled = Answered { credits: None, ..answered(1, Finding::Miss) };
    vec![
        answered(0, hit("zero")),
        unbilled,
        answered(2, Finding::Failed("HTTP 500".into())),
        answered(3, Finding::Unknown("no reply".into())),
    ]
}
