//! What a lookup comes to, before money.

use serde::Serialize;
use serde_json::{Value, json};

use super::answers::people::nobody;
use super::failure::Failure;
use super::knobs::Miss;
use super::options::Options;
use super::prices::Yield;

/// What a lookup comes to.
#[derive(Debug)]
pub(super) struct Answer {
    /// The whole body.
    pub(super) body: Value,
    /// What it brought.
    pub(super) found: Yield,
    /// What names the question in the audit, beside the endpoint.
    pub(super) question: Vec<String>,
    /// The refusal that is sent instead of the body, if that is how nothing is told.
    pub(super) refusal: Option<Failure>,
}

/// What a lookup would have found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// A person, by the finder of addresses.
    Address,
    /// A person.
    Person,
    /// A list.
    List,
    /// Something else.
    Thing,
}

impl Answer {
    /// Something, under `data`.
    pub(super) fn found(
        data: impl Serialize,
        found: Yield,
        question: Vec<String>,
    ) -> Self {
        let found = Yield { present: true, ..found };
        Self { body: json!({ "data": data }), found, question, refusal: None }
    }

    /// Nothing, in one of its forms.
    pub(super) fn missed(
        options: &Options,
        wanted: Wanted,
        question: Vec<String>,
    ) -> Self {
        let refusal =
            (options.miss == Miss::NotFound).then(|| Failure::unknown_record("record"));
        let data = match (options.miss, wanted) {
            (Miss::Usual, Wanted::Address)
            | (Miss::Person, Wanted::Address | Wanted::Person) => json!(nobody()),
            (Miss::Usual, Wanted::List) | (Miss::EmptyList, _) => json!([]),
            (Miss::Empty, _) => json!({}),
            (Miss::Usual | Miss::Null | Miss::Person | Miss::NotFound, _) => Value::Null,
        };
        let body = json!({ "data": data });
        Self { body, found: Yield::default(), question, refusal }
    }
}
