//! Followers of a company, and how many there are: reference §10.

use super::{
    super::wire::{number_of, whole},
    rows::{Members, Row, rows},
    words,
};
use leadmill_core::{Finding, Operation, Query, Value};
use serde::{Deserialize, Serialize};

/// A company, and who of its followers is meant.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Search<'a> {
    company_url: &'a str,
    #[serde(rename = "max_limit", skip_serializing_if = "Option::is_none")]
    max_limit: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    countries: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    states: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    job_titles: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    departments: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    levels: Vec<&'a str>,
}

impl<'a> Search<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        let is_scrape = query.operation() == Operation::FindFollowers;
        let mut values = query.values();
        let mut next = || values.next().unwrap_or_default();
        Self {
            company_url: next(),
            max_limit: is_scrape.then(|| next().parse().ok()).flatten(),
            countries: words(next()),
            states: words(next()),
            job_titles: words(next()),
            departments: words(next()),
            levels: words(next()),
        }
    }
}

/// How far a scrape is. It has no status.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Scrape {
    pub(in super::super) done: bool,
    /// It has ended before it had found everybody.
    pub(in super::super) partial: Option<bool>,
}

/// A page of followers.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Followers {
    data: Vec<Row>,
    pagination: Option<Pagination>,
}

#[derive(Debug, Deserialize)]
struct Pagination {
    #[serde(default, deserialize_with = "whole")]
    total: Option<u64>,
}

impl Followers {
    /// How many there are on all pages.
    pub(in super::super) fn total(&self) -> Option<u64> {
        self.pagination.as_ref().and_then(|pagination| pagination.total)
    }

    /// How many there are on this one.
    pub(in super::super) fn count(&self) -> u64 {
        self.data.len() as u64
    }

    /// Who they are. A miss where there is nobody.
    pub(in super::super) fn finding(self) -> Finding {
        if self.data.is_empty() {
            return Finding::Miss;
        }
        let total = Value::integer(self.total().and_then(|total| total.try_into().ok()));
        let rows = rows(Operation::FindFollowers, FOLLOWER, self.data);
        Finding::Hit(Box::new([rows, total]))
    }
}

const FOLLOWER: Members = &[
    "profileUrl",
    "name",
    "firstName",
    "lastName",
    "title",
    "companyName",
    "companyProfileUrl",
    "companyWebsite",
    "companyDomain",
    "companyLogoUrl",
    "companyLocation",
    "location",
    "summary",
    "industry",
    "tenureAtCompany",
    "connectionDegree",
    "profilePictureUrl",
    "isPremium",
    "isOpenProfile",
    "isSaved",
    "spotlights",
    "objectURN",
];

/// An estimate. Its numbers stand there once it is completed.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Estimate {
    pub(in super::super) status: Option<String>,
    data: Option<Numbers>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Numbers {
    #[serde(default, deserialize_with = "whole")]
    total_count: Option<u64>,
    function_breakdown: Option<Vec<Row>>,
    seniority_breakdown: Option<Vec<Row>>,
}

impl Estimate {
    /// Its numbers. None where there is no total among them.
    pub(in super::super) fn finding(self) -> Option<Finding> {
        let numbers = self.data?;
        let total = numbers.total_count?.try_into().ok();
        let functions = numbers.function_breakdown.map(|parts| {
            parts.into_iter().map(|mut part| {
                let seniorities = match part.remove("seniorityBreakdown") {
                    Some(serde_json::Value::Array(parts)) => {
                        let parts = parts.into_iter().filter_map(|part| match part {
                            serde_json::Value::Object(part) => Some(part),
                            _ => None,
                        });
                        seniorities(Some(parts.collect()))
                    }
                    _ => Value::Null,
                };
                let [name, count] = part_of(&part, "functionName");
                Value::Values(Box::new([name, count, seniorities]))
            })
        });
        Some(Finding::Hit(Box::new([
            Value::integer(total),
            Value::list(functions),
            seniorities(numbers.seniority_breakdown),
        ])))
    }
}

fn seniorities(parts: Option<Vec<Row>>) -> Value {
    let part = |part: Row| Value::Values(Box::new(part_of(&part, "seniorityLevel")));
    Value::list(parts.map(|parts| parts.into_iter().map(part)))
}

fn part_of(part: &Row, name: &str) -> [Value; 2] {
    let name = part.get(name).and_then(|name| name.as_str());
    let count = part.get("count").and_then(number_of);
    [Value::text(name), Value::integer(count.and_then(|count| count.try_into().ok()))]
}
