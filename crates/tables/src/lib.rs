//! leadmill-tables
