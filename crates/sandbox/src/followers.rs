//! Company followers and count estimates: what they are, apart from how they are asked for.

pub(crate) mod estimate;
pub(crate) mod filters;
pub(crate) mod knobs;
pub(crate) mod lists;
pub(crate) mod scrape;
pub(crate) mod search;
pub(crate) mod settlement;
pub(crate) mod state;
