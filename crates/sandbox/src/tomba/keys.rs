//! Who may ask.

use http::HeaderMap;

/// A key of the team, with its secret: both are sent with every request.
///
/// # Source
/// <https://docs.tomba.io/authentication>; the shapes are those of Tomba's MCP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TombaKey {
    /// The header `X-Tomba-Key`: `ta_` and letters and digits.
    pub key: String,
    /// The header `X-Tomba-Secret`: `ts_` and a UUID in lower case.
    pub secret: String,
}

/// What answers the key, whatever its secret.
///
/// # Source
/// Section 1 of what was observed.
const BY_KEY_ALONE: [&str; 3] = ["usage", "email-format", "email-count"];

impl Default for TombaKey {
    /// `ta_sandbox`.
    fn default() -> Self {
        Self {
            key: "ta_sandbox".to_owned(),
            secret: "ts_00000000-0000-4000-8000-000000000000".to_owned(),
        }
    }
}

/// Whether the two headers of a request for a path below `/v1` open the door.
pub(super) fn opens(headers: &HeaderMap, keys: &[TombaKey], path: &str) -> bool {
    let sent = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (key, secret) = (sent("x-tomba-key"), sent("x-tomba-secret"));
    let by_key_alone = BY_KEY_ALONE.contains(&path.trim_matches('/'));
    keys.iter().any(|known| {
        key == Some(known.key.as_str())
            && (by_key_alone || secret == Some(known.secret.as_str()))
    })
}
