//! Builders shared by the modules.

pub(crate) mod simulation;
