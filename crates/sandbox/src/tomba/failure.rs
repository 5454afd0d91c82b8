//! Failures on the wire: `{"errors": {"type": …, "message": …, "code": …}}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use super::options::Options;

/// A failure in the provider's words.
///
/// # Source
/// <https://docs.tomba.io/error-handling> for the envelope, `unknown_route` and the statuses; Tomba's Go library for
/// `params_invalid`, `rate_limit` and `unknown_record`. The other types are made up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    status: StatusCode,
    kind: &'static str,
    message: String,
    retry_after: Option<u64>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    errors: Errors<'a>,
}

#[derive(Serialize)]
struct Errors<'a> {
    r#type: &'a str,
    message: &'a str,
    code: u16,
}

impl Failure {
    /// One of the statuses of the table, in the words of the sandbox.
    pub(super) fn new(
        status: StatusCode,
        kind: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self { status, kind, message: message.into(), retry_after: None }
    }

    /// 400 or 401: the keys do not open.
    pub(super) fn authentication(options: &Options) -> Self {
        let status = options.auth_status.code();
        let message = "No user found for the API supplied.";
        Self::new(status, "authentication_failed", message)
    }

    /// 422 or 400: a parameter is missing or out of bounds.
    pub(super) fn params(options: &Options, message: impl Into<String>) -> Self {
        Self::new(options.params_status.code(), "params_invalid", message)
    }

    /// 403, 402 or 429: the quota does not cover the request.
    pub(super) fn quota(options: &Options, pool: impl std::fmt::Display) -> Self {
        let message = format!("Your quota of {pool} is used up.");
        Self::new(options.quota_status.code(), options.quota_type, message)
    }

    /// 404: no such path.
    pub(super) fn unknown_route() -> Self {
        Self::new(StatusCode::NOT_FOUND, "unknown_route", "There is no such route.")
    }

    /// 404: no such thing.
    pub(super) fn unknown_record(what: &str) -> Self {
        let message = format!("There is no such {what}.");
        Self::new(StatusCode::NOT_FOUND, "unknown_record", message)
    }

    /// 405: the path is known and the method is not.
    pub(super) fn wrong_method() -> Self {
        let message = "This route does not take this method.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
    }

    /// 409: not in this state.
    pub(super) fn conflict(message: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// 429, with a wait in whole seconds.
    pub(super) fn throttled(message: impl Into<String>, wait: u64) -> Self {
        let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit", message);
        Self { retry_after: Some(wait), ..failure }
    }

    /// 500: whatever happened, happened.
    pub(super) fn internal() -> Self {
        let message = "Something broke on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "server_error", message)
    }

    /// 503: nothing happened.
    pub(super) fn unavailable() -> Self {
        let message = "Down for maintenance, please come back later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "maintenance", message)
    }

    /// The same without the header that says when to come back.
    pub(super) fn without_wait(self) -> Self {
        Self { retry_after: None, ..self }
    }

    /// The same words under a status of success.
    pub(super) fn in_success(self) -> Response {
        Json(self.envelope()).into_response()
    }

    /// What it says.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    fn envelope(&self) -> Envelope<'_> {
        let Self { status, kind, message, .. } = self;
        Envelope { errors: Errors { r#type: kind, message, code: status.as_u16() } }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.envelope())).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}
