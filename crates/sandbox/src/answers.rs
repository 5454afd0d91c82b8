//! Synthetic answers: pure functions of a seed and a canonical question.

pub(crate) mod ending;
pub(crate) mod finder;
pub(crate) mod fold;
pub(crate) mod followers;
pub(crate) mod phones;
pub(crate) mod profile;
pub(crate) mod reverse;
pub(crate) mod validation;

/// What every message ends with, so that no answer is ever taken for a fact.
pub(crate) const SYNTHETIC: &str = " (synthetic)";
