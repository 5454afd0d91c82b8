//! leadmill-engine
