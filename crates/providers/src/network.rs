//! The transport over real sockets.

use crate::transport::{Connection, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use reqwest::{Client, ClientBuilder, redirect::Policy, retry};
use std::{error::Error, time::Duration};

/// Cloudflare in front of Enrich.so turns away the agents that HTTP libraries send by default.
const USER_AGENT: &str = concat!("leadmill/", env!("CARGO_PKG_VERSION"));

/// An idle connection older than this is not trusted: the server may be closing it.
const IDLE: Duration = Duration::from_secs(3);

/// HTTP and TLS by reqwest.
#[derive(Clone, Debug)]
pub struct Network {
    pooled: Client,
    fresh: Client,
}

impl Network {
    /// A transport whose calls end after `timeout` at the latest.
    pub fn new(timeout: Duration) -> Result<Self, TransportError> {
        let builder = || -> ClientBuilder {
            Client::builder()
                .user_agent(USER_AGENT)
                .redirect(Policy::none())
                .retry(retry::never())
                .connect_timeout(Duration::from_secs(10).min(timeout))
                .timeout(timeout)
        };
        let build = |builder: ClientBuilder| {
            builder.build().map_err(|error| TransportError::Unsent(describe(&error)))
        };
        Ok(Self {
            pooled: build(builder().pool_idle_timeout(IDLE))?,
            fresh: build(builder().pool_max_idle_per_host(0))?,
        })
    }
}

#[async_trait]
impl Transport for Network {
    async fn send(
        &self,
        request: Request<Bytes>,
        connection: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let client = match connection {
            Connection::Pooled => &self.pooled,
            Connection::Fresh => &self.fresh,
        };
        let request = request.try_into().map_err(|error| unsent(&error))?;
        let response = client.execute(request).await.map_err(|error| {
            match error.is_connect() || error.is_builder() {
                true => unsent(&error),
                false => TransportError::Lost(describe(&error)),
            }
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await;
        let body = body.map_err(|error| {
            TransportError::Lost(format!("HTTP {status}, then {}", describe(&error)))
        })?;
        let mut whole = Response::new(body);
        *whole.status_mut() = status;
        *whole.headers_mut() = headers;
        Ok(whole)
    }
}

fn unsent(error: &reqwest::Error) -> TransportError {
    TransportError::Unsent(describe(error))
}

/// The chain of causes, without the address: it stands in the message around it.
fn describe(error: &reqwest::Error) -> String {
    let mut text =
        if error.is_timeout() { "timed out".to_owned() } else { String::new() };
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    if text.is_empty() { "the request failed".to_owned() } else { text }
}
