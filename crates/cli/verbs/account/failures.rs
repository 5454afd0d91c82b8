//! How a call that brought nothing ends the program.

use crate::{
    exit::{BETWEEN, Exit, Failure},
    progress::duration,
};
use leadmill_core::{ErrorKind, ProviderError};
use leadmill_engine::VisitError;

/// The end of an action. `shown_by` tells whether a change was made whose reply was lost.
pub(super) fn failure(error: VisitError, shown_by: Option<&str>) -> Failure {
    match error {
        VisitError::Provider(error) => refused(&error, shown_by),
        VisitError::Closed(closed) => Failure::new(
            Exit::Later,
            format!(
                "the limits of the account let nothing through for {}",
                duration(closed)
            ),
        )
        .hint("try again then"),
        VisitError::Broken(error) => error.into(),
    }
}

fn refused(error: &ProviderError, shown_by: Option<&str>) -> Failure {
    let end = |exit| Failure::new(exit, error.to_string());
    match (error.kind, error.status) {
        (ErrorKind::Gone | ErrorKind::Refused, _) => end(Exit::Invalid),
        // Some providers call a wrong key a bad request.
        (ErrorKind::Fatal, Some(400 | 401)) => end(Exit::NeedsPerson)
            .hint("check the API key of this provider, and its secret where it has one"),
        (ErrorKind::Fatal, Some(403)) => end(Exit::NeedsPerson)
            .hint("neither the team nor its role may be enough for this: ask its owner"),
        (ErrorKind::Fatal, _) => {
            end(Exit::Invalid).hint("check the base_url of this provider")
        }
        (ErrorKind::Foreign | ErrorKind::Intercepted, _) => {
            end(Exit::NeedsPerson).hint(BETWEEN)
        }
        (ErrorKind::NoCredit, _) => end(Exit::NeedsPerson),
        (ErrorKind::Throttled(_), _) => end(Exit::Later).hint("try again later"),
        (ErrorKind::Unsent, _) => end(Exit::Failed),
        (ErrorKind::InDoubt | ErrorKind::LikelyMiss, _) => match shown_by {
            Some(shown_by) => end(Exit::Failed)
                .hint(format!("it may have been done all the same: {shown_by} shows it")),
            None => end(Exit::Failed),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn ends(kind: ErrorKind, status: Option<u16>) -> serde_json::Value {
        let error = ProviderError {
            provider: "live".into(),
            action: "inviting".into(),
            kind,
            status,
            detail: "no".into(),
            signals: Box::default(),
        };
        failure(VisitError::Provider(error), Some("`this`")).json()
    }

    #[test]
    fn every_failure_ends_as_an_orchestrator_expects() {
        for (kind, status, code) in [
            (ErrorKind::Refused, Some(400), 2),
            (ErrorKind::Gone, Some(404), 2),
            (ErrorKind::Fatal, Some(404), 2),
            (ErrorKind::Fatal, Some(302), 2),
            (ErrorKind::Fatal, Some(400), 4),
            (ErrorKind::Fatal, Some(401), 4),
            (ErrorKind::Fatal, Some(403), 4),
            (ErrorKind::Foreign, Some(302), 4),
            (ErrorKind::Foreign, Some(401), 4),
            (ErrorKind::Intercepted, Some(403), 4),
            (ErrorKind::NoCredit, Some(402), 4),
            (ErrorKind::Throttled(None), Some(429), 75),
            (ErrorKind::Unsent, None, 1),
            (ErrorKind::InDoubt, Some(500), 1),
            (ErrorKind::InDoubt, None, 1),
        ] {
            assert_eq!(ends(kind, status)["exit_code"], code, "{kind:?} {status:?}");
        }
        let closed = failure(VisitError::Closed(Duration::from_secs(3600)), None).json();
        assert_eq!(closed["exit_code"], 75);
    }

    #[test]
    fn a_change_that_may_have_been_made_is_to_be_looked_for() {
        let hint = |kind| ends(kind, None)["hint"].to_string();
        assert!(hint(ErrorKind::InDoubt).contains("`this` shows it"));
        assert!(!hint(ErrorKind::Unsent).contains("`this`"));
    }
}
