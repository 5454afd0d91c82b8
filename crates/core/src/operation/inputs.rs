//! What each operation takes.

use super::{Input, InputKind, Operation, Presence};

const fn always(name: &'static str, kind: InputKind, max_chars: usize) -> Input {
    Input { name, kind, max_chars, presence: Presence::Always }
}

const fn one_of(name: &'static str, kind: InputKind, max_chars: usize) -> Input {
    Input { name, kind, max_chars, presence: Presence::OneOf }
}

const fn optional(name: &'static str, kind: InputKind, max_chars: usize) -> Input {
    Input { name, kind, max_chars, presence: Presence::Optional }
}

const fn setting(name: &'static str, kind: InputKind) -> Input {
    Input { name, kind, max_chars: 2_000, presence: Presence::Setting }
}

const fn json(name: &'static str, presence: Presence) -> Input {
    Input { name, kind: InputKind::Json, max_chars: 1_000_000, presence }
}

pub(super) const FIND_EMAIL_INPUTS: &[Input] = &[
    always("first_name", InputKind::Name, 100),
    always("last_name", InputKind::Name, 100),
    always("domain", InputKind::Domain, 253),
];

pub(super) const EMAIL_INPUTS: &[Input] = &[always("email", InputKind::Email, 254)];

/// A profile says more exactly who is meant than an address does.
pub(super) const FIND_PHONE_INPUTS: &[Input] = &[
    one_of("linkedin_url", InputKind::Profile, 500),
    one_of("email", InputKind::Email, 254),
];

pub(super) const FIND_EMPLOYEES_INPUTS: &[Input] = &[
    always("company_linkedin_url", InputKind::Company, 500),
    setting(Operation::ROWS, InputKind::Count { most: 100 }),
    setting("page", InputKind::Count { most: 10_000 }),
    setting("country", InputKind::Words),
    setting("continent", InputKind::Words),
    setting("sales_region", InputKind::Words),
    setting("job_level", InputKind::Words),
    setting("job_function", InputKind::Words),
];

pub(super) const SEARCH_PEOPLE_INPUTS: &[Input] = &[
    always("company_linkedin_url", InputKind::Company, 500),
    setting(Operation::ROWS, InputKind::Count { most: 100 }),
    setting("min_score", InputKind::Count { most: 100 }),
    json("cascade", Presence::Setting),
];

pub(super) const FIND_FOLLOWERS_INPUTS: &[Input] = &[
    always("company_linkedin_url", InputKind::Company, 500),
    always(Operation::ROWS, InputKind::Count { most: 50_000 }, 10),
    setting("countries", InputKind::Words),
    setting("states", InputKind::Words),
    setting("job_titles", InputKind::Words),
    setting("departments", InputKind::Words),
    setting("levels", InputKind::Words),
];

pub(super) const COUNT_FOLLOWERS_INPUTS: &[Input] = &[
    always("company_linkedin_url", InputKind::Company, 500),
    setting("countries", InputKind::Words),
    setting("states", InputKind::Words),
    setting("job_titles", InputKind::Words),
    setting("departments", InputKind::Words),
    setting("levels", InputKind::Words),
];

pub(super) const SEARCH_LEADS_INPUTS: &[Input] = &[
    json("filters", Presence::Always),
    json("exclude_filters", Presence::Setting),
    always(Operation::ROWS, InputKind::Count { most: 100 }, 10),
    always("page", InputKind::Count { most: 40 }, 10),
];

pub(super) const EXPORT_LEADS_INPUTS: &[Input] = &[
    json("filters", Presence::Always),
    json("exclude_filters", Presence::Setting),
    always(Operation::ROWS, InputKind::Count { most: 100_000 }, 10),
];

pub(super) const LEAD_INPUTS: &[Input] = &[always("lead_id", InputKind::Id, 1000)];

pub(super) const FIND_EMAIL_BY_PROFILE_INPUTS: &[Input] =
    &[always("linkedin_url", InputKind::Profile, 500)];

pub(super) const FIND_AUTHOR_INPUTS: &[Input] = &[always("url", InputKind::Url, 2_000)];

pub(super) const VALIDATE_PHONE_INPUTS: &[Input] = &[
    always("phone", InputKind::Phone, 25),
    optional("country_code", InputKind::Country, 2),
];

pub(super) const DOMAIN_INPUTS: &[Input] = &[always("domain", InputKind::Domain, 253)];

/// Of the words each provider takes its own, and some take one of a kind only.
pub(super) const SEARCH_DOMAIN_INPUTS: &[Input] = &[
    always("domain", InputKind::Domain, 253),
    setting(Operation::ROWS, InputKind::Count { most: 50 }),
    setting("page", InputKind::Count { most: 10_000 }),
    setting("department", InputKind::Words),
    setting("country", InputKind::Words),
    setting("type", InputKind::Words),
];

/// What companies are looked for by is one of two: which of them would count is told by no source. Without
/// `max_results` all of a page is kept.
pub(super) const SEARCH_COMPANIES_INPUTS: &[Input] = &[
    json("filters", Presence::OneOf),
    one_of("query", InputKind::Sentence, 100),
    setting(Operation::ROWS, InputKind::Count { most: 50 }),
    always("page", InputKind::Count { most: 1_000 }, 10),
];
