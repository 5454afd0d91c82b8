//! The operations, as keys of the pipeline file.

use super::shapes;
use leadmill_core::{Input, InputKind, Operation, Presence};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The key under which a step chooses what it asks for.
pub(super) const FIELDS: &str = "fields";

/// Credits by operation.
pub(crate) fn prices(_: &mut SchemaGenerator) -> Schema {
    let price = json!({ "type": "integer", "minimum": 0 });
    let prices: Map<_, _> = Operation::ALL
        .into_iter()
        .map(|operation| (operation.name().to_owned(), price.clone()))
        .collect();
    json_schema!({
        "type": "object", "minProperties": 1, "properties": prices,
        "additionalProperties": false,
    })
}

/// A schema that was put together.
pub(super) fn schema(schema: Value) -> Schema {
    Schema::try_from(schema).unwrap_or_default()
}

/// Makes a step of a schema without operations: exactly one of them is a key.
pub(crate) fn ask_one(schema: &mut Schema) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for operation in keys() {
            properties.insert(operation.name().to_owned(), inputs(operation));
        }
    }
    let branches = keys().map(|operation| json!({ "required": [operation.name()] }));
    schema.insert("oneOf".to_owned(), branches.collect());
    schema.insert("x-instead".to_owned(), instead());
    schema.insert("additionalProperties".to_owned(), json!(false));
}

/// The levels of a cascade, each with whom it looks for.
fn cascade() -> Value {
    let words = json!({ "type": "array", "minItems": 1, "items": shapes::sql() });
    let names = [
        "include_title",
        "exclude_title",
        "job_levels",
        "job_functions",
        "skills",
        "location",
    ];
    let mut keys: Map<_, _> =
        names.into_iter().map(|name| (name.to_owned(), words.clone())).collect();
    keys.insert("include_headline_search".into(), json!({ "type": "boolean" }));
    keys.insert(
        "priority_bonus".into(),
        json!({ "type": "integer", "minimum": 0, "maximum": 30 }),
    );
    let level = json!({
        "type": "object", "minProperties": 1, "properties": keys,
        "additionalProperties": false,
    });
    json!({ "type": "array", "minItems": 1, "maxItems": 10, "items": level })
}

/// The operations whose names are keys of a step.
fn keys() -> impl Iterator<Item = Operation> {
    let is_key = |operation: &Operation| {
        operation.key() == operation.name() && !operation.is_source_only()
    };
    Operation::ALL.into_iter().filter(is_key)
}

/// What to write for those whose names are not.
fn instead() -> Value {
    let others = Operation::ALL.into_iter();
    let others = others.filter(|operation| !keys().any(|key| key == *operation));
    let hint = |operation: Operation| {
        if operation.is_source_only() {
            let source = match operation {
                Operation::SearchCompanies => "tomba_reveal",
                _ => "enrich_leads",
            };
            let hint =
                format!("write `source: {{ {source}: … }}`: no lead can be asked about");
            return (operation.name().to_owned(), hint.into());
        }
        let wishes: Vec<_> = operation.wishes().iter().map(|wish| wish.name()).collect();
        let (key, wishes) = (operation.key(), wishes.join(", "));
        let hint = format!("write `{key}` with `fields: [{wishes}]`");
        (operation.name().to_owned(), hint.into())
    };
    others.map(hint).collect::<Map<_, _>>().into()
}

/// Every input of an operation, each one SQL expression, and what is to be chosen.
pub(super) fn inputs(operation: Operation) -> Value {
    let text = shapes::sql();
    let schema = |input: &Input| match input.kind {
        InputKind::Count { most } => {
            json!({ "type": "integer", "minimum": 1, "maximum": most })
        }
        InputKind::Json if input.name == "cascade" => cascade(),
        InputKind::Json => json!({ "type": "object", "minProperties": 1 }),
        InputKind::Words if input.presence == Presence::Setting => {
            json!({ "type": "array", "minItems": 1, "items": text.clone() })
        }
        _ => text.clone(),
    };
    let inputs = operation.inputs().iter();
    let mut inputs: Map<_, _> =
        inputs.map(|input| (input.name.to_owned(), schema(input))).collect();
    let always =
        operation.inputs().iter().filter(|input| input.presence == Presence::Always);
    let mut required: Vec<_> = always.map(|input| input.name).collect();
    let about = match required.is_empty() {
        true => "for one or more of these inputs; the first that a row has is used",
        false => "for each input, and settings",
    };
    if !operation.wishes().is_empty() {
        required.push(FIELDS);
        inputs.insert(FIELDS.to_owned(), wishes(operation));
    }
    json!({
        "description": format!("What `{operation}` is asked about: an SQL expression {about}."),
        "type": "object", "properties": inputs, "required": required, "minProperties": 1,
        "additionalProperties": false,
    })
}

/// What a step may choose to be told: a constant, since it is what the price depends on.
fn wishes(operation: Operation) -> Value {
    let names: Vec<_> = operation.wishes().iter().map(|wish| wish.name()).collect();
    json!({
        "description": "What is wanted, and paid for.",
        "type": "array", "minItems": 1, "items": { "type": "string", "enum": names },
    })
}
