//! The endpoints as rate limits tell them apart.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::words::worded;

/// What a window counts: one endpoint, or everything.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Endpoint {
    /// Every request of the team.
    Every,
    /// `/domain-search`.
    DomainSearch,
    /// `/email-finder`.
    EmailFinder,
    /// `/author-finder`.
    AuthorFinder,
    /// `/linkedin`.
    Linkedin,
    /// `/enrich`.
    Enrich,
    /// `/people/find`.
    People,
    /// `/companies/find`.
    Companies,
    /// `/combined/find`.
    Combined,
    /// `/email-verifier`.
    EmailVerifier,
    /// `/phone-finder`.
    PhoneFinder,
    /// `/phone-validator`.
    PhoneValidator,
    /// `/email-count`.
    EmailCount,
    /// `/email-sources`.
    EmailSources,
    /// `/email-format`.
    EmailFormat,
    /// `/similar`.
    Similar,
    /// `/technology`.
    Technology,
    /// `/location`.
    Location,
    /// `/domain-status`.
    DomainStatus,
    /// `/domain-suggestions`.
    DomainSuggestions,
    /// `/reveal/search`.
    Reveal,
    /// `/me`, `/usage` and `/logs`.
    Account,
    /// Everything below `/bulk`.
    Bulk,
}

worded!(
    Endpoint,
    "endpoint",
    [
        ("every", Every),
        ("domain-search", DomainSearch),
        ("email-finder", EmailFinder),
        ("author-finder", AuthorFinder),
        ("linkedin", Linkedin),
        ("enrich", Enrich),
        ("people", People),
        ("companies", Companies),
        ("combined", Combined),
        ("email-verifier", EmailVerifier),
        ("phone-finder", PhoneFinder),
        ("phone-validator", PhoneValidator),
        ("email-count", EmailCount),
        ("email-sources", EmailSources),
        ("email-format", EmailFormat),
        ("similar", Similar),
        ("technology", Technology),
        ("location", Location),
        ("domain-status", DomainStatus),
        ("domain-suggestions", DomainSuggestions),
        ("reveal", Reveal),
        ("account", Account),
        ("bulk", Bulk),
    ]
);

impl Kind for Endpoint {
    const WRITTEN: &'static str =
        "an endpoint, calls and a length, such as email-finder=15/1s";

    fn includes(self, other: Self) -> bool {
        self == Self::Every || self == other
    }
}
