//! Reverse e-mail lookup: reference §7.4.
//!
//! Results name no address and leave misses out. So an answer is tied to its question by there being only one: in
//! a single call, or in a batch of one.

use super::{
    super::wire::{Text, whole},
    Echo, Family, Words, first,
};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Deserializer, Serialize};

/// The product.
pub(in super::super) struct People;

/// An address to look up.
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

/// A profile. All of it is optional.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Item<'a> {
    found: Option<bool>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    display_name: Option<Text<'a>>,
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    headline: Option<Text<'a>>,
    #[serde(borrow)]
    summary: Option<Text<'a>>,
    #[serde(borrow)]
    company_name: Option<Text<'a>>,
    #[serde(borrow)]
    location: Option<Text<'a>>,
    #[serde(borrow)]
    photo_url: Option<Text<'a>>,
    #[serde(borrow)]
    profile_url: Option<Text<'a>>,
    #[serde(borrow)]
    report_profile_url: Option<Text<'a>>,
    #[serde(default, deserialize_with = "whole")]
    connection_count: Option<u64>,
    is_connection_count_obfuscated: Option<bool>,
    is_public: Option<bool>,
    #[serde(borrow)]
    skills: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    locale: Option<Locale<'a>>,
    #[serde(borrow)]
    schools: Option<Schools<'a>>,
    #[serde(borrow)]
    positions: Option<Positions<'a>>,
}

#[derive(Debug, Deserialize)]
struct Locale<'a> {
    #[serde(borrow)]
    country: Option<Text<'a>>,
    #[serde(borrow)]
    language: Option<Text<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Schools<'a> {
    #[serde(borrow)]
    education_history: Option<Vec<School<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Positions<'a> {
    #[serde(borrow)]
    position_history: Option<Vec<Position<'a>>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct School<'a> {
    #[serde(borrow)]
    degree_name: Option<Text<'a>>,
    #[serde(borrow)]
    school_name: Option<Text<'a>>,
    #[serde(borrow)]
    school_location: Option<Text<'a>>,
    #[serde(borrow)]
    school_logo: Option<Text<'a>>,
    start_end_date: Option<Span>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position<'a> {
    #[serde(borrow)]
    title: Option<Text<'a>>,
    #[serde(borrow)]
    company_name: Option<Text<'a>>,
    #[serde(borrow)]
    company_location: Option<Text<'a>>,
    #[serde(borrow)]
    company_logo: Option<Text<'a>>,
    #[serde(borrow)]
    description: Option<Text<'a>>,
    start_end_date: Option<Span>,
}

#[derive(Debug, Default, Deserialize)]
struct Span {
    start: Option<Date>,
    end: Option<Date>,
}

#[derive(Debug, Default, Deserialize)]
struct Date {
    #[serde(default, deserialize_with = "number")]
    month: Option<i64>,
    #[serde(default, deserialize_with = "number")]
    year: Option<i64>,
}

impl Family for People {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = false;

    fn echo<'a>(_: &'a Item<'_>) -> Echo<'a> {
        [None; 3]
    }

    fn finding(_: &Words, item: Item<'_>) -> Option<Finding> {
        if item.found == Some(false) || item.is_empty() {
            return Some(Finding::Miss);
        }
        let positions = item.positions.and_then(|positions| positions.position_history);
        let title = positions.as_ref().and_then(|all| all.first()?.title.as_ref());
        let title = Value::text(title.map(|title| &**title));
        let schools = item.schools.and_then(|schools| schools.education_history);
        let (country, language) =
            item.locale.map_or((None, None), |locale| (locale.country, locale.language));
        let skills =
            item.skills.map(|all| all.into_iter().map(|one| Value::Text(one.into())));
        Some(super::hit(
            Operation::FindPerson,
            [
                Value::text(item.profile_url),
                Value::text(item.display_name),
                Value::text(item.first_name),
                Value::text(item.last_name),
                Value::text(item.headline),
                Value::text(item.summary),
                title,
                Value::text(item.company_name),
                Value::text(item.location),
                Value::text(country),
                Value::text(language),
                Value::text(item.photo_url),
                Value::integer(item.connection_count.and_then(|n| i64::try_from(n).ok())),
                Value::flag(item.is_connection_count_obfuscated),
                Value::flag(item.is_public),
                Value::list(skills),
                Value::list(positions.map(|all| all.into_iter().map(Position::value))),
                Value::list(schools.map(|all| all.into_iter().map(School::value))),
                Value::text(item.id),
                Value::text(item.report_profile_url),
            ],
        ))
    }
}

impl Item<'_> {
    /// Whether it says nothing of anybody.
    fn is_empty(&self) -> bool {
        let texts = [
            &self.profile_url,
            &self.id,
            &self.display_name,
            &self.first_name,
            &self.last_name,
            &self.headline,
            &self.company_name,
        ];
        let mut texts = texts.into_iter().flatten();
        texts.all(|text| text.is_empty()) && self.positions.is_none()
    }
}

impl Position<'_> {
    fn value(self) -> Value {
        let texts = [
            self.title,
            self.company_name,
            self.company_location,
            self.company_logo,
            self.description,
        ];
        Value::Values(
            texts
                .map(Value::text)
                .into_iter()
                .chain(dates(self.start_end_date))
                .collect(),
        )
    }
}

impl School<'_> {
    fn value(self) -> Value {
        let texts =
            [self.degree_name, self.school_name, self.school_location, self.school_logo];
        Value::Values(
            texts
                .map(Value::text)
                .into_iter()
                .chain(dates(self.start_end_date))
                .collect(),
        )
    }
}

/// Start year and month, end year and month.
fn dates(span: Option<Span>) -> [Value; 4] {
    let Span { start, end } = span.unwrap_or_default();
    let (start, end) = (start.unwrap_or_default(), end.unwrap_or_default());
    [start.year, start.month, end.year, end.month].map(Value::integer)
}

/// A year or a month.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    Ok(whole(deserializer)?.and_then(|number| i64::try_from(number).ok()))
}
