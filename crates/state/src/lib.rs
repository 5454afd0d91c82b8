//! What survives the process: the journal, the runs, the sends and the questions of a run.
//!
//! A state is a folder that several processes may write to, one at a time to a run:
//!
//! | file | holds | lost by |
//! | --- | --- | --- |
//! | `state.db` | journal and runs, SQLite, WAL, `synchronous=FULL` | nothing short of the disk |
//! | `limits.db` | who holds which slots of the windows | a crash of the machine |
//! | `calls/` | the recent calls of each process, for the windows of the next | a crash of the machine |
//! | `answers/` | the answers of settled batches, one Parquet file a batch | as `state.db` |
//! | `.questions-*` | the questions of a step that is running | may be deleted |
//! | `locks/` | the locks of the processes and the runs they are at work on | - |

mod code;
mod journal;
mod leases;
mod locks;
mod schema;
mod sends;
mod spool;
mod store;

pub use journal::SqliteJournal;
pub use leases::FolderLeases;
pub use spool::{Spool, SpoolReader};
pub use store::{Run, RunRecord, StateError, Store};
