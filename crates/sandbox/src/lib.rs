//! leadmill-sandbox
