//! The parameters of a lookup.

use axum::extract::Query;
use http::Uri;

use super::failure::Failure;
use super::normal;
use super::options::Options;
use crate::canonical::canonical;

/// Names and values, decoded, in the order in which they came.
#[derive(Clone, Debug)]
pub(super) struct Params<'a> {
    pairs: Vec<(String, String)>,
    options: &'a Options,
}

/// Longer than any field of a question may be.
const LONGEST: usize = 2_048;

impl<'a> Params<'a> {
    /// Those of an address; what cannot be read is not there.
    pub(super) fn of(uri: &Uri, options: &'a Options) -> Self {
        let pairs = Query::try_from_uri(uri).map(|Query(pairs)| pairs);
        Self { pairs: pairs.unwrap_or_default(), options }
    }

    /// Adds one that stood in the path.
    pub(super) fn with(mut self, name: &str, value: String) -> Self {
        self.pairs.push((name.to_owned(), value));
        self
    }

    /// All of them, as they were sent.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// A parameter that is there and not blank.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.pairs.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// Every value of a parameter that may come often, also as `name[]`.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let many = format!("{name}[]");
        let named = |other: &str| other == name || other == many;
        let pairs = self.pairs.iter().filter(|(other, _)| named(other));
        let values = pairs.flat_map(|(_, value)| value.split(','));
        values.map(str::trim).filter(|value| !value.is_empty()).collect()
    }

    /// One that must be there and pass a check.
    pub(super) fn need(
        &self,
        name: &str,
        is_right: fn(&str) -> bool,
    ) -> Result<&str, Failure> {
        let value = self.may(name, is_right)?;
        value.ok_or_else(|| self.refuse(format!("The parameter {name} is missing.")))
    }

    /// One that must pass a check if it is there.
    pub(super) fn may(
        &self,
        name: &str,
        is_right: fn(&str) -> bool,
    ) -> Result<Option<&str>, Failure> {
        match self.get(name) {
            Some(value) if value.len() > LONGEST || !is_right(value) => {
                Err(self.refuse(format!("The parameter {name} is not valid.")))
            }
            value => Ok(value),
        }
    }

    /// One of some words, if it is there.
    pub(super) fn word(
        &self,
        name: &str,
        words: &[&'static str],
    ) -> Result<Option<&'static str>, Failure> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let found = words.iter().copied().find(|word| *word == value);
        let refuse = || self.refuse(format!("The parameter {name} is not valid."));
        found.map(Some).ok_or_else(refuse)
    }

    /// A whole number within bounds, or the usual one.
    pub(super) fn number(
        &self,
        name: &str,
        usual: u64,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Result<u64, Failure> {
        let Some(value) = self.get(name) else { return Ok(usual) };
        let number = value.parse().ok().filter(|number| bounds.contains(number));
        number.ok_or_else(|| self.refuse(format!("The parameter {name} is not valid.")))
    }

    /// Whether a switch is on.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some("true" | "1" | "True"))
    }

    /// Refuses a callback that is none of the web.
    pub(super) fn check_callback(&self) -> Result<(), Failure> {
        self.may("webhook_url", normal::is_web).map(drop)
    }

    /// What makes two requests identical: case, outer blanks and order do not matter, and the callback neither
    /// (section 15, row A4).
    pub(super) fn identity(&self) -> Vec<String> {
        let counted = self.pairs.iter().filter(|(name, _)| name != "webhook_url");
        let mut identity: Vec<String> =
            counted.map(|(name, value)| format!("{name}={}", canonical(value))).collect();
        identity.sort();
        identity
    }

    /// The refusal of what is wrong with them.
    pub(super) fn refuse(&self, message: impl Into<String>) -> Failure {
        Failure::params(self.options, message)
    }
}
