//! A provider as a pipeline declares it, and the account that this makes.

use super::{operations, secret::Secret, shapes};
use leadmill_core::{
    Account, Credits, Operation, Pack, Scope, Window,
    limits::Written,
    pack::{Doubtful, InDoubt, Percent, Risk},
};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{collections::BTreeMap, num::NonZeroU32};

/// The plan of a sandbox that names none.
const SANDBOX_PLAN: &str = "growth";

/// The provider that wants a key and a secret.
pub(crate) const TOMBA: &str = "tomba";

/// A provider: whose API, under which plan, with whose key. Its limits and prices are the pack's to know.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Provider {
    /// The provider's name, such as `enrich.so`.
    #[serde(rename = "use")]
    #[schemars(schema_with = "shapes::text")]
    pub(crate) pack: String,
    /// The plan that was bought: it sets the limits.
    #[serde(default)]
    #[schemars(schema_with = "shapes::text")]
    pub(crate) plan: Option<String>,
    /// The API key, from outside of the file: `${env:NAME}` or `${file:/run/secrets/name}`.
    #[serde(default)]
    #[schemars(schema_with = "shapes::secret")]
    pub(crate) api_key: Option<Secret>,
    /// The key of a provider that wants two credentials, from outside of the file too.
    #[serde(default)]
    #[schemars(schema_with = "shapes::secret")]
    pub(crate) key: Option<Secret>,
    /// The other one.
    #[serde(default)]
    #[schemars(schema_with = "shapes::secret")]
    pub(crate) secret: Option<Secret>,
    /// Asks the built-in sandbox instead: made-up answers, real limits, no money.
    #[serde(default)]
    pub(crate) sandbox: bool,
    /// The API's address, where it is not the usual one.
    #[serde(default)]
    #[schemars(schema_with = "shapes::address")]
    pub(crate) base_url: Option<String>,
    /// Windows by scope, where the contract differs from the plan: they replace those of the scope.
    #[serde(default)]
    #[schemars(schema_with = "shapes::limits")]
    pub(crate) limits: BTreeMap<Scope, Vec<Window>>,
    /// The least time between two looks at a job.
    #[serde(default)]
    #[schemars(schema_with = "shapes::length")]
    pub(crate) poll: Option<Written>,
    /// Most questions in one batch.
    #[serde(default)]
    #[schemars(range(max = 4294967295_u32))]
    pub(crate) batch: Option<NonZeroU32>,
    /// Most results on one page.
    #[serde(default)]
    #[schemars(range(max = 4294967295_u32))]
    pub(crate) page: Option<NonZeroU32>,
    /// The part of every limit that is ours at most, where colleagues use the same account.
    #[serde(default)]
    #[schemars(schema_with = "shapes::share")]
    pub(crate) share: Option<Percent>,
    /// The most credits in one batch, as credits or as a part of the wallet: a lost reply puts a whole
    /// batch in doubt. By default 10%.
    #[serde(default)]
    #[schemars(schema_with = "shapes::risk")]
    pub(crate) batch_risk: Option<Risk>,
    /// The most credits that may be in doubt in all, as credits or as a part of the wallet: over all runs on the state,
    /// with what is in flight and what was settled without an answer. Nothing that is paid leaves beyond it, and the
    /// run ends with 4. By default 25%, or `batch_risk` where that is more.
    #[serde(default)]
    #[schemars(schema_with = "shapes::risk")]
    pub(crate) in_doubt_limit: Option<Risk>,
    /// How long a charge may take to show among the wallet's transactions, or a job among the listed ones, before a
    /// batch whose reply was lost is taken for not charged, or for not begun.
    #[serde(default)]
    #[schemars(schema_with = "shapes::length")]
    pub(crate) settling: Option<Written>,
    /// How long a run waits where nothing is let through, one refusal after the other or at the provider's word, before
    /// it ends with 75 and goes on another time. 15m by default.
    #[serde(default)]
    #[schemars(schema_with = "shapes::length")]
    pub(crate) patience: Option<Written>,
    /// What to do with a batch of which nothing tells whether it was charged: `hold` it for
    /// `leadmill resolve` (the default), `retry` it within `in_doubt_budget`, or `skip` it.
    #[serde(default)]
    pub(crate) in_doubt: InDoubtPolicy,
    /// Most credits that one run may take for charged and ask again.
    #[serde(default)]
    pub(crate) in_doubt_budget: u64,
    /// Credits for one answer, by operation, where the contract differs from the price list.
    #[serde(default)]
    #[schemars(schema_with = "operations::prices")]
    pub(crate) prices: BTreeMap<Operation, Credits>,
    /// Which form of jobs is spoken, where the provider has had several: Tomba's 1 or 2.
    #[serde(default)]
    #[schemars(range(min = 1, max = 2))]
    pub(crate) generation: Option<NonZeroU32>,
    /// What one credit costs, in any one currency: for comparing providers.
    #[serde(default)]
    #[schemars(schema_with = "shapes::money")]
    pub(crate) credit: Option<f64>,
}

