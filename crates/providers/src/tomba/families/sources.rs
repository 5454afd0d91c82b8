//! Where an address has been seen: reference 5.1 and 8.

use super::super::wire::{Many, Source};
use leadmill_core::{Finding, Value};
use serde_json::Value as Json;

/// Reads the pages of `/email-sources`.
pub(super) fn sources(data: Json) -> Option<Finding> {
    let sources = Many::<Source>::of(data);
    Some(match sources.0.is_empty() {
        true => Finding::Miss,
        false => Finding::Hit([seen(sources)].into()),
    })
}

/// The pages, each with its own fields.
pub(super) fn seen(sources: Many<Source>) -> Value {
    let row = |source: Source| {
        Value::Values(Box::new([
            source.uri.into(),
            source.website_url.into(),
            source.extracted_on.into(),
            source.last_seen_on.into(),
            source.still_on_page.into(),
        ]))
    };
    Value::Values(sources.0.into_iter().map(row).collect())
}
