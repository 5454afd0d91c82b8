//! Employees at a company: reference §11. The fields are in snake case.

use super::{
    super::wire::{Text, whole},
    Echo, Family, Words, words,
};
use leadmill_core::{Finding, Query, Value};
use serde::{Deserialize, Serialize};

/// The product.
pub(in super::super) struct Employees;

/// A company, and who of its people is meant.
#[derive(Serialize)]
pub(super) struct Search<'a> {
    company_linkedin_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    page: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    country: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    continent: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sales_region: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    job_level: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    job_function: Vec<&'a str>,
}

impl<'a> Search<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        let mut values = query.values();
        let mut next = || values.next().unwrap_or_default();
        Self {
            company_linkedin_url: next(),
            max_results: next().parse().ok(),
            page: next().parse().ok(),
            country: words(next()),
            continent: words(next()),
            sales_region: words(next()),
            job_level: words(next()),
            job_function: words(next()),
        }
    }
}

/// A page of people.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Item<'a> {
    #[serde(borrow)]
    results: Vec<Employee<'a>>,
    #[serde(default, deserialize_with = "whole")]
    total_results: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Employee<'a> {
    #[serde(borrow)]
    linkedin_url: Option<Text<'a>>,
    #[serde(borrow)]
    full_name: Option<Text<'a>>,
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    headline: Option<Text<'a>>,
    #[serde(borrow)]
    about_me: Option<Text<'a>>,
    #[serde(borrow)]
    job_title: Option<Text<'a>>,
    #[serde(borrow)]
    job_level: Option<Text<'a>>,
    #[serde(borrow)]
    job_function: Option<Text<'a>>,
    job_is_current: Option<bool>,
    #[serde(borrow)]
    location: Option<Location<'a>>,
    #[serde(borrow)]
    skills: Option<Text<'a>>,
    #[serde(borrow)]
    education: Option<Text<'a>>,
    #[serde(borrow)]
    certifications: Option<Text<'a>>,
}

#[derive(Debug, Default, Deserialize)]
struct Location<'a> {
    #[serde(borrow)]
    city: Option<Text<'a>>,
    #[serde(borrow)]
    state_code: Option<Text<'a>>,
    #[serde(borrow)]
    country: Option<Text<'a>>,
    #[serde(borrow)]
    country_code: Option<Text<'a>>,
    #[serde(borrow)]
    continent: Option<Text<'a>>,
}

impl Family for Employees {
    type Item<'a> = Item<'a>;

    const ECHOES: bool = false;

    /// A company is echoed in a spelling of the provider's.
    fn echo<'a>(_: &'a Item<'_>) -> Echo<'a> {
        [None; 3]
    }

    fn finding(_: &Words, item: Item<'_>) -> Option<Finding> {
        if item.results.is_empty() {
            return Some(Finding::Miss);
        }
        let employees = Value::list(Some(item.results.into_iter().map(Employee::value)));
        let total = item.total_results.and_then(|total| i64::try_from(total).ok());
        Some(Finding::Hit(Box::new([employees, Value::integer(total)])))
    }
}

impl Employee<'_> {
    fn value(self) -> Value {
        let place = self.location.unwrap_or_default();
        Value::Values(Box::new([
            Value::text(self.linkedin_url),
            Value::text(self.full_name),
            Value::text(self.first_name),
            Value::text(self.last_name),
            Value::text(self.headline),
            Value::text(self.about_me),
            Value::text(self.job_title),
            Value::text(self.job_level),
            Value::text(self.job_function),
            Value::flag(self.job_is_current),
            Value::text(place.city),
            Value::text(place.state_code),
            Value::text(place.country),
            Value::text(place.country_code),
            Value::text(place.continent),
            Value::text(self.skills),
            Value::text(self.education),
            Value::text(self.certifications),
        ]))
    }
}
