//! The addresses of a domain.

use serde::Serialize;

use super::people::{dressed, somebody, with_phones};
use super::person::{Person, PhoneEntry, Source, Verification};
use super::{SEEN, SEEN_DAY};
use crate::answers::fold::unreachable_domain;
use crate::canonical::Dice;
use crate::tomba::normal;

/// The departments that there are.
///
/// # Source
/// Tomba's MCP server and its node for n8n (section 5.1).
pub(in crate::tomba) const DEPARTMENTS: [&str; 20] = [
    "engineering",
    "sales",
    "finance",
    "hr",
    "it",
    "marketing",
    "operations",
    "management",
    "executive",
    "legal",
    "support",
    "communication",
    "software",
    "security",
    "pr",
    "warehouse",
    "diversity",
    "administrative",
    "facilities",
    "accounting",
];

/// One address of a domain.
///
/// # Source
/// Section 5.1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DomainEmail {
    /// The address.
    pub email: String,
    /// Of a person.
    pub first_name: Option<String>,
    /// Of a person.
    pub last_name: Option<String>,
    /// Of a person.
    pub full_name: Option<String>,
    /// Of a person.
    pub gender: Option<&'static str>,
    /// Whether a number is known; never the number.
    pub phone_number: bool,
    /// `personal` or `generic`.
    pub r#type: &'static str,
    /// Two letters.
    pub country: Option<&'static str>,
    /// The title.
    pub position: Option<String>,
    /// The department.
    pub department: Option<&'static str>,
    /// The rank.
    pub seniority: Option<&'static str>,
    /// A profile.
    pub twitter: Option<String>,
    /// A profile.
    pub linkedin: Option<String>,
    /// Whether the domain takes mail for any address.
    pub accept_all: bool,
    /// What the address is made of.
    pub pattern: Option<&'static str>,
    /// 0 to 100.
    pub score: u32,
    /// What the verifier said of the address.
    pub verification: Verification,
    /// When it was last looked at.
    pub last_updated: &'static str,
    /// The same, in another form.
    pub last_updated_at: &'static str,
    /// Where it was seen.
    pub sources: Vec<Source>,
    /// The numbers, if they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_data: Option<Vec<PhoneEntry>>,
}

/// All addresses of a domain: of five domains one is unknown, one has none, and the others have up to sixty.
pub fn domain_emails(seed: u64, domain: &str) -> Option<Vec<DomainEmail>> {
    let domain = normal::domain(domain);
    let dice = Dice::throw(seed, "domain-search", &[&domain]);
    let count = match dice.roll(0, 5) {
        0 => return None,
        1 => 0,
        _ => 1 + dice.roll(1, 60),
    };
    let email = |nth: u32| match nth {
        0 => generic(seed, &domain),
        nth => personal(seed, &domain, nth),
    };
    Some((0..count).map(email).collect())
}

/// The same address with the numbers that were asked for.
pub(in crate::tomba) fn phoned(seed: u64, email: DomainEmail) -> DomainEmail {
    let person = Person {
        email: Some(email.email.clone()),
        phone_number: Some(email.phone_number),
        ..Person::default()
    };
    DomainEmail { phone_data: with_phones(seed, person).phone_data, ..email }
}

fn personal(seed: u64, domain: &str, nth: u32) -> DomainEmail {
    let dice = Dice::throw(seed, "roster", &[domain, &nth.to_string()]);
    let [first, last] = somebody(&dice);
    // Two of one name are told apart, as addresses of one domain are.
    let names = [first, format!("{last} {}", roman(nth))];
    let person = dressed(seed, &dice, names, domain);
    DomainEmail {
        email: person.email.unwrap_or_default(),
        first_name: person.first_name,
        last_name: person.last_name,
        full_name: person.full_name,
        gender: person.gender,
        phone_number: person.phone_number == Some(true),
        r#type: "personal",
        country: person.country,
        position: person.position,
        department: Some(dice.pick(0, "accounting", &DEPARTMENTS)),
        seniority: Some(dice.pick(1, "junior", &["senior", "executive"])),
        twitter: person.twitter,
        linkedin: person.linkedin,
        accept_all: person.accept_all == Some(true),
        pattern: Some("{first}.{last}"),
        score: person.score,
        verification: person.verification,
        last_updated: SEEN,
        last_updated_at: SEEN_DAY,
        sources: person.sources,
        phone_data: None,
    }
}

fn generic(seed: u64, domain: &str) -> DomainEmail {
    let email = format!("info@{}", unreachable_domain(domain));
    DomainEmail {
        email,
        first_name: None,
        last_name: None,
        full_name: None,
        gender: None,
        r#type: "generic",
        position: None,
        department: None,
        seniority: None,
        linkedin: None,
        pattern: None,
        phone_number: false,
        ..personal(seed, domain, 0)
    }
}

/// A number in letters, so that it may be part of a name.
fn roman(nth: u32) -> String {
    let digit = |digit: u8| (b'a' + digit.saturating_sub(b'0')) as char;
    nth.to_string().bytes().map(digit).collect()
}
