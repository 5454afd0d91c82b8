//! A person with an address: the e-mail finder, the LinkedIn finder, the author finder and the enrichment of an address
//! share one shape. Reference 5.2 to 5.6.

use super::{
    super::wire::{Flag, Many, Part, Source, Text, Verification, Whole},
    profile, sources, verdict,
};
use leadmill_core::{Finding, Value};
use serde::Deserialize;
use serde_json::Value as Json;

/// What is known of a person. `phone_number` only tells that there is one.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Person {
    email: Text,
    first_name: Text,
    last_name: Text,
    full_name: Text,
    country: Text,
    position: Text,
    company: Text,
    website_url: Text,
    twitter: Text,
    linkedin: Text,
    phone_number: Flag,
    accept_all: Flag,
    disposable: Flag,
    webmail: Flag,
    score: Whole,
    verification: Part<Verification>,
    sources: Many<Source>,
    info: Part<Author>,
}

/// What an article says of its author.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Author {
    email: Text,
    first_name: Text,
    last_name: Text,
    full_name: Text,
    linkedin: Text,
    twitter: Text,
}

/// Reads an answer that is worth its price with an address only.
pub(super) fn email(data: Json) -> Option<Finding> {
    let person = first(data)?;
    Some(match person.email.is_told() {
        true => person.addressed(),
        false => Finding::Miss,
    })
}

/// Reads the author of an article: their name is an answer too.
pub(super) fn author(data: Json) -> Option<Finding> {
    let mut person = first(data)?;
    let author = std::mem::take(&mut person.info).whole();
    person.email = person.email.or(author.email);
    person.first_name = person.first_name.or(author.first_name);
    person.last_name = person.last_name.or(author.last_name);
    person.full_name = person.full_name.or(author.full_name);
    person.linkedin = person.linkedin.or(author.linkedin);
    person.twitter = person.twitter.or(author.twitter);
    Some(match person.email.is_told() || person.is_named() {
        true => person.addressed(),
        false => Finding::Miss,
    })
}

/// Reads the person behind an address.
pub(super) fn person(data: Json) -> Option<Finding> {
    let person = first(data)?;
    let about = [&person.linkedin, &person.position, &person.company];
    Some(match person.is_named() || about.iter().any(|text| text.is_told()) {
        true => person.described(),
        false => Finding::Miss,
    })
}

/// The person, or the first of some.
fn first(data: Json) -> Option<Person> {
    Many::<Person>::of(data).0.into_iter().next()
}

impl Person {
    fn is_named(&self) -> bool {
        [&self.full_name, &self.first_name, &self.last_name]
            .iter()
            .any(|name| name.is_told())
    }

    /// The fields of the operations that find an address.
    fn addressed(self) -> Finding {
        let Verification { status, date } = self.verification.whole();
        Finding::Hit(Box::new([
            self.email.into(),
            self.score.into(),
            Value::Null,
            self.accept_all.into(),
            Value::Null,
            Value::Null,
            verdict(&status).into(),
            status.into(),
            date.into(),
            self.first_name.into(),
            self.last_name.into(),
            self.full_name.into(),
            self.position.into(),
            self.company.into(),
            self.website_url.into(),
            self.country.into(),
            profile(self.linkedin).into(),
            self.twitter.into(),
            self.webmail.into(),
            self.disposable.into(),
            self.phone_number.into(),
            sources::seen(self.sources),
        ]))
    }

    /// The fields of a person. Of those that tell of a profile's own page nothing is known.
    fn described(self) -> Finding {
        let Verification { status, .. } = self.verification.whole();
        Finding::Hit(Box::new([
            profile(self.linkedin).into(),
            self.full_name.into(),
            self.first_name.into(),
            self.last_name.into(),
            Value::Null,
            Value::Null,
            self.position.into(),
            self.company.into(),
            Value::Null,
            self.country.into(),
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            Value::Null,
            self.website_url.into(),
            self.twitter.into(),
            verdict(&status).into(),
            self.phone_number.into(),
            sources::seen(self.sources),
        ]))
    }
}
