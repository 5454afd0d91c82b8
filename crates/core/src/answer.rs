//! What came back for one question, and what that makes of a row.

use crate::{Credits, QueryKey};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, SeqAccess, Visitor},
};
use std::{fmt, str::FromStr};

/// One value of an answer; its type is that of the [`Field`](crate::Field) in the same place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Value {
    /// The provider did not say.
    Null,
    /// True or false.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(Box<str>),
    /// Of a list its items, of a struct its fields, each in their order.
    Values(Box<[Self]>),
}

/// By hand: what serde derives for an untagged enum tries each variant, at fifty times the cost.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of an answer")
            }

            fn visit_unit<E>(self) -> Result<Value, E> {
                Ok(Value::Null)
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
                Ok(Value::Flag(flag))
            }

            fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
                Ok(Value::Integer(number))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Value, E> {
                i64::try_from(number).map(Value::Integer).map_err(E::custom)
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::Text(text.into()))
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::Text(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Value::Values(values.into()))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

impl Value {
    /// Text, or null.
    pub fn text(text: Option<impl Into<Box<str>>>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(text.into()))
    }

    /// A flag, or null.
    pub fn flag(flag: Option<bool>) -> Self {
        flag.map_or(Self::Null, Self::Flag)
    }

    /// A list, or null.
    pub fn list(items: Option<impl IntoIterator<Item = Self>>) -> Self {
        items.map_or(Self::Null, |items| Self::Values(items.into_iter().collect()))
    }

    /// A whole number, or null.
    pub fn integer(number: Option<i64>) -> Self {
        number.map_or(Self::Null, Self::Integer)
    }
}

/// What a provider said about one question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// An answer: one value for each of the operation's fields.
    Hit(Box<[Value]>),
    /// Asked, and the provider knows nothing.
    Miss,
    /// The provider gave no usable answer, and provably charged nothing. Never kept for reuse.
    Failed(Box<str>),
    /// The provider gave no usable answer and may have charged for it. Held until resolved.
    Unknown(Box<str>),
}

impl Finding {
    /// How many rows it has: the items of its first list.
    pub fn rows(&self) -> u64 {
        let Self::Hit(values) = self else { return 0 };
        let rows = values.iter().find_map(|value| match value {
            Value::Values(rows) => Some(rows.len() as u64),
            _ => None,
        });
        rows.unwrap_or_default()
    }
}

/// A finding, tied to the question that it answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answered {
    /// The question.
    pub key: QueryKey,
    /// The answer.
    pub finding: Finding,
    /// What it cost, where the provider's bill can be told apart by question.
    pub credits: Option<Credits>,
}

/// What became of one row in one step: the value of its `<step>_status` column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// Answered.
    Hit = 0,
    /// Asked, and the provider knows nothing.
    Miss = 1,
    /// No question could be made of the row: `when:` was not true, or an input was empty or malformed.
    InvalidInput = 2,
    /// On the list of people who are not to be asked about.
    Suppressed = 3,
    /// Not asked: a budget, an empty wallet or an interruption came first. A later run asks.
    Deferred = 4,
    /// No usable answer, and nothing charged. A later run asks again.
    Failed = 5,
    /// Paid for or perhaps paid for, and the answer is not here. Held, never asked again by itself.
    UnknownCharged = 6,
    /// An older answer stands: a newer one could not be bought. A later run asks again.
    Stale = 7,
}

impl Status {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] = [
        Self::Hit,
        Self::Miss,
        Self::InvalidInput,
        Self::Suppressed,
        Self::Deferred,
        Self::Failed,
        Self::UnknownCharged,
        Self::Stale,
    ];

    /// The text in the output.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Miss => "miss",
            Self::InvalidInput => "invalid_input",
            Self::Suppressed => "suppressed",
            Self::Deferred => "deferred",
            Self::Failed => "failed",
            Self::UnknownCharged => "unknown_charged",
            Self::Stale => "stale",
        }
    }

    /// One byte, as it is stored.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Reads [`Self::code`].
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that is no status.
#[derive(Debug, thiserror::Error)]
#[error("no such status: {0}")]
pub struct UnknownStatus(String);

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == name)
            .ok_or_else(|| UnknownStatus(name.to_owned()))
    }
}

impl Finding {
    /// What the finding makes of a row.
    pub const fn status(&self) -> Status {
        match self {
            Self::Hit(_) => Status::Hit,
            Self::Miss => Status::Miss,
            Self::Failed(_) => Status::Failed,
            Self::Unknown(_) => Status::UnknownCharged,
        }
    }
}
