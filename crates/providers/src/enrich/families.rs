//! The products that answer questions. All share one shape: a single call; a batch, its progress and its pages
//! of results. What differs is where they stand, what is sent and how an item is read: a file each.

mod employees;
mod finder;
mod followers;
mod icp;
mod leads;
mod people;
mod phones;
mod reveal;
mod rows;
mod unlock;
mod validation;

pub(super) use employees::Employees;
pub(super) use finder::Finder;
pub(super) use followers::{Estimate, Followers, Scrape};
pub(super) use icp::Icp;
pub(super) use leads::{
    Export, Leads, charged as charged_leads, read_file as read_export,
};
pub(super) use people::People;
pub(super) use phones::Phones;
pub(super) use reveal::{Contact, Reveal};
pub(super) use unlock::unlocked;
pub(super) use validation::Validation;

use super::wire::Text;
use crate::form::Form;
use http::Method;
use leadmill_core::{Finding, JobId, Operation, Query, QueryKey, Value};
use serde::{Deserialize, Serialize, ser::Error};
use std::{collections::BTreeMap, iter::repeat_n, slice};

/// The provider's words for its confidence, as numbers.
pub(super) type Words = BTreeMap<String, i64>;

/// How the items of a product are read.
pub(super) trait Family {
    /// One answer, alone or in a page of results.
    type Item<'a>: Deserialize<'a>;

    /// Whether an item of a batch says which question it answers. Where it does not, results leave misses out.
    const ECHOES: bool;

    /// The inputs of a question as an item gives them back, in their order. All none where it echoes none.
    fn echo<'a>(item: &'a Self::Item<'_>) -> Echo<'a>;

    /// What an item says. `None` for no answer that could be relied on.
    fn finding(words: &Words, item: Self::Item<'_>) -> Option<Finding>;
}

/// The first inputs of a question, as they came back.
pub(super) type Echo<'a> = [Option<&'a str>; 3];

/// What is sent.
pub(super) struct Sent {
    pub(super) method: Method,
    /// Under the address of the API, with its query.
    pub(super) path: String,
    /// JSON; empty where nothing is sent.
    pub(super) body: Vec<u8>,
}

/// Where a product stands. What is only asked singly has no jobs.
struct Paths {
    single: &'static str,
    batch: &'static str,
}

const fn paths(operation: Operation) -> Paths {
    let (single, batch) = match operation {
        Operation::FindEmail => ("/email-finder", "/email-finder/batch"),
        Operation::VerifyEmail => ("/email-validation", "/email-validation/batch"),
        Operation::FindPhone => ("/reverse-lookup/phones", "/reverse-lookup/phones/bulk"),
        Operation::FindPerson => {
            ("/reverse-lookup/lookup", "/reverse-lookup/bulk-lookup")
        }
        Operation::FindEmployees => ("/people-search/employee-finder", ""),
        Operation::SearchPeople => ("/people-search/waterfall-icp-search", ""),
        // Of the two that reveal, the one that never reveals what was not asked for.
        Operation::RevealEmail | Operation::RevealPhone | Operation::RevealContact => {
            ("", "/lead-finder/enrich")
        }
        Operation::UnlockName => ("/lead-finder/unlock-names", ""),
        Operation::FindFollowers => ("", "/company-follower"),
        Operation::CountFollowers => ("", "/count-estimate"),
        Operation::SearchLeads => ("/lead-finder/search", ""),
        Operation::ExportLeads => ("", "/lead-finder/export"),
        // Not sold here.
        _ => ("", ""),
    };
    Paths { single, batch }
}

/// A job's own address.
fn job(operation: Operation, job: &JobId) -> String {
    match operation {
        Operation::ExportLeads => format!("/lead-finder/export-jobs/{job}"),
        _ if is_reveal(operation) => format!("/lead-finder/reveal-jobs/{job}"),
        _ => format!("{}/{job}", paths(operation).batch),
    }
}

/// Where it stands how far a job is.
pub(super) fn progress(operation: Operation, id: &JobId) -> String {
    let job = job(operation, id);
    match operation {
        Operation::FindFollowers => format!("{job}/progress"),
        _ => job,
    }
}

/// Where a page of a job's results stands.
pub(super) fn results(operation: Operation, id: &JobId, page: u32, limit: u32) -> String {
    let job = job(operation, id);
    match operation {
        Operation::CountFollowers => job,
        // How it has ended comes first.
        Operation::ExportLeads if page == 1 => job,
        Operation::ExportLeads => format!("{job}/download"),
        _ if is_reveal(operation) => job,
        _ => format!("{job}/results?page={page}&limit={limit}"),
    }
}

/// What a reply may be made of: a file of an export is a table.
pub(super) fn accepted(path: &str) -> &'static str {
    match path.ends_with("/download") {
        true => "text/csv, application/json;q=0.9",
        false => "application/json",
    }
}

