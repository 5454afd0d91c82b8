//! The whole file.

use super::{
    location::{Sink, SinkKeys, Source, SourceKeys},
    provider::Provider,
    secret::Secret,
    shapes,
    step::{Step, StepKeys},
};
use leadmill_core::{Account, Credits, Pack, limits::Written};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, num::NonZeroU32};

/// Leads are read, enriched step by step through paid APIs, and written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(
    title = "Leadmill pipeline",
    extend("x-later" = ["privacy", "tests"])
)]
pub(crate) struct Pipeline {
    /// The version of the file's grammar.
    #[schemars(extend("const" = 1, "errorMessage" = "this leadmill reads version 1"))]
    #[expect(dead_code, reason = "there is one version, which the schema checks")]
    version: u32,
    /// The pipeline's name. Runs of one name replace each other's output.
    #[schemars(schema_with = "shapes::name")]
    pub(crate) name: String,
    /// Texts that are used elsewhere as `${vars.name}`; `--var name=text` overrides them.
    #[serde(default)]
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "it is filled in before the types are read")
    )]
    pub(crate) vars: BTreeMap<String, String>,
    /// Where the leads come from.
    #[schemars(with = "SourceKeys")]
    pub(crate) source: Source,
    /// The APIs that may be asked, by names of your choice.
    #[schemars(transform = shapes::named, extend("minProperties" = 1))]
    pub(crate) providers: BTreeMap<String, Provider>,
    /// What is asked about each lead, in this order. A step may use the columns that earlier steps add.
    #[schemars(with = "Vec<StepKeys>", length(min = 1))]
    pub(crate) enrich: Vec<Step>,
    /// What may be spent.
    #[serde(default)]
    pub(crate) budget: Budget,
    /// How long calls that charge are waited for when the run is told to end: each one whose reply is missed is in doubt.
    /// 2500ms by default.
    #[serde(default)]
    #[schemars(schema_with = "shapes::length")]
    pub(crate) grace: Option<Written>,
    /// Where the enriched leads go.
    #[schemars(with = "SinkKeys")]
    pub(crate) sink: Sink,
    /// Where the journal is: a folder, `.leadmill` by default, or `postgres://…` for many machines.
    #[serde(default = "usual_state")]
    #[schemars(schema_with = "shapes::text")]
    pub(crate) state: String,
    /// Where the answers are kept: a folder or an address such as `s3://bucket/leadmill/`. With a state in a
    /// folder, its `answers/` by default.
    #[schemars(schema_with = "shapes::text")]
    #[serde(default)]
    pub(crate) results: Option<String>,
}

/// What may be spent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-later" = ["day"]))]
pub(crate) struct Budget {
    /// Most credits of one run, by provider. A reserve counts until it settles.
    #[serde(default)]
    #[schemars(schema_with = "shapes::credits")]
    pub(crate) run: BTreeMap<String, Credits>,
    /// What happens at the end of the budget: by default `finish`.
    #[serde(default)]
    pub(crate) at_limit: AtLimit,
}

/// What happens at the end of a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AtLimit {
    /// What is paid for is fetched and written, and the run stays open: it ends with status 75, and the next one goes on
    /// with it, once the budget is raised.
    Stop,
    /// What is paid for is fetched and written, and the run is closed: it ends with status 3, and the next one begins
    /// anew, with a budget of its own.
    #[default]
    Finish,
}

fn usual_state() -> String {
    ".leadmill".to_owned()
}

impl Pipeline {
    /// The account of a provider by its name in the file; `None` where either is unknown.
    pub(crate) fn account(&self, name: &str, packs: &[Pack]) -> Option<Account> {
        let provider = self.providers.get(name)?;
        let pack = packs.iter().find(|pack| pack.name == provider.pack)?;
        let mut account = provider.account(name, pack);
        for (operation, offer) in &mut account.pack.operations {
            let Some(usual) = offer.rows else { continue };
            // One question can cost as many rows as any step asks for.
            let asks = |step: &&Step| {
                let mut attempts = step.attempts.iter();
                step.operation == *operation
                    && attempts.any(|attempt| attempt.provider == name)
            };
            let steps = self.enrich.iter().filter(asks);
            let rows = steps.map(|step| step.rows.and_then(NonZeroU32::new));
            let source = self.source.bought.iter();
            let source = source.filter(|bought| bought.operation() == *operation);
            let source = source.map(|bought| bought.rows().and_then(NonZeroU32::new));
            let rows = rows.chain(source).map(|rows| rows.unwrap_or(usual));
            offer.of_rows(rows.max().unwrap_or(usual));
        }
        Some(account)
    }

    /// Every credential, for redacting.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &Secret> {
        let credentials = self.providers.values().flat_map(Provider::credentials);
        credentials.filter_map(|(_, credential)| credential)
    }
}
