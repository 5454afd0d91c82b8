//! The callbacks of phone batches.

use serde::Serialize;

use super::events::Tells;
use crate::answers::SYNTHETIC;
use crate::answers::ending::Ending;
use crate::batches::Tally;
use crate::knobs::MissId;
use crate::routes::phones::{PhoneBulkResultItem, PhoneFinder};

/// An item.
#[derive(Debug, Serialize)]
pub(crate) struct PhoneTold {
    result_id: String,
    r#type: Ending,
    #[serde(skip_serializing_if = "Option::is_none")]
    phones: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    message: String,
}

/// Counters of a completion that are all there are.
#[derive(Debug, Serialize)]
pub(crate) struct FoundCounts {
    found: u64,
    not_found: u64,
}

impl FoundCounts {
    /// What ended in an error or was never done was not found.
    pub(super) fn of(tally: Tally, lacking: u64) -> Self {
        let Tally { hits: found, misses, disputed } = tally;
        Self { found, not_found: misses + disputed + lacking }
    }
}

impl Tells for PhoneFinder {
    const ITEM_EVENT: &'static str = "webhook:phone_result.completed";
    const END_EVENT: &'static str = "webhook:phone_completion.completed";
    const END_TELLS_FAILURE: bool = true;

    type Told = PhoneTold;
    type Counts = FoundCounts;

    fn told(answer: PhoneBulkResultItem, _: MissId) -> PhoneTold {
        let PhoneBulkResultItem { email, linkedin, phones, error, ending } = answer;
        let found = || format!("Phone numbers found{SYNTHETIC}");
        PhoneTold {
            result_id: email.or(linkedin).unwrap_or_default(),
            r#type: ending,
            phones: (ending == Ending::Success).then_some(phones),
            message: error.clone().unwrap_or_else(found),
            error: error.filter(|_| ending == Ending::Error),
        }
    }

    fn counts(tally: Tally, lacking: u64) -> FoundCounts {
        FoundCounts::of(tally, lacking)
    }
}
