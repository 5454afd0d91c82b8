//! What somebody between a client and the provider replies: a page, or a redirect.

use axum::response::{Html, IntoResponse, Response};
use http::header::LOCATION;
use http::{HeaderValue, StatusCode};

/// A proxy's page.
pub(crate) fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    let reason = status.canonical_reason().unwrap_or("Blocked");
    let page =
        format!("<html><head><title>{reason}</title></head><body>Gateway</body></html>");
    (status, Html(page)).into_response()
}

/// A login page is elsewhere.
pub(crate) fn redirect() -> Response {
    let mut response = page(StatusCode::FOUND.as_u16());
    let login = HeaderValue::from_static("https://login.gateway.invalid/?from=api");
    response.headers_mut().insert(LOCATION, login);
    response
}
