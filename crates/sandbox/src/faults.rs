//! What goes wrong on demand.

use std::io;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures::stream;
use http::HeaderValue;
use http::header::CONTENT_LENGTH;
use tokio::time::sleep;

use crate::pages::{page, redirect};
use crate::problem::Problem;

/// The fate of one paid request: a single lookup or a submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Fault {
    /// It goes well.
    #[default]
    None,
    /// It takes effect, and the connection ends in the middle of the reply.
    LostReply,
    /// It gets 503 and has no effect.
    RefusedBefore,
    /// It takes effect, and the reply is 500.
    ErrorAfter,
    /// It takes effect, and the reply comes this much later.
    Hang(Duration),
    /// It goes well, and the batch that it submits ends `failed` with so many items done (section 14, row 16).
    FailedJob(usize),
    /// It goes well, and the batch that it submits takes ten minutes longer.
    StuckJob,
    /// It takes effect, and half of the reply's body comes as if that were all.
    Truncated,
    /// A proxy's page with this status comes, and it has no effect.
    PageBefore(u16),
    /// It takes effect, and a proxy's page with this status comes instead of the reply.
    PageAfter(u16),
    /// It is redirected to a login page, and has no effect.
    Redirect,
}

/// What is wrong with pages of results. Positions count from 0 over all the items of a batch, also where
/// results leave out misses: then a miss is neither missed nor doubled.
///
/// Counters and charges stay as if the results were whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Quirks {
    /// The item at this position is left out.
    pub drop: Option<usize>,
    /// The item at this position comes twice, on one page.
    pub duplicate: Option<usize>,
    /// After the last item comes one that nobody asked for.
    pub extra: bool,
    /// What items give back of their questions is in small letters and without accents.
    pub plain: bool,
}

impl Fault {
    /// The reply of a request that is refused before it has any effect.
    pub(crate) fn refusal(self) -> Option<Response> {
        self.refusal_as(|| Problem::unavailable().into_response())
    }

    /// The same, at a provider that says in these words that it is not there.
    pub(crate) fn refusal_as(
        self,
        unavailable: impl FnOnce() -> Response,
    ) -> Option<Response> {
        match self {
            Self::RefusedBefore => Some(unavailable()),
            Self::PageBefore(status) => Some(page(status)),
            Self::Redirect => Some(redirect()),
            _ => None,
        }
    }

    /// Does to the reply of a request what the fault does; the effect has been had.
    pub(crate) async fn strike(self, response: Response) -> Response {
        self.strike_as(response, || Problem::internal().into_response()).await
    }

    /// The same, at a provider that says in these words that it broke.
    pub(crate) async fn strike_as(
        self,
        response: Response,
        internal: impl FnOnce() -> Response,
    ) -> Response {
        match self {
            Self::None
            | Self::RefusedBefore
            | Self::PageBefore(_)
            | Self::Redirect
            | Self::FailedJob(_)
            | Self::StuckJob => response,
            Self::PageAfter(status) => page(status),
            Self::Truncated => shorten(response).await,
            Self::LostReply => cut(response).await,
            Self::ErrorAfter => internal(),
            Self::Hang(wait) => {
                sleep(wait).await;
                response
            }
        }
    }

    /// How much longer a job takes.
    pub(crate) fn delays_by(self) -> Duration {
        match self {
            Self::StuckJob => Duration::from_secs(600),
            _ => Duration::ZERO,
        }
    }

    /// How many items a job does before it fails, if this fault makes it fail.
    pub(crate) fn fails_after(self) -> Option<usize> {
        match self {
            Self::FailedJob(after) => Some(after),
            _ => None,
        }
    }
}

/// A response with half of its body.
async fn shorten(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(half.len()));
    Response::from_parts(parts, Body::from(half))
}

/// A response that promises its whole body, sends half of it and breaks.
async fn cut(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let half = whole.slice(..whole.len() / 2);
    let broken = io::Error::new(io::ErrorKind::ConnectionReset, "reply lost on demand");
    let chunks: [io::Result<Bytes>; 2] = [Ok(half), Err(broken)];
    Response::from_parts(parts, Body::from_stream(stream::iter(chunks)))
}
