//! What a search for companies gives.

use super::{
    Field, FieldKind,
    fields::{integer, list, text},
};

pub(super) const SEARCH_COMPANIES_FIELDS: &[Field] = &[
    list("companies", &FieldKind::Struct(FOUND), "the companies, a page of them"),
    integer("total_results", "how many there are on all pages"),
    integer("page_size", "how many a page holds, where the provider says it"),
    integer("page_results", "how many are on this page, kept or not"),
];

/// What is on two pages is told by the first of these.
const FOUND: &[Field] = &[
    text("domain", "its own: the host of its site"),
    text("name", "what it is called"),
    text("description", "what it says of itself"),
    text("industry", "what it does"),
    text("type", "such as private"),
    integer("founded", "the year"),
    text("size", "how many people work there, as a range or a number"),
    text("revenue", "of a year, as a range or a number"),
    text("street", "where it is"),
    text("city", "where it is"),
    text("state", "where it is"),
    text("postal_code", "where it is"),
    text("country", "where it is"),
    text("phone", "its number"),
    text("website_url", "its site, as the provider writes it"),
    text("linkedin_url", "the address of its page"),
    text("twitter_url", "the address of its page"),
    text("facebook_url", "the address of its page"),
    text("instagram_url", "the address of its page"),
    text("github_url", "the address of its page"),
    text("youtube_url", "the address of its page"),
    text("pinterest_url", "the address of its page"),
    text("tiktok_url", "the address of its page"),
    integer("total_emails", "how many addresses the provider knows there"),
    integer("total_similar", "how many companies are like it"),
];
