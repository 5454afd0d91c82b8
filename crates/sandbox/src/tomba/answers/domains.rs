//! What else there is to know of a domain (section 8).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::organization::Organization;
use super::people::sources;
use super::roster::{DomainEmail, domain_emails};
use crate::answers::fold::unreachable_domain;
use crate::canonical::Dice;
use crate::tomba::normal;

/// How many addresses there are, and whose; nothing for a domain that is not known.
pub(in crate::tomba) fn count(seed: u64, domain: &str) -> Option<Value> {
    let emails = domain_emails(seed, domain)?;
    let by = |of: fn(&DomainEmail) -> Option<&'static str>| {
        let mut counts = BTreeMap::<&str, usize>::new();
        for name in emails.iter().filter_map(of) {
            *counts.entry(name).or_default() += 1;
        }
        counts
    };
    let personal = emails.iter().filter(|email| email.r#type == "personal").count();
    Some(json!({
        "total": emails.len(),
        "personal_emails": personal,
        "generic_emails": emails.len() - personal,
        "department": by(|email| email.department),
        "seniority": by(|email| email.seniority),
    }))
}

/// Where an address was seen; nowhere for some.
pub(in crate::tomba) fn seen(seed: u64, email: &str) -> Value {
    let email = normal::email(email);
    let dice = Dice::throw(seed, "email-sources", &[&email]);
    json!(sources(&dice, &unreachable_domain(normal::domain_of(&email))))
}

/// What addresses are made of.
pub(in crate::tomba) fn formats(seed: u64, domain: &str) -> Option<Value> {
    domain_emails(seed, domain).filter(|emails| !emails.is_empty()).map(|_| {
        json!([
            { "format": "{first}.{last}", "percentage": 80 },
            { "format": "{first}", "percentage": 20 },
        ])
    })
}

/// Companies on a page of `/similar`, of which there is no parameter for another.
///
/// # Source
/// Section 4 of what was observed.
pub(in crate::tomba) const SIMILAR_PAGE: usize = 25;

/// Those of the domains like this one that are shown.
pub(in crate::tomba) fn similar_shown(seed: u64, domain: &str) -> Vec<Value> {
    let mut shown = similar(seed, domain);
    shown.truncate(SIMILAR_PAGE);
    shown
}

/// Domains like this one, on all pages; none for about three in ten.
pub(in crate::tomba) fn similar(seed: u64, domain: &str) -> Vec<Value> {
    let domain = normal::domain(domain);
    let dice = Dice::throw(seed, "similar", &[&domain]);
    let count = match (dice.roll(0, 10) < 3, dice.roll(2, 10) < 2) {
        (true, _) => 0,
        (false, true) => 26 + dice.roll(1, 30),
        (false, false) => 1 + dice.roll(1, 10),
    };
    let like = |nth: u32| {
        let owner = Organization::of(seed, &format!("like{nth}-{domain}"));
        let industries = owner.industry("linkedin");
        json!({ "website_url": owner.site, "name": owner.name, "industries": industries })
    };
    (1..=count).map(like).collect()
}

/// What a site is built with; nothing for about three in ten.
pub(in crate::tomba) fn technologies(seed: u64, domain: &str) -> Vec<Value> {
    let dice = Dice::throw(seed, "technology", &[&normal::domain(domain)]);
    let count = if dice.roll(0, 10) < 3 { 0 } else { 1 + dice.roll(1, 6) };
    let technology = |nth: u32| {
        json!({
            "slug": format!("example-{nth}"),
            "name": format!("Example {nth} (synthetic)"),
            "icon": "example.svg",
            "website": "https://technology.invalid",
            "categories": [{ "id": nth, "slug": "examples", "name": "Examples" }],
        })
    };
    (1..=count).map(technology).collect()
}

/// Where people work.
pub(in crate::tomba) fn locations(seed: u64, domain: &str) -> Vec<Value> {
    let mut places = BTreeMap::<&str, usize>::new();
    for email in domain_emails(seed, domain).unwrap_or_default() {
        if let Some(country) = email.country {
            *places.entry(country).or_default() += 1;
        }
    }
    places
        .into_iter()
        .map(|(name, total)| json!({ "name": name, "total": total }))
        .collect()
}

/// Whether mail to a domain is worth anything. What is no domain is disposable.
pub(in crate::tomba) fn status(domain: &str) -> Value {
    let normal = normal::domain(domain);
    let disposable = !normal::is_domain(domain) || normal::is_disposable(&normal);
    let webmail = normal::is_webmail(&normal);
    json!({ "domain": normal, "webmail": webmail, "disposable": disposable })
}

/// Domains whose owner might be meant.
pub(in crate::tomba) fn suggestions(seed: u64, query: &str) -> Vec<Value> {
    let word = normal::name(query);
    let named = |ending: &&str| {
        let owner = Organization::of(seed, &format!("{word}.{ending}"));
        let emails = domain_emails(seed, &format!("{word}.{ending}"));
        let count = emails.map_or(0, |emails| emails.len());
        json!({ "name": owner.name, "domain": owner.site, "email_count": count })
    };
    ["com", "io", "net"].iter().map(named).collect()
}
