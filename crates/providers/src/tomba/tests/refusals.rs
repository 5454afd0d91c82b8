//! Whatever is documented to go wrong, and what it means.

use super::*;
use std::time::Duration;

/// Status, body, what it means, and what people are told.
type Refused = (u16, &'static str, ErrorKind, &'static str);

const THROTTLED: ErrorKind = ErrorKind::Throttled(None);

/// # Source
/// Reference 2.1 has the bodies and their types, 2.2 the statuses.
const DOCUMENTED: &[Refused] = &[
    // A rejected key, in both of its documented forms.
    (
        401,
        r#"{"errors":{"type":"unauthorized","message":"the key is not known","code":401}}"#,
        ErrorKind::Fatal,
        "the key is not known (unauthorized)",
    ),
    (
        400,
        r#"{"errors":{"type":"authentication_failed","message":"the key is not valid","code":400}}"#,
        ErrorKind::Fatal,
        "the key is not valid (authentication_failed)",
    ),
    // Anything else that is bad.
    (
        400,
        r#"{"errors":{"type":"params_invalid","message":"the limit is not one of 10, 20, 50"}}"#,
        ErrorKind::Refused,
        "the limit is not one of 10, 20, 50 (params_invalid)",
    ),
    (
        400,
        r#"{"errors":{"message":"the name is missing"}}"#,
        ErrorKind::Refused,
        "the name is missing",
    ),
    (
        422,
        r#"{"errors":{"type":"params_invalid","message":"no domain","code":422}}"#,
        ErrorKind::Refused,
        "no domain (params_invalid)",
    ),
    (
        422,
        r#"{"errors":{"message":"the limit is out of range"}}"#,
        ErrorKind::Refused,
        "the limit is out of range",
    ),
    // A foreign mail server, not money.
    (
        402,
        r#"{"errors":{"type":"smtp","message":"the server answered unexpectedly","code":402}}"#,
        ErrorKind::Refused,
        "the server answered unexpectedly (smtp)",
    ),
    (
        402,
        r#"{"errors":{"message":"452 from the SMTP server: over quota","code":402}}"#,
        ErrorKind::Refused,
        "452 from the SMTP server: over quota",
    ),
    (403, r#"{"errors":{"message":"hidden"}}"#, ErrorKind::Fatal, "hidden"),
    // A route that there is not, and a page of somebody else's server.
    (
        404,
        r#"{"errors":{"type":"unknown_route","message":"no such route","code":404}}"#,
        ErrorKind::Fatal,
        "no such route (unknown_route)",
    ),
    (404, r#"{"errors":{"message":"bad request"}}"#, ErrorKind::Refused, "bad request"),
    (405, r#"{"errors":{"message":"no"}}"#, ErrorKind::Fatal, "no"),
    (406, r#"{"errors":{"message":"no"}}"#, ErrorKind::Fatal, "no"),
    (410, r#"{"errors":{"message":"no"}}"#, ErrorKind::Fatal, "no"),
    (418, r#"{"errors":{"message":"no"}}"#, ErrorKind::Refused, "no"),
    // Limits.
    (
        429,
        r#"{"errors":{"type":"rate_limit","message":"rate limit of your quota","code":429}}"#,
        THROTTLED,
        "rate limit of your quota (rate_limit)",
    ),
    (429, r#"{"errors":{"message":"limit reached"}}"#, THROTTLED, "limit reached"),
    // Server errors, whoever's they are.
    (
        500,
        r#"{"errors":{"type":"internal","message":"something broke","code":500}}"#,
        ErrorKind::InDoubt,
        "something broke (internal)",
    ),
    (
        503,
        r#"{"errors":{"message":"maintenance of your quota"}}"#,
        ErrorKind::InDoubt,
        "maintenance of your quota",
    ),
    (
        503,
        r#"{"errors":{"type":"rate_limit","message":"slower","code":429}}"#,
        ErrorKind::InDoubt,
        "slower (rate_limit)",
    ),
    (
        500,
        r#"{"errors":{"type":"unknown_record","message":"nobody","code":404}}"#,
        ErrorKind::InDoubt,
        "nobody (unknown_record)",
    ),
    (408, r#"{"errors":{"message":"late"}}"#, ErrorKind::InDoubt, "late"),
    // Success by status alone is none.
    (
        200,
        r#"{"errors":{"message":"it failed"},"data":{"email":"ada@example.com"}}"#,
        ErrorKind::Refused,
        "it failed",
    ),
    (
        200,
        r#"{"errors":{"type":"rate_limit","message":"slower","code":429}}"#,
        THROTTLED,
        "slower (rate_limit)",
    ),
    (200, r#"{"errors":{"message":"quota"}}"#, ErrorKind::NoCredit, "quota"),
];

/// What no source shows.
const ASSUMED: &[Refused] = &[
    // A search that says that it has failed.
    (
        200,
        r#"{"success":false,"message":"no such filter","data":{"companies":[]}}"#,
        ErrorKind::Refused,
        "no such filter",
    ),
    // An exhausted quota, by its words (A3).
    (
        403,
        r#"{"errors":{"message":"Your monthly Quota is used up"}}"#,
        ErrorKind::NoCredit,
        "Your monthly Quota is used up",
    ),
    (
        402,
        r#"{"errors":{"message":"no credits left"}}"#,
        ErrorKind::NoCredit,
        "no credits left",
    ),
    (
        400,
        r#"{"errors":{"type":"forbidden","message":"you have reached the limit of your plan"}}"#,
        ErrorKind::NoCredit,
        "you have reached the limit of your plan (forbidden)",
    ),
    (
        429,
        r#"{"errors":{"message":"the quota is exhausted"}}"#,
        ErrorKind::NoCredit,
        "the quota is exhausted",
    ),
    // Shapes that are not documented.
    (400, r#"{"errors":[{"message":"the first"},{}]}"#, ErrorKind::Refused, "the first"),
    (400, r#"{"errors":"a text"}"#, ErrorKind::Refused, "a text"),
    (400, r#"{"errors":["in a list"]}"#, ErrorKind::Refused, "in a list"),
    (400, r#"{"error":"at the top"}"#, ErrorKind::Refused, "at the top"),
    (400, r#"{"errors":{"type":"odd","code":"x"}}"#, ErrorKind::Refused, "odd"),
];

#[tokio::test]
async fn every_refusal_of_every_question_becomes_its_kind_and_a_sentence() {
    for (status, body, kind, sentence) in DOCUMENTED.iter().chain(ASSUMED) {
        for query in questions() {
            let tomba = tomba(Canned::reply(*status, &[], body));
            let error = tomba.ask(&query).await.unwrap_err();
            let got = (error.kind, error.status, error.detail.as_str());
            assert_eq!(got, (*kind, Some(*status), *sentence), "{query:?} {body}");
        }
    }
}

#[tokio::test]
async fn an_unknown_record_is_no_miss_where_the_pack_does_not_say_so() {
    let mut account = account();
    for offer in account.pack.operations.values_mut() {
        offer.misses.clear();
    }
    let body = r#"{"errors":{"type":"unknown_record","message":"nobody"}}"#;
    let canned = Canned::reply(404, &[], body);
    let tomba = Tomba::new(account, KEY, SECRET, canned).unwrap();
    for query in questions() {
        let error = tomba.ask(&query).await.unwrap_err();
        assert_eq!((error.kind, error.status), (ErrorKind::Refused, Some(404)));
    }
}

#[tokio::test]
async fn how_long_to_wait_is_told_by_either_family_and_the_plain_header_wins() {
    const BODY: &str = r#"{"errors":{"type":"rate_limit","message":"slower"}}"#;
    type Headers = &'static [(&'static str, &'static str)];
    let told: [(Headers, u64); 4] = [
        (&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")], 1),
        (
            &[
                ("x-minute-request-left", "0"),
                ("x-minute-reset-seconds", "45"),
                ("x-daily-request-left", "9"),
                ("x-daily-reset-seconds", "80000"),
            ],
            45,
        ),
        (&[("retry-after", "60")], 60),
        (&[("retry-after", "60"), ("x-ratelimit-reset", "1")], 60),
    ];
    for (headers, seconds) in told {
        let tomba = tomba(Canned::reply(429, headers, BODY));
        let error = tomba.ask(&questions()[0]).await.unwrap_err();
        let wait = Duration::from_secs(seconds);
        assert_eq!(error.kind, ErrorKind::Throttled(Some(wait)), "{headers:?}");
        let is_heard = error.signals.rates.iter().any(|rate| rate.reset.is_some());
        assert_eq!(is_heard, headers.len() > 1, "{headers:?}");
    }
    // A wait that is told is one, whatever else is said.
    let body = r#"{"errors":{"message":"the daily quota is used up"}}"#;
    let tomba = tomba(Canned::reply(429, &[("retry-after", "3600")], body));
    let error = tomba.ask(&questions()[0]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Throttled(Some(Duration::from_secs(3600))));
}

#[tokio::test]
async fn a_lost_reply_is_told_from_a_call_that_never_left() {
    for (outcome, kind) in [
        (TransportError::Unsent("no route".into()), ErrorKind::Unsent),
        (TransportError::Lost("reset".into()), ErrorKind::InDoubt),
    ] {
        for query in questions() {
            let tomba = tomba(Canned::new(Err(outcome.clone())));
            assert_eq!(tomba.ask(&query).await.unwrap_err().kind, kind);
        }
        let tomba = tomba(Canned::new(Err(outcome)));
        assert_eq!(tomba.balance().await.unwrap_err().kind, kind);
    }
}

#[tokio::test]
async fn a_reply_that_cannot_be_read_is_in_doubt() {
    for body in [
        "",
        "<html>",
        "{}",
        "[]",
        "null",
        "7",
        r#"{"data":"x"}"#,
        r#"{"data":7}"#,
        r#"{"data":true}"#,
        r#"{"data":[7]}"#,
        r#"{"data":{"email":"ada@exam"#,
        r#"[{"email":"ada@example.com"}]"#,
    ] {
        for query in questions() {
            let tomba = tomba(Canned::reply(200, &[], body));
            let error = tomba.ask(&query).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InDoubt, "{query:?} {body}");
        }
    }
}

#[tokio::test]
async fn no_message_shows_a_credential() {
    let told = format!("{KEY} with {SECRET} and other-form");
    for body in [
        format!(r#"{{"errors":{{"message":"{told}","type":"{told}"}}}}"#),
        format!(r#"{{"errors":"{told}"}}"#),
        format!(r#"{{"error":"{told}","errors":{{"type":"x"}}}}"#),
    ] {
        for status in [200, 400, 401, 404, 429, 500] {
            let tomba = tomba(Canned::reply(status, &[("content-type", &told)], &body))
                .hiding(vec!["other-form".to_owned(), String::new()]);
            let mut errors = vec![tomba.balance().await.unwrap_err()];
            for query in questions() {
                errors.push(tomba.ask(&query).await.unwrap_err());
            }
            for error in errors {
                let shown = format!("{error} {error:?}");
                for secret in [KEY, SECRET, "other-form"] {
                    assert!(!shown.contains(secret), "{shown}");
                }
                assert!(shown.contains("[secret]"), "{shown}");
            }
        }
    }
    for outcome in [TransportError::Unsent(told.clone()), TransportError::Lost(told)] {
        let tomba = tomba(Canned::new(Err(outcome)));
        let shown = tomba.ask(&questions()[0]).await.unwrap_err().to_string();
        assert!(!shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
    }
}

#[tokio::test]
async fn no_answer_shows_a_credential() {
    let told = format!("{KEY} with {SECRET}");
    let body = format!(
        r#"{{"data":{{"email":"a@x.io","company":"{told}","sources":[{{"uri":"{told}"}}]}}}}"#
    );
    let file = format!(
        "first_name,last_name,domain,email,company\nAda,Byron,example.com,a@x.io,{told}\n"
    );
    let query = &questions()[0];
    let single = tomba(Canned::reply(200, &[], &body)).ask(query).await.unwrap().value;
    let tomba = tomba(Canned::reply(200, &[], &file));
    let (operation, job, keys) =
        (query.operation(), JobId("7".into()), [query.key()].into());
    let page = tomba.fetch(operation, &job, &keys, 1, 9).await.unwrap().value;
    for shown in [format!("{single:?}"), format!("{page:?}")] {
        assert!(shown.contains("[secret] with [secret]"), "{shown}");
        assert!(!shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
    }
}

/// What a proxy may say instead, with every status: it is nobody's word on a key, a quota or a record.
#[tokio::test]
async fn what_somebody_else_replies_is_no_verdict_of_the_providers() {
    let html = ("content-type", "text/html");
    let own = r#"{"errors":{"type":"unknown_record","message":"nobody"}}"#;
    for (headers, body, shown) in [
        (&[html][..], "<html><body>quota</body></html>", "it begins `<html>` …"),
        (&[], "no healthy upstream", "it begins `no healthy upstream` …"),
        (&[], "", "it is empty;"),
        (&[html], own, "it is of the type `text/html`;"),
        (&[("location", "https://x.example/a?b=c")], "", "`https://x.example/a`"),
    ] {
        let is_redirect = shown.contains("x.example");
        for status in (200..600).filter(|s| is_redirect == (300..400).contains(s)) {
            // A success is read, whatever it is said to be.
            if body == own && status < 300 {
                continue;
            }
            let kind = match status {
                ..300 | 408 | 425 | 500.. => ErrorKind::InDoubt,
                429 => THROTTLED,
                300..=399 | 401..=407 | 410 | 451 => ErrorKind::Foreign,
                _ => ErrorKind::Refused,
            };
            let tomba = tomba(Canned::reply(status, headers, body));
            let told = [
                (tomba.ask(&questions()[3]).await.unwrap_err(), of_a_paid_call(status)),
                (tomba.balance().await.unwrap_err(), kind),
            ];
            for (error, kind) in told {
                assert_eq!((error.kind, error.status), (kind, Some(status)), "{error}");
                let detail = error.detail;
                assert!(detail.starts_with("the reply is not Tomba's: "), "{detail}");
                assert!(detail.contains(shown), "{detail}");
            }
        }
    }
}

/// What a refusal of a paid call means that is not the provider's: it may have been passed on all the same.
fn of_a_paid_call(status: u16) -> ErrorKind {
    match status {
        401 | 407 => ErrorKind::Foreign,
        411 | 413 | 414 | 431 => ErrorKind::Refused,
        429 => THROTTLED,
        300..=399 | 402..=406 | 410 | 451 => ErrorKind::Intercepted,
        _ => ErrorKind::InDoubt,
    }
}

/// A gateway speaks JSON too, and not the provider's.
#[tokio::test]
async fn a_gateway_s_json_is_no_verdict_on_a_paid_call() {
    for body in [
        r#"{"message":"the quota is forbidden"}"#,
        r#"[{"message":"a list"}]"#,
        "[]",
        "{}",
        r#"{"cut"#,
    ] {
        for status in 400..600 {
            let tomba = tomba(Canned::reply(status, &[], body));
            let error = tomba.ask(&questions()[3]).await.unwrap_err();
            let kind = of_a_paid_call(status);
            assert_eq!((error.kind, error.status), (kind, Some(status)), "{error}");
            assert!(error.detail.contains("is a proxy in between?"), "{error}");
        }
    }
    for body in [r#"{"error":"no"}"#, r#"{"errors":["no"]}"#, r#"{"success":false}"#] {
        let tomba = tomba(Canned::reply(403, &[], body));
        let error = tomba.ask(&questions()[3]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fatal, "{body}");
    }
}

/// A wait is one, whoever asks for it; windows are the provider's.
#[tokio::test]
async fn somebody_elses_windows_are_not_learnt() {
    let headers = [("x-ratelimit-limit", "1"), ("x-ratelimit-remaining", "0")];
    let all = [headers[0], headers[1], ("retry-after", "30")];
    for (status, rates) in [(200, false), (403, false), (502, false), (429, true)] {
        let tomba = tomba(Canned::reply(status, &all, "<html>"));
        let error = tomba.ask(&questions()[0]).await.unwrap_err();
        assert_eq!(!error.signals.rates.is_empty(), rates, "{status}");
        let wait = ErrorKind::Throttled(Some(Duration::from_secs(30)));
        assert_eq!(error.kind == wait, status == 429, "{status}");
    }
}

/// Some servers mark their texts: what is paid for is read all the same.
#[tokio::test]
async fn an_answer_behind_a_mark_is_read() {
    let body = "\u{feff}{\"data\":{\"email\":\"a@x.io\"}}";
    let tomba = tomba(Canned::reply(200, &[], body));
    let answered = tomba.ask(&questions()[0]).await.unwrap().value;
    assert!(matches!(answered.finding, Finding::Hit(_)), "{answered:?}");
}
