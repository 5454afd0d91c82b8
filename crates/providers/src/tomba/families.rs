//! The endpoints that answer questions. All but one are asked with parameters, and all answer under `data`. What differs is how a
//! question is put and how an answer is read: a file each.

mod companies;
mod company;
mod domain_search;
mod domains;
mod person;
mod phones;
mod sources;
mod verifier;

pub(super) use companies::on_page;
pub(super) use domain_search::{on_domain, page_size};

use super::{
    Sent,
    wire::{Meta, Text},
};
use leadmill_core::{Finding, Operation, Query, QueryKey};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// Declines telephone numbers.
///
/// # Source
/// Reference 5.1 to 5.5, 7.1: they come with `enrich_mobile`, and cost 5 credits each (4.1).
const NO_NUMBERS: (&str, &str) = ("enrich_mobile", "false");

/// A question, as far as its answer is read by it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    pub(super) key: QueryKey,
    /// Most rows of the answer that are wanted, where that is known.
    pub(super) wanted: Option<u32>,
    /// Whether it says by what the rows are to be filtered.
    pub(super) is_filtered: bool,
}

impl From<&Query> for Asked {
    fn from(query: &Query) -> Self {
        let (operation, key) = (query.operation(), query.key());
        let wanted = match operation {
            Operation::SearchDomain => domain_search::wanted(query),
            Operation::SearchCompanies => companies::wanted(query),
            _ => None,
        };
        let is_filtered =
            operation == Operation::SearchCompanies && companies::is_filtered(query);
        Self { operation, key, wanted, is_filtered }
    }
}

/// What an answer holds.
pub(super) struct Answer {
    pub(super) data: Value,
    pub(super) meta: Meta,
}

/// A question that this provider cannot be asked, and why. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NotAsked(pub(super) String);

/// A question as it is sent.
///
/// # Source
/// Reference 5 to 9. `find_person` is put to `/enrich`: its shape is the same in all sources, it costs 1 and it has
/// jobs, while of `/people/find` three shapes are told, and `/combined/find` costs 2. `find_phone` asks for all
/// numbers (`full`), which does not change the price. The others decline the telephone numbers that may come with their
/// answers: no step wants them, and each would cost.
pub(super) fn single(query: &Query) -> Result<Sent, NotAsked> {
    let mut values = query.values();
    let mut next = || values.next().unwrap_or_default();
    Ok(Sent::get(match query.operation() {
        Operation::FindEmail => {
            let names = [("first_name", next()), ("last_name", next())];
            let domain = [("domain", next()), NO_NUMBERS];
            path("/email-finder", names.into_iter().chain(domain))
        }
        Operation::FindEmailByProfile => path("/linkedin", [("url", next()), NO_NUMBERS]),
        Operation::FindAuthor => path("/author-finder", [("url", next())]),
        Operation::FindPerson => path("/enrich", [("email", next()), NO_NUMBERS]),
        Operation::VerifyEmail => {
            path("/email-verifier", [("email", next()), NO_NUMBERS])
        }
        Operation::FindPhone => {
            let about = [("linkedin", next()), ("email", next()), ("full", "true")];
            path("/phone-finder", about)
        }
        Operation::ValidatePhone => {
            path("/phone-validator", [("phone", next()), ("country_code", next())])
        }
        Operation::FindCompany => path("/companies/find", [("domain", next())]),
        Operation::SearchDomain => {
            let asked = domain_search::parameters(query)?;
            let asked = asked.iter().map(|(name, value)| (*name, value.as_str()));
            path("/domain-search", asked.chain([NO_NUMBERS]))
        }
        Operation::FindSimilar => path("/similar", [("domain", next())]),
        Operation::FindTechnology => path("/technology", [("domain", next())]),
        Operation::CountEmails => path("/email-count", [("domain", next())]),
        Operation::FindFormat => path("/email-format", [("domain", next())]),
        Operation::FindSources => path("/email-sources", [("email", next())]),
        Operation::SearchCompanies => {
            let body = companies::body(query)?;
            return Ok(Sent::post("/reveal/search".to_owned(), body.into()));
        }
        operation => {
            return Err(NotAsked(format!("no endpoint takes {operation}")));
        }
    }))
}

/// What an answer that is not empty says. None where it is no answer to this operation.
pub(super) fn finding(asked: Asked, answer: Answer) -> Option<Finding> {
    let Answer { data, meta } = answer;
    match asked.operation {
        Operation::FindEmail | Operation::FindEmailByProfile => person::email(data),
        Operation::FindAuthor => person::author(data),
        Operation::FindPerson => person::person(data),
        Operation::VerifyEmail => verifier::verified(data),
        Operation::FindPhone => phones::found(data),
        Operation::ValidatePhone => phones::validated(data),
        Operation::FindCompany => company::company(data),
        Operation::SearchDomain => domain_search::page(asked.wanted, data, meta),
        Operation::FindSimilar => domains::similar(data, meta),
        Operation::FindTechnology => domains::technologies(data),
        Operation::CountEmails => domains::count(data),
        Operation::FindFormat => domains::formats(data),
        Operation::FindSources => sources::sources(data),
        Operation::SearchCompanies => companies::page(asked, data, meta),
        _ => None,
    }
}

/// What an answer gives back of the question, where it tells whose answer it is: the address that a verdict is about.
pub(super) fn echo(operation: Operation, data: &Value) -> Option<&str> {
    match operation {
        Operation::VerifyEmail => verifier::echo(data),
        _ => None,
    }
}

/// A path and its query; parameters without a value are left out.
fn path<'a>(
    at: &str,
    parameters: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let parameters = parameters.into_iter().filter(|(_, value)| !value.is_empty());
    let mut query = Serializer::new(String::new());
    query.extend_pairs(parameters);
    format!("{at}?{}", query.finish())
}

/// The verdict in the words of all providers, from the provider's status or result; another word stays.
///
/// # Source
/// Reference 7.1 has both sets. That what is neither valid nor invalid is risky follows from a sample.
fn verdict(word: &Text) -> Text {
    Text(word.0.as_deref().map(|word| {
        match word {
            "deliverable" => "valid",
            "undeliverable" => "invalid",
            "accept_all" | "webmail" | "disposable" | "unknown" => "risky",
            word => word,
        }
        .to_owned()
    }))
}

/// The address of a page at a network, which may be told by its name alone; `folder` is where such pages stand.
fn address(network: &str, folder: &str, told: Option<String>) -> Text {
    Text(told.map(|told| {
        let name = told.trim_matches('/');
        match told.contains("://") {
            true => told,
            false if name.contains(network) => format!("https://{name}"),
            false if name.contains('/') => format!("https://www.{network}/{name}"),
            false => format!("https://www.{network}/{folder}{name}"),
        }
    }))
}

/// The address of a person's profile.
fn profile(told: Text) -> Text {
    address("linkedin.com", "in/", told.0)
}

#[cfg(test)]
mod tests;
