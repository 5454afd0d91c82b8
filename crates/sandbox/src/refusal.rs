//! Refusals whose bodies the reference gives in several variants.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::keys::{KeyState, NoAccess};
use crate::knobs::{NoCreditBody, ThrottleBody};
use crate::problem::Problem;

/// Why a request that got past the windows has no effect.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A body by RFC 9457.
    Problem(Problem),
    /// 402.
    NoCredit(NoCredit),
}

/// 402: the balance does not cover the whole of what the request may cost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoCredit {
    /// What is left.
    pub(crate) balance: u64,
    /// How many items were asked for.
    pub(crate) items: usize,
    /// What each of them may cost.
    pub(crate) price: u64,
    /// The form of the body.
    pub(crate) body: NoCreditBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shortfall {
    current_balance: u64,
    required: u64,
    shortfall: u64,
}

#[derive(Serialize)]
struct ErrorOnly {
    error: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatThrottle {
    status_code: u16,
    error: &'static str,
    message: &'static str,
    retry_after: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatNoCredit {
    error: &'static str,
    message: &'static str,
    detail: FlatNoCreditDetail,
    status_code: u16,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FlatNoCreditDetail {
    required: u64,
    item_count: usize,
    credit_cost_per_item: u64,
}

/// The 429 for a wait of whole seconds.
pub(crate) fn throttled(body: ThrottleBody, retry_after: u64) -> Response {
    let status = StatusCode::TOO_MANY_REQUESTS;
    let mut response = match body {
        ThrottleBody::Problem => Problem::throttled(retry_after).into_response(),
        ThrottleBody::Flat => {
            let body = FlatThrottle {
                status_code: status.as_u16(),
                error: "Too Many Requests",
                message: "Rate limit exceeded, please retry later",
                retry_after,
            };
            (status, Json(body)).into_response()
        }
        ThrottleBody::Auth => {
            let body = ErrorOnly { error: "API key rate limit exceeded" };
            (status, Json(body)).into_response()
        }
    };
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// The 401 or 403 for a request without access.
pub(crate) fn no_access(why: NoAccess, flat: bool) -> Response {
    const NO_KEY: &str = "This endpoint requires API key authentication. \
        Provide key via x-api-key header or Authorization: Bearer sk_*";
    let (status, error) = match why {
        NoAccess::Missing => (StatusCode::UNAUTHORIZED, NO_KEY),
        NoAccess::Unknown if flat => (StatusCode::UNAUTHORIZED, NO_KEY),
        NoAccess::Unknown | NoAccess::Closed(KeyState::Active) => (
            StatusCode::UNAUTHORIZED,
            "The API key provided is invalid or has been revoked",
        ),
        NoAccess::Closed(KeyState::Disabled) => (
            StatusCode::UNAUTHORIZED,
            "API key is disabled. Re-enable it from the dashboard.",
        ),
        NoAccess::Closed(KeyState::Suspended) => (
            StatusCode::FORBIDDEN,
            "Your account has been suspended. API access is disabled.",
        ),
        NoAccess::Closed(KeyState::OrganizationGone) => (
            StatusCode::FORBIDDEN,
            "The organization associated with this API key no longer exists",
        ),
    };
    match status {
        _ if flat => (status, Json(ErrorOnly { error })).into_response(),
        StatusCode::FORBIDDEN => Problem::forbidden(error).into_response(),
        _ => Problem::unauthorized(error).into_response(),
    }
}

impl NoCredit {
    fn response(self) -> Response {
        let Self { balance, items, price, body } = self;
        let required = price.saturating_mul(items as u64);
        match body {
            NoCreditBody::Extended => Problem::insufficient_credits(format!(
                "This operation requires {required} credits, but your balance is {balance} credits."
            ))
            .extended(Shortfall {
                current_balance: balance,
                required,
                shortfall: required.saturating_sub(balance),
            }),
            NoCreditBody::Plain => Problem::insufficient_credits(format!(
                "Not enough credits. Required: {required}, available: {balance}"
            ))
            .into_response(),
            NoCreditBody::Flat => {
                let body = FlatNoCredit {
                    error: "Payment Required",
                    message: "Insufficient credits for batch operation",
                    detail: FlatNoCreditDetail {
                        required,
                        item_count: items,
                        credit_cost_per_item: price,
                    },
                    status_code: StatusCode::PAYMENT_REQUIRED.as_u16(),
                };
                (StatusCode::PAYMENT_REQUIRED, Json(body)).into_response()
            }
        }
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Problem(problem) => problem.into_response(),
            Self::NoCredit(no_credit) => no_credit.response(),
        }
    }
}
