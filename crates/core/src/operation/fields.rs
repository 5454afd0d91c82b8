//! What each operation gives.

use super::{Field, FieldKind};

pub(super) const fn text(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Text, about }
}

pub(super) const fn flag(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Flag, about }
}

pub(super) const fn integer(name: &'static str, about: &'static str) -> Field {
    Field { name, kind: FieldKind::Integer, about }
}

pub(super) const fn list(
    name: &'static str,
    items: &'static FieldKind,
    about: &'static str,
) -> Field {
    Field { name, kind: FieldKind::List(items), about }
}

pub(super) const FIND_EMAIL_FIELDS: &[Field] = &[
    text("email", "the address found"),
    integer("confidence", "0 to 100; a provider's word is mapped by its pack"),
    text("confidence_level", "the provider's own word for its confidence"),
    flag("is_catch_all", "the domain takes mail for every address"),
    text("mail_provider", "who runs the mailbox, such as GOOGLE"),
    text("message", "the provider's remark"),
    text("verdict", "valid, invalid or risky, where the provider has verified it"),
    text("verdict_word", "the provider's own word for its verdict, such as accept_all"),
    text("verified_at", "when it was verified, as the provider writes it"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("full_name", "the name as it is shown"),
    text("title", "what the person is called at work"),
    text("company", "where the person works"),
    text("domain", "the company's"),
    text("country", "where the person is"),
    text("linkedin_url", "the address of the profile"),
    text("twitter_url", "the person's address there, or their name"),
    flag("is_webmail", "anybody can have an address at the domain"),
    flag("is_disposable", "addresses at the domain are for a short time"),
    flag("has_phone", "the provider knows a number of the person"),
    list("sources", &FieldKind::Struct(SOURCE), "where the address has been seen"),
];

pub(super) const VERIFY_EMAIL_FIELDS: &[Field] = &[
    text("verdict", "valid, invalid or risky"),
    integer("confidence", "0 to 100; a provider's word is mapped by its pack"),
    text("confidence_level", "the provider's own word for its confidence"),
    flag("is_catch_all", "the domain takes mail for every address"),
    flag("is_federated", "sign-on is federated"),
    flag("has_seg", "a secure e-mail gateway stands in front"),
    text("seg_provider", "whose gateway it is"),
    text("mail_provider", "GOOGLE, MICROSOFT or SMTP"),
    text("message", "the provider's remark"),
    text("verdict_word", "the provider's own word for its verdict, such as accept_all"),
    flag("is_webmail", "anybody can have an address at the domain"),
    flag("is_disposable", "addresses at the domain are for a short time"),
    flag("is_gibberish", "it looks made up"),
    flag(
        "is_greylisted",
        "the server wants to be asked again: a later verdict may differ",
    ),
    flag("is_blocked", "the server would not be asked"),
    flag("has_mx", "the domain says which server takes its mail"),
    flag("has_smtp", "the server takes mail for the address"),
    text("smtp_server", "which server that is"),
    list("sources", &FieldKind::Struct(SOURCE), "where the address has been seen"),
];

pub(super) const FIND_PHONE_FIELDS: &[Field] = &[
    text("phone", "the first number, such as +14155550100"),
    list("phones", &FieldKind::Text, "all numbers, in the provider's order"),
    list("numbers", &FieldKind::Struct(NUMBER), "the same with what is known of each"),
];

pub(super) const VALIDATE_PHONE_FIELDS: &[Field] = NUMBER;

const NUMBER: &[Field] = &[
    text("phone", "the number, such as +14155550100"),
    flag("is_valid", "it is a number"),
    text("national", "as it is written in its country"),
    text("international", "as it is written elsewhere"),
    text("uri", "as a link, such as tel:+1-415-555-0100"),
    text("country_code", "two letters"),
    text("line_type", "the provider's word, such as MOBILE"),
    text("carrier", "whose network it is in"),
    text("region", "where in the country"),
    text("region_code", "the region's code"),
    list("timezones", &FieldKind::Text, "such as America/New_York"),
];

pub(super) const FIND_SOURCES_FIELDS: &[Field] =
    &[list("sources", &FieldKind::Struct(SOURCE), "where the address has been seen")];

/// A page on which an address has been seen.
pub(super) const SOURCE: &[Field] = &[
    text("url", "the page"),
    text("domain", "whose page it is"),
    text("first_seen", "when it was first seen there, as the provider writes it"),
    text("last_seen", "when it was last seen there, as the provider writes it"),
    flag("is_there", "it is still there"),
];

pub(super) const FIND_PERSON_FIELDS: &[Field] = &[
    text("linkedin_url", "the address of the profile"),
    text("full_name", "the name as it is shown"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("headline", "the line under the name"),
    text("summary", "what the person says of itself"),
    text("title", "of the first position that is listed"),
    text("company", "where the person works"),
    text("location", "as the profile says"),
    text("country", "where the person is, or of the profile's language setting"),
    text("language", "of the profile's language setting"),
    text("photo_url", "the address of the picture"),
    integer("connections", "500 stands for 500 and more"),
    flag("connections_hidden", "the number of connections is obscured"),
    flag("is_public", "anybody can see the profile"),
    list("skills", &FieldKind::Text, "as they are listed"),
    list("positions", &FieldKind::Struct(POSITION), "where the person works and worked"),
    list("education", &FieldKind::Struct(SCHOOL), "where the person learnt"),
    text("profile_id", "the provider's name for the profile"),
    text("report_url", "where the profile can be reported"),
    text("domain", "of the company where the person works"),
    text("twitter_url", "the person's address there, or their name"),
    text("email_verdict", "of the address that was asked about: valid, invalid or risky"),
    flag("has_phone", "the provider knows a number of the person"),
    list("sources", &FieldKind::Struct(SOURCE), "where the address has been seen"),
];

/// What was not asked for is null, as is what is not on file.
pub(super) const REVEAL_FIELDS: &[Field] = &[
    text("email", "the address, where it was asked for"),
    text("phone", "the number, where it was asked for, such as +14155550100"),
    text("cellphone", "the mobile number, where a number was asked for"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("title", "what the person is called at work"),
    text("company", "where the person works"),
    text("linkedin_url", "the address of the profile"),
    text("domain", "the company's"),
];

pub(super) const UNLOCK_NAME_FIELDS: &[Field] = &[text("last_name", "family name")];

const POSITION: &[Field] = &[
    text("title", "what the person is called"),
    text("company", "the employer"),
    text("location", "where that is"),
    text("logo_url", "the employer's logo"),
    text("description", "what the person does there"),
    integer("start_year", "when it began"),
    integer("start_month", "1 to 12, where it is known"),
    integer("end_year", "when it ended; null while it lasts"),
    integer("end_month", "1 to 12, where it is known"),
];

const SCHOOL: &[Field] = &[
    text("degree", "what it was for"),
    text("school", "its name"),
    text("location", "where that is"),
    text("logo_url", "its logo"),
    integer("start_year", "when it began"),
    integer("start_month", "1 to 12, where it is known"),
    integer("end_year", "when it ended; null while it lasts"),
    integer("end_month", "1 to 12, where it is known"),
];

pub(super) const FIND_EMPLOYEES_FIELDS: &[Field] = &[
    list("employees", &FieldKind::Struct(EMPLOYEE), "who was found, a page of them"),
    integer("total_results", "how many there are on all pages"),
];

const EMPLOYEE: &[Field] = &[
    text("linkedin_url", "the address of the profile"),
    text("full_name", "the name as it is shown"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("headline", "the line under the name"),
    text("about", "what the person says of itself"),
    text("title", "what the person is called"),
    text("level", "such as VP"),
    text("function", "such as Engineering"),
    flag("is_current", "the person works there now"),
    text("city", "where the person is"),
    text("state_code", "where the person is"),
    text("country", "where the person is"),
    text("country_code", "two letters"),
    text("continent", "where the person is"),
    text("skills", "as they are listed"),
    text("education", "as it is listed"),
    text("certifications", "as they are listed"),
];

pub(super) const SEARCH_PEOPLE_FIELDS: &[Field] = &[
    list("people", &FieldKind::Struct(CANDIDATE), "who was found, the nearest first"),
    integer("total_found", "how many fit"),
];

const CANDIDATE: &[Field] = &[
    text("linkedin_url", "the address of the profile"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("headline", "the line under the name"),
    text("location", "where the person is"),
    text("email_domain", "the domain of the work address"),
    text("title", "what the person is called"),
    text("company", "where the person works"),
    text("level", "such as VP"),
    text("function", "such as Engineering"),
    flag("is_current", "the person works there now"),
    text("start_date", "since when, as YYYY-MM-DD"),
    list("skills", &FieldKind::Text, "as they are listed"),
    integer("score", "0 to 100: how near"),
    integer("ranking", "1 is the nearest"),
    integer("cascade_level", "the level of the cascade that found the person, from 0"),
    list("matched", &FieldKind::Text, "what fitted"),
];

pub(super) const FIND_FOLLOWERS_FIELDS: &[Field] = &[
    list("followers", &FieldKind::Struct(FOLLOWER), "who was found"),
    integer("total_results", "how many were found"),
];

const FOLLOWER: &[Field] = &[
    text("linkedin_url", "the address of the profile"),
    text("full_name", "the name as it is shown"),
    text("first_name", "given name"),
    text("last_name", "family name"),
    text("title", "what the person is called"),
    text("company", "where the person works"),
    text("company_linkedin_url", "the address of the employer's page"),
    text("company_website", "the employer's"),
    text("company_domain", "the employer's"),
    text("company_logo_url", "the employer's logo"),
    text("company_location", "where the employer is"),
    text("location", "where the person is"),
    text("summary", "what the person says of itself"),
    text("industry", "the employer's"),
    text("tenure", "how long the person has been there"),
    integer("connection_degree", "1 to 3"),
    text("photo_url", "the address of the picture"),
    flag("is_premium", "the account is paid for"),
    flag("is_open_profile", "anybody may write"),
    flag("is_saved", "the provider's account has saved it"),
    list("spotlights", &FieldKind::Text, "what the provider points out"),
    text("profile_id", "the provider's name for the profile"),
];

pub(super) const COUNT_FOLLOWERS_FIELDS: &[Field] = &[
    integer("total", "how many there are, as the provider estimates"),
    list("functions", &FieldKind::Struct(FUNCTION), "how many do what"),
    list("seniorities", &FieldKind::Struct(PART), "how many are of which seniority"),
];

const FUNCTION: &[Field] = &[
    text("name", "what they do"),
    integer("count", "how many there are, as the provider estimates"),
    list(
        "seniorities",
        &FieldKind::Struct(PART),
        "how many of them are of which seniority",
    ),
];

const PART: &[Field] = &[
    text("name", "what they have in common"),
    integer("count", "how many there are, as the provider estimates"),
];

/// An export leaves the provider's own names out, so that nothing of its leads can be revealed later.
pub(super) const LEADS_FIELDS: &[Field] = &[
    list("leads", &FieldKind::Struct(LEAD), "who was found"),
    integer("total_results", "how many there are, as far as can be paged through"),
];

const LEAD: &[Field] = &[
    text(
        "lead_id",
        "the provider's name for the lead: what `reveal_contact` is asked about",
    ),
    text("first_name", "given name"),
    text("last_name", "family name; only its first letter, until it is unlocked"),
    text("headline", "the line under the name"),
    text("title", "what the person is called"),
    text("level", "such as VP"),
    text("function", "such as Engineering"),
    text("linkedin_url", "the address of the profile"),
    text("email_domain", "the domain of the work address"),
    text("skills", "as they are listed"),
    integer("connections", "how many the profile has"),
    text("city", "where the person is"),
    text("state", "where the person is"),
    text("country", "where the person is"),
    text("photo_url", "the address of the picture"),
    text("company", "where the person works"),
    text("domain", "the company's"),
    text("company_linkedin_url", "the address of the company's page"),
    text("company_headline", "the line under its name"),
    text("company_logo_url", "its logo"),
    integer("employees", "how many it has"),
    text("revenue", "a range, as the provider words it"),
    text("founded", "the year"),
    text("sic_industry", "by the SIC"),
    text("naics_industry", "by the NAICS"),
    text("industry", "as its page says"),
    text("specialties", "as its page says"),
    text("company_city", "where its headquarters are"),
    text("company_state", "where its headquarters are"),
    text("company_country", "where its headquarters are"),
    text("employee_growth", "as the provider words it"),
    text("monthly_traffic", "as the provider words it"),
    text("total_funding", "as the provider words it"),
    text("last_funding_type", "such as Series A"),
    text("last_funding_date", "as the provider words it"),
    text("more", "JSON: what came and has no field of its own"),
];
