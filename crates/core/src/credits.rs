//! Money, in the provider's own unit.

use serde::{Deserialize, Serialize};
use std::{
    fmt,
    iter::Sum,
    ops::{Add, AddAssign, Mul},
};

/// Provider credits: whole, never negative, never a float.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
)]
#[serde(transparent)]
pub struct Credits(pub u64);

impl Credits {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// More than anybody has: no cap.
    pub const MAX: Self = Self(u64::MAX);

    /// What is left after `spent`, at least nothing.
    #[must_use]
    pub const fn less(self, spent: Self) -> Self {
        Self(self.0.saturating_sub(spent.0))
    }

    /// How many items at `price` this pays for; no limit when they are free.
    #[must_use]
    pub const fn items_at(self, price: Self) -> u64 {
        match self.0.checked_div(price.0) {
            Some(items) => items,
            None => u64::MAX,
        }
    }
}

impl Add for Credits {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for Credits {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Mul<u64> for Credits {
    type Output = Self;

    fn mul(self, items: u64) -> Self {
        Self(self.0.saturating_mul(items))
    }
}

impl Sum for Credits {
    fn sum<I: Iterator<Item = Self>>(credits: I) -> Self {
        credits.fold(Self::ZERO, Add::add)
    }
}

impl fmt::Display for Credits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
