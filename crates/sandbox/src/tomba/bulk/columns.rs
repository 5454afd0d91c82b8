//! The columns of downloads: the fields of the single lookups.

use serde_json::Value;

use super::kinds::BulkKind;
use super::options::ColumnNames;

/// A column and where its value stands in a record.
type Column = (&'static str, &'static str);

const PERSON: &[Column] = &[
    ("email", "/email"),
    ("first_name", "/first_name"),
    ("last_name", "/last_name"),
    ("full_name", "/full_name"),
    ("gender", "/gender"),
    ("country", "/country"),
    ("position", "/position"),
    ("company", "/company"),
    ("website_url", "/website_url"),
    ("twitter", "/twitter"),
    ("linkedin", "/linkedin"),
    ("phone_number", "/phone_number"),
    ("accept_all", "/accept_all"),
    ("disposable", "/disposable"),
    ("webmail", "/webmail"),
    ("score", "/score"),
    ("verification_date", "/verification/date"),
    ("verification_status", "/verification/status"),
];

const SEARCHED: &[Column] = &[
    ("email", "/email"),
    ("type", "/type"),
    ("first_name", "/first_name"),
    ("last_name", "/last_name"),
    ("full_name", "/full_name"),
    ("gender", "/gender"),
    ("country", "/country"),
    ("position", "/position"),
    ("department", "/department"),
    ("seniority", "/seniority"),
    ("linkedin", "/linkedin"),
    ("phone_number", "/phone_number"),
    ("accept_all", "/accept_all"),
    ("pattern", "/pattern"),
    ("score", "/score"),
    ("verification_date", "/verification/date"),
    ("verification_status", "/verification/status"),
];

const VERIFIED: &[Column] = &[
    ("email", "/email"),
    ("status", "/status"),
    ("result", "/result"),
    ("score", "/score"),
    ("regex", "/regex"),
    ("mx_check", "/mx_check"),
    ("smtp_server", "/smtp_server"),
    ("smtp_check", "/smtp_check"),
    ("smtp_provider", "/smtp_provider"),
    ("accept_all", "/accept_all"),
    ("block", "/block"),
    ("greylisted", "/greylisted"),
    ("gibberish", "/gibberish"),
    ("disposable", "/disposable"),
    ("webmail", "/webmail"),
];

const PHONE: &[Column] = &[
    ("valid", "/valid"),
    ("local_format", "/local_format"),
    ("intl_format", "/intl_format"),
    ("e164_format", "/e164_format"),
    ("rfc3966_format", "/rfc3966_format"),
    ("country_code", "/country_code"),
    ("line_type", "/line_type"),
    ("carrier", "/carrier"),
    ("region", "/region/name"),
    ("timezones", "/timezones"),
];

const COMPANY: &[Column] = &[
    ("name", "/name"),
    ("domain", "/domain"),
    ("description", "/description"),
    ("founded_year", "/foundedYear"),
    ("location", "/location"),
    ("country", "/geo/countryCode"),
    ("type", "/type"),
    ("employees", "/metrics/employees"),
    ("annual_revenue", "/metrics/annualRevenue"),
];

const SIMILAR: &[Column] =
    &[("website_url", "/website_url"), ("name", "/name"), ("industries", "/industries")];

/// The columns of a tool's results.
pub(super) fn columns(kind: BulkKind) -> &'static [Column] {
    match kind {
        BulkKind::Search => SEARCHED,
        BulkKind::Finder | BulkKind::Author | BulkKind::Enrich | BulkKind::Linkedin => {
            PERSON
        }
        BulkKind::Verifier => VERIFIED,
        BulkKind::PhoneFinder | BulkKind::PhoneValidator => PHONE,
        BulkKind::Company => COMPANY,
        BulkKind::Similar => SIMILAR,
    }
}

/// What a column is called.
pub(super) fn title(name: &str, names: ColumnNames) -> String {
    match names {
        ColumnNames::Fields => name.to_owned(),
        ColumnNames::Titles => {
            let mut letters = name.chars();
            let first = letters.next().map(|first| first.to_ascii_uppercase());
            let rest = letters.as_str().replace('_', " ");
            first.into_iter().collect::<String>() + &rest
        }
    }
}

/// The cell of a value; lists are joined.
pub(super) fn cell(record: &Value, pointer: &str) -> String {
    match record.pointer(pointer) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(values)) => {
            let texts = values.iter().map(|value| value.as_str().unwrap_or_default());
            texts.collect::<Vec<_>>().join("; ")
        }
        Some(other) => other.to_string(),
    }
}
