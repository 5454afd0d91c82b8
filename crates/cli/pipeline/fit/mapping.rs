//! Mappings: keys that are unknown, missing or too many.

use super::{
    super::{
        formats::Format,
        nearest::{meant, nearest},
        tree::{Entry, Span},
    },
    Fitting, scalar,
};
use serde_json::{Map, Value};

impl<'a> Fitting<'a> {
    pub(super) fn mapping(
        &mut self,
        entries: &mut [Entry],
        schema: &'a Value,
        key: &Span,
    ) {
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut strangers = Vec::new();
        for entry in &mut *entries {
            let known = properties.and_then(|properties| properties.get(&entry.key));
            match (known, schema.get("additionalProperties")) {
                (Some(schema), _) => self.node(&mut entry.value, schema, &entry.at),
                (None, Some(Value::Bool(false))) => {
                    let names = properties.into_iter().flat_map(Map::keys);
                    let names: Vec<_> = names.map(String::as_str).collect();
                    strangers.extend(nearest(&entry.key, names.iter().copied()));
                    self.stranger(entry, schema, &names);
                }
                (None, Some(other)) => {
                    self.named(entry, schema);
                    self.node(&mut entry.value, other, &entry.at);
                }
                (None, None) => {}
            }
        }
        self.missing(entries, schema, &strangers, key);
        self.one_of(entries, schema, key);
        if let Some((message, hint)) = scalar::wrong_count(schema, entries.len()) {
            self.wrong(key, message, hint);
        }
    }

    /// A key that means nothing here, or nothing yet.
    fn stranger(&mut self, entry: &Entry, schema: &Value, names: &[&str]) {
        let key = &entry.key;
        match texts(schema, "x-later").any(|later| later == key) {
            true => self.wrong(&entry.at, format!("`{key}` is not supported yet"), None),
            false => {
                let instead = schema.get("x-instead").and_then(|all| all.get(key));
                let instead = instead.and_then(Value::as_str).map(str::to_owned);
                let hint = instead.or_else(|| meant(key, names.iter().copied()));
                self.wrong(&entry.at, format!("unknown key `{key}`"), hint);
            }
        }
    }

    /// A key of the user's choice.
    fn named(&mut self, entry: &Entry, schema: &Value) {
        let format = schema.pointer("/propertyNames/format").and_then(Value::as_str);
        if let Some(format) = format.and_then(Format::named)
            && !(format.fits)(&entry.key)
        {
            let message = format!("`{}` is no {}", entry.key, format.called);
            self.wrong(&entry.at, message, Some(format.form.to_owned()));
        }
    }

    /// Required keys, save those that a stranger was probably meant to be.
    fn missing(
        &mut self,
        entries: &[Entry],
        schema: &Value,
        strangers: &[&str],
        key: &Span,
    ) {
        for name in texts(schema, "required") {
            let is_there = entries.iter().any(|entry| entry.key == name);
            if !is_there && !strangers.contains(&name) {
                self.wrong(key, format!("`{name}` is missing"), None);
            }
        }
    }

    /// Keys of which exactly one must be there. Where none is, and another key was refused, that was said.
    fn one_of(&mut self, entries: &[Entry], schema: &Value, key: &Span) {
        let Some(branches) = schema.get("oneOf").and_then(Value::as_array) else {
            return;
        };
        let names: Vec<_> =
            branches.iter().flat_map(|branch| texts(branch, "required")).collect();
        let found: Vec<_> =
            entries.iter().filter(|entry| names.contains(&&*entry.key)).collect();
        let list = |names: &[&str]| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>()
        };
        let wanted = format!("expected exactly one of {}", list(&names).join(", "));
        let properties = schema.get("properties").and_then(Value::as_object);
        let is_known = |entry: &Entry| {
            properties.is_some_and(|properties| properties.contains_key(&entry.key))
        };
        match &*found {
            [_] => {}
            [] if !entries.iter().all(is_known) => {}
            [] => self.wrong(key, format!("{wanted}; found none"), None),
            [.., last] => {
                let keys: Vec<_> = found.iter().map(|entry| &*entry.key).collect();
                let message = format!("{wanted}; found {}", list(&keys).join(" and "));
                self.wrong(&last.at, message, None);
            }
        }
    }
}

/// The texts of a keyword that lists texts.
fn texts<'a>(schema: &'a Value, keyword: &str) -> impl Iterator<Item = &'a str> {
    let list = schema.get(keyword).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str)
}
