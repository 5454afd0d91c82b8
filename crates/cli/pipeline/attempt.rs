//! Whom a step asks, one after the other: the entries of its `try:`.

use super::{document::Hop, shapes};
use leadmill_core::Lane;
use schemars::JsonSchema;
use serde::Deserialize;
use std::num::NonZeroU64;

/// One entry of `try:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    /// The provider, by its name in `providers:`.
    pub(crate) provider: String,
    /// The lane; `None` leaves the choice to the engine.
    pub(crate) lane: Option<Lane>,
    /// An SQL condition over an answer: a hit for which it is not true counts as a miss.
    pub(crate) accept: Option<String>,
    /// The fewest questions that are worth a job.
    pub(crate) min_rows: Option<NonZeroU64>,
}

/// The order in which the entries are asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// That of the file.
    #[default]
    #[serde(skip)]
    File,
    /// By what a hit has cost so far.
    Cheapest,
}

/// A list of whom to ask, or an order.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum TryKeys {
    /// In this order.
    List(#[schemars(length(min = 1))] Vec<AttemptKeys>),
    /// In an order that is found out.
    Ordered(OrderedKeys),
}

/// Whom to ask, in an order that is found out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderedKeys {
    /// `cheapest`: by what a hit has cost at each so far; in the order of the file until 200 questions are answered
    /// by each.
    order: Order,
    /// Of these. Without it of all providers that offer the operation.
    #[serde(default)]
    #[schemars(length(min = 1))]
    of: Vec<AttemptKeys>,
}

/// Whom to ask: a provider's name, or a mapping with more.
#[derive(Deserialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AttemptKeys {
    /// A provider's name.
    Name(#[schemars(schema_with = "shapes::text")] String),
    /// A provider, and how.
    Entry(AttemptEntry),
}

/// A provider to ask, and how.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AttemptEntry {
    /// The provider's name in `providers:`.
    #[schemars(schema_with = "shapes::text")]
    provider: String,
    /// How questions travel: `bulk` jobs or `single` calls. By default whichever ends sooner.
    #[serde(default)]
    #[schemars(schema_with = "shapes::lane")]
    lane: Option<Lane>,
    /// An SQL condition over the fields of the answer, such as `confidence >= 70`: a hit for which it is not true
    /// counts as a miss. It was paid for all the same.
    #[serde(default)]
    #[schemars(schema_with = "shapes::text")]
    accept: Option<String>,
    /// The fewest questions that are worth one of the day's jobs.
    #[serde(default)]
    min_rows: Option<NonZeroU64>,
}

impl Order {
    /// As it is written, and for programs.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Cheapest => "cheapest",
        }
    }
}

impl Default for TryKeys {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl TryKeys {
    /// The entries, and their order.
    pub(super) fn read(self) -> (Vec<Attempt>, Order) {
        let (entries, order) = match self {
            Self::List(entries) => (entries, Order::File),
            Self::Ordered(OrderedKeys { order, of }) => (of, order),
        };
        (entries.into_iter().map(Attempt::from).collect(), order)
    }
}

impl From<AttemptKeys> for Attempt {
    fn from(keys: AttemptKeys) -> Self {
        match keys {
            AttemptKeys::Name(provider) => Self::of(provider),
            AttemptKeys::Entry(entry) => Self {
                provider: entry.provider,
                lane: entry.lane,
                accept: entry.accept,
                min_rows: entry.min_rows,
            },
        }
    }
}

impl Attempt {
    /// Asks a provider, whatever way it likes.
    pub(crate) fn of(provider: impl Into<String>) -> Self {
        Self { provider: provider.into(), lane: None, accept: None, min_rows: None }
    }
}

/// Where an entry stands in the file, or what of it, if that is named. Those of a provider that the file does not
/// name are where the order is.
pub(crate) fn entry_path<'a>(
    step: [Hop<'a>; 2],
    order: Order,
    entry: usize,
    key: Option<&'a str>,
) -> Vec<Hop<'a>> {
    let mut path = vec![step[0], step[1], "try".into()];
    if order == Order::Cheapest {
        path.push("of".into());
    }
    path.push(Hop::Item(entry));
    path.extend(key.map(Hop::from));
    path
}
