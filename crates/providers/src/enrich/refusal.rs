//! What each failed call means for the money.

use super::wire::Problem;
use crate::{excerpt::excerpt, rate};
use http::{HeaderMap, StatusCode};
use leadmill_core::ErrorKind;
use std::time::Duration;

/// What kind of route answered: a 404 means different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// A route that every account has.
    Fixed,
    /// A job by its id, or a team, or what else has one.
    Job,
    /// A single question, about which nothing may be known.
    Lookup,
}

/// Judges an error response of the provider's form. What a single question must say to be unknown, or likely to be, is
/// stricter than what is told of a job: those are misses.
///
/// # Source
/// Reference §3: problem+json, flat and authentication bodies; §3.4: the statuses of each operation.
/// Whether a 5xx had an effect is not known, so it is in doubt.
pub(crate) fn judge(
    route: Route,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
) -> (ErrorKind, String) {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let sentence = problem.sentence().unwrap_or_else(|| excerpt(status, headers, body));
    let kind = match status.as_u16() {
        429 => ErrorKind::Throttled(wait(&problem, headers)),
        402 => ErrorKind::NoCredit,
        404 if route == Route::Job && problem.speaks_of_no_route() => ErrorKind::Gone,
        404 if route == Route::Lookup && problem.names_no_record() => ErrorKind::Gone,
        500 if route == Route::Lookup && problem.is_documented() => ErrorKind::LikelyMiss,
        401 | 403 | 404 | 407 | 451 => ErrorKind::Fatal,
        408 | 425 => ErrorKind::InDoubt,
        400..=499 => ErrorKind::Refused,
        300..=399 => ErrorKind::Fatal,
        _ => ErrorKind::InDoubt,
    };
    (kind, sentence)
}

/// Whether an error is of the provider's form, and not just any JSON.
pub(crate) fn is_of_provider(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|problem: Problem| problem.is_documented())
}

/// How long a 429 says to wait, whoever's it is.
pub(crate) fn wait_of(headers: &HeaderMap, body: &[u8]) -> Option<Duration> {
    wait(&serde_json::from_slice(body).unwrap_or_default(), headers)
}

