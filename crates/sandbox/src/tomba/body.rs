//! Reading what was sent.

use axum::body::to_bytes;
use axum::extract::Request;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::failure::Failure;
use super::options::Options;

/// The most bytes of a body.
const MOST: usize = 256 << 20;

/// Reads the body of a request, and what it says it is.
pub(super) async fn read(
    request: Request,
    options: &Options,
) -> Result<(String, Bytes), Failure> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().to_owned();
    let body = to_bytes(request.into_body(), MOST).await;
    let refuse = |_| Failure::params(options, "The body cannot be read.");
    Ok((kind, body.map_err(refuse)?))
}

/// Reads a JSON object; nothing is an empty one.
pub(super) async fn read_json(
    request: Request,
    options: &Options,
) -> Result<Value, Failure> {
    let (_, body) = read(request, options).await?;
    json(&body, options)
}

/// The JSON object in a body.
pub(super) fn json(body: &[u8], options: &Options) -> Result<Value, Failure> {
    let refuse = || Failure::params(options, "The body is no JSON object.");
    if body.trim_ascii().is_empty() {
        return Ok(Value::Object(serde_json::Map::new()));
    }
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.filter(Value::is_object).ok_or_else(refuse)
}
