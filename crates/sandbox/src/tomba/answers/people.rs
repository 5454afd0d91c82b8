//! Whether somebody is found, and who.

use super::person::{Person, PhoneEntry, Source, Verification};
use super::phone::synthetic_number;
use super::verification::verify;
use super::{SEEN, SEEN_DAY};
use crate::answers::fold::{local_part, unreachable_domain};
use crate::canonical::{Dice, canonical};
use crate::leads::tables::{JOB, PLACE, list};
use crate::tomba::normal;

/// The address of a person at a domain, none for about three in ten.
pub fn find_email(seed: u64, first: &str, last: &str, domain: &str) -> Option<Person> {
    let (key_first, key_last) = (normal::name(first), normal::name(last));
    let domain = normal::domain(domain);
    let dice = Dice::throw(seed, "email-finder", &[&key_first, &key_last, &domain]);
    if dice.roll(0, 100) >= 70 {
        return None;
    }
    let names = [title_case(first), title_case(last)];
    Some(dressed(seed, &dice, names, &domain))
}

/// The author of a page: nobody for three in ten, and for one in ten a person whose address is not known.
pub fn find_author(seed: u64, url: &str) -> Option<Person> {
    let page = normal::page(url);
    let dice = Dice::throw(seed, "author-finder", &[&page]);
    let person = || dressed(seed, &dice, somebody(&dice), &normal::domain(&page));
    match dice.roll(0, 100) {
        0..60 => Some(person()),
        60..70 => Some(nameless(person())),
        _ => None,
    }
}

/// The addresses of a profile, up to two, none for about three in ten.
pub fn find_linkedin(seed: u64, url: &str) -> Vec<Person> {
    let profile = normal::profile(url);
    let dice = Dice::throw(seed, "linkedin", &[&profile]);
    let count = match dice.roll(0, 100) {
        0..50 => 1,
        50..70 => 2,
        _ => 0,
    };
    let person = |nth: usize| {
        let number = dice.roll(1 + nth, 1_000);
        let domain = format!("employer{number}.example");
        let person = dressed(seed, &dice, somebody(&dice), &domain);
        Person { linkedin: Some(format!("https://www.{profile}")), ..person }
    };
    (0..count).map(person).collect()
}

/// Who has an address, nobody for about four in ten.
pub fn enrich_email(seed: u64, email: &str) -> Option<Person> {
    let email = normal::email(email);
    let dice = Dice::throw(seed, "enrich", &[&email]);
    if dice.roll(0, 100) >= 60 {
        return None;
    }
    let domain = normal::domain_of(&email).to_owned();
    let person = dressed(seed, &dice, somebody(&dice), &domain);
    let site = person.website_url.clone().unwrap_or_default();
    let verification = verified(seed, &email);
    Some(Person {
        email: Some(email),
        webmail: normal::is_webmail(&domain),
        disposable: normal::is_disposable(&domain),
        sources: sources(&dice, &site),
        verification,
        ..person
    })
}

/// The same person with the numbers that were asked for.
pub(in crate::tomba) fn with_phones(seed: u64, person: Person) -> Person {
    let key = person.email.clone().or_else(|| person.full_name.clone());
    let key = key.unwrap_or_default();
    let dice = Dice::throw(seed, "phone-data", &[&key]);
    let has = person.phone_number == Some(true);
    let number = |nth: usize| PhoneEntry {
        number: synthetic_number(&dice, nth),
        r#type: if nth == 0 { "mobile" } else { "work" },
    };
    let count = if has { 1 + dice.roll(6, 2) as usize } else { 0 };
    Person { phone_data: Some((0..count).map(number).collect()), ..person }
}

/// A person of whom nothing was found, as Tomba's tests have it.
pub(in crate::tomba) fn nobody() -> Person {
    Person::default()
}

/// Two names by chance.
pub(in crate::tomba) fn somebody(dice: &Dice) -> [String; 2] {
    [(6, "firstNames"), (7, "lastNames")].map(|(die, name)| {
        let names = list(name);
        let nth = dice.roll(die, u32::try_from(names.len()).unwrap_or(1));
        names.get(nth as usize).copied().unwrap_or("Nobody").to_owned()
    })
}

