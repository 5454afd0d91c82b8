//! Where the columns of a file stand in the answer to a single question, so that both are read by the same code.
//!
//! # Source
//! The names of columns are not documented (assumption A16): they are taken for the fields of the single endpoints, in
//! any spelling, and for other names of the same. What is not known is left out.

use super::sheet::{Sheet, told};
use csv::StringRecord;
use leadmill_core::Operation;
use serde_json::{Map, Value, json};

/// A member of an answer, and the columns that tell it: of several the first that says something.
struct Member {
    /// Its place in the answer.
    at: &'static [&'static str],
    /// The names of its columns. Those of one spelling are one.
    names: &'static [&'static str],
    form: Form,
}

/// What a cell holds.
#[derive(Clone, Copy)]
enum Form {
    /// Text, a number, or a flag: the readers take texts for all of them.
    Text,
    /// A flag, where it is one: the same member is a text elsewhere.
    Mark,
    /// A list.
    List,
    /// Addresses of pages.
    Pages,
}

const fn text(at: &'static [&'static str], names: &'static [&'static str]) -> Member {
    Member { at, names, form: Form::Text }
}

const SOURCES: Member =
    Member { at: &["sources"], names: &["sources"], form: Form::Pages };

const VERDICT: Member = text(
    &["verification", "status"],
    &["verification_status", "verification", "email_status", "status"],
);
const VERIFIED_AT: Member =
    text(&["verification", "date"], &["verification_date", "verified_at"]);
const EMAIL: Member = text(&["email"], &["email", "e-mail", "email_address"]);
const FIRST_NAME: Member = text(&["first_name"], &["first_name", "given_name"]);
const LAST_NAME: Member = text(&["last_name"], &["last_name", "family_name", "surname"]);
const FULL_NAME: Member = text(&["full_name"], &["full_name", "name"]);
const COUNTRY: Member = text(&["country"], &["country", "country_code"]);
const POSITION: Member = text(&["position"], &["position", "job_title", "title"]);
const TWITTER: Member = text(&["twitter"], &["twitter", "twitter_url"]);
const LINKEDIN: Member = text(&["linkedin"], &["linkedin", "linkedin_url"]);
const PHONE_NUMBER: Member = text(&["phone_number"], &["phone_number"]);
const ACCEPT_ALL: Member = text(&["accept_all"], &["accept_all"]);
const DISPOSABLE: Member = text(&["disposable"], &["disposable"]);
const WEBMAIL: Member = text(&["webmail"], &["webmail"]);
const SCORE: Member = text(&["score"], &["score"]);

const PERSON: &[Member] = &[
    EMAIL,
    FIRST_NAME,
    LAST_NAME,
    FULL_NAME,
    COUNTRY,
    POSITION,
    text(&["company"], &["company", "organization", "company_name"]),
    text(&["website_url"], &["website_url", "website", "domain", "company_domain"]),
    TWITTER,
    LINKEDIN,
    PHONE_NUMBER,
    ACCEPT_ALL,
    DISPOSABLE,
    WEBMAIL,
    SCORE,
    VERDICT,
    VERIFIED_AT,
    SOURCES,
];

const ADDRESS: &[Member] = &[
    EMAIL,
    text(&["type"], &["type", "email_type"]),
    FIRST_NAME,
    LAST_NAME,
    FULL_NAME,
    COUNTRY,
    POSITION,
    text(&["department"], &["department"]),
    text(&["seniority"], &["seniority"]),
    TWITTER,
    LINKEDIN,
    PHONE_NUMBER,
    ACCEPT_ALL,
    SCORE,
    VERDICT,
    VERIFIED_AT,
    text(&["last_updated"], &["last_updated", "last_updated_at"]),
    SOURCES,
];

/// What rows of addresses may say of their domain.
const ORGANIZATION: &[Member] = &[
    text(&["organization"], &["organization", "company", "company_name"]),
    text(&["industries"], &["industries", "industry"]),
    text(&["company_size"], &["company_size"]),
    text(&["founded"], &["founded"]),
    text(&["description"], &["description"]),
    DISPOSABLE,
    WEBMAIL,
];

