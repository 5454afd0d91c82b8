//! Addresses at a domain, a page of them: reference 5.1.

use super::{
    super::wire::{Flag, Many, Meta, Part, Source, Text, Verification, Whole},
    NotAsked, address, profile, sources, verdict,
};
use leadmill_core::{Finding, Query, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// The sizes of a page that the provider has, the smallest first.
///
/// # Source
/// Reference 5.1: `limit` is one of these. One example says 100, which no other source does.
const SIZES: [u32; 3] = [10, 20, 50];

/// The addresses that are asked for: the largest page that is not larger than what is wanted, and the smallest where
/// nothing is said or less is wanted.
pub(in super::super) fn page_size(query: &Query) -> u32 {
    let wanted = wanted(query).unwrap_or_default();
    let fitting = SIZES.into_iter().rfind(|size| *size <= wanted);
    fitting.unwrap_or(SIZES[0])
}

/// The addresses that are wanted, where the question says.
pub(super) fn wanted(query: &Query) -> Option<u32> {
    query.values().nth(1)?.parse().ok()
}

/// How many addresses are on a page.
pub(in super::super) fn on_domain(data: &Json) -> u64 {
    let emails = data.get("emails").and_then(Json::as_array);
    let is_told = |email: &&Json| email.get("email").and_then(Json::as_str).is_some();
    emails.map_or(0, |emails| emails.iter().filter(is_told).count() as u64)
}

/// What is sent.
pub(super) fn parameters(query: &Query) -> Result<Vec<(&'static str, String)>, NotAsked> {
    let mut values = query.values().map(str::to_owned);
    let mut next = || values.next().unwrap_or_default();
    let (domain, _, page) = (next(), next(), next());
    let (department, country, kind) = (next(), next(), next());
    for (name, words) in
        [("department", &department), ("country", &country), ("type", &kind)]
    {
        // How several are written is told by no source, and a filter that is not understood would be paid for.
        if words.contains('|') {
            return Err(NotAsked(format!("only one {name} can be asked for")));
        }
    }
    Ok(vec![
        ("domain", domain),
        ("limit", page_size(query).to_string()),
        ("page", page),
        ("department", department),
        ("country", country.to_uppercase()),
        ("type", kind),
    ])
}

/// What stands under `data`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Found {
    organization: Part<Organization>,
    emails: Many<Address>,
}

/// Whose domain it is. `phone_number` is a number here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Organization {
    organization: Text,
    location: Part<Location>,
    social_links: Part<Links>,
    disposable: Flag,
    webmail: Flag,
    phone_number: Text,
    industries: Text,
    founded: Text,
    company_size: Text,
    accept_all: Flag,
    description: Text,
    pattern: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Location {
    country: Text,
    city: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Links {
    linkedin_url: Text,
}

/// One address. `phone_number` only tells that there is one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    email: Text,
    first_name: Text,
    last_name: Text,
    full_name: Text,
    phone_number: Flag,
    #[serde(rename = "type")]
    kind: Text,
    country: Text,
    position: Text,
    department: Text,
    seniority: Text,
    twitter: Text,
    linkedin: Text,
    accept_all: Flag,
    score: Whole,
    verification: Part<Verification>,
    last_updated: Text,
    last_updated_at: Text,
    sources: Many<Source>,
}

/// Reads a page. One without addresses is a miss, whatever it says of the company.
pub(super) fn page(wanted: Option<u32>, data: Json, meta: Meta) -> Option<Finding> {
    let Found { organization, emails } = Part::<Found>::of(data).0?;
    let mut emails = emails.0;
    emails.retain(|address| address.email.is_told());
    if emails.is_empty() {
        return Some(Finding::Miss);
    }
    // The smallest page may hold more than is wanted.
    if let Some(wanted) = wanted {
        emails.truncate(wanted as usize);
    }
    let about = organization.whole();
    let (place, links) = (about.location.whole(), about.social_links.whole());
    let emails = emails.into_iter().map(Address::value).collect();
    Some(Finding::Hit(Box::new([
        Value::Values(emails),
        meta.total.into(),
        about.pattern.into(),
        about.accept_all.into(),
        about.webmail.into(),
        about.disposable.into(),
        about.organization.into(),
        about.description.into(),
        about.industries.into(),
        about.company_size.into(),
        about.founded.into(),
        place.country.into(),
        place.city.into(),
        about.phone_number.into(),
        address("linkedin.com", "company/", links.linkedin_url.0).into(),
    ])))
}

impl Address {
    fn value(self) -> Value {
        let Verification { status, date } = self.verification.whole();
        Value::Values(Box::new([
            self.email.into(),
            self.kind.into(),
            self.score.into(),
            verdict(&status).into(),
            status.into(),
            date.into(),
            self.first_name.into(),
            self.last_name.into(),
            self.full_name.into(),
            self.position.into(),
            self.department.into(),
            self.seniority.into(),
            self.country.into(),
            profile(self.linkedin).into(),
            self.twitter.into(),
            self.accept_all.into(),
            self.phone_number.into(),
            self.last_updated.or(self.last_updated_at).into(),
            sources::seen(self.sources),
        ]))
    }
}