/// Where an address was seen, on a site that there is not.
pub(in crate::tomba) fn sources(dice: &Dice, site: &str) -> Vec<Source> {
    let source = |nth: u32| Source {
        uri: format!("https://{site}/page{}", dice.roll(3, 900) + nth),
        website_url: site.to_owned(),
        extracted_on: SEEN,
        last_seen_on: SEEN_DAY,
        still_on_page: nth == 0,
    };
    (0..dice.roll(5, 4)).map(source).collect()
}

/// Everything about a person of these names at a domain.
pub(in crate::tomba) fn dressed(
    seed: u64,
    dice: &Dice,
    [first, last]: [String; 2],
    domain: &str,
) -> Person {
    let fallback = format!("x{:06x}", dice.roll(1, 1 << 24));
    let site = unreachable_domain(domain.strip_suffix(".invalid").unwrap_or(domain));
    let local = |name: &str| local_part(&canonical(name), &fallback);
    let email = format!("{}.{}@{site}", local(&first), local(&last));
    let row = |die, rows: usize| {
        dice.roll(die, u32::try_from(rows).unwrap_or(1).max(1)) as usize
    };
    let company = domain.split('.').next().unwrap_or_default();
    let verification = verified(seed, &email);
    Person {
        full_name: Some(format!("{first} {last}").trim().to_owned()),
        gender: Some(dice.pick(2, "female", &["male"])),
        country: Some(PLACE.cell(row(3, PLACE.len()), "code")),
        position: Some(format!("{} Manager", JOB.cell(row(4, JOB.len()), "noun"))),
        company: Some(format!("{} (synthetic)", title_case(company))),
        twitter: None,
        linkedin: Some(format!(
            "https://www.linkedin.invalid/in/{}-{fallback}",
            local(&last)
        )),
        phone_number: Some(dice.roll(2, 10) < 3),
        accept_all: Some(verification.status == Some("accept_all")),
        disposable: false,
        webmail: normal::is_webmail(domain),
        score: 50 + dice.roll(4, 51),
        sources: sources(dice, &site),
        website_url: Some(site),
        first_name: Some(first),
        last_name: Some(last),
        email: Some(email),
        verification,
        phone_data: None,
    }
}

/// The person, whose address nobody knows.
fn nameless(person: Person) -> Person {
    let verification = Verification::default();
    let (email, score, sources) = (None, 0, Vec::new());
    Person { email, score, sources, verification, phone_number: Some(false), ..person }
}

fn verified(seed: u64, email: &str) -> Verification {
    Verification { date: Some(SEEN), status: Some(verify(seed, email).status) }
}

/// Every word with a capital.
pub(in crate::tomba) fn title_case(text: &str) -> String {
    let capital = |word: &str| {
        let mut letters = word.chars();
        let first = letters.next().map(|first| first.to_uppercase().to_string());
        first.unwrap_or_default() + letters.as_str()
    };
    text.split_whitespace().map(capital).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_depends_on_the_seed_and_the_normal_question_only() {
        let ask = |seed, nth: u32, domain: &str| {
            find_email(seed, "Ada", &format!("Testerly{nth}"), domain)
        };
        let mut differ = false;
        for nth in 0..50 {
            let plain = ask(7, nth, "example.com");
            assert_eq!(plain, ask(7, nth, "https://www.Example.com/x"));
            differ |= plain.is_some() != ask(8, nth, "example.com").is_some();
        }
        assert!(differ);
    }

    #[test]
    fn some_are_found_and_no_address_takes_mail() {
        let found: Vec<Person> = (0..1_000)
            .filter_map(|nth| find_email(3, "Ada", &format!("T{nth}"), "example.com"))
            .collect();
        assert!((640..760).contains(&found.len()), "{}", found.len());
        for person in found {
            assert!(person.email.is_some_and(|email| email.ends_with(".invalid")));
        }
        let authors: Vec<_> = (0..500)
            .map(|nth| find_author(3, &format!("https://example.com/{nth}")))
            .collect();
        let named = authors.iter().flatten().filter(|author| author.email.is_none());
        assert!(named.count() > 20);
        assert!(authors.iter().any(Option::is_none));
        let profiles =
            (0..100).map(|nth| find_linkedin(3, &format!("linkedin.com/in/p{nth}")));
        let counts: Vec<usize> = profiles.map(|found| found.len()).collect();
        assert!([0, 1, 2].iter().all(|count| counts.contains(count)));
    }
}
