//! Cascading search for ideal customers: reference §11. The fields are in snake case.

use super::{
    super::wire::{Text, whole},
    Echo, Family, Words,
};
use leadmill_core::{Finding, Query, Value};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// The product.
pub(in super::super) struct Icp;

/// A company, and who is looked for there, level by level.
#[derive(Serialize)]
pub(super) struct Search<'a> {
    company_linkedin_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min_score: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cascade: Option<&'a RawValue>,
}

impl<'a> Search<'a> {
    pub(super) fn of(query: &'a Query) -> Result<Self, serde_json::Error> {
        let mut values = query.values();
        let mut next = || values.next().unwrap_or_default();
        let (company_linkedin_url, max_results) = (next(), next().parse().ok());
        let (min_score, cascade) = (next().parse().ok(), next());
        let cascade = match cascade {
            "" => None,
            json => Some(serde_json::from_str(json)?),
        };
        Ok(Self { company_linkedin_url, max_results, min_score, cascade })
    }
}

/// Who was found.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Item<'a> {
    #[serde(borrow)]
    results: Vec<Found<'a>>,
    #[serde(default, deserialize_with = "whole")]
    total_found: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    person: Option<Person<'a>>,
    #[serde(borrow)]
    current_position: Option<Position<'a>>,
    #[serde(borrow)]
    skills: Option<Vec<Text<'a>>>,
    #[serde(default, deserialize_with = "whole")]
    score: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    ranking: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    cascade_level: Option<u64>,
    #[serde(borrow)]
    what_matched: Option<Vec<Text<'a>>>,
}

#[derive(Debug, Default, Deserialize)]
struct Person<'a> {
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    linkedin_url: Option<Text<'a>>,
    #[serde(borrow)]
    linkedin_headline: Option<Text<'a>>,
    #[serde(borrow)]
    location: Option<Text<'a>>,
    #[serde(borrow)]
    email_domain: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Position<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    company: Option<Text<'a>>,
    #[serde(borrow)]
    level: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<Text<'a>>,
    is_current: Option<bool>,
    #[serde(borrow)]
    start_date: Option<Text<'a>>,
}

impl Family for Icp {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = false;

    fn echo<'a>(_: &'a Item<'_>) -> Echo<'a> {
        [None; 3]
    }

    fn finding(_: &Words, item: Item<'_>) -> Option<Finding> {
        if item.results.is_empty() {
            return Some(Finding::Miss);
        }
        let people = Value::list(Some(item.results.into_iter().map(Found::value)));
        Some(Finding::Hit(Box::new([people, integer(item.total_found)])))
    }
}

impl Found<'_> {
    fn value(self) -> Value {
        let person = self.person.unwrap_or_default();
        let position = self.current_position.unwrap_or_default();
        Value::Values(Box::new([
            Value::text(person.linkedin_url),
            Value::text(person.first_name),
            Value::text(person.last_name),
            Value::text(person.linkedin_headline),
            Value::text(person.location),
            Value::text(person.email_domain),
            Value::text(position.title),
            Value::text(position.company),
            Value::text(position.level),
            Value::text(position.function),
            Value::flag(position.is_current),
            Value::text(position.start_date),
            texts(self.skills),
            integer(self.score),
            integer(self.ranking),
            integer(self.cascade_level),
            texts(self.what_matched),
        ]))
    }
}

fn texts(texts: Option<Vec<Text<'_>>>) -> Value {
    Value::list(texts.map(|texts| texts.into_iter().map(|text| Value::Text(text.into()))))
}

fn integer(number: Option<u64>) -> Value {
    Value::integer(number.and_then(|number| i64::try_from(number).ok()))
}
