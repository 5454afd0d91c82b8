//! Single values: their range, their form, and the choices there are.

use super::{
    super::{
        formats::Format,
        nearest::meant,
        tree::{Kind, Node, Origin},
    },
    type_of,
};
use serde_json::{Number, Value};

/// What is wrong, and what to do about it.
type Wrong = (String, Option<String>);

/// Turns a text that was filled in into the number or flag that is wanted, where it is one.
pub(super) fn turn(node: &mut Node, branches: &[&Value]) {
    let Kind::Text(text) = &node.kind else { return };
    let text = text.trim();
    let turned = branches.iter().find_map(|schema| match type_of(schema)? {
        "boolean" => text.parse().ok().map(Kind::Flag),
        "integer" => text.parse::<u64>().ok().map(|number| Kind::Number(number.into())),
        "number" => Number::from_f64(text.parse().ok()?).map(Kind::Number),
        _ => None,
    });
    if let Some(kind) = turned {
        node.kind = kind;
    }
}

/// Judges a value of the right type. `written` is how it stands in the file.
pub(super) fn wrong(node: &Node, schema: &Value, written: &str) -> Option<Wrong> {
    let said = || schema.get("errorMessage").and_then(Value::as_str).map(str::to_owned);
    match &node.kind {
        Kind::Number(number) => {
            let bound = |keyword| schema.get(keyword).and_then(Value::as_u64);
            let is_below = |least| number.as_u64().is_none_or(|number| number < least);
            let is_above = |most| number.as_u64().is_none_or(|number| number > most);
            if let Some(only) = bound("const")
                && number.as_u64() != Some(only)
            {
                return Some((format!("expected {only}, found `{written}`"), said()));
            }
            if let Some(least) = bound("minimum").filter(|least| is_below(*least)) {
                return Some((
                    format!("expected at least {least}, found `{written}`"),
                    None,
                ));
            }
            let beyond = schema.get("exclusiveMinimum").and_then(Value::as_f64);
            let is_beyond = |least| number.as_f64().is_some_and(|number| number > least);
            if let Some(least) = beyond.filter(|least| !is_beyond(*least)) {
                return Some((
                    format!("expected more than {least}, found `{written}`"),
                    None,
                ));
            }
            let most = bound("maximum").filter(|most| is_above(*most))?;
            Some((format!("expected at most {most}, found `{written}`"), None))
        }
        Kind::Text(text) => {
            if let Some(names) = constants(schema)
                && !names.contains(&&**text)
            {
                let hint = match node.origin {
                    Origin::Written => meant(text, names),
                    _ => meant("", names),
                };
                return Some((format!("`{written}` is no choice here"), hint));
            }
            let format = schema.get("format").and_then(Value::as_str)?;
            let format = Format::named(format).filter(|format| !(format.fits)(text))?;
            let message = match written.is_empty() {
                true => format!("expected {}, found a blank", format.called),
                false => format!("`{written}` is no {}", format.called),
            };
            Some((message, Some(format.form.to_owned())))
        }
        _ => None,
    }
}

/// Judges how many entries there are.
pub(super) fn wrong_count(schema: &Value, count: usize) -> Option<Wrong> {
    let bound = |keyword| {
        let bound = schema.get(keyword).and_then(Value::as_u64)?;
        usize::try_from(bound).ok()
    };
    let least = bound("minItems").or_else(|| bound("minProperties")).unwrap_or(0);
    if count < least {
        return Some((format!("expected at least {least} entry, found none"), None));
    }
    let most = bound("maxItems").filter(|most| count > *most)?;
    let said = schema.get("errorMessage").and_then(Value::as_str).map(str::to_owned);
    Some((
        said.unwrap_or_else(|| format!("expected at most {most}, found {count}")),
        None,
    ))
}

/// The texts that a schema allows, if it names them.
pub(super) fn constants<'a>(schema: &'a Value) -> Option<Vec<&'a str>> {
    let list = |keyword| schema.get(keyword).and_then(Value::as_array);
    let of_enum = || list("enum")?.iter().map(Value::as_str).collect::<Option<Vec<_>>>();
    let constant = |branch: &'a Value| branch.get("const")?.as_str();
    let of_branches = || list("oneOf")?.iter().map(constant).collect();
    of_enum().or_else(of_branches)
}
