//! The lookups, one family a file: what is asked, and what is answered.

mod companies;
mod domains;
mod people;
mod phones;
mod verifier;

use super::answer::Answer;
use super::endpoint::Endpoint;
use super::failure::Failure;
use super::options::Options;
use super::params::Params;

pub(super) use companies::reveal;

/// The answer to a lookup that is asked by a GET.
pub(super) fn answer(
    endpoint: Endpoint,
    params: &Params<'_>,
    options: &Options,
) -> Result<Answer, Failure> {
    params.check_callback()?;
    match endpoint {
        Endpoint::DomainSearch => domains::search(params, options),
        Endpoint::EmailFinder => people::finder(params, options),
        Endpoint::AuthorFinder => people::author(params, options),
        Endpoint::Linkedin => people::linkedin(params, options),
        Endpoint::Enrich => people::enrich(params, options),
        Endpoint::People | Endpoint::Companies | Endpoint::Combined => {
            companies::clearbit(endpoint, params, options)
        }
        Endpoint::EmailVerifier => verifier::verifier(params, options),
        Endpoint::PhoneFinder => phones::finder(params, options),
        Endpoint::PhoneValidator => phones::validator(params, options),
        Endpoint::EmailSources => domains::sources(params, options),
        Endpoint::DomainStatus => domains::status(params),
        Endpoint::DomainSuggestions => domains::suggestions(params, options),
        Endpoint::EmailCount
        | Endpoint::EmailFormat
        | Endpoint::Similar
        | Endpoint::Technology
        | Endpoint::Location => domains::of_domain(endpoint, params, options),
        Endpoint::Every | Endpoint::Reveal | Endpoint::Account | Endpoint::Bulk => {
            Err(Failure::unknown_route())
        }
    }
}
