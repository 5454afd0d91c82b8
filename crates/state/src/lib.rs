//! What survives the process: the journal, the runs, the sends and the questions of a run.
//!
//! A state is a schema of a Postgres database, or a folder that several processes of one machine may write
//! to, one at a time to a run:
//!
//! | file | holds | lost by |
//! | --- | --- | --- |
//! | `state.db` | journal and runs, SQLite, WAL, `synchronous=FULL` | nothing short of the disk |
//! | `limits.db` | who holds which slots of the windows | a crash of the machine |
//! | `calls/` | the recent calls of each process, for the windows of the next | a crash of the machine |
//! | `answers/` | the answers of settled batches, one Parquet file a batch | as `state.db` |
//! | `room` | nothing: it keeps room on the disk for the replies to what has left | may be deleted |
//! | `.questions-*` | the questions of a step that is running | may be deleted |
//! | `locks/` | the locks of the processes and the runs they are at work on | - |

mod chain;
mod claims;
mod clock;
mod code;
mod error;
mod folder;
#[cfg(feature = "kill-points")]
mod kill_point;
mod place;
mod postgres;
mod random;
mod runs;
mod scratch;
mod sent;
mod spool;
mod store;

#[cfg(test)]
mod contract;
#[cfg(test)]
mod samples;
#[cfg(test)]
#[path = "../../../tests/support/postgres.rs"]
#[expect(dead_code, reason = "other tests restart it")]
mod server;
#[cfg(test)]
#[path = "../../../tests/support/wire.rs"]
#[expect(dead_code, reason = "other tests cut it")]
mod wire;
pub use clock::{Off, StateClock};
pub use error::StateError;
pub use place::Place;
pub use postgres::Address;
pub use runs::{Run, RunRecord, Salvaged};
pub use spool::{Spool, SpoolReader};
pub use store::Store;

/// The version of a state that this binary writes.
const VERSION: i64 = 5;
