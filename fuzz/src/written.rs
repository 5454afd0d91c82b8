//! A reply, as people write it: a line that says to what it is one, headers, a blank line, and a body.

use super::providers::TransportError;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

/// What comes of a call: a response by its status, or by a word what went wrong on the way.
pub(super) fn outcome(
    word: &[u8],
    rest: &[u8],
) -> Result<Response<Bytes>, TransportError> {
    match word {
        b"unsent" => Err(TransportError::Unsent("refused".to_owned())),
        b"lost" => Err(TransportError::Lost("reset".to_owned())),
        status => {
            let status = StatusCode::from_bytes(status).unwrap_or(StatusCode::OK);
            Ok(response(status, rest))
        }
    }
}

fn response(status: StatusCode, mut rest: &[u8]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    loop {
        let (first, after) = line(rest);
        rest = after;
        let Some(colon) = first.iter().position(|byte| *byte == b':') else { break };
        let (name, value) = first.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let value = HeaderValue::from_bytes(value);
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
            response.headers_mut().append(name, value);
        }
    }
    response.map(|_| Bytes::copy_from_slice(rest))
}

/// The first line, and what follows it.
pub(super) fn line(data: &[u8]) -> (&[u8], &[u8]) {
    match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => {
            let (line, rest) = data.split_at(end);
            (line, rest.get(1..).unwrap_or_default())
        }
        None => (data, &[]),
    }
}
