//! What a refusal means that is about a job.

use super::super::refusal::{self, Refusal};
use crate::rate;
use bytes::Bytes;
use http::Response;
use leadmill_core::ErrorKind;

/// Judges a response to a call about one job. None where it is no error.
///
/// # Source
/// Reference 2.2, assumption A20. A 402 is about a foreign mail server only where one is asked. What is no page of the
/// provider's own does not tell that a job is gone: its results may have been paid for.
pub(super) fn judge(response: &Response<Bytes>, exhausted: &[String]) -> Option<Refusal> {
    let refusal = refusal::judge(response, exhausted)?;
    let is_unknown = refusal.unknown.is_some();
    let kind = match (response.status().as_u16(), refusal.kind) {
        (_, ErrorKind::NoCredit) if is_of_downloads(&refusal.detail, exhausted) => {
            ErrorKind::Throttled(rate::retry_after(response.headers()))
        }
        (_, ErrorKind::Refused) if is_unknown => ErrorKind::Gone,
        (404, ErrorKind::Refused) | (410, ErrorKind::Fatal) => ErrorKind::Gone,
        (402, ErrorKind::Refused) => ErrorKind::NoCredit,
        (_, kind) => kind,
    };
    Some(Refusal { kind, ..refusal })
}

/// Whether a refusal is about how often a file is given out: that ends by waiting, and may follow a charge.
///
/// # Source
/// Reference 11.9: downloads of a job are limited by the day; how that is refused is not documented.
fn is_of_downloads(said: &str, exhausted: &[String]) -> bool {
    let said = said.to_lowercase();
    let mut money = exhausted.iter().filter(|word| *word != "limit");
    said.contains("download") && !money.any(|word| said.contains(word.as_str()))
}
