//! Phone finder: reference §7.3.

use super::{super::wire::Text, Echo, Family, Words};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};
use url::form_urlencoded::Serializer;

/// The product.
pub(in super::super) struct Phones;

/// Whom a question is about: the address of a profile, or an e-mail address.
fn subject(query: &Query) -> (&str, &str) {
    let mut values = query.values();
    let mut next = || values.next().unwrap_or_default();
    (next(), next())
}

/// The question as the query of an address.
pub(super) fn parameter(query: &Query) -> String {
    let mut parameter = Serializer::new(String::new());
    match subject(query) {
        ("", email) => parameter.append_pair("email", email),
        (profile, _) => parameter.append_pair("linkedin", profile),
    };
    parameter.finish()
}

/// A batch.
#[derive(Serialize)]
pub(super) struct Items<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    emails: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    linkedins: Vec<&'a str>,
}

impl<'a> Items<'a> {
    pub(super) fn of(queries: &'a [Query]) -> Self {
        let (mut emails, mut linkedins) = (Vec::new(), Vec::new());
        for query in queries {
            match subject(query) {
                ("", email) => emails.push(email),
                (profile, _) => linkedins.push(profile),
            }
        }
        Self { emails, linkedins }
    }
}

/// One person's numbers. A single answer names nobody.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Item<'a> {
    #[serde(borrow)]
    email: Option<Text<'a>>,
    #[serde(borrow)]
    linkedin: Option<Text<'a>>,
    found: Option<bool>,
    #[serde(borrow)]
    phones: Option<Vec<Number<'a>>>,
}

/// A number: text, or an object in one summary of the guide.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Number<'a> {
    Plain(#[serde(borrow)] Text<'a>),
    Typed {
        #[serde(borrow)]
        number: Text<'a>,
    },
}

impl Family for Phones {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = true;

    fn echo<'a>(item: &'a Item<'_>) -> Echo<'a> {
        [item.linkedin.as_deref(), item.email.as_deref(), None]
    }

    fn finding(_: &Words, item: Item<'_>) -> Option<Finding> {
        let numbers = item.phones.map(|phones| {
            phones.into_iter().filter_map(|number| {
                let (Number::Plain(number) | Number::Typed { number }) = number;
                (!number.is_empty()).then(|| Value::Text(number.into()))
            })
        });
        let numbers: Box<[Value]> = match (numbers, item.found) {
            (Some(numbers), _) => numbers.collect(),
            (None, Some(false)) => Box::default(),
            // No word about numbers is no word that there are none.
            (None, _) => return None,
        };
        Some(match numbers.first().cloned() {
            None => Finding::Miss,
            Some(number) => {
                super::hit(Operation::FindPhone, [number, Value::Values(numbers)])
            }
        })
    }
}
