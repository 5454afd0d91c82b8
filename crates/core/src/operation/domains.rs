//! What the operations that are about a domain give.

use super::{
    Field, FieldKind,
    fields::{SOURCE, flag, integer, list, text},
};

pub(super) const SEARCH_DOMAIN_FIELDS: &[Field] = &[
    list("emails", &FieldKind::Struct(ADDRESS), "the addresses, a page of them"),
    integer("total", "how many there are on all pages"),
    text("pattern", "how addresses are formed, such as {first}.{last}"),
    flag("is_catch_all", "the domain takes mail for every address"),
    flag("is_webmail", "anybody can have an address at the domain"),
    flag("is_disposable", "addresses at the domain are for a short time"),
    text("company", "whose domain it is"),
    text("description", "what the company says of itself"),
    text("industry", "what it does"),
    text("size", "how many people work there, as a range"),
    text("founded", "the year"),
    text("country", "where it is"),
    text("city", "where it is"),
    text("phone", "its number"),
    text("linkedin_url", "the address of its page"),
];

const ADDRESS: &[Field] = &[
    text("email", "the address"),
    text("type", "personal or generic"),
    integer("confidence", "0 to 100; a provider's word is mapped by its pack"),
    text("verdict", "valid, invalid or risky, where the provider has verified it"),
    text("verdict_word", "the provider's own word for its verdict, such as accept_all"),
    text("verified_at", "when it was verified, as the provider writes it"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("full_name", "the name as it is shown"),
    text("title", "what the person is called at work"),
    text("department", "such as engineering"),
    text("seniority", "such as executive"),
    text("country", "where the person is"),
    text("linkedin_url", "the address of the profile"),
    text("twitter_url", "the person's address there, or their name"),
    flag("is_catch_all", "the domain takes mail for every address"),
    flag("has_phone", "the provider knows a number of the person"),
    text("last_updated", "when it was seen to, as the provider writes it"),
    list("sources", &FieldKind::Struct(SOURCE), "where the address has been seen"),
];

pub(super) const FIND_COMPANY_FIELDS: &[Field] = &[
    text("name", "what it is called"),
    text("legal_name", "what it is registered as"),
    text("domain", "its own"),
    text("description", "what it says of itself"),
    text("industry", "what it does"),
    text("type", "such as private"),
    integer("founded", "the year"),
    text("size", "how many people work there, as a range or a number"),
    text("revenue", "of a year, as a range or a number"),
    text("location", "where it is, in one line"),
    text("street", "where it is"),
    text("city", "where it is"),
    text("state", "where it is"),
    text("postal_code", "where it is"),
    text("country", "where it is"),
    text("country_code", "two letters"),
    text("phone", "its first number"),
    list("phones", &FieldKind::Text, "all of its numbers"),
    list("emails", &FieldKind::Text, "the addresses on its site"),
    text("linkedin_url", "the address of its page"),
    text("twitter_url", "the address of its page"),
    text("facebook_url", "the address of its page"),
    list("tags", &FieldKind::Text, "words for what it does"),
    list("technologies", &FieldKind::Text, "what its site is built with"),
    text("sic_code", "its industry in the US classification of 1937"),
    text("naics_code", "its industry in the North American classification"),
    integer("traffic_rank", "1 is the site with the most visitors"),
];

pub(super) const FIND_SIMILAR_FIELDS: &[Field] = &[
    list("similar", &FieldKind::Struct(COMPANY), "the companies, the nearest first"),
    integer("total", "how many there are, also beyond those"),
];

const COMPANY: &[Field] = &[
    text("domain", "its own"),
    text("name", "what it is called"),
    text("industry", "what it does"),
];

pub(super) const FIND_TECHNOLOGY_FIELDS: &[Field] = &[list(
    "technologies",
    &FieldKind::Struct(TECHNOLOGY),
    "what the site is built with",
)];

const TECHNOLOGY: &[Field] = &[
    text("name", "what it is called"),
    text("slug", "the provider's name for it"),
    text("website", "where it comes from"),
    text("icon", "the address or the name of its picture"),
    list("categories", &FieldKind::Text, "what it is for"),
];

pub(super) const COUNT_EMAILS_FIELDS: &[Field] = &[
    integer("total", "how many there are"),
    integer("personal", "those of a person"),
    integer("generic", "those of a role"),
    integer("junior", "those of juniors"),
    integer("senior", "those of seniors"),
    integer("executive", "those of executives"),
    list("departments", &FieldKind::Struct(DEPARTMENT), "those of each department"),
];

const DEPARTMENT: &[Field] =
    &[text("name", "such as engineering"), integer("count", "how many there are")];

pub(super) const FIND_FORMAT_FIELDS: &[Field] = &[
    text("format", "the most usual, such as {first}.{last}"),
    list("formats", &FieldKind::Struct(FORMAT), "all that are in use"),
];

const FORMAT: &[Field] = &[
    text("format", "such as {first}.{last}"),
    integer("percentage", "0 to 100: how many addresses are formed so"),
];
