//! How a request reaches a provider.

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use std::fmt::Debug;

/// A request that got no whole response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nothing was sent: no connection was made, or it was closed before the request was begun.
    #[error("{0}")]
    Unsent(String),
    /// It may have been sent and acted on: a reset, a time-out, a broken body.
    #[error("{0}")]
    Lost(String),
}

/// Whether a request may travel on a connection that was used before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Connection {
    /// One that was used a moment ago, or a new one: for all free calls, and for paid ones that risk no
    /// more than a single answer. A server that goes away at that very moment loses the reply.
    Pooled,
    /// A new one, for paid calls that risk a whole batch: if it cannot be made, nothing was sent.
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

/// Whether a reply is a sandbox's: all of theirs say so, and nobody else's.
pub(crate) fn is_sandbox(headers: &HeaderMap) -> bool {
    headers.contains_key("x-leadmill-sandbox")
}
