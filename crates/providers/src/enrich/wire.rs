//! The shapes of Enrich.so's API, as its reference gives them. Pure: no I/O.
//!
//! Bodies come under `data`; e-mail validation batches have been seen flat. Both are read.
//! Unknown members are ignored, enums are open sets.

use leadmill_core::Credits;
use serde::{
    Deserialize, Deserializer,
    de::{Error, Visitor},
};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, ops::Deref};

/// What stands beside `data`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Meta {
    #[serde(default, deserialize_with = "rounded_up")]
    pub(crate) credits_used: Option<Credits>,
    #[serde(default, deserialize_with = "rounded_down")]
    pub(crate) credits_remaining: Option<Credits>,
    #[serde(default, deserialize_with = "rounded_down")]
    pub(crate) credits_refunded: Option<Credits>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) total_items: Option<u64>,
}

/// Any body whose `data` is of one shape.
#[derive(Debug, Deserialize)]
pub(crate) struct Envelope<T> {
    /// Documented to be true.
    #[serde(default)]
    pub(crate) success: Option<bool>,
    pub(crate) data: T,
    #[serde(default)]
    pub(crate) meta: Option<Meta>,
}

/// `GET /wallets/balance`.
#[derive(Debug, Deserialize)]
pub(crate) struct Balance {
    #[serde(default, deserialize_with = "rounded_down")]
    pub(crate) balance: Option<Credits>,
}

/// `GET /wallets/transactions`.
#[derive(Debug, Deserialize)]
pub(crate) struct History {
    pub(crate) transactions: Vec<Change>,
    pub(crate) pagination: Pages,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pages {
    pub(crate) total_pages: u32,
}

/// A row of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    pub(crate) id: String,
    #[serde(deserialize_with = "exact")]
    pub(crate) amount: i64,
    pub(crate) balance_after: Credits,
    /// Free form, both.
    #[serde(default)]
    pub(crate) description: Option<Box<RawValue>>,
    #[serde(default)]
    pub(crate) metadata: Option<Box<RawValue>>,
}

/// A number that proves something only when it is exact.
fn exact<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(deserializer)?;
    let integer = |number: f64| {
        (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64)
    };
    let whole = number.as_i64().or_else(|| number.as_f64().and_then(integer));
    whole.ok_or_else(|| D::Error::custom(format!("{number} is no whole number")))
}

/// The reply to a batch submit.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Submitted {
    pub(crate) batch_id: Option<String>,
    /// What the lead finder calls it.
    pub(crate) job_id: Option<String>,
}

/// A job's progress or a page of its results: the members stand under `data`, or flat beside `meta`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Job<I> {
    pub(crate) data: Option<JobData<I>>,
    pub(crate) meta: Option<Meta>,
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) total_items: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) total_emails: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) processed_items: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) processed_count: Option<u64>,
    pub(crate) results: Option<Vec<I>>,
}

/// The members of [`Job`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct JobData<I> {
    pub(crate) status: Option<String>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) total_items: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) total_emails: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) processed_items: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) processed_count: Option<u64>,
    pub(crate) results: Option<Vec<I>>,
}

impl<I> Job<I> {
    /// The members, wherever they stand.
    pub(crate) fn split(self) -> (JobData<I>, Meta) {
        let Self { data, meta, .. } = self;
        let flat = JobData {
            status: self.status,
            total_items: self.total_items,
            total_emails: self.total_emails,
            processed_items: self.processed_items,
            processed_count: self.processed_count,
            results: self.results,
        };
        (data.unwrap_or(flat), meta.unwrap_or_default())
    }
}

impl<I> JobData<I> {
    /// Items of the whole job.
    pub(crate) fn total(&self) -> Option<u64> {
        self.total_items.or(self.total_emails)
    }

    /// Items done.
    pub(crate) fn done(&self) -> Option<u64> {
        self.processed_items.or(self.processed_count)
    }
}

/// A string member: as it stands in the body, or unescaped. serde alone borrows no optional text.
#[derive(Debug)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(Any)
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<Text<'_>> for Box<str> {
    fn from(text: Text<'_>) -> Self {
        text.0.into()
    }
}

