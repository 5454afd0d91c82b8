//! The operations, as keys of the pipeline file.

use super::shapes;
use leadmill_core::Operation;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// Operations that are meant to come.
const LATER: [&str; 7] = [
    "find_phone",
    "validate_phone",
    "find_person",
    "find_email_by_profile",
    "find_author",
    "find_company",
    "search_domain",
];

/// Credits by operation.
pub(crate) fn prices(_: &mut SchemaGenerator) -> Schema {
    let price = json!({ "type": "integer", "minimum": 0 });
    let prices: Map<_, _> = Operation::ALL
        .into_iter()
        .map(|operation| (operation.name().to_owned(), price.clone()))
        .collect();
    json_schema!({
        "type": "object", "minProperties": 1, "properties": prices,
        "additionalProperties": false, "x-later": LATER,
    })
}

/// Makes a step of a schema without operations: exactly one of them is a key.
pub(crate) fn ask_one(schema: &mut Schema) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for operation in Operation::ALL {
            properties.insert(operation.name().to_owned(), inputs(operation));
        }
    }
    let branches =
        Operation::ALL.map(|operation| json!({ "required": [operation.name()] }));
    schema.insert("oneOf".to_owned(), json!(branches));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("x-later".to_owned(), json!(LATER));
}

/// Every input of an operation, each one SQL expression.
fn inputs(operation: Operation) -> Value {
    let names: Vec<_> = operation.inputs().iter().map(|input| input.name).collect();
    let text = shapes::sql();
    let inputs: Map<_, _> =
        names.iter().map(|name| ((*name).to_owned(), text.clone())).collect();
    json!({
        "description": format!("What `{operation}` is asked about: an SQL expression for each input."),
        "type": "object", "properties": inputs, "required": names,
        "additionalProperties": false,
    })
}
