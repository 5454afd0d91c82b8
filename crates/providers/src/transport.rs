//! How a request reaches a provider.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use std::fmt::Debug;

/// A request that got no whole response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing was sent: no connection was made.
    #[error("{0}")]
    Unsent(String),
    /// It may have been sent and acted on: a reset, a time-out, a broken body.
    #[error("{0}")]
    Lost(String),
}

/// Whether a request may travel on a connection that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Any. The server may close an idle one at the moment of use, which loses the reply.
    Pooled,
    /// A new one, for paid calls: if it cannot be made, nothing was sent.
    Fresh,
}

/// Sends requests. Never repeats one by itself, never follows a redirect.
#[async_trait]
pub trait Transport: Debug + Send + Sync {
    /// Sends one request and reads the whole response.
    async fn send(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError>;
}
