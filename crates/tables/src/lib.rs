//! The ends of a run: leads in, answers kept, joined output out. Arrow and SQL live here and nowhere else.
//!
//! Read in this order: [`mod@format`], [`source`] (leads in, as often as the
//! run looks at them), [`key`] (who is who), [`step`] and [`questions`] (rows become questions),
//! [`parts`] (answers become durable), [`accept`] (which of them are good enough), [`answers`] and [`attach`] (answers meet their rows), [`sink`]
//! (the output, all or nothing).
//!
//! DataFusion scans, filters and computes; nothing here ever buys.

pub mod accept;
pub mod answers;
pub mod attach;
mod compiler;
mod csv;
mod durable;
pub mod error;
mod expression;
mod fan_out;
pub mod format;
mod glob;
pub mod key;
mod listing;
mod location;
mod ndjson;
mod nearest;
mod nested;
mod parquet_files;
mod part;
pub mod parts;
mod pinned;
mod plain;
pub mod questions;
mod receipt;
pub mod results;
#[cfg(test)]
mod samples;
mod session;
pub mod sink;
pub mod source;
pub mod step;
pub mod tally;
mod text_files;
mod uniform;

pub use accept::Accept;
pub use answers::{Answers, Bought, Counts};
pub use arrow::{datatypes::SchemaRef, record_batch::RecordBatch};
pub use attach::Attach;
pub use error::{Subject, TableError};
pub use format::{Format, UnknownFormat};
pub use key::KeyCheck;
pub use parts::Parts;
pub use questions::{Asked, Questions};
pub use results::Results;
pub use sink::{Sink, SinkSpec, Writer, Written};
pub use source::{Batches, Source, SourceSpec};
pub use step::StepSpec;
pub use tally::{failed_rows, statuses};
