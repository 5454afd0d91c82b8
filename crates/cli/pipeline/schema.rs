//! The JSON Schema of the pipeline file: the types say it once, for editors and for [`fit`](super::fit).

use super::file::Pipeline;
use schemars::{Schema, generate::SchemaSettings, transform::RecursiveTransform};
use serde_json::{Value, json};

/// The schema for editors, in draft 2020-12: that of [`rules`], and `${…}` may stand for numbers and flags.
pub(crate) fn json_schema() -> Value {
    schema_with(or_filled_in)
}

/// The schema after `${…}` was filled in. Keywords of ours: `x-later` names the keys that are not supported yet,
/// `writeOnly` marks secrets, and `leadmill-…` formats stand for what a pattern can only hint at.
pub(crate) fn rules() -> Value {
    schema_with(|_| {})
}

fn schema_with(transform: fn(&mut Schema)) -> Value {
    let settings = SchemaSettings::draft2020_12()
        .for_deserialize()
        .with_transform(RecursiveTransform(never_null))
        .with_transform(RecursiveTransform(transform));
    settings.into_generator().into_root_schema_for::<Pipeline>().to_value()
}

/// What is optional is left out, and never null: a forgotten value is a mistake.
fn never_null(schema: &mut Schema) {
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &**types {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
}

/// A number or a flag, or a text with something to fill in.
fn or_filled_in(schema: &mut Schema) {
    if let Some(kind @ ("integer" | "number" | "boolean")) =
        schema.get("type").and_then(Value::as_str)
    {
        let kinds = json!([kind, "string"]);
        schema.insert("type".to_owned(), kinds);
        schema.insert("pattern".to_owned(), json!(r"\$\{"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_speaks_to_editors() {
        let schema = json_schema();
        let at = |path: &str| schema.pointer(path).and_then(Value::as_str);
        assert_eq!(at("/$schema"), Some("https://json-schema.org/draft/2020-12/schema"));
        assert_eq!(at("/title"), Some("Leadmill pipeline"));
        assert!(at("/properties/source/description").is_some());
        assert_eq!(
            at("/$defs/Provider/properties/poll/pattern"),
            Some(r"\$\{|^[0-9]+(ms|s|m|h|d)$")
        );
        assert!(!schema.to_string().contains("null"), "{schema:#}");
    }
}
