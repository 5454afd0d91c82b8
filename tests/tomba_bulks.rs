//! Tomba's jobs: created, launched, estimated, and paid for by the first download. Right to the row and to the credit,
//! whatever is killed, and never more of them than a day holds.

mod binary;
mod simulated;
