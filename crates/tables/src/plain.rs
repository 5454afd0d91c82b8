//! DataFusion's errors as one plain sentence.

use crate::{Subject, TableError, nearest};
use arrow::datatypes::DataType;
use datafusion::{
    common::SchemaError, error::DataFusionError, sql::sqlparser::parser::ParserError,
};

/// Rewrites an error for the person who wrote the expression, given the columns there are.
pub(crate) fn rewrite<'a>(
    subject: Subject,
    error: &DataFusionError,
    columns: impl IntoIterator<Item = &'a str>,
) -> TableError {
    if let Some(ours) = TableError::inside(error) {
        return ours;
    }
    match error.find_root() {
        DataFusionError::SchemaError(schema, _) => schema_error(subject, schema, columns),
        DataFusionError::SQL(error, _) => match error.as_ref() {
            ParserError::ParserError(text) | ParserError::TokenizerError(text) => {
                let text = text.replacen(" at Line:", " at line", 1);
                sentence(subject, &text.replacen(", Column:", ", column", 1))
            }
            ParserError::RecursionLimitExceeded => {
                TableError::new(subject, "it is nested too deeply")
            }
        },
        DataFusionError::ResourcesExhausted(_) => {
            TableError::new(subject, "it needs more memory than a run allows itself")
                .hint("sort, join or group fewer rows, or do it before the run")
        }
        root => sentence(subject, &root.message()),
    }
}

fn schema_error<'a>(
    subject: Subject,
    error: &SchemaError,
    columns: impl IntoIterator<Item = &'a str>,
) -> TableError {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let hint = match valid_fields.is_empty() {
                true => nearest::hint(field.name(), columns),
                false => {
                    nearest::hint(field.name(), valid_fields.iter().map(|c| c.name()))
                }
            };
            TableError::new(subject, format!("no column {}", field.name())).hint_if(hint)
        }
        SchemaError::AmbiguousReference { field } => {
            let message = format!("more than one column is called {}", field.name());
            TableError::new(subject, message).hint("say which table's it is")
        }
        SchemaError::DuplicateQualifiedField { name, .. }
        | SchemaError::DuplicateUnqualifiedField { name } => {
            TableError::new(subject, format!("two columns are called {name}"))
                .hint("rename one of them with AS")
        }
    }
}

fn sentence(subject: Subject, text: &str) -> TableError {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let meant = lines.find_map(|line| line.strip_prefix("Did you mean '"));
    let meant = meant.and_then(|rest| rest.split_once('\'')).map(|(name, _)| name);
    let message = named("table", first)
        .map(|name| format!("no table {}", name.rsplit('.').next().unwrap_or(name)))
        .or_else(|| named("Invalid function", first).map(|f| format!("no function {f}")))
        .unwrap_or_else(|| lower(first));
    let hint = match message.starts_with("no table ") {
        true => Some("the tables are source and leads, which are the same".to_owned()),
        false => meant.map(|name| format!("did you mean {name}?")),
    };
    TableError::new(subject, message).hint_if(hint)
}

/// The name in `<what> '<name>' …`.
fn named<'a>(what: &str, text: &'a str) -> Option<&'a str> {
    let quoted = text.strip_prefix(what)?.strip_prefix(" '")?;
    Some(quoted.split_once('\'')?.0)
}

/// Lower case at the start, unless it is an acronym or a name; no full stop at the end.
pub(crate) fn lower(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && !second.is_uppercase() => {
            first.to_lowercase().chain(text.chars().skip(1)).collect()
        }
        _ => text.to_owned(),
    }
}

/// A type as people say it.
pub(crate) fn type_name(kind: &DataType) -> String {
    match kind {
        DataType::Boolean => "a boolean".to_owned(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "text".to_owned(),
        DataType::Dictionary(_, values) => type_name(values),
        DataType::Date32 | DataType::Date64 => "a date".to_owned(),
        DataType::Timestamp(..) => "a timestamp".to_owned(),
        DataType::Struct(_) => "a struct".to_owned(),
        DataType::List(_) | DataType::LargeList(_) => "a list".to_owned(),
        DataType::Null => "null".to_owned(),
        kind if kind.is_numeric() => "a number".to_owned(),
        kind => kind.to_string(),
    }
}