const VERIFIED: &[Member] = &[
    EMAIL,
    text(&["status"], &["status", "verification_status"]),
    text(&["result"], &["result"]),
    SCORE,
    text(&["mx_check"], &["mx_check"]),
    text(&["mx_records"], &["mx_records"]),
    Member { at: &["smtp_server"], names: &["smtp_server"], form: Form::Mark },
    text(&["smtp_check"], &["smtp_check"]),
    text(&["smtp_provider"], &["smtp_provider"]),
    ACCEPT_ALL,
    text(&["block"], &["block"]),
    text(&["greylisted"], &["greylisted"]),
    text(&["gibberish"], &["gibberish"]),
    DISPOSABLE,
    WEBMAIL,
    SOURCES,
];

const NUMBER: &[Member] = &[
    text(&["valid"], &["valid", "is_valid"]),
    text(&["local_format"], &["local_format"]),
    text(&["intl_format"], &["intl_format", "international_format"]),
    text(&["e164_format"], &["e164_format", "e164"]),
    text(&["rfc3966_format"], &["rfc3966_format"]),
    text(&["country_code"], &["country_code"]),
    text(&["line_type"], &["line_type"]),
    text(&["carrier"], &["carrier"]),
    text(&["region", "name"], &["region", "region_name"]),
    text(&["region", "code"], &["region_code"]),
    Member { at: &["timezones"], names: &["timezones", "timezone"], form: Form::List },
];

const COMPANY: &[Member] = &[
    text(&["name"], &["name", "company_name", "organization", "company"]),
    text(&["legalName"], &["legal_name"]),
    text(&["domain"], &["domain", "website_url", "website"]),
    text(&["description"], &["description"]),
    text(&["type"], &["type", "company_type"]),
    text(&["foundedYear"], &["founded_year", "founded"]),
    text(&["location"], &["location"]),
    text(&["industry"], &["industry", "industries", "category_industry"]),
    text(&["geo", "streetAddress"], &["street_address", "geo_street_address"]),
    text(&["geo", "city"], &["city", "geo_city"]),
    text(&["geo", "state"], &["state", "geo_state"]),
    text(&["geo", "postalCode"], &["postal_code", "geo_postal_code"]),
    text(&["geo", "country"], &["country", "geo_country"]),
    text(&["geo", "countryCode"], &["country_code", "geo_country_code"]),
    text(
        &["metrics", "employees"],
        &["employees", "metrics_employees", "company_size", "size", "employee_count"],
    ),
    text(
        &["metrics", "annualRevenue"],
        &["annual_revenue", "metrics_annual_revenue", "revenue"],
    ),
    text(&["metrics", "trafficRank"], &["traffic_rank", "metrics_traffic_rank"]),
    text(&["linkedin_url"], &["linkedin_url", "linkedin", "linkedin_handle"]),
    text(&["twitter_url"], &["twitter_url", "twitter", "twitter_handle"]),
    text(&["facebook_url"], &["facebook_url", "facebook", "facebook_handle"]),
    Member {
        at: &["site", "phoneNumbers"],
        names: &["phone_numbers", "site_phone_numbers", "phone_number", "phone"],
        form: Form::List,
    },
    Member {
        at: &["site", "emailAddresses"],
        names: &["email_addresses", "site_email_addresses"],
        form: Form::List,
    },
    Member { at: &["tags"], names: &["tags"], form: Form::List },
    Member { at: &["tech"], names: &["tech", "technologies"], form: Form::List },
    text(&["category", "sicCode"], &["sic_code", "category_sic_code"]),
    text(&["category", "naicsCode"], &["naics_code", "category_naics_code"]),
];

/// `domain` may be that of the company that these are like.
const SIMILAR: &[Member] = &[
    text(&["website_url"], &["website_url", "website"]),
    text(&["name"], &["name", "company_name", "organization"]),
    text(&["industries"], &["industries", "industry"]),
];

