//! The transport over real sockets.

mod dial;

#[cfg(test)]
mod tests;

use crate::transport::{Connection, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use dial::Dial;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::{
        legacy::{Client, Error as SendError},
        proxy::matcher::Matcher,
    },
    rt::{TokioExecutor, TokioTimer},
};
use std::{error::Error, time::Duration};
use tokio::time::timeout;

/// Cloudflare in front of Enrich.so turns away the agents that HTTP libraries send by default.
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("leadmill/", env!("CARGO_PKG_VERSION")));

/// A connection that was idle for longer is not used again.
///
/// Servers close idle connections after seconds (Node 5, nginx 75, Cloudflare 900), and a request that
/// crosses such a farewell is lost: nobody can tell whether it was acted on. One second plus the way
/// there is well before the earliest of them.
const WARM: Duration = Duration::from_secs(1);

/// HTTP/1.1 and TLS by hyper and rustls.
///
/// A paid request must not be sent twice, and what is counted as unsent must be. So:
///
/// - Redirects are answers: hyper's client follows none.
/// - hyper's client sends a request again in one case only, and by proof: it had taken an idle connection,
///   found it closed before the first byte of the request was encoded, and so got the request back whole
///   (`hyper::client::conn::TrySendError::message`). An idle connection is read before it is written to, so a
///   farewell that has arrived is always seen first. On a new connection it does not even do that: such
///   a request is [`TransportError::Unsent`], as is one for which no connection could be made.
/// - Everything else is [`TransportError::Lost`], also where a reset came before the request was whole.
/// - HTTP/1.1 only: a connection carries one request at a time, so that one that breaks loses one reply.
///   A connection of HTTP/2 would carry all of them.
///
/// reqwest stands on the same client and sends again in the same one case, also with `retry::never()`, which
/// governs only its own layer; each request costs it half as much CPU time again.
///
/// # Source
/// hyper-util 0.1.21 `client/legacy/client.rs` (`send_request`), hyper 1.12.0 `proto/h1/dispatch.rs`
/// (`recv_msg`), reqwest 0.13.5 `retry.rs`.
#[derive(Clone, Debug)]
pub struct Network {
    warm: Client<Dial, Full<Bytes>>,
    fresh: Client<Dial, Full<Bytes>>,
    timeout: Duration,
}

impl Network {
    /// A transport whose calls end after `timeout` at the latest. `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`
    /// hold for addresses that begin with `https`.
    pub fn new(timeout: Duration) -> Result<Self, TransportError> {
        Self::through(Matcher::from_env(), timeout)
    }

    fn through(proxies: Matcher, timeout: Duration) -> Result<Self, TransportError> {
        let dial = Dial::new(Duration::from_secs(10).min(timeout), proxies)
            .map_err(|error| TransportError::Unsent(describe(&error)))?;
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new()).pool_idle_timeout(WARM);
        let warm = builder.build(dial.clone());
        let fresh = builder.pool_max_idle_per_host(0).build(dial);
        Ok(Self { warm, fresh, timeout })
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let client = match connection {
            Connection::Pooled => &self.warm,
            Connection::Fresh => &self.fresh,
        };
        let response = client.request(request.map(Full::new)).await.map_err(|error| {
            let detail = error.source().map_or_else(|| error.to_string(), describe);
            match is_unsent(&error) {
                true => TransportError::Unsent(detail),
                false => TransportError::Lost(detail),
            }
        })?;
        let (head, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| {
            let status = head.status;
            TransportError::Lost(format!("HTTP {status}, then {}", describe(&error)))
        })?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(
        &self,
        mut request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        if request.uri().scheme().is_none() || request.uri().host().is_none() {
            let detail = format!("`{}` is no address of a server", request.uri());
            return Err(TransportError::Unsent(detail));
        }
        request.headers_mut().entry(header::USER_AGENT).or_insert(USER_AGENT);
        timeout(self.timeout, self.exchange(request, connection))
            .await
            .unwrap_or_else(|_| Err(TransportError::Lost("timed out".to_owned())))
    }
}

/// Whether no byte of the request can have left: there was no connection, or it ended before the request
/// was taken up, and hyper says so.
fn is_unsent(error: &SendError) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    error.is_connect()
        || cause.is_some_and(|cause| cause.is_canceled() || cause.is_closed())
}

/// The chain of causes, each once.
fn describe(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}
