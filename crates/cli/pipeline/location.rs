//! Where tables lie: the kind of table is the key.

use super::{
    operations, shapes,
    step::{Attempt, Output, Step, Written},
};
use leadmill_core::{FieldKind, Operation, index::Reuse};
use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use serde_json::{Map, json};
use std::collections::BTreeMap;

/// The key of people who are bought.
const PEOPLE: &str = "enrich_people";

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
    pub(crate) asked: Option<AskedSource>,
}

/// Leads that are the answer to a question.
#[derive(Clone, Debug)]
pub(crate) struct AskedSource {
    /// Its key in the file.
    pub(crate) kind: &'static str,
    /// The question.
    pub(crate) operation: Operation,
    /// Its inputs and settings.
    pub(crate) inputs: BTreeMap<String, Written>,
    /// Whom to ask; the only provider, where none is named.
    pub(crate) provider: Option<String>,
}

impl AskedSource {
    /// The most rows of the answer, where the file says it.
    pub(crate) fn rows(&self) -> Option<u32> {
        match self.inputs.get(Operation::ROWS) {
            Some(Written::Count(rows)) => u32::try_from(*rows).ok(),
            _ => None,
        }
    }

    /// The one row that asks: what the question is about.
    pub(crate) fn row(&self) -> String {
        let about = self.inputs.iter().filter_map(|(name, written)| match written {
            Written::Sql(text) => Some((name.clone(), json!(text))),
            _ => None,
        });
        json!(about.collect::<Map<_, _>>()).to_string()
    }

    /// The step that asks: each item of the answer's list becomes a row.
    pub(crate) fn step(&self, only_provider: Option<&str>) -> Step {
        let inputs = self.operation.inputs().iter();
        let inputs = inputs.map(|input| match self.inputs.get(input.name)? {
            Written::Sql(_) => Some(input.name.to_owned()),
            setting => Some(setting.clone().sql()),
        });
        let list = self.operation.fields().iter().find_map(|field| match field.kind {
            FieldKind::List(FieldKind::Struct(fields)) => Some((field.name, *fields)),
            _ => None,
        });
        let output = list.into_iter().flat_map(|(list, fields)| {
            fields.iter().map(move |field| Output {
                column: field.name.to_owned(),
                field: format!("{list}[].{}", field.name),
            })
        });
        let provider = self.provider.as_deref().or(only_provider);
        let attempts =
            provider.map(|provider| Attempt { provider: provider.into(), lane: None });
        Step {
            name: "source".to_owned(),
            operation: self.operation,
            inputs: inputs.collect(),
            rows: self.rows(),
            when: None,
            attempts: attempts.into_iter().collect(),
            output: output.collect(),
            reuse: Reuse::default(),
        }
    }
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

/// Where the leads come from: exactly one of `parquet`, `csv` and `ndjson`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    transform = one_source,
    extend("x-later" = ["delta", "table", "enrich_leads", "enrich_followers"])
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
    #[schemars(schema_with = "operations::people")]
    #[serde(default)]
    enrich_people: Option<BTreeMap<String, Written>>,
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
    one_of(schema, &["parquet", "csv", "ndjson", PEOPLE]);
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
        let mut asked = None;
        let location = match keys.enrich_people {
            None => location(keys.parquet, keys.csv, keys.ndjson)?,
            Some(mut inputs) => {
                let provider =
                    inputs.remove("provider").and_then(|written| match written {
                        Written::Sql(name) => Some(name),
                        _ => None,
                    });
                // What is asked is what tells one such source from another.
                let question = inputs
                    .iter()
                    .map(|(name, written)| format!("{name}={}", written.clone().sql()));
                let path = format!("{PEOPLE} {}", question.collect::<Vec<_>>().join(" "));
                let operation = Operation::SearchPeople;
                asked = Some(AskedSource { kind: PEOPLE, operation, inputs, provider });
                Location { format: TableFormat::Ndjson, path }
            }
        };
        let (key, sql, filter) = (keys.key, keys.sql, keys.r#where);
        Ok(Self { location, key, sql, filter, asked })
    }
}

impl TryFrom<SinkKeys> for Sink {
    type Error = NotOneTable;

    fn try_from(keys: SinkKeys) -> Result<Self, NotOneTable> {
        let location = location(keys.parquet, keys.csv, keys.ndjson)?;
        Ok(Self { location, receipt: keys.receipt, errors: keys.errors })
    }
}
