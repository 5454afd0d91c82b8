//! Which rows of a job are asked: not the invalid ones, not a second time, and not what is skipped.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::draft::Draft;
use super::kinds::BulkKind;
use crate::canonical::question;
use crate::tomba::normal;
use crate::tomba::options::Options;

/// A row that is asked.
#[derive(Clone, Debug)]
pub(super) struct Item {
    /// Its place in the input.
    pub(super) row: usize,
    /// What names its question in the audit.
    pub(super) question: String,
    values: Vec<(&'static str, String)>,
}

/// How the rows were sorted. `input` is always `valid + invalid + duplicates`, and the skipped ones are valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct RowCounts {
    pub(super) input: usize,
    pub(super) valid: usize,
    pub(super) invalid: usize,
    pub(super) duplicates: usize,
    pub(super) skipped: usize,
}

impl Item {
    /// What stands in a column that is asked with; empty if nothing does.
    pub(super) fn value(&self, field: &str) -> &str {
        let found = self.values.iter().find(|(name, _)| *name == field);
        found.map_or("", |(_, value)| value)
    }

    /// First and last name.
    pub(super) fn names(&self) -> (String, String) {
        match (self.value("first_name"), self.value("last_name")) {
            ("", "") => normal::split_name(self.value("full_name")),
            (first, last) => (first.to_owned(), last.to_owned()),
        }
    }

    /// What makes it the same question as another; nothing if it is none.
    fn key(&self, kind: BulkKind) -> Option<Vec<String>> {
        let right = |is_right: fn(&str) -> bool, field: &'static str| {
            Some(self.value(field)).filter(|value| is_right(value))
        };
        Some(match kind {
            BulkKind::Search => {
                vec![
                    normal::domain(right(normal::is_domain, "domain")?),
                    "bulk".to_owned(),
                ]
            }
            BulkKind::Company | BulkKind::Similar => {
                vec![normal::domain(right(normal::is_domain, "domain")?)]
            }
            BulkKind::PhoneFinder => {
                let domain = normal::domain(right(normal::is_domain, "domain")?);
                vec![format!("domain={domain}")]
            }
            BulkKind::Finder => {
                let domain = normal::domain(right(normal::is_domain, "domain")?);
                let (first, last) = self.names();
                let named = !first.trim().is_empty() && !last.trim().is_empty();
                named.then(|| vec![normal::name(&first), normal::name(&last), domain])?
            }
            BulkKind::Author => vec![normal::page(right(normal::is_page, "url")?)],
            BulkKind::Enrich | BulkKind::Verifier => {
                vec![normal::email(right(normal::is_email, "email")?)]
            }
            BulkKind::Linkedin => {
                vec![normal::profile(right(normal::is_profile, "linkedin_url")?)]
            }
            BulkKind::PhoneValidator => {
                let mut key = vec![normal::phone(right(normal::is_phone, "phone")?)];
                key.extend(
                    Some(self.value("country").to_owned()).filter(|c| !c.is_empty()),
                );
                key
            }
        })
    }
}

/// Sorts the rows of a draft; of each domain so many addresses were taken by the verifier before.
pub(super) fn sort_out(
    kind: BulkKind,
    draft: &Draft,
    options: &Options,
    verified: &HashMap<String, usize>,
) -> (Vec<Item>, RowCounts) {
    let mut counts = RowCounts { input: draft.sheet.rows.len(), ..RowCounts::default() };
    let (mut items, mut seen) = (Vec::new(), HashSet::new());
    let mut of_domain = verified.clone();
    for (row, cells) in draft.sheet.rows.iter().enumerate() {
        let cell = |place: &usize| cells.get(*place).map(|cell| cell.trim().to_owned());
        let places = draft.places.iter();
        let values = places.map(|(name, at)| (*name, cell(at).unwrap_or_default()));
        let mut item = Item { row, question: String::new(), values: values.collect() };
        let Some(key) = item.key(kind) else {
            counts.invalid += 1;
            continue;
        };
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        item.question = question(&kind.endpoint().to_string(), &key);
        if !seen.insert(item.question.clone()) {
            counts.duplicates += 1;
            continue;
        }
        counts.valid += 1;
        let skips = match kind {
            BulkKind::Verifier => {
                let domain = normal::domain_of(key.first().copied().unwrap_or_default());
                let count = of_domain.entry(domain.to_owned()).or_default();
                let full = *count >= options.bulk.verified_per_domain;
                let skips = normal::is_webmail(domain) || normal::is_disposable(domain);
                *count += usize::from(!skips && !full);
                skips || full
            }
            _ => {
                draft.wishes.skip_with_email
                    && cells.iter().any(|cell| normal::is_email(cell))
            }
        };
        match skips {
            true => counts.skipped += 1,
            false => items.push(item),
        }
    }
    (items, counts)
}

impl RowCounts {
    /// As metrics tell them.
    pub(super) fn told(&self, processed: usize, errors: usize) -> Value {
        json!({
            "input": self.input,
            "valid_input": self.valid,
            "invalid_input": self.invalid,
            "duplicates": self.duplicates,
            "skipped": self.skipped,
            "processed": processed,
            "errors": errors,
        })
    }
}
