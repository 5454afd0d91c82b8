//! Error bodies by RFC 9457, as the API sends most of them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

const TYPES: &str = "https://dev.enrich.so/errors";

/// An error with the provider's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Problem {
    kind: &'static str,
    title: &'static str,
    status: StatusCode,
    detail: String,
}

/// The wire form; `more` holds the extension members, if any.
#[derive(Serialize)]
struct Body<'a, M> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(flatten)]
    more: M,
}

/// No extension members.
#[derive(Serialize)]
struct Plain {}

impl Problem {
    /// 400: the request is malformed or out of bounds.
    pub(crate) fn validation(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation-error", "Validation Error", detail)
    }

    /// 401: no key, or none that is known.
    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Unauthorized", detail)
    }

    /// 402: the balance does not cover the whole.
    pub(crate) fn insufficient_credits(detail: impl Into<String>) -> Self {
        let status = StatusCode::PAYMENT_REQUIRED;
        Self::new(status, "insufficient-credits", "Insufficient Credits", detail)
    }

    /// 403: the account has no access.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Forbidden", detail)
    }

    /// 403: the team has not been let into a part of the API.
    pub(crate) fn access_denied(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "access-denied", "Access Denied", detail)
    }

    /// 404: no such thing, or another organization's.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not Found", detail)
    }

    /// 409: not in this state.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Conflict", detail)
    }

    /// 413: the body is too long. Its type is not documented.
    pub(crate) fn too_large() -> Self {
        let status = StatusCode::PAYLOAD_TOO_LARGE;
        Self::new(
            status,
            "payload-too-large",
            "Payload Too Large",
            "Request body is too large",
        )
    }

    /// 429: some window is full.
    pub(crate) fn throttled(seconds: u64) -> Self {
        let detail =
            format!("Rate limit exceeded. Please retry after {seconds} seconds.");
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self::new(status, "rate-limit-exceeded", "Too Many Requests", detail)
    }

    /// 500: whatever happened, happened.
    pub(crate) fn internal() -> Self {
        let detail = "An unexpected error occurred. Please try again later.";
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        Self::new(status, "internal-error", "Internal Server Error", detail)
    }

    /// 503: nothing happened.
    pub(crate) fn unavailable() -> Self {
        let detail = "The service is temporarily unavailable. Please try again later.";
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "service-unavailable", "Service Unavailable", detail)
    }

    /// The response with extension members.
    pub(crate) fn extended(self, more: impl Serialize) -> Response {
        let body = Body {
            r#type: format!("{TYPES}/{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            more,
        };
        let mut response = (self.status, Json(body)).into_response();
        let problem = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, problem);
        response
    }

    fn new(
        status: StatusCode,
        kind: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self { kind, title, status, detail: detail.into() }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.extended(Plain {})
    }
}
