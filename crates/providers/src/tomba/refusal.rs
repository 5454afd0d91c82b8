//! What each failed call means for the money.

use super::wire::Problem;
use crate::{excerpt::excerpt, rate};
use bytes::Bytes;
use http::{Response, StatusCode};
use leadmill_core::ErrorKind;
use std::time::Duration;

/// A call that was answered with an error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) kind: ErrorKind,
    /// What the provider says, for people.
    pub(super) detail: String,
    /// Whether it says that there is no such record: of a lookup that is a miss, with this status.
    pub(super) unknown: Option<u16>,
}

/// Judges a response. None where it is no error.
///
/// `exhausted`: the words of the pack that mean that no more is covered.
///
/// # Source
/// Reference 2: the body's `type` says more than the status, a rejected key comes with 400 or 401, 402 is about a
/// foreign mail server and not about money, and a 200 with `errors` has failed and is not charged. Error statuses
/// are not charged (4.2), but a 5xx need not be the provider's own word, so it is in doubt. How an exhausted quota
/// shows is not documented (15, A3).
pub(super) fn judge(response: &Response<Bytes>, exhausted: &[String]) -> Option<Refusal> {
    let status = response.status();
    let problem = Problem::read(response.body());
    let is_told = problem.as_ref().is_some_and(Problem::is_told);
    if status.is_success() && !is_told {
        return None;
    }
    let said = problem.as_ref().and_then(Problem::sentence);
    let word = problem.as_ref().and_then(Problem::kind).unwrap_or_default();
    let is_exhausted = said.as_deref().is_some_and(|said| says_one_of(said, exhausted));
    let kind = match (status.as_u16(), word) {
        (500.., _) | (408 | 425, _) => ErrorKind::InDoubt,
        (_, "rate_limit") => ErrorKind::Throttled(wait(response)),
        (_, "authentication_failed" | "unknown_route") => ErrorKind::Fatal,
        (_, "unknown_record" | "params_invalid") | (422, _) => ErrorKind::Refused,
        (429, _) => throttled(response, said.as_deref(), exhausted),
        (401 | 407 | 451, _) => ErrorKind::Fatal,
        (402, _) if said.as_deref().is_some_and(is_of_mail) => ErrorKind::Refused,
        (200..=299 | 400..=499, _) if is_exhausted => ErrorKind::NoCredit,
        // The provider's own word is about what was asked; another page is one of a wrong address.
        (404, _) if !is_told => ErrorKind::Fatal,
        (403 | 405 | 406 | 410, _) => ErrorKind::Fatal,
        (200..=299 | 400..=499, _) => ErrorKind::Refused,
        (300..=399, _) => ErrorKind::Fatal,
        _ => ErrorKind::InDoubt,
    };
    let is_unknown = word == "unknown_record" && kind == ErrorKind::Refused;
    let unknown = match status.is_success() {
        true => StatusCode::NOT_FOUND,
        false => status,
    };
    let excerpt = || excerpt(status, response.headers(), response.body());
    Some(Refusal {
        kind,
        detail: said.unwrap_or_else(excerpt),
        unknown: is_unknown.then_some(unknown.as_u16()),
    })
}

/// Whether an error is of the provider's form, and not just any JSON.
///
/// # Source
/// Reference 2.1: an `errors` of any shape, else a text under `error`.
pub(super) fn is_of_provider(body: &[u8]) -> bool {
    Problem::read(body).is_some_and(|problem| problem.is_of_provider())
}

fn says_one_of(said: &str, words: &[String]) -> bool {
    let said = said.to_lowercase();
    words.iter().any(|word| said.contains(word.as_str()))
}

/// Whether a 402 speaks of the foreign mail server, as it is documented to: mailboxes have quotas and limits too.
fn is_of_mail(said: &str) -> bool {
    says_one_of(said, &["smtp", "server", "mailbox"].map(str::to_owned))
}

/// A 429 is about a limit, whatever it says, and to be waited for where it says how long. One that is about a quota
/// ends by no wait that anybody knows.
fn throttled(
    response: &Response<Bytes>,
    said: Option<&str>,
    exhausted: &[String],
) -> ErrorKind {
    let beside_limits: Vec<String> =
        exhausted.iter().filter(|word| *word != "limit").cloned().collect();
    let is_exhausted = said.is_some_and(|said| says_one_of(said, &beside_limits));
    match rate::retry_after(response.headers()) {
        None if is_exhausted => ErrorKind::NoCredit,
        _ => ErrorKind::Throttled(wait(response)),
    }
}

/// `Retry-After`, else the time until the full windows open.
pub(super) fn wait(response: &Response<Bytes>) -> Option<Duration> {
    let headers = response.headers();
    rate::retry_after(headers).or_else(|| rate::wait(&rate::signals(headers)))
}