/// What is answered under a path.
pub(super) fn form(path: &str) -> Form {
    match path.ends_with("/download") {
        true => Form::File,
        false => Form::Json,
    }
}

/// Whether it is answered by a reveal job, whose results stand beside its progress.
pub(super) const fn is_reveal(operation: Operation) -> bool {
    !operation.wishes().is_empty()
}

/// The lane has no endpoint. The pack says so, and nobody asks.
fn no_endpoint(operation: Operation) -> serde_json::Error {
    Error::custom(format!("no endpoint takes {operation} this way"))
}

/// One question, to be answered at once.
pub(super) fn single(query: &Query) -> Result<Sent, serde_json::Error> {
    let path = paths(query.operation()).single;
    match query.operation() {
        Operation::FindEmail => Sent::post(path, &finder::Lead::of(query)),
        Operation::VerifyEmail => Sent::post(path, &validation::Email::of(query)),
        Operation::FindPhone => {
            Ok(Sent::get(format!("{path}?{}", phones::parameter(query))))
        }
        Operation::FindPerson => Sent::post(path, &people::Email::of(query)),
        Operation::FindEmployees => Sent::post(path, &employees::Search::of(query)),
        Operation::SearchPeople => Sent::post(path, &icp::Search::of(query)?),
        Operation::UnlockName => {
            Sent::post(path, &unlock::Names::of(slice::from_ref(query)))
        }
        Operation::SearchLeads => Sent::post(path, &leads::Search::of(query)?),
        operation => Err(no_endpoint(operation)),
    }
}

/// A batch of questions.
pub(super) fn batch(
    operation: Operation,
    queries: &[Query],
    webhook_url: Option<String>,
) -> Result<Sent, serde_json::Error> {
    let path = paths(operation).batch;
    match operation {
        Operation::FindEmail => {
            Sent::batch(path, finder::Leads::of(queries), webhook_url)
        }
        Operation::VerifyEmail => {
            Sent::batch(path, validation::Emails::of(queries), webhook_url)
        }
        Operation::FindPhone => {
            Sent::batch(path, phones::Items::of(queries), webhook_url)
        }
        Operation::FindPerson => {
            Sent::batch(path, people::Emails::of(queries), webhook_url)
        }
        Operation::RevealEmail | Operation::RevealPhone | Operation::RevealContact => {
            Sent::post(path, &reveal::Leads::of(operation, queries))
        }
        Operation::FindFollowers => {
            Sent::batch(path, followers::Search::of(only(queries)?), webhook_url)
        }
        Operation::CountFollowers => {
            Sent::post(path, &followers::Search::of(only(queries)?))
        }
        Operation::ExportLeads => Sent::post(path, &leads::Search::of(only(queries)?)?),
        operation => Err(no_endpoint(operation)),
    }
}

/// A batch as it is sent.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WithCallback<B> {
    #[serde(flatten)]
    batch: B,
    #[serde(skip_serializing_if = "Option::is_none")]
    webhook_url: Option<String>,
}

impl Sent {
    fn get(path: String) -> Self {
        Self { method: Method::GET, path, body: Vec::new() }
    }

    fn post(path: &str, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        let body = serde_json::to_vec(body)?;
        Ok(Self { method: Method::POST, path: path.to_owned(), body })
    }

    fn batch(
        path: &str,
        batch: impl Serialize,
        webhook_url: Option<String>,
    ) -> Result<Self, serde_json::Error> {
        Self::post(path, &WithCallback { batch, webhook_url })
    }
}

/// The question of a job that holds one. The pack says that it does.
fn only(queries: &[Query]) -> Result<&Query, serde_json::Error> {
    match queries {
        [query] => Ok(query),
        _ => Err(Error::custom(format!("{} questions in a job of one", queries.len()))),
    }
}

/// The words of a setting.
fn words(text: &str) -> Vec<&str> {
    text.split('|').filter(|word| !word.is_empty()).collect()
}

/// A hit: what is told, and null for the fields after it, of which this provider says nothing.
fn hit<const N: usize>(operation: Operation, told: [Value; N]) -> Finding {
    let silent = operation.fields().len().saturating_sub(N);
    Finding::Hit(told.into_iter().chain(repeat_n(Value::Null, silent)).collect())
}

/// The first input, of operations that have only one.
fn first(query: &Query) -> &str {
    query.values().next().unwrap_or_default()
}

/// A word of confidence, as a number and as it is.
fn level(words: &Words, word: Option<Text<'_>>) -> (Value, Value) {
    let number = word.as_deref().and_then(|word| words.get(word)).copied();
    (Value::integer(number), Value::text(word))
}

/// The key of a question that the provider names. `None` if it is no question.
fn key(operation: Operation, values: &[Option<&str>]) -> Option<QueryKey> {
    Query::key_of(operation, values.iter().copied()).ok()
}

#[cfg(test)]
mod tests;
