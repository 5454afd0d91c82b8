//! Builders shared by the modules.

pub(crate) mod binary;
pub(crate) mod s3;
pub(crate) mod simulation;
