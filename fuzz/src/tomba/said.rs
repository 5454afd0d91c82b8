//! What a body says, as anybody would read it who knows the reference and not the client.

use super::told::Told;
use serde_json::Value;

/// Whether a body speaks of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Errors {
    /// It does not.
    None,
    /// It may, in a form that is not documented.
    Perhaps,
    /// It does, in the documented form.
    Surely,
}

/// Whether a value says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fullness {
    Empty,
    Full,
    Unclear,
}

/// A body, read once.
#[derive(Debug)]
pub(super) struct Said {
    /// Null where it is no JSON.
    pub(super) json: Value,
    pub(super) errors: Errors,
}

impl Said {
    pub(super) fn of(told: &Told) -> Self {
        let json = serde_json::from_slice(told.body()).unwrap_or_default();
        let errors = match &json {
            Value::Object(members) => errors(members.get("errors")),
            _ => Errors::None,
        };
        Self { json, errors }
    }

    /// The documented word for the kind of error.
    pub(super) fn error_type(&self) -> Option<&str> {
        self.json["errors"]["type"].as_str()
    }

    /// What stands under `data`, where there is such a member.
    pub(super) fn data(&self) -> Option<&Value> {
        self.json.get("data")
    }

    /// The record that `data` is, or the first one in it.
    pub(super) fn record(&self) -> &Value {
        let data = &self.json["data"];
        let first =
            data.as_array().and_then(|items| items.iter().find(|i| i.is_object()));
        first.unwrap_or(data)
    }

    /// How full `data` is.
    ///
    /// # Source
    /// Reference 4.2 and 5.6.
    pub(super) fn fullness(&self) -> Fullness {
        let holds = |value: &Value| {
            value.as_object().is_some_and(|o| o.values().any(|member| !member.is_null()))
        };
        match self.data() {
            Some(Value::Null) => Fullness::Empty,
            Some(Value::Array(items)) if items.is_empty() => Fullness::Empty,
            Some(Value::Array(items)) if items.iter().any(holds) => Fullness::Full,
            Some(object @ Value::Object(_)) if holds(object) => Fullness::Full,
            Some(Value::Object(_)) => Fullness::Empty,
            _ => Fullness::Unclear,
        }
    }

    /// Whether telephone numbers come with the answer.
    pub(super) fn has_numbers(&self) -> bool {
        let has = |value: &Value| {
            value["phone_data"].as_array().is_some_and(|numbers| !numbers.is_empty())
        };
        let data = &self.json["data"];
        let lists = [data, &data["emails"]].into_iter().filter_map(Value::as_array);
        has(data) || lists.flatten().any(has)
    }
}

fn errors(errors: Option<&Value>) -> Errors {
    let is_said = |name: &str| {
        let told = errors.and_then(|errors| errors.get(name)).and_then(Value::as_str);
        told.is_some_and(|told| !told.trim().is_empty())
    };
    match errors {
        None | Some(Value::Null) => Errors::None,
        Some(Value::Object(_)) if is_said("message") || is_said("type") => Errors::Surely,
        Some(_) => Errors::Perhaps,
    }
}
