//! A provider's facts as data: limits per plan, prices, page and batch sizes.

use crate::{Call, Credits, Operation, Scope, Window, limits::Written};
use serde::Deserialize;
use std::{collections::BTreeMap, num::NonZeroU32, time::Duration};

/// What is known about a provider. Written in the provider's `pack.yaml`, each fact with its source.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The provider's name, as in `use:`.
    pub name: String,
    /// Where the facts come from.
    pub source: String,
    /// The day on which they were read there.
    pub read: String,
    /// The address that calls go to unless the pipeline says otherwise.
    pub base_url: String,
    /// Windows by plan and scope.
    pub plans: BTreeMap<String, BTreeMap<Scope, Vec<Window>>>,
    /// The scopes that each call falls into. Every window of every one of them applies.
    pub scopes: BTreeMap<Call, Vec<Scope>>,
    /// What the provider answers, and for how much.
    pub operations: BTreeMap<Operation, Offer>,
    /// How jobs go.
    pub jobs: Jobs,
    /// The provider's words for its confidence, as numbers from 0 to 100. Our own reading.
    pub confidence: BTreeMap<String, i64>,
}

/// One operation at one provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Credits for one answer; also what is reserved for one question.
    pub price: Credits,
    /// Why a question can end without a charge, for people.
    pub free: String,
    /// The fewest credits that one asked question can end up costing.
    pub least: Credits,
    /// Most questions in one batch that the provider takes.
    pub most_items: NonZeroU32,
    /// Most questions that we put into one batch by default: a lost reply holds them all.
    pub batch: NonZeroU32,
    /// Largest page of results.
    pub page: NonZeroU32,
    /// Most bytes of a request's body. Not documented: a safe default.
    pub most_bytes: usize,
}

/// How long jobs take, for choosing a lane and for the first look.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jobs {
    /// The least time between two polls of one job.
    pub poll: Written,
    /// What a job takes before its first item, roughly.
    pub typical: Written,
    /// Items a second after that, roughly.
    pub items_per_second: NonZeroU32,
    /// What one single call takes, roughly.
    pub single: Written,
}

/// A provider as a pipeline uses it: the pack with the chosen plan and the pipeline's overrides.
#[derive(Clone, Debug)]
pub struct Account {
    /// The name in the pipeline's `providers:`.
    pub name: String,
    /// Whose answers and whose money: equal for all pipelines that use the same provider in earnest.
    pub purse: String,
    /// The windows that apply, by scope.
    pub windows: BTreeMap<Scope, Vec<Window>>,
    /// The least time between two polls of one job.
    pub poll: Duration,
    /// The facts, with the pipeline's prices and sizes put in.
    pub pack: Pack,
}

impl Account {
    /// The facts of an operation, if the provider has it.
    pub fn offer(&self, operation: Operation) -> Option<&Offer> {
        self.pack.operations.get(&operation)
    }

    /// All windows that apply to a call.
    pub fn windows_of(&self, call: Call) -> impl Iterator<Item = (&Scope, Window)> {
        let scopes = self.pack.scopes.get(&call).into_iter().flatten();
        scopes.flat_map(|scope| {
            let windows = self.windows.get(scope).into_iter().flatten();
            windows.map(move |window| (scope, *window))
        })
    }
}
