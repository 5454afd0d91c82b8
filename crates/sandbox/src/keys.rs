//! Who may ask.

use http::HeaderMap;
use http::header::AUTHORIZATION;

/// A key of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// The key itself; one without the prefix `sk_` is never accepted.
    pub secret: String,
    /// Whether it opens the door.
    pub state: KeyState,
}

/// What has become of a key or its owner (section 14, row 23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// It works.
    Active,
    /// Switched off in the dashboard: 401.
    Disabled,
    /// The account is suspended: 403.
    Suspended,
    /// The organization is gone: 403.
    OrganizationGone,
}

/// Why a request has no access.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAccess {
    /// No key was sent.
    Missing,
    /// The key is none of the account's.
    Unknown,
    /// The key is the account's and does not open.
    Closed(KeyState),
}

impl ApiKey {
    /// A key that works.
    pub fn active(secret: impl Into<String>) -> Self {
        Self { secret: secret.into(), state: KeyState::Active }
    }
}

/// Checks the key of a request. `x-api-key` wins over `Authorization` (section 14, row 24).
pub(crate) fn authenticate(headers: &HeaderMap, keys: &[ApiKey]) -> Result<(), NoAccess> {
    let sent = sent_key(headers).ok_or(NoAccess::Missing)?;
    let known = keys.iter().find(|key| key.secret == sent && sent.starts_with("sk_"));
    match known.ok_or(NoAccess::Unknown)?.state {
        KeyState::Active => Ok(()),
        closed => Err(NoAccess::Closed(closed)),
    }
}

fn sent_key(headers: &HeaderMap) -> Option<&str> {
    if let Some(key) = headers.get("x-api-key") {
        return Some(key.to_str().unwrap_or_default());
    }
    let (scheme, key) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[(&'static str, &str)]) -> Result<(), NoAccess> {
        let off = |secret: &str, state| ApiKey { secret: secret.to_owned(), state };
        let keys = [
            ApiKey::active("sk_a"),
            ApiKey::active("plain"),
            off("sk_off", KeyState::Disabled),
        ];
        let headers = headers.iter().map(|(name, key)| {
            (name.parse().unwrap(), key.parse::<http::HeaderValue>().unwrap())
        });
        authenticate(&headers.collect(), &keys)
    }

    #[test]
    fn either_header_opens_and_x_api_key_wins() {
        assert_eq!(check(&[("x-api-key", "sk_a")]), Ok(()));
        assert_eq!(check(&[("authorization", "Bearer sk_a")]), Ok(()));
        let both = [("authorization", "Bearer sk_a"), ("x-api-key", "sk_b")];
        assert_eq!(check(&both), Err(NoAccess::Unknown));
    }

    #[test]
    fn what_does_not_open_says_why() {
        assert_eq!(check(&[]), Err(NoAccess::Missing));
        assert_eq!(check(&[("authorization", "Basic sk_a")]), Err(NoAccess::Missing));
        assert_eq!(check(&[("x-api-key", "plain")]), Err(NoAccess::Unknown));
        let closed = Err(NoAccess::Closed(KeyState::Disabled));
        assert_eq!(check(&[("x-api-key", "sk_off")]), closed);
    }
}
