//! E-mail finder: reference §7.2.

use super::{super::wire::Text, Echo, Family, Words};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};

/// The product.
pub(in super::super) struct Finder;

/// A person to find.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lead<'a> {
    first_name: &'a str,
    last_name: &'a str,
    domain: &'a str,
}

/// A batch of them.
#[derive(Serialize)]
pub(super) struct Leads<'a> {
    leads: Vec<Lead<'a>>,
}

impl<'a> Lead<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        let mut values = query.values();
        let mut next = || values.next().unwrap_or_default();
        Self { first_name: next(), last_name: next(), domain: next() }
    }
}

impl<'a> Leads<'a> {
    pub(super) fn of(queries: &'a [Query]) -> Self {
        Self { leads: queries.iter().map(Lead::of).collect() }
    }
}

/// What was found of one person.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Item<'a> {
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    domain: Option<Text<'a>>,
    found: Option<bool>,
    #[serde(borrow)]
    email: Option<Text<'a>>,
    is_catch_all: Option<bool>,
    #[serde(borrow)]
    provider: Option<Text<'a>>,
    #[serde(borrow)]
    confidence: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

impl Family for Finder {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = true;

    fn echo<'a>(item: &'a Item<'_>) -> Echo<'a> {
        [&item.first_name, &item.last_name, &item.domain].map(Option::as_deref)
    }

    fn finding(words: &Words, item: Item<'_>) -> Option<Finding> {
        let address = item.email.filter(|email| !email.is_empty());
        match (item.found, address) {
            (Some(false), _) => Some(Finding::Miss),
            (_, Some(email)) => {
                let (confidence, word) = super::level(words, item.confidence);
                Some(super::hit(
                    Operation::FindEmail,
                    [
                        Value::Text(email.into()),
                        confidence,
                        word,
                        Value::flag(item.is_catch_all),
                        Value::text(item.provider),
                        Value::text(item.message),
                    ],
                ))
            }
            // `found` without an address, or neither.
            (_, None) => None,
        }
    }
}
