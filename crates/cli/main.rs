//! `leadmill`.
fn main() {}
