//! Where tables lie: the kind of table is the key.

use super::{
    bought::{self, Bought, Kind},
    shapes,
    step::Written,
};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// A table in files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Location {
    /// How its rows are stored.
    pub(crate) format: TableFormat,
    /// A path or URL of a file or a folder.
    pub(crate) path: String,
}

/// How rows are stored in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TableFormat {
    /// Apache Parquet.
    Parquet,
    /// Comma-separated values with a header.
    Csv,
    /// One JSON object a line.
    Ndjson,
}

/// Where the leads come from.
#[derive(Debug, Deserialize)]
#[serde(try_from = "SourceKeys")]
pub(crate) struct Source {
    /// The table.
    pub(crate) location: Location,
    /// The columns that tell leads apart; none: every row is a lead of its own.
    pub(crate) key: Vec<String>,
    /// A query over the table.
    pub(crate) sql: Option<String>,
    /// The rows that are read at all.
    pub(crate) filter: Option<String>,
    /// What is asked, where the leads are bought.
    pub(crate) bought: Option<Bought>,
}

/// Where the enriched leads go.
#[derive(Debug, Deserialize)]
#[serde(try_from = "SinkKeys")]
pub(crate) struct Sink {
    /// The table.
    pub(crate) location: Location,
    /// Whether the column `_leadmill` is added.
    pub(crate) receipt: bool,
    /// Where the leads go that failed.
    pub(crate) errors: Option<String>,
}

/// Where the leads come from: exactly one kind of table, or of leads that are bought.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    transform = one_source,
    extend("x-later" = ["delta", "table"])
)]
pub(crate) struct SourceKeys {
    /// Parquet: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    parquet: Option<String>,
    /// CSV with a header: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    csv: Option<String>,
    /// One JSON object a line: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    ndjson: Option<String>,
    /// People at a company, bought from Enrich.so.
    #[schemars(schema_with = "bought::people")]
    #[serde(default)]
    enrich_people: Option<BTreeMap<String, Written>>,
    /// Followers of a company, bought from Enrich.so.
    #[schemars(schema_with = "bought::followers")]
    #[serde(default)]
    enrich_followers: Option<BTreeMap<String, Written>>,
    /// People of Enrich.so's lead finder.
    #[schemars(schema_with = "bought::leads")]
    #[serde(default)]
    enrich_leads: Option<BTreeMap<String, Written>>,
    /// Companies, searched at Tomba.
    #[schemars(schema_with = "bought::companies")]
    #[serde(default)]
    tomba_reveal: Option<BTreeMap<String, Written>>,
    /// The columns that tell leads apart: for resuming, for duplicates and for the join back.
    #[schemars(schema_with = "shapes::columns")]
    #[serde(default)]
    key: Vec<String>,
    /// An SQL query over the table, for columns that must be computed first.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    sql: Option<String>,
    /// An SQL condition: a row that is not read is not paid.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    r#where: Option<String>,
}

/// Where the enriched leads go: exactly one of `parquet`, `csv` and `ndjson`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(transform = one_table, extend("x-later" = ["delta", "table", "mode"]))]
pub(crate) struct SinkKeys {
    /// Parquet: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    parquet: Option<String>,
    /// CSV with a header: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    csv: Option<String>,
    /// One JSON object a line: a path or URL of a file or a folder.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    ndjson: Option<String>,
    /// Adds the column `_leadmill`: provider, status, credits, job, time, and whether the answer was reused.
    #[serde(default)]
    receipt: bool,
    /// NDJSON, one row for each failed lead.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    errors: Option<String>,
}

fn one_source(schema: &mut Schema) {
    let bought = Kind::ALL.map(Kind::name);
    let kinds: Vec<_> = ["parquet", "csv", "ndjson"].into_iter().chain(bought).collect();
    one_of(schema, &kinds);
}

fn one_table(schema: &mut Schema) {
    one_of(schema, &["parquet", "csv", "ndjson"]);
}

fn one_of(schema: &mut Schema, kinds: &[&str]) {
    let branches = kinds.iter().map(|kind| json!({ "required": [kind] }));
    let branches: Vec<_> = branches.collect();
    schema.insert("oneOf".to_owned(), json!(branches));
}

/// Not exactly one kind of table.
#[derive(Debug, thiserror::Error)]
#[error("expected exactly one of `parquet`, `csv` and `ndjson`")]
pub(crate) struct NotOneTable;

fn location(
    parquet: Option<String>,
    csv: Option<String>,
    ndjson: Option<String>,
) -> Result<Location, NotOneTable> {
    let (format, path) = match (parquet, csv, ndjson) {
        (Some(path), None, None) => (TableFormat::Parquet, path),
        (None, Some(path), None) => (TableFormat::Csv, path),
        (None, None, Some(path)) => (TableFormat::Ndjson, path),
        _ => return Err(NotOneTable),
    };
    Ok(Location { format, path })
}

impl TryFrom<SourceKeys> for Source {
    type Error = NotOneTable;

    fn try_from(keys: SourceKeys) -> Result<Self, NotOneTable> {
        let bought = [
            (Kind::People, keys.enrich_people),
            (Kind::Followers, keys.enrich_followers),
            (Kind::Leads, keys.enrich_leads),
            (Kind::Companies, keys.tomba_reveal),
        ];
        let bought =
            bought.into_iter().find_map(|(kind, written)| Some((kind, written?)));
        let bought = bought.map(|(kind, written)| Bought::new(kind, written));
        let location = match &bought {
            None => location(keys.parquet, keys.csv, keys.ndjson)?,
            Some(bought) => Location { format: TableFormat::Ndjson, path: bought.name() },
        };
        let (key, sql, filter) = (keys.key, keys.sql, keys.r#where);
        Ok(Self { location, key, sql, filter, bought })
    }
}

impl TryFrom<SinkKeys> for Sink {
    type Error = NotOneTable;

    fn try_from(keys: SinkKeys) -> Result<Self, NotOneTable> {
        let location = location(keys.parquet, keys.csv, keys.ndjson)?;
        Ok(Self { location, receipt: keys.receipt, errors: keys.errors })
    }
}
