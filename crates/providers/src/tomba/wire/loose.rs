//! Members whose types sources do not agree on.

use leadmill_core::Value as Told;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Text that is not blank, or a number as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) Option<String>);

/// True or false, also where it comes as a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flag(pub(crate) Option<bool>);

/// A whole number, also where it comes as text or with a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Whole(pub(crate) Option<i64>);

/// The name of a page at a network: text, or an object with a `handle`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Handle(pub(crate) Option<String>);

/// An object.
#[derive(Clone, Debug)]
pub(crate) struct Part<T>(pub(crate) Option<T>);

/// A list, or one that stands alone. An item that cannot be read does not cost the others.
#[derive(Clone, Debug)]
pub(crate) struct Many<T>(pub(crate) Vec<T>);

impl<T> Default for Part<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Default> Part<T> {
    /// What it holds, or an empty one.
    pub(crate) fn whole(self) -> T {
        self.0.unwrap_or_default()
    }
}

impl<T: DeserializeOwned> Part<T> {
    /// Reads an object.
    pub(crate) fn of(value: Value) -> Self {
        Self(value.is_object().then(|| T::deserialize(value).ok()).flatten())
    }
}

impl<T: DeserializeOwned> Many<T> {
    /// Reads a list, or one. A list within a list is no item: it would be read by its order.
    pub(crate) fn of(value: Value) -> Self {
        let items = match value {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            one => vec![one],
        };
        let items = items.into_iter().filter(|item| !item.is_array());
        Self(items.filter_map(|item| T::deserialize(item).ok()).collect())
    }
}

impl Text {
    fn of(value: &Value) -> Self {
        Self(
            match value {
                Value::String(text) => Some(text.trim()),
                Value::Number(number) => return Self(Some(number.to_string())),
                _ => None,
            }
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        )
    }

    /// This, or what another member says where it says nothing.
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    /// Whether it says anything.
    pub(crate) const fn is_told(&self) -> bool {
        self.0.is_some()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| Self::of(&value))
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(|value| {
            Self(match value {
                Value::Bool(flag) => Some(flag),
                Value::String(word) => flag(word.trim()),
                _ => None,
            })
        })
    }
}

fn flag(word: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|one| word.eq_ignore_ascii_case(one));
    match (is(["true", "yes", "1"]), is(["false", "no", "0"])) {
        (true, _) => Some(true),
        (_, true) => Some(false),
        _ => None,
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rounded = |number: f64| {
            let number = number.floor();
            (number.is_finite() && number.abs() < 9e15).then_some(number as i64)
        };
        Ok(Self(match Value::deserialize(deserializer)? {
            Value::Number(number) => {
                number.as_i64().or_else(|| rounded(number.as_f64()?))
            }
            Value::String(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| rounded(text.parse().ok()?))
            }
            _ => None,
        }))
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let handle = value.get("handle").unwrap_or(&value);
        Ok(Self(Text::of(handle).0))
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Part<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::of)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Value::deserialize(deserializer).map(Self::of)
    }
}

impl From<Text> for Told {
    fn from(text: Text) -> Self {
        Self::text(text.0)
    }
}

impl From<Flag> for Told {
    fn from(flag: Flag) -> Self {
        Self::flag(flag.0)
    }
}

impl From<Whole> for Told {
    fn from(whole: Whole) -> Self {
        Self::integer(whole.0)
    }
}

impl From<Many<Text>> for Told {
    fn from(texts: Many<Text>) -> Self {
        let texts = texts.0.into_iter().filter(Text::is_told);
        Self::Values(texts.map(Self::from).collect())
    }
}
