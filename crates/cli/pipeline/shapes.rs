//! Schemas of fields whose types do not say all of it.

use super::formats::{ADDRESS, AGE, LENGTH, NAME, RISK, SHARE, STEP_NAME, TEXT, WINDOW};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

/// Text that is not blank.
pub(crate) fn text(_: &mut SchemaGenerator) -> Schema {
    TEXT.schema()
}

/// The schema of an SQL expression.
pub(crate) fn sql() -> Value {
    TEXT.schema().to_value()
}

/// The name of a pipeline or a provider.
pub(crate) fn name(_: &mut SchemaGenerator) -> Schema {
    NAME.schema()
}

/// The name of a step; it becomes part of a column's name.
pub(crate) fn step_name(_: &mut SchemaGenerator) -> Schema {
    STEP_NAME.schema()
}

/// A duration.
pub(crate) fn length(_: &mut SchemaGenerator) -> Schema {
    LENGTH.schema()
}

/// How old an answer may be.
pub(crate) fn age(_: &mut SchemaGenerator) -> Schema {
    AGE.schema()
}

/// A part of every window.
pub(crate) fn share(_: &mut SchemaGenerator) -> Schema {
    SHARE.schema()
}

/// The most credits that one batch may put at risk.
pub(crate) fn risk(_: &mut SchemaGenerator) -> Schema {
    RISK.schema()
}

/// The address of an API.
pub(crate) fn address(_: &mut SchemaGenerator) -> Schema {
    ADDRESS.schema()
}

/// Text that must come from outside of the file.
pub(crate) fn secret(_: &mut SchemaGenerator) -> Schema {
    let mut schema = TEXT.schema();
    schema.insert("writeOnly".to_owned(), json!(true));
    schema
}

/// Columns, at least one.
pub(crate) fn columns(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "minItems": 1, "items": TEXT.schema() })
}

/// Windows by scope.
pub(crate) fn limits(_: &mut SchemaGenerator) -> Schema {
    let windows =
        json_schema!({ "type": "array", "minItems": 1, "items": WINDOW.schema() });
    json_schema!({ "type": "object", "minProperties": 1, "additionalProperties": windows })
}

/// Credits by provider, at least one.
pub(crate) fn credits(_: &mut SchemaGenerator) -> Schema {
    let credits = json!({ "type": "integer", "minimum": 0 });
    json_schema!({ "type": "object", "minProperties": 1, "additionalProperties": credits })
}

/// Makes the keys of a mapping names.
pub(crate) fn named(schema: &mut Schema) {
    schema.insert("propertyNames".to_owned(), NAME.schema().to_value());
}

/// Text by a key of the user's choice, at least one.
pub(crate) fn texts(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object", "minProperties": 1, "additionalProperties": TEXT.schema(),
    })
}

/// An amount of money, more than none.
pub(crate) fn money(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "number", "exclusiveMinimum": 0 })
}

/// The two ways in which questions travel.
pub(crate) fn lane(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": ["bulk", "single"] })
}
