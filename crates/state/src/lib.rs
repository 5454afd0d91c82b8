//! What survives the process: the journal, the runs, the sends and the questions of a run.
//!
//! A state is a folder that one process at a time writes to:
//!
//! | file | holds | lost by |
//! | --- | --- | --- |
//! | `state.db` | journal and runs, SQLite, WAL, `synchronous=FULL` | nothing short of the disk |
//! | `sends.log` | recent calls, for the windows after a restart | a crash of the machine |
//! | `answers/` | the answers of settled batches, one Parquet file a batch | as `state.db` |
//! | `.questions-*` | the questions of the step that is running | may be deleted |
//! | `lock` | the lock of the process that runs | - |

mod code;
mod journal;
mod schema;
mod sends;
mod spool;
mod store;

pub use journal::SqliteJournal;
pub use sends::FileSendLog;
pub use spool::{Spool, SpoolReader};
pub use store::{Run, RunRecord, StateError, Store};
