//! leadmill-state
