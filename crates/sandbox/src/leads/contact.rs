//! What a reveal gives of one person.

use serde_json::{Map, Value};

use super::field::Field;
use super::population::Population;

/// The contact of a lead: of fields that were not asked for there is no key, and of a stranger nothing is on file.
pub(crate) fn contact(
    population: &Population,
    id: &str,
    person: Option<usize>,
    fields: &[Field],
) -> Map<String, Value> {
    let found = person.and_then(|person| population.at(person));
    let text = |text: Option<String>| text.map_or(Value::Null, Value::from);
    let mut contact = Map::new();
    let mut put = |key: &str, value: Option<String>| {
        contact.insert(key.to_owned(), text(value));
    };
    put("id", Some(id.to_owned()));
    put("firstName", found.map(|(person, _)| person.first.to_owned()));
    put("lastName", found.map(|(person, _)| person.last.to_owned()));
    put("jobTitle", found.map(|(person, _)| person.title()));
    put("companyName", found.map(|(_, company)| company.name.clone()));
    put("linkedinUrl", found.map(|(person, _)| person.address()));
    put("domain", found.map(|(_, company)| company.domain()));
    if fields.contains(&Field::Email) {
        put("emailAddress", found.and_then(|(person, company)| person.email(company)));
    }
    if fields.contains(&Field::Phone) {
        put("phone", found.and_then(|(person, _)| person.phone()));
        put("cellphone", found.and_then(|(person, _)| person.cellphone()));
    }
    if fields.contains(&Field::PersonalEmail) {
        put("personalEmail", found.and_then(|(person, _)| person.personal_email()));
    }
    contact
}
