//! The way between the wire code and the sandbox, in the same process.

use super::process::Process;
use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
};
use bytes::Bytes;
use http::{Request, Response};
use leadmill_providers::{Transport, TransportError, transport::Connection};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::sleep;
use tower::ServiceExt;

/// What the network does to requests.
pub(crate) trait Weather: std::fmt::Debug + Send + Sync {
    /// What happens to the next one; told whether it is a paid one.
    fn next(&self, request: &Request<Bytes>) -> Way;
}

/// The way of a request and its reply.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    /// How much longer it takes, there and back.
    pub(crate) there: Duration,
    pub(crate) back: Duration,
    /// It fails before it has arrived.
    pub(crate) stops: Option<TransportError>,
    /// A reply that comes in place of an arrival.
    pub(crate) instead: Option<Response<Bytes>>,
    /// Its reply is lost, or becomes this one.
    pub(crate) loses: bool,
    pub(crate) becomes: Option<Response<Bytes>>,
}

#[derive(Debug)]
pub(crate) struct Calm;

impl Weather for Calm {
    fn next(&self, _: &Request<Bytes>) -> Way {
        Way::default()
    }
}

/// Calls a router as if over a network with this round trip.
#[derive(Debug)]
pub(crate) struct InProcess {
    pub(crate) router: Router,
    pub(crate) rtt: Duration,
    pub(crate) weather: Arc<dyn Weather>,
    /// Requests so far, of all processes of a world, and how many there may be.
    pub(crate) sent: Arc<AtomicU64>,
    pub(crate) most: u64,
    /// Whose requests they are.
    pub(super) process: Arc<Process>,
}

#[async_trait]
impl Transport for InProcess {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        self.process.leaves(&request);
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let reply = self.arrive(request).await?;
        self.process.hears(&method, &uri, &reply);
        Ok(reply)
    }
}

impl InProcess {
    async fn arrive(
        &self,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let sent = self.sent.fetch_add(1, Ordering::Relaxed);
        assert!(
            sent < self.most,
            "I13: more and more requests, such as {}",
            request.uri()
        );
        let way = self.weather.next(&request);
        let there = self.rtt / 2 + way.there;
        if let Some(error) = way.stops {
            sleep(there).await;
            return Err(error);
        }
        if let Some(response) = way.instead {
            sleep(self.rtt + way.there + way.back).await;
            return Ok(response);
        }
        let router = self.router.clone();
        // What has left arrives, also when its process is killed meanwhile.
        let arrival = tokio::spawn(async move {
            sleep(there).await;
            let response = router.oneshot(request.map(Body::from)).await.unwrap();
            let (parts, body) = response.into_parts();
            (parts, to_bytes(body, usize::MAX).await)
        });
        let (parts, body) = arrival.await.unwrap();
        sleep(self.rtt / 2 + way.back).await;
        match body {
            _ if way.loses => {
                Err(TransportError::Lost("the connection was reset".into()))
            }
            Ok(_) if way.becomes.is_some() => Ok(way.becomes.unwrap()),
            Ok(body) => Ok(Response::from_parts(parts, body)),
            Err(error) => Err(TransportError::Lost(error.to_string())),
        }
    }
}
