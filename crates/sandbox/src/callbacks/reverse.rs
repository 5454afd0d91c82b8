//! The callbacks of reverse batches: nothing else ties a profile of a batch to its e-mail address.

use serde::Serialize;

use super::events::Tells;
use super::phones::FoundCounts;
use crate::answers::SYNTHETIC;
use crate::answers::ending::Ending;
use crate::answers::profile::Profile;
use crate::batches::Tally;
use crate::knobs::MissId;
use crate::routes::reverse::{ReverseLookup, ReverseLookupResult};

/// An item. The profile keeps the names that it has everywhere else.
#[derive(Debug, Serialize)]
pub(crate) struct ReverseTold {
    result_id: String,
    r#type: Ending,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Profile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    message: String,
}

impl Tells for ReverseLookup {
    const ITEM_EVENT: &'static str = "webhook:email_result.completed";
    const END_EVENT: &'static str = "webhook:email_completion.completed";
    const END_TELLS_FAILURE: bool = true;

    type Told = ReverseTold;
    type Counts = FoundCounts;

    fn told(answer: ReverseLookupResult, _: MissId) -> ReverseTold {
        let ending = answer.ending;
        let message = match ending {
            Ending::Success => "Person found",
            Ending::NoMatch => "No information found",
            Ending::Error => "The sources could not be asked at this time",
        };
        let message = format!("{message}{SYNTHETIC}");
        ReverseTold {
            result_id: answer.email,
            r#type: ending,
            result: answer.profile,
            error: (ending == Ending::Error).then(|| message.clone()),
            message,
        }
    }

    fn counts(tally: Tally, lacking: u64) -> FoundCounts {
        FoundCounts::of(tally, lacking)
    }
}
