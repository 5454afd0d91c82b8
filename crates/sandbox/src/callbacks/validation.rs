//! The callbacks of validation batches.

use serde::Serialize;

use super::events::{Tells, WithResult, WithSuccess};
use crate::batches::Tally;
use crate::knobs::MissId;
use crate::routes::validation::{EmailValidation, EmailValidationResult};

/// The `result` of an item.
#[derive(Debug, Serialize)]
pub(crate) struct ValidationTold {
    email: String,
    result: &'static str,
    message: String,
    provider: &'static str,
    confidence: &'static str,
    is_catch_all: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
}

/// Counters of a completion.
#[derive(Debug, Serialize)]
pub(crate) struct ValidationCounts {
    valid: u64,
    invalid: u64,
    risky: u64,
}

impl Tells for EmailValidation {
    const ITEM_EVENT: &'static str = "webhook:email_lookup.completed";
    const END_EVENT: &'static str = "validation.completed";
    const END_TELLS_FAILURE: bool = false;

    type Told = WithResult<ValidationTold>;
    type Counts = WithSuccess<ValidationCounts>;

    fn told(answer: EmailValidationResult, _: MissId) -> Self::Told {
        let domain = answer.email.trim().rsplit_once('@').map(|(_, domain)| domain);
        let result = ValidationTold {
            domain: domain.map(str::to_owned),
            email: answer.email.clone(),
            result: answer.result,
            message: answer.message,
            provider: answer.provider,
            confidence: answer.confidence,
            is_catch_all: answer.is_catch_all,
        };
        WithResult { result_id: answer.email, result }
    }

    /// The reference's example (2 valid, 1 invalid, 1 risky: 3 successful) does not say which two make the
    /// three. Here they are the verdicts that a single lookup charges.
    fn counts(tally: Tally, lacking: u64) -> Self::Counts {
        let Tally { hits: valid, misses: risky, disputed: invalid } = tally;
        let counts = ValidationCounts { valid, invalid, risky };
        WithSuccess { successful: valid + invalid, failed: risky + lacking, counts }
    }
}
