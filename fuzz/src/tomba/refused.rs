//! What a refused call means, by its status and by whether its body speaks of errors.

use super::super::held::{FARTHEST, rates};
use super::providers::TransportError;
use super::{
    Judge,
    canned::{KEY, SECRET},
    said::Errors,
    told::{Call, Told},
};
use leadmill_core::{ErrorKind, ProviderError};

/// A call that failed is in doubt wherever the provider may have acted on it, and only there.
pub(super) fn failed(judge: &Judge<'_>, error: &ProviderError) {
    hidden(judge.told, &format!("{error}{error:?}"));
    rates(&error.signals);
    assert!(!error.detail.is_empty(), "nothing is said");
    if let ErrorKind::Throttled(Some(wait)) = error.kind {
        assert!(wait <= FARTHEST, "told to wait for {wait:?}");
    }
    let kind = error.kind;
    match judge.told.outcome.as_ref() {
        Err(TransportError::Unsent(_)) => assert_eq!(kind, ErrorKind::Unsent),
        Err(TransportError::Lost(_)) => assert_eq!(kind, ErrorKind::InDoubt),
        Ok(response) => {
            assert_ne!(kind, ErrorKind::Unsent, "it was sent");
            by_status(judge, response.status().as_u16(), kind);
        }
    }
}

fn by_status(judge: &Judge<'_>, status: u16, kind: ErrorKind) {
    let errors = judge.said.errors;
    match status {
        // Nobody's own word, or no word on what was done.
        408 | 425 | 500.. => assert_eq!(kind, ErrorKind::InDoubt),
        ..200 if errors == Errors::None => assert_eq!(kind, ErrorKind::InDoubt),
        200..300 => unread(judge, status, kind),
        // Nobody follows it, whatever it says.
        300..400 if is_at_stake(judge) => assert_eq!(kind, ErrorKind::Intercepted),
        300..400 => assert_eq!(kind, ErrorKind::Foreign),
        // The body says more than such a status.
        ..200 => {}
        // What is no object is nobody's word, and a proxy may have passed on what may charge.
        400.. if is_at_stake(judge) && !judge.said.json.is_object() => {
            assert!(is_of_a_paid_call(status, kind), "{status} {kind:?}");
        }
        400..
            if is_at_stake(judge)
                && !(errors == Errors::Surely && is_untyped(judge))
                && is_of_a_paid_call(status, kind) => {}
        _ => {
            let is_definite = !matches!(
                kind,
                ErrorKind::InDoubt | ErrorKind::Intercepted | ErrorKind::LikelyMiss
            );
            assert!(is_definite, "the provider has said no: {kind:?}");
            match (status, errors) {
                (401, Errors::None) => {
                    assert!(matches!(kind, ErrorKind::Fatal | ErrorKind::Foreign));
                }
                (429, Errors::None) => {
                    assert!(matches!(kind, ErrorKind::Throttled(_)), "{kind:?}");
                }
                _ => {}
            }
        }
    }
    let is_of_job = matches!(
        judge.told.call,
        Call::Launch
            | Call::Retry
            | Call::Poll
            | Call::Estimate
            | Call::Bill
            | Call::Fetch
    );
    assert!(is_of_job || kind != ErrorKind::Gone, "no job was asked about");
}

/// Whether a call may charge, or begins what a day has few of.
fn is_at_stake(judge: &Judge<'_>) -> bool {
    matches!(judge.told.call, Call::Ask | Call::Submit | Call::Fetch)
}

/// Whether nothing says that the body is of another type than the provider's.
fn is_untyped(judge: &Judge<'_>) -> bool {
    let response = judge.told.outcome.as_ref();
    response.is_ok_and(|r| !r.headers().contains_key(http::header::CONTENT_TYPE))
}

/// Whether somebody else's refusal of such a call means this: in doubt, unless it cannot have been passed on.
fn is_of_a_paid_call(status: u16, kind: ErrorKind) -> bool {
    match status {
        429 => matches!(kind, ErrorKind::Throttled(_)),
        401 | 407 => kind == ErrorKind::Foreign,
        411 | 413 | 414 | 431 => kind == ErrorKind::Refused,
        300..=399 | 402..=406 | 410 | 451 => kind == ErrorKind::Intercepted,
        _ => kind == ErrorKind::InDoubt,
    }
}

/// Success by its status, and no answer.
fn unread(judge: &Judge<'_>, status: u16, kind: ErrorKind) {
    let errors = judge.said.errors;
    match judge.told.call {
        Call::Submit if status == 201 => assert_eq!(kind, ErrorKind::InDoubt),
        // It may say in words that nothing was done.
        Call::Launch | Call::Retry if judge.said.json.is_object() => {}
        // A file that says nothing of its questions will not say it another time.
        Call::Fetch if errors == Errors::None => {
            let is_known = matches!(kind, ErrorKind::InDoubt | ErrorKind::Refused);
            assert!(is_known, "{kind:?}");
            assert!(!judge.said.json.is_object() || kind == ErrorKind::InDoubt);
        }
        _ if errors == Errors::None => assert_eq!(kind, ErrorKind::InDoubt),
        _ if errors == Errors::Surely => assert_ne!(kind, ErrorKind::InDoubt),
        _ => {}
    }
}

/// Neither the key nor the secret is told, nor most of one that came whole.
pub(super) fn hidden(told: &Told, shown: &str) {
    let replied = told.replied();
    let mut rest = replied.clone();
    for hidden in [KEY, SECRET] {
        assert!(!shown.contains(hidden), "a credential is told: {shown}");
        rest = rest.replace(hidden, "");
    }
    // What could be put together from parts is not ours to find.
    let is_apart =
        rest.contains(['\\', '\0']) || rest.contains('"') && !rest.contains('{');
    if is_apart || rest == replied {
        return;
    }
    for hidden in [KEY, SECRET] {
        let most = hidden.len() / 2 + 1;
        let parts =
            hidden.as_bytes().windows(most).filter_map(|p| str::from_utf8(p).ok());
        for part in parts.filter(|part| !rest.contains(part)) {
            assert!(!shown.contains(part), "most of a credential is told: {shown}");
        }
    }
}
