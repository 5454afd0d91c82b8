//! What a paid question is: the one thing in which the API's families differ.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::options::Options;
use crate::problem::Problem;

/// What became of one question, as far as money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Charged.
    Hit,
    /// Free.
    Miss,
    /// Charged as a single lookup; in a batch the reference contradicts itself (section 14, row 15).
    Disputed,
}

/// A family of the API: single lookups and batches of one kind of question.
///
/// Everything else (reserve, dedupe, progress, paging, settlement) is the same for all.
pub(crate) trait Product: Send + Sync + 'static {
    /// The first segment of its paths.
    const NAME: &'static str;
    /// What transactions call it.
    const TITLE: &'static str;
    /// What it calls one item.
    const ITEM: &'static str;
    /// What transactions call an item that was not charged.
    const UNCHARGED: &'static str;
    /// Credits for one item.
    const PRICE: u64;
    /// The most items of a batch.
    const MAX_ITEMS: usize;
    /// What the reply to a submit says beside the counts.
    const SUBMITTED: Option<&'static str>;
    /// Whether results leave out what was not a hit.
    const OMITS_MISSES: bool;
    /// How long the answer to a single lookup is kept for a repeat.
    const KEPT: Option<Duration>;
    /// The key of the items in the body of a submit.
    const ITEMS: &'static str;
    /// A question that nobody asked, for [`Quirks::extra`](crate::Quirks::extra).
    const STRANGER: &'static [&'static str];

    /// The body of a single lookup, or its query.
    type Question: DeserializeOwned + Send;
    /// One item of a batch.
    type Item: Send;
    /// The body of a submit.
    type Batch: DeserializeOwned + Send;
    /// One answer on the wire, with its inputs echoed.
    type Answer: Serialize + Send;

    /// Splits the body of a submit into its items and its callback address.
    fn unpack(batch: Self::Batch) -> (Vec<Self::Item>, Option<String>);
    /// Refuses an item out of bounds; `at` is its place in the body, e.g. `body/leads/3`, if all items are
    /// in one list.
    fn check(item: &Self::Item, at: impl Fn() -> String) -> Result<(), Problem>;
    /// Refuses a single question out of bounds, else gives its item.
    fn single(question: Self::Question) -> Result<Self::Item, Problem>;
    /// The fields of an item, as submitted.
    fn fields(item: &Self::Item) -> impl AsRef<[&str]>;
    /// The answer to the fields of an item.
    fn answer(seed: u64, fields: &[&str]) -> Self::Answer;
    /// Gives back the inputs in small letters and without accents.
    fn spell_plainly(answer: &mut Self::Answer);
    /// The answer as a single lookup gives it; a miss may be a refusal there.
    fn alone(answer: Self::Answer, options: &Options) -> Result<Self::Answer, Problem>;
    /// What the answer means for money, without the cost of spelling it.
    fn outcome(seed: u64, fields: &[&str]) -> Outcome;
    /// What the transaction of a charged single lookup names, e.g. the address found.
    fn subject(answer: &Self::Answer) -> &str;
}