/// The error bodies: problem+json, the rate-limit page's flat form, the authentication page's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Problem {
    /// The address of the kind of error.
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) title: Option<String>,
    /// The HTTP status, by either of its names.
    #[serde(default, deserialize_with = "whole")]
    pub(crate) status: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(crate) status_code: Option<u64>,
    /// Text, or an object in one documented 402.
    pub(crate) detail: Option<serde_json::Value>,
    pub(crate) message: Option<String>,
    pub(crate) error: Option<String>,
    pub(crate) retry_after: Option<f64>,
    /// How the team's application for a part of the API stands.
    pub(crate) access_status: Option<String>,
}

impl Problem {
    /// Whether it is of a form that is documented, and not just any JSON.
    ///
    /// # Source
    /// Reference 3.1 and 3.3.
    pub(crate) const fn is_documented(&self) -> bool {
        let is_problem = self.title.is_some()
            && (self.kind.is_some() || self.status.is_some() || self.detail.is_some());
        is_problem || self.error.is_some()
    }

    /// Whether a 404 says that there is no such record, in a form that is documented for it.
    pub(crate) fn names_no_record(&self) -> bool {
        let is_other = |status: Option<u64>| status.is_some_and(|status| status != 404);
        let is_whole =
            self.title.is_some() || self.message.is_some() || self.status_code.is_some();
        // What names no kind of its own is of its status.
        let is_kind = |kind: &str| {
            kind == "about:blank" || kind.replace('_', "-").ends_with("not-found")
        };
        self.is_documented()
            && is_whole
            && self.kind.as_deref().is_none_or(is_kind)
            && !is_other(self.status)
            && !is_other(self.status_code)
            && self.speaks_of_no_route()
    }

    /// Whether a 404 says something, and not that there is no such address, as web frameworks do.
    pub(crate) fn speaks_of_no_route(&self) -> bool {
        const ROUTES: [&str; 3] = ["route ", "cannot ", "no route"];
        let said = self.sentence().map(|said| said.trim().to_lowercase());
        said.is_some_and(|said| !ROUTES.iter().any(|word| said.starts_with(word)))
    }

    /// The sentence for people.
    pub(crate) fn sentence(&self) -> Option<String> {
        let detail = self.detail.as_ref().map(|detail| match detail {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        let title = self
            .message
            .clone()
            .or_else(|| self.error.clone())
            .or_else(|| self.title.clone());
        let sentence = match (title, detail) {
            (Some(title), Some(detail)) if self.message.is_some() => {
                Some(format!("{title} {detail}"))
            }
            (_, Some(detail)) => Some(detail),
            (title, None) => title,
        };
        match &self.access_status {
            Some(status) => Some(format!(
                "{} (access status: {status})",
                sentence.as_deref().unwrap_or("access denied")
            )),
            None => sentence,
        }
    }
}

/// A text that may be null: no text at all where its member is missing.
pub(crate) fn said<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Text<'de>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// A number, also where it comes as text; anything else is nothing. What is whole is exact.
fn number<'de, D: Deserializer<'de>>(
    deserializer: D,
    round: fn(f64) -> f64,
) -> Result<Option<u64>, D::Error> {
    let (whole, number): (_, Option<f64>) =
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Number(number) => (number.as_u64(), number.as_f64()),
            serde_json::Value::String(text) => {
                let text = text.trim();
                (text.parse().ok(), text.parse().ok())
            }
            _ => (None, None),
        };
    let number = number.filter(|number| number.is_finite());
    Ok(whole.or_else(|| number.map(|number| round(number.max(0.0)) as u64)))
}

/// A count that was read as anything.
pub(crate) fn number_of(json: &serde_json::Value) -> Option<u64> {
    whole(json).ok().flatten()
}

/// A count.
pub(crate) fn whole<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<u64>, D::Error> {
    number(deserializer, f64::floor)
}

/// What we owe is never understated.
pub(crate) fn rounded_up<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Credits>, D::Error> {
    Ok(number(deserializer, f64::ceil)?.map(Credits))
}

/// What we have is never overstated.
pub(crate) fn rounded_down<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Credits>, D::Error> {
    Ok(number(deserializer, f64::floor)?.map(Credits))
}
