//! One file a verb.

pub(crate) mod account;
pub(crate) mod check;
pub(crate) mod completions;
pub(crate) mod init;
pub(crate) mod packs;
pub(crate) mod plan;
pub(crate) mod report;
pub(crate) mod resolve;
pub(crate) mod run;
pub(crate) mod sandbox;
pub(crate) mod schema;
pub(crate) mod serve;
pub(crate) mod status;
