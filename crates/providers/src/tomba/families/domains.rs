//! What else is known of a domain: reference 8.

use super::super::wire::{Many, Meta, Part, Text, Whole};
use leadmill_core::{Finding, Value};
use serde::Deserialize;
use serde_json::Value as Json;
use std::collections::BTreeMap;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Similar {
    website_url: Text,
    name: Text,
    industries: Text,
}

/// Reads the companies of `/similar`. They come in pages, of which only the first can be asked for: how many there are
/// in all tells how many are left out.
///
/// # Source
/// Section 4 of what was observed.
pub(super) fn similar(data: Json, meta: Meta) -> Option<Finding> {
    let mut all = Many::<Similar>::of(data).0;
    all.retain(|one| one.website_url.is_told() || one.name.is_told());
    let listed = list(all, |one| {
        vec![one.website_url.into(), one.name.into(), one.industries.into()]
    });
    Some(match listed {
        Finding::Hit(values) => {
            let total = [meta.total.into()];
            Finding::Hit(values.into_iter().chain(total).collect())
        }
        other => other,
    })
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Technology {
    name: Text,
    slug: Text,
    website: Text,
    icon: Text,
    categories: Many<Category>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Category {
    name: Text,
}

/// Reads the list of `/technology`. A technology has categories, or one.
pub(super) fn technologies(data: Json) -> Option<Finding> {
    let mut all = Many::<Technology>::of(data).0;
    all.retain(|one| one.name.is_told() || one.slug.is_told());
    Some(list(all, |one| {
        let categories = one.categories.0.into_iter().map(|category| category.name);
        let categories = Many(categories.collect());
        vec![
            one.name.into(),
            one.slug.into(),
            one.website.into(),
            one.icon.into(),
            categories.into(),
        ]
    }))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Count {
    total: Whole,
    personal_emails: Whole,
    generic_emails: Whole,
    department: Part<BTreeMap<String, Whole>>,
    seniority: Part<Seniority>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Seniority {
    junior: Whole,
    senior: Whole,
    executive: Whole,
}

/// Reads the numbers of `/email-count`. That there are none is an answer.
pub(super) fn count(data: Json) -> Option<Finding> {
    let count = Part::<Count>::of(data).0?;
    count.total.0?;
    let seniority = count.seniority.whole();
    let department = |(name, count): (String, Whole)| {
        let count = count.0?;
        Some(Value::Values(Box::new([Value::Text(name.into()), Value::Integer(count)])))
    };
    let departments = count.department.whole().into_iter().filter_map(department);
    Some(Finding::Hit(Box::new([
        count.total.into(),
        count.personal_emails.into(),
        count.generic_emails.into(),
        seniority.junior.into(),
        seniority.senior.into(),
        seniority.executive.into(),
        Value::Values(departments.collect()),
    ])))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Format {
    format: Text,
    percentage: Whole,
}

/// Reads the formats of `/email-format`.
pub(super) fn formats(data: Json) -> Option<Finding> {
    let mut all = Many::<Format>::of(data).0;
    all.retain(|one| one.format.is_told());
    // Of those that are as usual the first.
    let usual = all.iter().rev().max_by_key(|one| one.percentage.0);
    let Some(usual) = usual.map(|one| one.format.clone()) else {
        return Some(Finding::Miss);
    };
    let row =
        |one: Format| Value::Values(Box::new([one.format.into(), one.percentage.into()]));
    let all = all.into_iter().map(row).collect();
    Some(Finding::Hit(Box::new([usual.into(), Value::Values(all)])))
}

/// A list of what was found, each with its own fields; a miss where there is nothing.
fn list<T>(all: Vec<T>, fields: impl Fn(T) -> Vec<Value>) -> Finding {
    match all.is_empty() {
        true => Finding::Miss,
        false => {
            let rows = all.into_iter().map(|one| Value::Values(fields(one).into()));
            Finding::Hit(Box::new([Value::Values(rows.collect())]))
        }
    }
}
