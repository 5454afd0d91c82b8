//! The callbacks of finder batches.

use serde::Serialize;

use super::events::{Tells, WithResult, WithSuccess};
use crate::batches::Tally;
use crate::canonical::canonical;
use crate::knobs::MissId;
use crate::routes::finder::{EmailFinder, EmailFinderResult};

/// The `result` of an item. It has no names: an item that found nobody is known by nothing but its guess.
#[derive(Debug, Serialize)]
pub(crate) struct FinderTold {
    email: String,
    result: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confidence: Option<&'static str>,
    is_catch_all: bool,
    domain: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider: Option<&'static str>,
}

/// Counters of a completion.
#[derive(Debug, Serialize)]
pub(crate) struct FinderCounts {
    found: u64,
    not_found: u64,
}

impl Tells for EmailFinder {
    const ITEM_EVENT: &'static str = "webhook:finder_lookup.completed";
    const END_EVENT: &'static str = "finder.completed";
    const END_TELLS_FAILURE: bool = false;

    type Told = WithResult<FinderTold>;
    type Counts = WithSuccess<FinderCounts>;

    fn told(answer: EmailFinderResult, miss_id: MissId) -> Self::Told {
        let missed = match miss_id {
            MissId::Guess => guess(&answer),
            MissId::Empty => String::new(),
        };
        let result_id = answer.email.unwrap_or(missed);
        let result = FinderTold {
            email: result_id.clone(),
            result: if answer.found { "found" } else { "not_found" },
            message: answer.message,
            confidence: answer.confidence,
            is_catch_all: answer.is_catch_all.unwrap_or_default(),
            domain: answer.domain,
            provider: answer.provider,
        };
        WithResult { result_id, result }
    }

    /// What was never done was not found.
    fn counts(tally: Tally, lacking: u64) -> Self::Counts {
        let (found, not_found) = (tally.hits, tally.misses + tally.disputed + lacking);
        let counts = FinderCounts { found, not_found };
        WithSuccess { successful: found, failed: not_found, counts }
    }
}

fn guess(answer: &EmailFinderResult) -> String {
    let [first, last, domain] = [&answer.first_name, &answer.last_name, &answer.domain]
        .map(|field| canonical(field));
    format!("{first}.{last}@{domain}")
}
