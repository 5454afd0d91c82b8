//! The shapes of Tomba's API, as its reference gives them. Pure: no I/O.
//!
//! They are read loosely. Sources differ on the types of some members, and an answer is paid for: a member of
//! another type than expected is as good as none, and does not cost the others.

mod loose;

pub(crate) use loose::{Flag, Handle, Many, Part, Text, Whole};

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// Any successful body: what was asked for, and how much of it there is.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope {
    /// None where there is no such member; a null is a miss.
    #[serde(default, deserialize_with = "present")]
    pub(crate) data: Option<Value>,
    #[serde(default)]
    pub(crate) meta: Part<Meta>,
}

fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What stands beside `data`. `total_pages` is not read: sources round it in both ways.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Meta {
    pub(crate) total: Whole,
    #[serde(rename = "pageSize")]
    pub(crate) page_size: Whole,
    pub(crate) limit: Whole,
    /// What a search was filtered by, as the provider has understood it. None where that is not told.
    pub(crate) filters: Option<Value>,
}

/// Whether a value says nothing: null, empty, or an object of nothing but nulls.
///
/// # Source
/// Reference 4.2 and 5.6: what is so is a miss, and not charged.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().all(is_empty),
        Value::Object(members) => members.values().all(Value::is_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// How many telephone numbers come with an answer, wherever they stand in it.
pub(crate) fn phone_numbers(value: &Value) -> u64 {
    match value {
        Value::Array(items) => items.iter().map(phone_numbers).sum(),
        Value::Object(members) => {
            let count = |(name, member): (&String, &Value)| match member {
                Value::Array(numbers) if name == "phone_data" => numbers.len() as u64,
                member => phone_numbers(member),
            };
            members.iter().map(count).sum()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// An error body: an object by the documentation, something else in some samples.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Problem {
    errors: Value,
    success: Flag,
    error: Text,
    message: Text,
}

impl Envelope {
    /// Reads a body. Only an object is one: a list would be read by its order.
    pub(crate) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        match serde_json::from_slice(body)? {
            body @ Value::Object(_) => Self::deserialize(body),
            _ => Err(serde_json::Error::custom("the body is no object")),
        }
    }
}

impl Problem {
    /// What an error body says. Nothing is said by a body that is no JSON object.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        let body = serde_json::from_slice(body).ok()?;
        Part::of(body).0
    }

    /// Whether a body speaks of errors at all: `null`, `{}` and `[]` do not. Of a search it is told beside them.
    pub(crate) fn is_told(&self) -> bool {
        let has_errors = match &self.errors {
            Value::String(text) => !text.trim().is_empty(),
            errors => !is_empty(errors) && *errors != Value::Bool(false),
        };
        has_errors || self.success.0 == Some(false)
    }

    /// Whether it is of a form that is documented: a text under `message` alone is any gateway's.
    pub(crate) fn is_of_provider(&self) -> bool {
        self.is_told() || self.error.0.is_some()
    }

    /// The provider's word for the kind of error, such as `params_invalid`.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.first()?.get("type")?.as_str()
    }

    /// The sentence for people.
    pub(crate) fn sentence(&self) -> Option<String> {
        let first = self.first();
        let told = first.and_then(|first| first.get("message").or(Some(first)));
        let told = told.and_then(Value::as_str).map(str::to_owned);
        let sentence = told.filter(|told| !told.trim().is_empty());
        let sentence = sentence.or_else(|| self.error.0.clone());
        let sentence = sentence.or_else(|| self.message.0.clone());
        match (sentence, self.kind()) {
            (Some(sentence), Some(kind)) => Some(format!("{sentence} ({kind})")),
            (sentence, kind) => sentence.or_else(|| kind.map(str::to_owned)),
        }
    }

    /// The error, or the first of a list of them.
    fn first(&self) -> Option<&Value> {
        match &self.errors {
            Value::Null => None,
            Value::Array(errors) => errors.first(),
            errors => Some(errors),
        }
    }
}

/// A page on which an address has been seen.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Source {
    pub(crate) uri: Text,
    pub(crate) website_url: Text,
    pub(crate) extracted_on: Text,
    pub(crate) last_seen_on: Text,
    pub(crate) still_on_page: Flag,
}

/// How an address was verified, and when.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Verification {
    pub(crate) status: Text,
    pub(crate) date: Text,
}

/// `GET /me`, what of it is for the wallet. The body holds the account's secret, which is not read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Me {
    pub(crate) requests: Part<Requests>,
}

/// The quotas. Others than these are not drawn on by questions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Requests {
    pub(crate) domains: Part<Quota>,
    pub(crate) verifications: Part<Quota>,
    pub(crate) phones: Part<Quota>,
}

/// One quota. `available` is the plan's total, not what is left (reference 4.3).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Quota {
    pub(crate) available: Whole,
    pub(crate) used: Whole,
}

impl Quota {
    /// What is left. None where the plan's total or what was used is not told.
    pub(crate) fn left(&self) -> Option<u64> {
        let (available, used) = (self.available.0?, self.used.0?);
        Some(u64::try_from(available.saturating_sub(used)).unwrap_or(0))
    }
}