/// The columns of one file.
pub(super) struct Columns {
    operation: Operation,
    rows: Vec<(&'static Member, Vec<usize>)>,
    about: Vec<(&'static Member, Vec<usize>)>,
}

impl Columns {
    /// Finds the columns of an operation's answers.
    pub(super) fn of(operation: Operation, sheet: &Sheet) -> Self {
        let (rows, about): (&[Member], &[Member]) = match operation {
            Operation::VerifyEmail => (VERIFIED, &[]),
            Operation::ValidatePhone => (NUMBER, &[]),
            Operation::FindCompany => (COMPANY, &[]),
            Operation::FindSimilar => (SIMILAR, &[]),
            Operation::SearchDomain => (ADDRESS, ORGANIZATION),
            _ => (PERSON, &[]),
        };
        let find = |members: &'static [Member]| {
            let columns = |member: &Member| {
                member.names.iter().flat_map(|name| sheet.columns(name)).collect()
            };
            members.iter().map(|member| (member, columns(member))).collect()
        };
        Self { operation, rows: find(rows), about: find(about) }
    }

    /// Puts the rows of one question together as its single endpoint answers it, with how many rows say anything. None
    /// where none does.
    pub(super) fn data(&self, rows: &[&StringRecord]) -> Option<(Value, u64)> {
        let mut records: Vec<Value> = Vec::new();
        for row in rows {
            let mut record = object(&self.rows, row);
            code_apart(&mut record);
            // A name that was asked about is no answer.
            let is_echo = self.operation == Operation::FindCompany
                && record.keys().all(|name| name == "domain");
            let record = Value::Object(record);
            if !is_echo && record != json!({}) && !records.contains(&record) {
                records.push(record);
            }
        }
        let count = records.len() as u64;
        let first = records.first()?.clone();
        let data = match self.operation {
            Operation::VerifyEmail => {
                json!({ "sources": first.get("sources"), "email": first })
            }
            Operation::FindCompany => first,
            Operation::SearchDomain => {
                let about = rows.first().map(|row| object(&self.about, row));
                json!({ "organization": about, "emails": records })
            }
            _ => Value::Array(records),
        };
        Some((data, count))
    }
}

/// What a row says.
fn object(
    members: &[(&'static Member, Vec<usize>)],
    row: &StringRecord,
) -> Map<String, Value> {
    let mut object = Map::new();
    for (member, columns) in members {
        let Some(text) = told(row, columns).next() else { continue };
        let value = value(text, member.form);
        match member.at {
            [name] => {
                object.insert((*name).to_owned(), value);
            }
            [part, name] => {
                let part = object.entry(*part).or_insert_with(|| json!({}));
                if let Value::Object(part) = part {
                    part.insert((*name).to_owned(), value);
                }
            }
            _ => {}
        }
    }
    object
}

/// A company's country that is told by two capital letters is told by its code.
fn code_apart(record: &mut Map<String, Value>) {
    let Some(Value::Object(place)) = record.get_mut("geo") else { return };
    let is_code = |text: &str| {
        text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    if place.get("country").and_then(Value::as_str).is_some_and(is_code)
        && let Some(code) = place.remove("country")
    {
        place.entry("countryCode").or_insert(code);
    }
}

fn value(text: &str, form: Form) -> Value {
    match form {
        Form::Mark if text.eq_ignore_ascii_case("true") => Value::Bool(true),
        Form::Mark if text.eq_ignore_ascii_case("false") => Value::Bool(false),
        Form::Text | Form::Mark => Value::String(text.to_owned()),
        Form::List => list(text).map(|text| json!(text)).collect(),
        Form::Pages => list(text).map(|text| json!({ "uri": text })).collect(),
    }
}

/// The items of a list in one cell, by what parts them.
fn list(text: &str) -> impl Iterator<Item = &str> {
    let mark = [';', '|', '\n', ','].into_iter().find(|mark| text.contains(*mark));
    let items = text.trim_matches(['[', ']']).split(mark.unwrap_or(';'));
    items.map(|item| item.trim().trim_matches('"')).filter(|item| !item.is_empty())
}
