//! Whatever is documented to go wrong, and what it means.

use super::*;
use leadmill_core::Provider;
use std::time::Duration;

const WALLETS: &[Errand] = &[Balance, Movements];
const TEAMS: &[Errand] = &[Members, Invitations, Cancel];
const FINDER: &[Errand] = &[Options, Suggest, Searches, Save, Delete, Count];
const ALL: &[Errand] = &[
    Balance,
    Movements,
    Members,
    Invitations,
    Invite,
    Cancel,
    Options,
    Suggest,
    Searches,
    Save,
    Delete,
    Count,
    Limit,
];

/// Who may answer so, the status, the body, what it means, and what people are told.
type Refusal = (&'static [Errand], u16, &'static str, ErrorKind, &'static str);

const THROTTLED: ErrorKind = ErrorKind::Throttled(None);

/// # Source
/// Reference §3.4 has the statuses of each operation, §3.1 and §3.3 the bodies. 403 is declared for none of them:
/// the bodies are those of suspended accounts, of the lead finder's access, and of members who may not invite.
const REFUSALS: &[Refusal] = &[
    (
        FINDER,
        400,
        r#"{"type":"https://dev.enrich.so/errors/validation-error","title":"Validation Error","status":400,"detail":"body/filters Unrecognized key"}"#,
        ErrorKind::Refused,
        "body/filters Unrecognized key",
    ),
    (
        &[Invite],
        400,
        r#"{"title":"Validation Error","status":400,"detail":"body/email Invalid email"}"#,
        ErrorKind::Refused,
        "body/email Invalid email",
    ),
    (
        ALL,
        401,
        r#"{"type":"https://dev.enrich.so/errors/unauthorized","title":"Unauthorized","status":401,"detail":"key sk_sandbox was revoked"}"#,
        ErrorKind::Fatal,
        "key [secret] was revoked",
    ),
    (
        ALL,
        401,
        r#"{"error":"the key is disabled"}"#,
        ErrorKind::Fatal,
        "the key is disabled",
    ),
    (
        ALL,
        403,
        r#"{"error":"the account is suspended"}"#,
        ErrorKind::Fatal,
        "the account is suspended",
    ),
    (
        FINDER,
        403,
        r#"{"type":"https://dev.enrich.so/errors/access-denied","title":"Access Denied","status":403,"detail":"the team has to apply first","accessStatus":"none"}"#,
        ErrorKind::Fatal,
        "the team has to apply first (access status: none)",
    ),
    (
        &[Invite, Cancel],
        403,
        r#"{"title":"Forbidden","status":403,"detail":"members may not do this"}"#,
        ErrorKind::Fatal,
        "members may not do this",
    ),
    (
        TEAMS,
        404,
        r#"{"type":"https://dev.enrich.so/errors/not-found","title":"Not Found","status":404,"detail":"no such team"}"#,
        ErrorKind::Gone,
        "no such team",
    ),
    (
        &[Invite, Delete],
        404,
        r#"{"title":"Not Found","status":404}"#,
        ErrorKind::Gone,
        "Not Found",
    ),
    (
        WALLETS,
        404,
        r#"{"title":"Not Found","status":404,"detail":"no such route"}"#,
        ErrorKind::Fatal,
        "no such route",
    ),
    (
        ALL,
        429,
        r#"{"type":"https://dev.enrich.so/errors/rate-limit-exceeded","title":"Too Many Requests","status":429,"detail":"come back later"}"#,
        THROTTLED,
        "come back later",
    ),
    (
        ALL,
        429,
        r#"{"statusCode":429,"error":"Too Many Requests","message":"come back later","retryAfter":45}"#,
        ErrorKind::Throttled(Some(Duration::from_secs(45))),
        "come back later",
    ),
    (ALL, 429, r#"{"error":"too many calls"}"#, THROTTLED, "too many calls"),
    (
        ALL,
        500,
        r#"{"type":"https://dev.enrich.so/errors/internal-error","title":"Internal Server Error","status":500,"detail":"something broke"}"#,
        ErrorKind::InDoubt,
        "something broke",
    ),
    (
        ALL,
        503,
        "<html>",
        ErrorKind::InDoubt,
        "the reply is not Enrich.so's: it begins `<html>` … is a proxy in between?",
    ),
    (
        ALL,
        401,
        "<html>",
        ErrorKind::Foreign,
        "the reply is not Enrich.so's: it begins `<html>` … is a proxy in between?",
    ),
    (
        ALL,
        302,
        "",
        ErrorKind::Foreign,
        "the reply is not Enrich.so's: it redirects and names no address; is a proxy in between?",
    ),
    (
        ALL,
        200,
        "<html>",
        ErrorKind::InDoubt,
        "the reply is not Enrich.so's: it begins `<html>` … is a proxy in between?",
    ),
];

#[tokio::test]
async fn every_documented_refusal_of_every_call_becomes_its_kind_and_a_sentence() {
    for (errands, status, body, kind, sentence) in REFUSALS {
        for errand in *errands {
            let enrich = enrich(Canned::reply(*status, body));
            let error = run(*errand, &enrich).await.unwrap_err();
            let got = (error.kind, error.status, error.detail.as_str());
            assert_eq!(got, (*kind, Some(*status), *sentence), "{errand:?} {body}");
        }
    }
}

#[tokio::test]
async fn a_reply_that_cannot_be_read_is_in_doubt() {
    for body in ["", "{}", "[]", r#"{"data":"x"}"#, r#"{"data":{"id":"../.."}}"#] {
        for errand in ALL {
            let enrich = enrich(Canned::reply(200, body));
            let error = run(*errand, &enrich).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InDoubt, "{errand:?} {body}");
        }
    }
}

#[tokio::test]
async fn what_was_not_done_is_no_success() {
    for (errand, body) in [
        (Cancel, r#"{"data":{"success":false}}"#),
        (Delete, r#"{"data":{"deleted":false}}"#),
    ] {
        let enrich = enrich(Canned::reply(200, body));
        let error = run(errand, &enrich).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{errand:?}");
    }
}

#[tokio::test]
async fn a_lost_reply_is_told_from_a_call_that_never_left() {
    for (outcome, kind) in [
        (TransportError::Unsent("no route".into()), ErrorKind::Unsent),
        (TransportError::Lost("reset".into()), ErrorKind::InDoubt),
    ] {
        for errand in ALL {
            let enrich = enrich(Canned::new(Err(outcome.clone())));
            assert_eq!(run(*errand, &enrich).await.unwrap_err().kind, kind, "{errand:?}");
        }
    }
}

/// A proxy's page is no miss, whatever its status, and no likely one.
#[tokio::test]
async fn what_somebody_else_replies_to_a_question_proves_nothing() {
    const STATUSES: [u16; 20] = [
        200, 204, 302, 307, 400, 401, 402, 403, 404, 407, 408, 410, 413, 422, 429, 451,
        500, 502, 504, 511,
    ];
    let lookups = [
        (leadmill_core::Operation::FindPerson, [Some("ada@example.com"), None]),
        (leadmill_core::Operation::FindPhone, [None, Some("ada@example.com")]),
    ];
    for (operation, raw) in lookups {
        let raw = raw.into_iter().take(operation.inputs().len());
        let query = leadmill_core::Query::read(operation, raw).unwrap();
        for body in ["<html>", "", r#"{"message":"Forbidden"}"#, "[]", r#"{"cut"#] {
            // A success in JSON is read, whatever it says.
            let is_json = body.starts_with(['{', '[']);
            for status in STATUSES.into_iter().filter(|s| !is_json || *s >= 400) {
                let kind = match status {
                    ..300 | 408 | 425 | 500.. => ErrorKind::InDoubt,
                    429 => THROTTLED,
                    401 | 407 => ErrorKind::Foreign,
                    411 | 413 | 414 | 431 => ErrorKind::Refused,
                    300..=399 | 402..=406 | 410 | 451 => ErrorKind::Intercepted,
                    _ => ErrorKind::InDoubt,
                };
                let enrich = enrich(Canned::reply(status, body));
                let error = enrich.ask(&query).await.unwrap_err();
                assert_eq!((error.kind, error.status), (kind, Some(status)), "{error}");
                let detail = error.detail;
                assert!(detail.starts_with("the reply is not Enrich.so's: "), "{detail}");
                assert!(detail.ends_with("is a proxy in between?"), "{detail}");
            }
        }
        // An answer that is none by its own word may have been paid for.
        let refused = r#"{"success":false,"data":{"found":false,"phones":[]}}"#;
        let enrich = enrich(Canned::reply(200, refused));
        let error = enrich.ask(&query).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InDoubt, "{error}");
    }
}
