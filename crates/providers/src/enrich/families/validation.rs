//! E-mail validation: reference §7.1.

use super::{super::wire::Text, Echo, Family, Words, first};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};

/// The product.
pub(in super::super) struct Validation;

/// An address to validate.
#[derive(Serialize)]
pub(super) struct Email<'a> {
    email: &'a str,
}

/// A batch of them.
#[derive(Serialize)]
pub(super) struct Emails<'a> {
    emails: Vec<&'a str>,
}

impl<'a> Email<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        Self { email: first(query) }
    }
}

impl<'a> Emails<'a> {
    pub(super) fn of(queries: &'a [Query]) -> Self {
        Self { emails: queries.iter().map(first).collect() }
    }
}

/// What is known of one address.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Item<'a> {
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    result: Option<Text<'a>>,
    /// What one guide page shows instead of `result`.
    #[serde(borrow)]
    status: Option<Text<'a>>,
    is_catch_all: Option<bool>,
    is_federated: Option<bool>,
    #[serde(rename = "hasSEG")]
    has_seg: Option<bool>,
    #[serde(borrow)]
    seg_provider: Option<Text<'a>>,
    #[serde(borrow)]
    provider: Option<Text<'a>>,
    #[serde(borrow)]
    confidence: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

impl Family for Validation {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = true;

    fn echo<'a>(item: &'a Item<'_>) -> Echo<'a> {
        [item.email.as_deref(), None, None]
    }

    fn finding(words: &Words, item: Item<'_>) -> Option<Finding> {
        let verdict = item.result.or(item.status)?;
        let (confidence, word) = super::level(words, item.confidence);
        Some(super::hit(
            Operation::VerifyEmail,
            [
                Value::Text(verdict.into()),
                confidence,
                word,
                Value::flag(item.is_catch_all),
                Value::flag(item.is_federated),
                Value::flag(item.has_seg),
                Value::text(item.seg_provider),
                Value::text(item.provider),
                Value::text(item.message),
            ],
        ))
    }
}
