//! The knobs of phone finder and reverse lookup, where the reference contradicts itself or is silent.

use crate::words::worded;

/// How phone finder and reverse lookup answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Lookups {
    /// How a single phone lookup says that there is no number (row 14).
    pub phone_miss: PhoneMiss,
    /// How a single reverse lookup says that there is no profile (row 13).
    pub reverse_miss: ReverseMiss,
    /// What the pages of a reverse batch are cut from: its results hold no misses (row 10).
    pub reverse_pages: ReversePages,
    /// Whether a single reverse lookup is free if its question was answered and charged less than seven days
    /// before. The reference says that answers are kept so long, and not what a repeat costs.
    pub repeats_free: bool,
}

/// How a single phone lookup says that there is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PhoneMiss {
    /// 200 with no `phones`.
    #[default]
    Empty,
    /// 404.
    NotFound,
}

worded!(PhoneMiss, "phone miss", [("empty", Empty), ("404", NotFound)]);

/// How a single reverse lookup says that there is no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReverseMiss {
    /// 200 with `found: false` and nothing else.
    #[default]
    Flagged,
    /// 500, as seen live.
    Error,
    /// 404.
    NotFound,
}

worded!(
    ReverseMiss,
    "reverse miss",
    [("flagged", Flagged), ("500", Error), ("404", NotFound)]
);

/// What the pages of a reverse batch are cut from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReversePages {
    /// All items, whose misses are then left out: a page may be short or empty before the last.
    #[default]
    Items,
    /// Hits.
    Hits,
}

worded!(ReversePages, "cut of reverse pages", [("items", Items), ("hits", Hits)]);
