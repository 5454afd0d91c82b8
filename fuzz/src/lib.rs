//! What must hold of whatever comes from outside: one file for each reader, which the fuzzers call with
//! their bytes and the tests of the readers' crates with the seeds.

pub mod files;
pub mod replies;
pub mod tomba;
pub mod webhooks;

mod held;
mod written;

// The readers, under the names that the tests give them too.
use cli::pipeline;
use leadmill_providers as providers;

#[path = "../../crates/cli"]
#[expect(
    dead_code,
    unused_imports,
    reason = "the program uses more of a pipeline than that it was read"
)]
mod cli {
    pub(crate) mod pipeline;
}
