//! Fits a tree to the schema: finds everything that is not of the right form, wherever it is.

mod mapping;
mod scalar;

use super::{
    flaw::Flaw,
    sheet::Sheet,
    tree::{Kind, Node, Origin, Span},
};
use serde_json::Value;

/// Judges a tree by a schema. Texts that were filled in become numbers and flags where those are wanted.
pub(crate) fn fit(root: &mut Node, schema: &Value, sheet: &Sheet) -> Vec<Flaw> {
    let mut fitting = Fitting { root: schema, sheet, flaws: Vec::new() };
    let key = root.span.clone();
    fitting.node(root, schema, &key);
    fitting.flaws
}

struct Fitting<'a> {
    root: &'a Value,
    sheet: &'a Sheet,
    flaws: Vec<Flaw>,
}

impl<'a> Fitting<'a> {
    /// Judges a node that stands under a key.
    fn node(&mut self, node: &mut Node, schema: &'a Value, key: &Span) {
        if node.origin == Origin::Broken {
            return;
        }
        let branches = self.branches(schema);
        if node.origin != Origin::Written {
            scalar::turn(node, &branches);
        }
        let Some(schema) = branches.iter().find(|branch| takes(branch, &node.kind))
        else {
            return self.wrong_kind(node, &branches, key);
        };
        match &mut node.kind {
            Kind::Map(entries) => self.mapping(entries, schema, key),
            Kind::List(items) => {
                let at_key = |count| scalar::wrong_count(schema, count);
                if let Some((message, hint)) = at_key(items.len()) {
                    self.wrong(key, message, hint);
                }
                if let Some(schema) = schema.get("items") {
                    for item in items {
                        let key = item.span.clone();
                        self.node(item, schema, &key);
                    }
                }
            }
            _ => {
                let written = self.sheet.quoted(&node.span);
                if let Some((message, hint)) = scalar::wrong(node, schema, &written) {
                    self.wrong(&node.span, message, hint);
                }
            }
        }
    }

    fn wrong(&mut self, at: &Span, message: String, hint: Option<String>) {
        self.flaws.push(self.sheet.flaw(at, message, hint));
    }

    fn wrong_kind(&mut self, node: &Node, branches: &[&Value], key: &Span) {
        let wanted: Vec<_> = branches.iter().filter_map(|branch| name(branch)).collect();
        let written = self.sheet.quoted(&node.span);
        let found = match (&node.kind, &*wanted) {
            (Kind::Number(_), ["a whole number"]) => format!("`{written}`"),
            (kind, _) => kind.name().to_owned(),
        };
        let message = format!("expected {}, found {found}", wanted.join(" or "));
        let (at, hint) = match (&node.kind, &*wanted) {
            (Kind::Number(_) | Kind::Flag(_), ["text"]) => {
                (&node.span, Some(format!("put it in quotation marks: \"{written}\"")))
            }
            (Kind::Text(_), ["a list", ..]) => {
                (&node.span, Some(format!("put it in brackets: [{written}]")))
            }
            (Kind::Text(_) | Kind::Number(_) | Kind::Flag(_), _) => (&node.span, None),
            _ => (key, None),
        };
        self.wrong(at, message, hint);
    }

    /// The schemas of which one must hold, with references followed.
    fn branches(&self, schema: &'a Value) -> Vec<&'a Value> {
        let schema = self.followed(schema);
        match schema.get("anyOf").and_then(Value::as_array) {
            Some(branches) => {
                branches.iter().map(|branch| self.followed(branch)).collect()
            }
            None => vec![schema],
        }
    }

    fn followed(&self, schema: &'a Value) -> &'a Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let target = reference
            .and_then(|reference| reference.strip_prefix('#'))
            .and_then(|pointer| self.root.pointer(pointer));
        target.unwrap_or(schema)
    }
}

/// The type that a schema wants; a choice of constants is a choice of texts.
fn type_of(schema: &Value) -> Option<&str> {
    let one = schema.get("type").and_then(Value::as_str);
    one.or_else(|| scalar::constants(schema).map(|_| "string"))
}

fn takes(schema: &Value, kind: &Kind) -> bool {
    match type_of(schema) {
        Some("object") => matches!(kind, Kind::Map(_)),
        Some("array") => matches!(kind, Kind::List(_)),
        Some("string") => matches!(kind, Kind::Text(_)),
        Some("boolean") => matches!(kind, Kind::Flag(_)),
        Some("integer") => matches!(kind, Kind::Number(number) if !number.is_f64()),
        Some("number") => matches!(kind, Kind::Number(_)),
        _ => true,
    }
}

/// What people call the type that a schema wants.
fn name(schema: &Value) -> Option<&'static str> {
    match type_of(schema)? {
        "object" => Some("a mapping"),
        "array" => Some("a list"),
        "string" => Some("text"),
        "boolean" => Some("true or false"),
        "integer" => Some("a whole number"),
        "number" => Some("a number"),
        _ => None,
    }
}
