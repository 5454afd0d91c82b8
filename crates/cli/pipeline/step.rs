//! A step: what is asked about each lead, whom, and what becomes of the answer.

use super::{
    attempt::{Attempt, Order, TryKeys},
    listed::Listed,
    operations, shapes,
};
use leadmill_core::{Input, Operation, Presence, index, limits};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// One step of `enrich:`.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "StepKeys")]
pub(crate) struct Step {
    /// Its name; its status goes to the column `<name>_status`.
    pub(crate) name: String,
    /// What is asked.
    pub(crate) operation: Operation,
    /// An SQL expression for each input, in the order of [`Operation::inputs`]; none where it is left out.
    pub(crate) inputs: Vec<Option<String>>,
    /// The most rows of an answer, where that is a setting of the operation and the file sets it.
    pub(crate) rows: Option<u32>,
    /// An SQL condition: leads for which it is not true are not asked about.
    pub(crate) when: Option<String>,
    /// Whom to ask: each only what those before it provably do not know. Never empty once the file was read.
    pub(crate) attempts: Vec<Attempt>,
    /// In which order.
    pub(crate) order: Order,
    /// The columns that it adds, in the order of the file.
    pub(crate) output: Vec<Output>,
    /// How long answers are good for.
    pub(crate) reuse: index::Reuse,
}

/// A column that a step adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Its name.
    pub(crate) column: String,
    /// The way to its value in an answer, as in the file.
    pub(crate) field: String,
}

/// What is asked about each lead: a name, and exactly one operation with its inputs.
#[derive(Deserialize, JsonSchema)]
#[schemars(transform = operations::ask_one)]
pub(crate) struct StepKeys {
    /// The step's name. Its status goes to the column `<name>_status`.
    #[schemars(schema_with = "shapes::step_name")]
    name: String,
    /// The operation with an SQL expression for each of its inputs.
    #[serde(flatten)]
    #[schemars(skip)]
    asked: BTreeMap<Operation, BTreeMap<String, Written>>,
    /// An SQL condition: only leads for which it is true are asked about, and paid for.
    #[serde(default)]
    #[schemars(schema_with = "shapes::text")]
    when: Option<String>,
    /// Whom to ask: the next one is asked only what the one before provably does not know. Without it the only
    /// provider.
    #[serde(default, rename = "try")]
    attempts: TryKeys,
    /// The columns that the step adds, each with the field of the operation that fills it, or a way into one, such as
    /// `positions[0].title`.
    #[schemars(schema_with = "shapes::texts")]
    output: Listed<String>,
    /// How long answers are good for, counted from when they were bought.
    #[serde(default)]
    reuse: ReuseKeys,
}

/// An input as it is written: an SQL expression, or the value of a setting.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Written {
    Count(u64),
    Sql(String),
    Words(Vec<String>),
    Json(serde_json::Value),
}

impl Written {
    /// As an SQL expression. A setting is the same text for each lead.
    pub(crate) fn sql(self) -> String {
        let constant = |text: String| format!("'{}'", text.replace('\'', "''"));
        match self {
            Self::Sql(sql) => sql,
            Self::Count(number) => constant(number.to_string()),
            Self::Words(words) => constant(words.join("|")),
            Self::Json(json) => constant(json.to_string()),
        }
    }
}

/// How long answers are good for. Errors are never reused.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReuseKeys {
    /// Answers; 30 days by default.
    #[serde(default)]
    #[schemars(schema_with = "shapes::age")]
    hit: Option<limits::Written>,
    /// Paid misses; 7 days by default.
    #[serde(default)]
    #[schemars(schema_with = "shapes::age")]
    miss: Option<limits::Written>,
}

/// Not exactly one operation, or not all of its inputs.
#[derive(Debug, thiserror::Error)]
#[error("expected exactly one operation with all of its inputs")]
pub(crate) struct NotOneQuestion;

impl TryFrom<StepKeys> for Step {
    type Error = NotOneQuestion;

    fn try_from(keys: StepKeys) -> Result<Self, NotOneQuestion> {
        let mut asked = keys.asked.into_iter();
        let (Some((key, mut given)), None) = (asked.next(), asked.next()) else {
            return Err(NotOneQuestion);
        };
        let wishes = match given.remove(operations::FIELDS) {
            Some(Written::Words(names)) => names,
            Some(_) => return Err(NotOneQuestion),
            None => Vec::new(),
        };
        let wishes: Vec<&str> = wishes.iter().map(String::as_str).collect();
        let operation = Operation::wished(key.key(), &wishes).ok_or(NotOneQuestion)?;
        let rows = match given.get(Operation::ROWS) {
            Some(Written::Count(rows)) => u32::try_from(*rows).ok(),
            _ => None,
        };
        let inputs: Vec<_> = operation
            .inputs()
            .iter()
            .map(|input| given.remove(input.name).map(Written::sql))
            .collect();
        let mut missing = operation.inputs().iter().zip(&inputs);
        let is_missing = |(input, sql): (&Input, &Option<String>)| {
            sql.is_none() && input.presence == Presence::Always
        };
        if missing.any(is_missing) || inputs.iter().all(Option::is_none) {
            return Err(NotOneQuestion);
        }
        let usual = index::Reuse::default();
        let (attempts, order) = keys.attempts.read();
        Ok(Self {
            name: keys.name,
            operation,
            inputs,
            rows,
            when: keys.when,
            attempts,
            order,
            output: keys.output.0.into_iter().map(Output::from).collect(),
            reuse: index::Reuse {
                hit: keys.reuse.hit.map_or(usual.hit, |hit| hit.0),
                miss: keys.reuse.miss.map_or(usual.miss, |miss| miss.0),
            },
        })
    }
}

impl From<(String, String)> for Output {
    fn from((column, field): (String, String)) -> Self {
        Self { column, field }
    }
}
