//! What the lead finder keeps for the account.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::field::Field;
use super::jobs::LeadJob;
use super::population::Population;
use crate::options::Options;

/// Everything of the lead finder that changes, and the people, who do not.
#[derive(Debug, Default)]
pub(crate) struct LeadBook {
    population: OnceLock<Arc<Population>>,
    /// Saved searches, oldest first.
    pub(crate) saved: Vec<SavedSearch>,
    /// The searches that had free pages, by calendar month.
    pub(crate) searched: HashMap<String, BTreeSet<String>>,
    /// When a field of a person was last revealed.
    pub(crate) revealed: HashMap<(usize, Field), Instant>,
    /// Jobs, oldest first.
    pub(crate) jobs: Vec<Arc<LeadJob>>,
}

/// A search with a name.
#[derive(Clone, Debug)]
pub(crate) struct SavedSearch {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) filters: Map<String, Value>,
    pub(crate) created: Instant,
}

impl LeadBook {
    /// Everybody, made up when first asked for.
    pub(crate) fn population(&self, options: &Options) -> Arc<Population> {
        let make = || Arc::new(Population::new(options.seed, &options.leads));
        self.population.get_or_init(make).clone()
    }

    /// A job by its id.
    pub(crate) fn job(&self, id: &str) -> Option<&Arc<LeadJob>> {
        self.jobs.iter().find(|job| job.id == id)
    }
}
