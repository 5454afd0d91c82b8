//! The tools that take bulk jobs.

use serde::{Deserialize, Serialize};

use crate::tomba::endpoint::Endpoint;
use crate::words::worded;

/// A tool that takes bulk jobs, by its name in paths.
///
/// # Source
/// Tomba's libraries for Go and Python (section 11.2). Two more, for technologies and exports, have names that are
/// only inferred: they are not here.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum BulkKind {
    /// Search of domains.
    Search,
    /// Finder of addresses.
    Finder,
    /// Authors of pages.
    Author,
    /// Whose an address is.
    Enrich,
    /// Addresses of profiles.
    Linkedin,
    /// Verifier.
    Verifier,
    /// Numbers of domains.
    PhoneFinder,
    /// Whether numbers are any.
    PhoneValidator,
    /// Companies of domains.
    Company,
    /// Similar domains.
    Similar,
}

worded!(
    BulkKind,
    "bulk tool",
    [
        ("search", Search),
        ("finder", Finder),
        ("author", Author),
        ("enrich", Enrich),
        ("linkedin", Linkedin),
        ("verifier", Verifier),
        ("phone-finder", PhoneFinder),
        ("phone-validator", PhoneValidator),
        ("company", Company),
        ("similar", Similar),
    ]
);

/// All of them.
pub(in crate::tomba) const KINDS: [BulkKind; 10] = [
    BulkKind::Search,
    BulkKind::Finder,
    BulkKind::Author,
    BulkKind::Enrich,
    BulkKind::Linkedin,
    BulkKind::Verifier,
    BulkKind::PhoneFinder,
    BulkKind::PhoneValidator,
    BulkKind::Company,
    BulkKind::Similar,
];

/// A column that a tool asks with: its name, and headers that mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) synonyms: &'static [&'static str],
}

const fn field(name: &'static str, synonyms: &'static [&'static str]) -> Field {
    Field { name, synonyms }
}

const DOMAIN: Field =
    field("domain", &["domain", "website", "website_url", "company_domain"]);
const FIRST: Field = field("first_name", &["first_name", "firstname", "given_name"]);
const LAST: Field =
    field("last_name", &["last_name", "lastname", "surname", "family_name"]);
const FULL: Field = field("full_name", &["full_name", "fullname", "name"]);
const EMAIL: Field = field("email", &["email", "e-mail", "email_address", "mail"]);
const PROFILE: Field = field("linkedin_url", &["linkedin_url", "linkedin", "profile"]);
const PAGE: Field = field("url", &["url", "article", "article_url", "link"]);
const PHONE: Field = field("phone", &["phone", "phone_number", "number", "mobile"]);
const COUNTRY: Field = field("country", &["country", "country_code"]);

impl BulkKind {
    /// The single lookup that asks the same.
    pub(in crate::tomba) fn endpoint(self) -> Endpoint {
        match self {
            Self::Search => Endpoint::DomainSearch,
            Self::Finder => Endpoint::EmailFinder,
            Self::Author => Endpoint::AuthorFinder,
            Self::Enrich => Endpoint::Enrich,
            Self::Linkedin => Endpoint::Linkedin,
            Self::Verifier => Endpoint::EmailVerifier,
            Self::PhoneFinder => Endpoint::PhoneFinder,
            Self::PhoneValidator => Endpoint::PhoneValidator,
            Self::Company => Endpoint::Companies,
            Self::Similar => Endpoint::Similar,
        }
    }

    /// The columns that it asks with, the most important one first.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Search | Self::PhoneFinder | Self::Company | Self::Similar => &[DOMAIN],
            Self::Finder => &[DOMAIN, FIRST, LAST, FULL],
            Self::Author => &[PAGE],
            Self::Enrich | Self::Verifier => &[EMAIL],
            Self::Linkedin => &[PROFILE],
            Self::PhoneValidator => &[PHONE, COUNTRY],
        }
    }

    /// The options that it takes; any other is refused.
    ///
    /// # Source
    /// Tomba's library for Go 1.1.2 (section 11.2), but for `find_all_phones`, which is inferred.
    pub(super) fn options(self) -> &'static [&'static str] {
        match self {
            Self::Search => &[
                "include_sources",
                "verify_emails",
                "boost_score_from_sources",
                "max_emails_per_domain",
                "email_type",
                "email_type_mode",
                "departments",
                "departments_mode",
            ],
            Self::Finder => &[
                "include_sources",
                "verify_emails",
                "boost_score_from_sources",
                "skip_rows_with_email",
            ],
            Self::Author | Self::Enrich | Self::Linkedin | Self::Similar => {
                &["include_sources", "verify_emails"]
            }
            Self::Verifier => &["include_sources"],
            Self::PhoneFinder => &["find_all_phones"],
            Self::PhoneValidator => &[],
            Self::Company => &["verify_emails"],
        }
    }

    /// The files that there are of a job.
    pub(super) fn downloads(self) -> &'static [&'static str] {
        match self {
            Self::PhoneFinder | Self::PhoneValidator | Self::Company | Self::Similar => {
                &["full", "not_found"]
            }
            _ => &["full", "valid", "not_found"],
        }
    }
}

/// Every option of any tool.
pub(super) const OPTIONS: [&str; 13] = [
    "input_type",
    "max_emails_per_domain",
    "email_type",
    "email_type_mode",
    "departments",
    "departments_mode",
    "verify_emails",
    "find_phones",
    "include_sources",
    "boost_score_from_sources",
    "find_all_phones",
    "skip_rows_with_email",
    "company_name_field_index",
];
