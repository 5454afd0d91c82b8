//! The port through which the answers of a batch become durable before it counts as settled.

use crate::{Answered, BatchId, Operation};
use async_trait::async_trait;
use std::fmt::Debug;

/// Answers that could not be kept.
#[derive(Debug, thiserror::Error)]
#[error("staging answers: {0}")]
pub struct StagingError(pub String);

/// Keeps answers until the join, and for reuse after it.
#[async_trait]
pub trait Staging: Debug + Send + Sync {
    /// Writes the answers of a batch under a name that the batch alone decides, and returns that name
    /// when they would survive a power cut. Staging the same batch again replaces its file.
    async fn stage(
        &self,
        batch: BatchId,
        operation: Operation,
        answers: Vec<Answered>,
    ) -> Result<String, StagingError>;
}