/// `Retry-After`, else the body's `retryAfter`, else the time until the full windows open.
fn wait(problem: &Problem, headers: &HeaderMap) -> Option<Duration> {
    rate::retry_after(headers)
        .or_else(|| rate::ahead(problem.retry_after?, headers))
        .or_else(|| rate::wait(&rate::signals(headers)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(
        status: u16,
        body: &str,
        headers: &[(&'static str, &'static str)],
    ) -> (ErrorKind, String) {
        let headers = headers
            .iter()
            .map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap()))
            .collect();
        judge(
            Route::Fixed,
            StatusCode::from_u16(status).unwrap(),
            &headers,
            body.as_bytes(),
        )
    }

    const SECONDS_45: ErrorKind = ErrorKind::Throttled(Some(Duration::from_secs(45)));

    /// Status, body, and what it means.
    const BODIES: &[(u16, &str, ErrorKind, &str)] = &[
        (
            400,
            r#"{"type":"https://dev.enrich.so/errors/validation-error","title":"Validation Error","status":400,"detail":"body/email Invalid email"}"#,
            ErrorKind::Refused,
            "body/email Invalid email",
        ),
        (
            401,
            r#"{"error":"API key is disabled. Re-enable it from the dashboard."}"#,
            ErrorKind::Fatal,
            "API key is disabled. Re-enable it from the dashboard.",
        ),
        (
            402,
            r#"{"title":"Insufficient Credits","status":402,"detail":"Not enough credits. Required: 10, available: 3"}"#,
            ErrorKind::NoCredit,
            "Not enough credits. Required: 10, available: 3",
        ),
        (
            402,
            r#"{"error":"Payment Required","message":"Insufficient credits for batch operation","detail":{"required":50000},"statusCode":402}"#,
            ErrorKind::NoCredit,
            r#"Insufficient credits for batch operation {"required":50000}"#,
        ),
        (
            403,
            r#"{"error":"Your account has been suspended. API access is disabled."}"#,
            ErrorKind::Fatal,
            "Your account has been suspended. API access is disabled.",
        ),
        (
            409,
            r#"{"title":"Conflict","status":409,"detail":"Export job is not yet completed"}"#,
            ErrorKind::Refused,
            "Export job is not yet completed",
        ),
        (
            429,
            r#"{"statusCode":429,"error":"Too Many Requests","message":"Rate limit exceeded, please retry later","retryAfter":45}"#,
            SECONDS_45,
            "Rate limit exceeded, please retry later",
        ),
        (
            429,
            r#"{"error":"API key rate limit exceeded"}"#,
            ErrorKind::Throttled(None),
            "API key rate limit exceeded",
        ),
        (
            500,
            r#"{"title":"Internal Server Error","status":500,"detail":"An unexpected error occurred. Please try again later."}"#,
            ErrorKind::InDoubt,
            "An unexpected error occurred. Please try again later.",
        ),
        (502, "{}", ErrorKind::InDoubt, "bad gateway, with a body of 2 bytes ()"),
        (
            404,
            r#"{"title":"Not Found","detail":"nothing here"}"#,
            ErrorKind::Fatal,
            "nothing here",
        ),
    ];

    #[test]
    fn every_documented_error_body_becomes_its_kind_and_a_sentence() {
        for (status, body, kind, sentence) in BODIES {
            let expected = (*kind, (*sentence).to_owned());
            assert_eq!(judged(*status, body, &[]), expected, "{status} {body}");
        }
    }

    /// Whether a 404 or a 500 says so, by the route.
    #[test]
    fn nothing_is_unknown_where_the_provider_does_not_say_so_in_its_own_form() {
        use ErrorKind::{Fatal, Gone, InDoubt, LikelyMiss};
        const PROBLEM: &str = r#"{"type":"https://dev.enrich.so/errors/not-found","title":"Not Found","status":404,"detail":"nobody"}"#;
        for (body, of_job, of_lookup) in [
            (PROBLEM, Gone, Gone),
            (r#"{"title":"Not Found","detail":"nobody"}"#, Gone, Gone),
            (r#"{"error":"Not Found","message":"nobody","statusCode":404}"#, Gone, Gone),
            (r#"{"error":"not_found","message":"nobody"}"#, Gone, Gone),
            (r#"{"error":"Not Found","statusCode":404}"#, Gone, Gone),
            (r#"{"type":"about:blank","title":"Not Found","status":404}"#, Gone, Gone),
            // What any server may say.
            (r#"{"error":"Not Found"}"#, Gone, Fatal),
            (r#"{"message":"Not Found"}"#, Gone, Fatal),
            (r#"{"detail":"Not Found"}"#, Gone, Fatal),
            ("{}", Fatal, Fatal),
            ("[]", Fatal, Fatal),
            // Of another kind, or about another status.
            (
                r#"{"type":"https://dev.enrich.so/errors/access-denied","title":"No","status":404}"#,
                Gone,
                Fatal,
            ),
            (r#"{"title":"Not Found","status":502,"detail":"nobody"}"#, Gone, Fatal),
            // An address that is not there.
            (
                r#"{"message":"Route GET:/api/v4/x not found","error":"Not Found","statusCode":404}"#,
                Fatal,
                Fatal,
            ),
            (
                r#"{"statusCode":404,"message":"Cannot POST /x","error":"Not Found"}"#,
                Fatal,
                Fatal,
            ),
        ] {
            let judged = |route| {
                judge(route, StatusCode::NOT_FOUND, &HeaderMap::new(), body.as_bytes()).0
            };
            let routes = [Route::Job, Route::Lookup, Route::Fixed];
            assert_eq!(routes.map(judged), [of_job, of_lookup, Fatal], "{body}");
        }
        for (body, kind) in [
            (r#"{"title":"Internal Server Error","status":500}"#, LikelyMiss),
            (r#"{"error":"Internal Server Error"}"#, LikelyMiss),
            (r#"{"message":"Internal server error"}"#, InDoubt),
            ("{}", InDoubt),
        ] {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let judged =
                |route| judge(route, status, &HeaderMap::new(), body.as_bytes()).0;
            let routes = [Route::Lookup, Route::Job, Route::Fixed];
            assert_eq!(routes.map(judged), [kind, InDoubt, InDoubt], "{body}");
        }
    }

    #[test]
    fn the_header_wins_over_the_body_and_the_reset() {
        let body = r#"{"retryAfter":45}"#;
        let headers = [("retry-after", "30"), ("x-ratelimit-reset", "20")];
        assert_eq!(
            judged(429, body, &headers).0,
            ErrorKind::Throttled(Some(Duration::from_secs(30)))
        );
        let kind = judged(429, "", &headers[1..]).0;
        assert_eq!(kind, ErrorKind::Throttled(Some(Duration::from_secs(20))));
        let by_length = [
            ("x-minute-request-left", "0"),
            ("x-minute-reset-seconds", "45"),
            ("x-daily-request-left", "4000"),
            ("x-daily-reset-seconds", "80000"),
        ];
        assert_eq!(judged(429, "", &by_length).0, SECONDS_45);
    }
}
