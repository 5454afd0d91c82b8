//! Takes callbacks in, and believes none of them.

use crate::{
    callbacks::Tags,
    enrich::callback::{self, Callback, Kind},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use leadmill_core::{Hint, HintKind};
use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, mpsc},
    time::timeout,
};

/// The largest body that is read. One of a person with a long history takes some tens of kilobytes.
const LARGEST: usize = 1 << 20;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 512;

/// How long a request, or its head, may take to arrive, and a connection may idle.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection is kept, and most bytes that wait on it.
const LIFETIME: Duration = Duration::from_secs(60);
const BUFFER: usize = 1 << 16;

/// Hints that are remembered as told: there is a callback for each item, and one of them is enough.
const REMEMBERED: usize = 1 << 16;

/// Hints on their way to whoever makes use of them. More are turned away.
pub const QUEUE: usize = 1024;

/// A server for callbacks.
///
/// | request | answer |
/// | --- | --- |
/// | `POST` to an address of [`Tags`] | 204, whatever it says, so that nobody sends it again |
/// | the same while [`QUEUE`] hints wait | 503 |
/// | `GET /health` | 204 |
/// | anything else | 404 |
#[derive(Clone, Debug)]
pub struct Receiver {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    tags: Tags,
    queue: mpsc::Sender<Hint>,
    told: Mutex<HashSet<Hint>>,
    connections: Arc<Semaphore>,
}

impl Receiver {
    /// A receiver, and what it hears.
    pub fn new(tags: Tags) -> (Self, mpsc::Receiver<Hint>) {
        let (queue, heard) = mpsc::channel(QUEUE);
        let connections = Arc::new(Semaphore::new(CONNECTIONS));
        let shared = Shared { tags, queue, told: Mutex::default(), connections };
        (Self { shared: Arc::new(shared) }, heard)
    }

    /// Serves until it is dropped.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            let Ok(turn) = Arc::clone(&self.shared.connections).acquire_owned().await
            else {
                return;
            };
            let Ok((stream, _)) = listener.accept().await else {
                // Too many open files, most likely: some will be closed.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let receiver = self.clone();
            tokio::spawn(async move {
                let answer = service_fn(move |request| {
                    let receiver = receiver.clone();
                    async move { Ok::<_, Infallible>(receiver.answer(request).await) }
                });
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
                server.max_buf_size(BUFFER);
                // Whoever breaks off has told what it has told, and whoever does not read is broken off.
                let served = server.serve_connection(TokioIo::new(stream), answer);
                _ = timeout(LIFETIME, served).await;
                drop(turn);
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let status = match (request.method(), request.uri().path()) {
            (&Method::GET, "/health") => StatusCode::NO_CONTENT,
            (&Method::POST, path) => match self.shared.tags.batch_of(path) {
                Some(batch) => {
                    let body = Limited::new(request.into_body(), LARGEST).collect();
                    match timeout(PATIENCE, body).await {
                        Ok(Ok(body)) => self.heard(batch, &body.to_bytes()),
                        _ => StatusCode::BAD_REQUEST,
                    }
                }
                None => StatusCode::NOT_FOUND,
            },
            _ => StatusCode::NOT_FOUND,
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        response
    }

    fn heard(&self, batch: leadmill_core::BatchId, body: &[u8]) -> StatusCode {
        let Some(Callback { job, kind, .. }) = callback::read(body) else {
            return StatusCode::NO_CONTENT;
        };
        // It becomes a part of paths.
        if !crate::enrich::is_plain(&job) {
            return StatusCode::NO_CONTENT;
        }
        let kind = match kind {
            Kind::Result => HintKind::Item,
            Kind::Completion => HintKind::End,
        };
        let hint = Hint { batch, job, kind };
        let mut told = self.shared.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains(&hint) {
            return StatusCode::NO_CONTENT;
        }
        if self.shared.queue.try_send(hint.clone()).is_err() {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        if told.len() >= REMEMBERED {
            told.clear();
        }
        told.insert(hint);
        StatusCode::NO_CONTENT
    }
}

#[cfg(test)]
mod tests;