/// What to do with a batch in doubt.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InDoubtPolicy {
    /// Its questions wait for `leadmill resolve`.
    #[default]
    Hold,
    /// It is taken for charged, and its questions are asked again.
    Retry,
    /// It is taken for charged, and its questions are not asked again.
    Skip,
}

/// Windows by scope.
pub(crate) type Windows = BTreeMap<Scope, Vec<Window>>;

impl Provider {
    /// The plan that holds, if any: a contract may have limits of its own instead.
    pub(crate) fn plan(&self) -> Option<&str> {
        self.plan.as_deref().or(self.sandbox.then_some(SANDBOX_PLAN))
    }

    /// The keys of its credentials.
    pub(crate) fn wanted_credentials(&self) -> &'static [&'static str] {
        match self.pack.as_str() {
            TOMBA => &["key", "secret"],
            _ => &["api_key"],
        }
    }

    /// Its credentials, by their keys.
    pub(crate) fn credentials(&self) -> [(&'static str, Option<&Secret>); 3] {
        [
            ("api_key", self.api_key.as_ref()),
            ("key", self.key.as_ref()),
            ("secret", self.secret.as_ref()),
        ]
    }

    /// Whether the sandbox lives in this process, and forgets its jobs with it.
    pub(crate) const fn is_embedded(&self) -> bool {
        self.sandbox && self.base_url.is_none()
    }

    /// The windows under a plan, with those that this pipeline overrides put in.
    pub(crate) fn windows(&self, pack: &Pack, plan: Option<&str>) -> Windows {
        // Where all plans have the same limits none need be named.
        let plan = match plan {
            Some(plan) => pack.plans.get(plan),
            None if is_one_plan(pack) => pack.plans.values().next(),
            None => None,
        };
        let mut windows = plan.cloned().unwrap_or_default();
        windows.extend(self.limits.clone());
        windows
    }

    /// What to do with batches in doubt.
    pub(crate) fn doubtful(&self) -> Doubtful {
        let act = match self.in_doubt {
            InDoubtPolicy::Hold => InDoubt::Hold,
            InDoubtPolicy::Retry => InDoubt::Retry,
            InDoubtPolicy::Skip => InDoubt::Skip,
        };
        Doubtful { act, budget: Credits(self.in_doubt_budget) }
    }

    /// The account: the pack's facts, with what this pipeline overrides put in.
    pub(crate) fn account(&self, name: &str, pack: &Pack) -> Account {
        let mut pack = pack.clone();
        let windows = self.windows(&pack, self.plan());
        if let Some(base_url) = &self.base_url {
            pack.base_url.clone_from(base_url);
        }
        pack.settling = pack.settling.map(|usual| self.settling.unwrap_or(usual));
        pack.listing = pack.listing.map(|usual| self.settling.unwrap_or(usual));
        pack.jobs.generation =
            pack.jobs.generation.and(self.generation).or(pack.jobs.generation);
        if let Some(poll) = self.poll {
            pack.jobs.poll = poll;
        }
        for (operation, offer) in &mut pack.operations {
            if let Some(batch) = self.batch {
                offer.batch = batch.min(offer.most_items);
            }
            if self.poll.is_some() {
                offer.poll = None;
            }
            if let Some(page) = self.page {
                offer.page = page.min(offer.page);
            }
            if let Some(price) = self.prices.get(operation) {
                offer.price = *price;
                offer.least = offer.least.min(*price);
            }
        }
        let purse = match (self.sandbox, self.is_embedded()) {
            (false, _) => self.pack.clone(),
            (true, true) => format!("{} (embedded sandbox)", self.pack),
            (true, false) => format!("{} (sandbox)", self.pack),
        };
        Account {
            name: name.to_owned(),
            purse,
            windows,
            poll: pack.jobs.poll.0,
            share: self.share.unwrap_or(Percent::WHOLE),
            batch_risk: self.batch_risk.unwrap_or_default(),
            in_doubt_limit: self.in_doubt_limit,
            pack,
        }
    }
}

/// Whether all plans have the same limits.
pub(crate) fn is_one_plan(pack: &Pack) -> bool {
    let mut plans = pack.plans.values();
    let first = plans.next();
    plans.len() > 0 && plans.all(|plan| Some(plan) == first)
}
