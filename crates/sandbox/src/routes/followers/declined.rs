//! What this family declines, and in which of its several bodies.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;

use crate::followers::knobs::FollowerAccess;
use crate::knobs::ThrottleBody;
use crate::problem::Problem;
use crate::refusal::{self, Refusal};
use crate::sandbox::Sandbox;

/// Why a request has no effect.
#[derive(Debug)]
pub(crate) enum Declined {
    /// As elsewhere.
    Refusal(Refusal),
    /// 403: the team has no access.
    NoAccess(FollowerAccess),
    /// 429: the day is used up; whole seconds until the next.
    DayUsedUp(ThrottleBody, u64),
    /// The flat body of a continuation.
    Flat(StatusCode, &'static str),
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AccessStatus {
    access_status: String,
}

#[derive(Serialize)]
struct FlatError {
    error: &'static str,
    message: &'static str,
}

/// Refuses a team that is not approved.
pub(crate) fn check_access(sandbox: &Sandbox) -> Result<(), Declined> {
    match sandbox.options().followers.access {
        FollowerAccess::Approved => Ok(()),
        access => Err(Declined::NoAccess(access)),
    }
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
            Self::NoAccess(access) => {
                let access_status = access.to_string();
                Problem::access_denied(why(access))
                    .extended(AccessStatus { access_status })
            }
            Self::DayUsedUp(body, wait) => refusal::throttled(body, wait),
            Self::Flat(status, message) => {
                let error = status.canonical_reason().unwrap_or_default();
                (status, Json(FlatError { error, message })).into_response()
            }
        }
    }
}

fn why(access: FollowerAccess) -> &'static str {
    match access {
        FollowerAccess::Approved => "Your team has access.",
        FollowerAccess::Pending => "Your team's application is being reviewed.",
        FollowerAccess::Rejected => "Your team's application was rejected.",
        FollowerAccess::Revoked => "Your team's access was revoked.",
        FollowerAccess::None => "Your team has not applied for company follower access.",
    }
}
