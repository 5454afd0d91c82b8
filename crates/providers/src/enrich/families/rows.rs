//! Rows of long answers, read member by member: one that is missing or of another type costs no other.

use leadmill_core::{Field, FieldKind, Operation, Value};
use serde_json::{Map, Value as Json};

/// A row as it came.
pub(in super::super) type Row = Map<String, Json>;

/// The members of a row that an operation's fields are read from, in their order.
pub(super) type Members = &'static [&'static str];

/// Takes the rows of an operation's answers apart, by the members that its fields are read from.
pub(super) fn rows(
    operation: Operation,
    members: Members,
    rows: impl IntoIterator<Item = Row>,
) -> Value {
    let fields = operation.rows().map_or(&[][..], |(_, fields)| fields);
    Value::list(Some(rows.into_iter().map(|row| read(fields, members, row))))
}

fn read(fields: &[Field], members: Members, mut row: Row) -> Value {
    let known = members.iter().zip(fields);
    let mut values: Vec<Value> = Vec::with_capacity(fields.len());
    for (member, field) in known {
        let value = value(field.kind, row.get(*member));
        // What does not fit is kept as it came.
        if value != Value::Null {
            row.remove(*member);
        }
        values.push(value);
    }
    // What has no field of its own.
    if values.len() < fields.len() {
        row.retain(|_, value| !value.is_null());
        let more = (!row.is_empty()).then(|| Json::Object(row).to_string());
        values.push(Value::text(more));
    }
    Value::Values(values.into())
}

fn value(kind: FieldKind, json: Option<&Json>) -> Value {
    match (kind, json) {
        (FieldKind::Text, Some(Json::String(text))) => Value::text(Some(text.as_str())),
        (FieldKind::Text, Some(json @ (Json::Number(_) | Json::Bool(_)))) => {
            Value::text(Some(json.to_string()))
        }
        (FieldKind::Integer, Some(Json::Number(number))) => {
            let rounded = || number.as_f64().map(|number| number as i64);
            Value::integer(number.as_i64().or_else(rounded))
        }
        (FieldKind::Integer, Some(Json::String(text))) => {
            Value::integer(text.trim().replace(',', "").parse().ok())
        }
        (FieldKind::Flag, Some(Json::Bool(flag))) => Value::flag(Some(*flag)),
        (FieldKind::List(kind), Some(Json::Array(items))) => {
            Value::list(Some(items.iter().map(|item| value(*kind, Some(item)))))
        }
        _ => Value::Null,
    }
}
