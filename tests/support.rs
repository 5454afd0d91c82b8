//! Builders shared by the modules.

pub(crate) mod binary;
pub(crate) mod postgres;
pub(crate) mod s3;
pub(crate) mod simulation;
pub(crate) mod wire;
