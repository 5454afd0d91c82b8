//! What windows tell requests apart by.

use std::fmt::Debug;

/// The kinds of requests of a provider, of which some may be parts of others.
pub trait Kind: Copy + PartialEq + Debug {
    /// How a window of these kinds is written, for a user who wrote it otherwise.
    const WRITTEN: &'static str;

    /// Whether a window of this kind counts a request of the other.
    fn includes(self, other: Self) -> bool;
}
