//! Drives a run: admit, submit, poll, fetch, settle, and write down each step first.
//!
//! Start at [`Engine::buy`]: its loop is the whole story. What it decides with stands beside it:
//! [`limiter`] (may this call leave now?), `wallet` (is there money?), `collection` (are all answers of a
//! job here?).

pub mod limiter;
pub mod reconciliation;
mod report;

mod bills;
mod book;
mod collection;
mod drive;
mod engine;
mod free;
mod hints;
mod own_limits;
mod patience;
mod suspects;
mod visit;
mod wallet;

pub use bills::Billed;
pub use book::{Book, BookError, Recorded};
pub use drive::bounds::REMEMBERED;
pub use engine::{Engine, Order, Parts, RunError};
pub use free::Again;
pub use hints::Hints;
pub use limiter::Limiter;
pub use patience::{GRACE, PATIENCE};
pub use reconciliation::{Reconciled, written_off};
pub use report::{Doubt, Ending, Lacks, Report, Snapshot, Unpaid};
pub use visit::{Visit, VisitError};
