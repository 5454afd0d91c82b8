//! An account that is visited outside of any run, for what costs nothing.

use crate::{Again, Engine, Hints, Parts, RunError, free::Heard};
use async_trait::async_trait;
use leadmill_core::{
    Answered, BatchId, Call, Clock, Credits, Leases, Operation, Provider, ProviderError,
    Reply, RunId, Staging, StagingError,
};
use std::{sync::Arc, time::Duration};
use tokio::sync::watch;

/// A visit: free calls within the account's windows, as they are shared with runs. It can buy nothing.
#[derive(Debug)]
pub struct Visit {
    engine: Engine,
}

/// A call of a visit that brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// The provider said no, or nothing that could be read, or could not be reached.
    #[error(transparent)]
    Provider(ProviderError),
    /// The call did not leave: the limits let nothing through for so long.
    #[error("the limits of the account let nothing through for {0:?}")]
    Closed(Duration),
    /// The windows could not be shared.
    #[error(transparent)]
    Broken(#[from] RunError),
}

impl Visit {
    /// Begins a visit to the provider's account.
    pub fn new(
        provider: Arc<dyn Provider>,
        clock: Arc<dyn Clock>,
        leases: Box<dyn Leases>,
    ) -> Self {
        let (_, stop) = watch::channel(false);
        let parts = Parts {
            provider,
            staging: Arc::new(Nowhere),
            clock,
            leases,
            budget: Credits::ZERO,
            stop,
            hints: Hints::default(),
        };
        Self { engine: Engine { is_visit: true, ..Engine::new(RunId(0), parts) } }
    }

    /// The same, in front of a run: it waits where it is throttled, and where nothing is let through for as long as this.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { engine: Engine { is_visit: false, ..self.engine.with_patience(patience) } }
    }

    /// Makes a call that costs nothing, when the windows let it through. It is made a few times if it is not
    /// sent, refused for its haste, or, where that is harmless, if its reply is lost.
    pub async fn call<T>(
        &mut self,
        call: Call,
        again: Again,
        send: impl AsyncFn() -> Result<Reply<T>, ProviderError>,
    ) -> Result<T, VisitError> {
        match self.engine.free(call, again, send).await? {
            Heard::Answer(value) => Ok(value),
            Heard::Failure(error) => Err(VisitError::Provider(error)),
            Heard::Nothing(closed) => Err(VisitError::Closed(closed)),
        }
    }
}

/// Nothing is bought, so there are no answers to keep.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Staging for Nowhere {
    async fn stage(
        &self,
        _: BatchId,
        _: Operation,
        _: Vec<Answered>,
    ) -> Result<String, StagingError> {
        Err(StagingError("a visit buys nothing".into()))
    }
}

#[cfg(test)]
mod tests;
