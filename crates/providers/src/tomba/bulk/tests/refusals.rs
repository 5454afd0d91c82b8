//! Whatever is documented or assumed to go wrong with a job, at every one of its calls.

use super::*;

/// What calls come to, in their order: submit, find, launch, poll, estimate, bill, fetch, terms.
///
/// `F` fatal, `X` somebody else's, `I` the same of a call that charges or begins what is scarce, `R` refused, `N` no
/// credit, `T` throttled, `D` in doubt, `G` gone; `b` every slot is taken, `g` begun, `w` not ready, `p` as the pack says.
type Refused = (u16, &'static str, &'static str);

/// # Source
/// Reference 2 and 11, assumptions A3, A9, A10 and A20.
const TABLE: &[Refused] = &[
    // A rejected key, in both of its documented forms.
    (401, r#"{"errors":{"type":"unauthorized","message":"no","code":401}}"#, "FFFFFFFF"),
    (400, r#"{"errors":{"type":"authentication_failed","message":"no"}}"#, "FFFFFFFF"),
    (401, "", "XXXXXXXX"),
    (407, "<html>", "XXXXXXXX"),
    // What was asked for.
    (400, r#"{"errors":{"type":"params_invalid","message":"no columns"}}"#, "RRRRRRRp"),
    (
        422,
        r#"{"errors":{"type":"params_invalid","message":"the option is not known"}}"#,
        "RRRRRRRp",
    ),
    (422, r#"{"errors":{"message":"over the limit of rows"}}"#, "RRRRRRRp"),
    (418, "{}", "DRRRRRDp"),
    (418, "", "DRRRRRDR"),
    (402, "<html>", "IXXXXXIX"),
    // Money.
    (
        403,
        r#"{"errors":{"type":"quota_exceeded","message":"Your quota of searches is used up."}}"#,
        "NNNNNNNp",
    ),
    (
        402,
        r#"{"errors":{"type":"quota_exceeded","message":"Your quota of searches is used up."}}"#,
        "NNNNNNNp",
    ),
    (
        429,
        r#"{"errors":{"type":"quota_exceeded","message":"Your quota of searches is used up."}}"#,
        "NNNNNNNp",
    ),
    (402, r#"{"errors":{"message":"payment required"}}"#, "RRNNNNNp"),
    (403, r#"{"errors":{"message":"hidden"}}"#, "FFFFFFFp"),
    (403, r#"{"errors":{"message":"the limit of your plan"}}"#, "NNNNNNNp"),
    (403, r#"{"errors":{"message":"the daily download limit is reached"}}"#, "NNbTTTTp"),
    // Jobs that there are not, and routes.
    (
        404,
        r#"{"errors":{"type":"unknown_record","message":"There is no such bulk."}}"#,
        "RRGGGGGp",
    ),
    (404, r#"{"errors":{"message":"no such bulk"}}"#, "RRGGGGGp"),
    (404, r#"{"errors":{"type":"unknown_route","message":"no such route"}}"#, "FFFFFFFp"),
    (404, "<html>", "IXXXXXIX"),
    (405, "{}", "IFFFFFIp"),
    (410, r#"{"errors":{"type":"gone","message":"The bulk has expired."}}"#, "FFGGGGGF"),
    (410, "{}", "IFGGGGIF"),
    (410, "", "IXXXXXIX"),
    // Not in this state.
    (
        409,
        r#"{"errors":{"type":"conflict","message":"The bulk is not completed."}}"#,
        "RRgRRRwp",
    ),
    (
        409,
        r#"{"errors":{"type":"conflict","message":"The bulk was launched before."}}"#,
        "RRgRRRwp",
    ),
    (
        409,
        r#"{"errors":{"type":"conflict","message":"The bulk is archived."}}"#,
        "RRRRRRwp",
    ),
    (409, r#"{"errors":{"message":"Too many running bulk jobs."}}"#, "RRbRRRwp"),
    (409, "", "DRRRRRDR"),
    // Limits: of calls, of running jobs, of a day.
    (
        429,
        r#"{"errors":{"type":"rate_limit","message":"Too many running bulk finder jobs","code":429}}"#,
        "TTbTTTTT",
    ),
    (429, r#"{"errors":{"message":"too many requests"}}"#, "TTbTTTTT"),
    (429, "{}", "TTbTTTTT"),
    (429, "", "TTTTTTTT"),
    // Nobody's own word.
    (500, r#"{"errors":{"message":"something broke"}}"#, "DDDDDDDD"),
    (503, r#"{"errors":{"type":"unknown_record","message":"maintenance"}}"#, "DDDDDDDD"),
    (502, "<html>", "DDDDDDDD"),
    (504, "", "DDDDDDDD"),
    (408, "", "DDDDDDDD"),
    (302, "", "IXXXXXIX"),
    (302, "{}", "IXXXXXIX"),
    // Success by status alone is none.
    (200, r#"{"errors":{"message":"it failed"},"data":{}}"#, "RRRRRRRp"),
    (200, r#"{"errors":{"type":"unknown_record","message":"no"}}"#, "RRGGGGGp"),
    (200, r#"{"errors":{"type":"rate_limit","message":"slower"}}"#, "TTbTTTTT"),
    (200, r#"{"errors":{"message":"the quota is used up"}}"#, "NNNNNNNp"),
    // Replies that cannot be read. What is empty can tell that a job was launched, and hold no row.
    (200, "<html>", "DDDDDDDD"),
    (200, r#"{"data":"#, "DDDDDDDp"),
    (200, "[]", "DDDDDDDp"),
];

fn letter(kind: ErrorKind) -> char {
    match kind {
        ErrorKind::Fatal => 'F',
        ErrorKind::Foreign => 'X',
        ErrorKind::Intercepted => 'I',
        ErrorKind::Refused => 'R',
        ErrorKind::NoCredit => 'N',
        ErrorKind::Throttled(_) => 'T',
        ErrorKind::InDoubt => 'D',
        ErrorKind::Gone => 'G',
        ErrorKind::Unsent => 'U',
        ErrorKind::LikelyMiss => 'L',
    }
}

async fn outcomes(tomba: &Tomba, operation: Operation) -> (String, Vec<ProviderError>) {
    let (batch, job) = (batch(asked(operation, 2)), JobId("7".to_owned()));
    let mut errors = Vec::new();
    let mut come = |outcome: Result<char, ProviderError>| match outcome {
        Ok(letter) => letter,
        Err(error) => {
            let letter = letter(error.kind);
            errors.push(error);
            letter
        }
    };
    let letters = [
        come(tomba.submit(&batch).await.map(|_| 's')),
        come(tomba.find(operation, batch.id).await.map(|_| 'f')),
        come(tomba.launch(operation, &job, false).await.map(|reply| match reply.value {
            Launch::Begun => 'g',
            Launch::Busy(_) => 'b',
        })),
        come(tomba.poll(operation, &job).await.map(|_| 'o')),
        come(tomba.estimate(operation, &job).await.map(|_| 'e')),
        come(tomba.bill(operation, &job).await.map(|_| 'i')),
        come(
            tomba
                .fetch(operation, &job, &batch.keys, 1, 9)
                .await
                .map(|reply| if reply.value.ready { 'r' } else { 'w' }),
        ),
        come(
            tomba
                .terms(operation)
                .await
                .map(|reply| if reply.value == Terms::default() { 'p' } else { 't' }),
        ),
    ];
    (letters.into_iter().collect(), errors)
}

#[tokio::test]
async fn every_refusal_of_every_call_becomes_its_kind() {
    for generation in [1, 2] {
        for (status, body, expected) in TABLE {
            for operation in [Operation::FindEmail, Operation::SearchDomain] {
                let canned = Canned::reply(*status, &[], body);
                let tomba = replying(generation, canned.clone());
                let (letters, errors) = outcomes(&tomba, operation).await;
                assert_eq!(letters, *expected, "{generation} {status} {body}");
                assert_eq!(canned.paths().len(), 8, "each call sends one request");
                for error in errors {
                    assert_eq!(error.status, Some(*status), "{error}");
                    assert!(!error.detail.is_empty(), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_lost_reply_is_told_from_a_call_that_never_left() {
    for (outcome, expected) in [
        (TransportError::Unsent("no route".into()), "UUUUUUUU"),
        (TransportError::Lost("reset".into()), "DDDDDDDD"),
    ] {
        let tomba = replying(2, Canned::new(Err(outcome)));
        assert_eq!(outcomes(&tomba, Operation::VerifyEmail).await.0, expected);
    }
}

#[tokio::test]
async fn no_slot_is_told_from_too_many_calls_by_the_windows() {
    const BODY: &str = r#"{"errors":{"type":"rate_limit","message":"Too many running bulk finder jobs","code":429}}"#;
    let launch = async |headers: &[(&str, &str)]| {
        let tomba = replying(2, Canned::reply(429, headers, BODY));
        let launch = tomba.launch(Operation::FindEmail, &JobId("7".into()), false).await;
        launch.map(|reply| reply.value).map_err(|error| error.kind)
    };
    let minute = Some(Duration::from_secs(60));
    let full = [
        ("retry-after", "1"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "1"),
    ];
    let open = [
        ("retry-after", "60"),
        ("x-ratelimit-remaining", "4"),
        ("x-ratelimit-reset", "1"),
    ];
    assert_eq!(launch(&[("retry-after", "60")]).await, Ok(Launch::Busy(minute)));
    assert_eq!(launch(&open).await, Ok(Launch::Busy(minute)));
    assert_eq!(launch(&open[1..]).await, Ok(Launch::Busy(None)));
    let second = Some(Duration::from_secs(1));
    // What is said decides, and where nothing is said of jobs the windows do.
    assert_eq!(launch(&full).await, Ok(Launch::Busy(second)));
    let calls = BODY.replace("running bulk finder jobs", "requests");
    let tomba = replying(2, Canned::reply(429, &full, &calls));
    let paced = tomba.launch(Operation::FindEmail, &JobId("7".into()), false).await;
    assert_eq!(paced.unwrap_err().kind, ErrorKind::Throttled(second));
    // Other calls are told how long to wait.
    let tomba = replying(2, Canned::reply(429, &[("retry-after", "86400")], BODY));
    let submit = tomba.submit(&batch(asked(Operation::FindEmail, 1))).await.unwrap_err();
    let day = Some(Duration::from_secs(86_400));
    assert_eq!(submit.kind, ErrorKind::Throttled(day));
}

#[tokio::test]
async fn only_what_has_failed_is_run_again() {
    let launch = async |generation, status, body: &str| {
        let canned = Canned::reply(status, &[], body);
        let tomba = replying(generation, canned.clone());
        let launch = tomba.launch(Operation::FindEmail, &JobId("7".into()), true).await;
        let launch = launch.map(|reply| reply.value).map_err(|error| error.kind);
        (launch, canned.paths())
    };
    let path = vec!["POST /v1/bulk/finder/7/retry".to_owned()];
    let conflict = r#"{"errors":{"message":"Only a failed bulk can be run again."}}"#;
    assert_eq!(launch(2, 200, "").await, (Ok(Launch::Begun), path.clone()));
    assert_eq!(launch(2, 409, conflict).await, (Ok(Launch::Begun), path));
    assert_eq!(launch(1, 200, "").await, (Err(ErrorKind::Refused), vec![]));
}

#[tokio::test]
async fn what_is_no_job_or_no_page_is_not_asked_for() {
    let canned = Canned::reply(200, &[], "{}");
    let tomba = replying(2, canned.clone());
    for id in ["", "x", "../7", "7/download", "-7", "9223372036854775808"] {
        let error =
            tomba.poll(Operation::FindEmail, &JobId(id.into())).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{id}");
    }
    let third = tomba
        .fetch(Operation::FindEmail, &JobId("7".into()), &Keys::default(), 3, 9)
        .await;
    assert_eq!(third.unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(canned.paths(), [""; 0]);
}

#[tokio::test]
async fn no_message_about_a_job_shows_a_credential() {
    let told = format!("{KEY} with {SECRET}");
    let file = format!("{told};x\n1;2\n");
    for (status, body) in [
        (400, format!(r#"{{"errors":{{"message":"{told}"}}}}"#)),
        (200, format!(r#"{{"data":{{"status":false,"message":"{told}"}}}}"#)),
        (200, file),
    ] {
        let tomba = replying(2, Canned::reply(status, &[], &body));
        let (_, errors) = outcomes(&tomba, Operation::FindEmail).await;
        assert!(errors.len() >= 4);
        for error in errors {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
        }
    }
}
