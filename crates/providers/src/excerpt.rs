//! A word on a body that is no error of the provider's own: a proxy's page, or nothing.

use http::{HeaderMap, StatusCode};

/// The status in words, with the size and the type of the body.
pub(crate) fn excerpt(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> String {
    let kind = headers
        .get("content-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let reason = status.canonical_reason().unwrap_or("no reason given");
    match body.is_empty() {
        true => reason.to_lowercase(),
        false => format!(
            "{}, with a body of {} bytes ({kind})",
            reason.to_lowercase(),
            body.len()
        ),
    }
}
