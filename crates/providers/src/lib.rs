//! leadmill-providers
