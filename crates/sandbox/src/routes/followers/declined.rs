//! What this family declines, and in which of its several bodies.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::knobs::ThrottleBody;
use crate::problem::Problem;
use crate::refusal::{self, Refusal};

/// Why a request has no effect.
#[derive(Debug)]
pub(crate) enum Declined {
    /// As elsewhere.
    Refusal(Refusal),
    /// 429: the day is used up; whole seconds until the next.
    DayUsedUp(ThrottleBody, u64),
    /// The flat body of a continuation.
    Flat(StatusCode, &'static str),
}

#[derive(Serialize)]
struct FlatError {
    error: &'static str,
    message: &'static str,
}

impl From<Problem> for Declined {
    fn from(problem: Problem) -> Self {
        Self::Refusal(problem.into())
    }
}

impl From<Refusal> for Declined {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

impl IntoResponse for Declined {
    fn into_response(self) -> Response {
        match self {
            Self::Refusal(refusal) => refusal.into_response(),
            Self::DayUsedUp(body, wait) => refusal::throttled(body, wait),
            Self::Flat(status, message) => {
                let error = status.canonical_reason().unwrap_or_default();
                (status, Json(FlatError { error, message })).into_response()
            }
        }
    }
}
