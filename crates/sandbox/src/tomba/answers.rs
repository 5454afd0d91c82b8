//! Synthetic answers: pure functions of a seed and a question. All addresses are under `.invalid`, but for those
//! that were asked about.

pub(super) mod clearbit;
pub(super) mod domains;
pub(super) mod organization;
pub(super) mod people;
pub(super) mod person;
pub(super) mod phone;
pub(super) mod reveal;
pub(super) mod roster;
pub(super) mod verification;

/// The day on which everything was last looked at, in the form of the provider.
pub(super) const SEEN: &str = "2026-01-01T00:00:00+01:00";

/// The same day, in its other form.
pub(super) const SEEN_DAY: &str = "2026-01-01";
