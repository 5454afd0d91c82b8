//! Questions, from the call to the answer.

use super::*;
use leadmill_core::{Keys, RunId, Value};

const FOUND: &str = r#"{"data":{"email":"ada@example.com","first_name":"Ada","last_name":"Byron","full_name":"Ada Byron","score":97,"accept_all":false,"verification":{"date":"2026-05-01","status":"valid"},"sources":[]}}"#;

#[tokio::test]
async fn a_person_is_found_from_end_to_end() {
    let headers = [
        ("x-ratelimit-limit", "15"),
        ("x-ratelimit-remaining", "14"),
        ("x-minute-request-left", "899"),
    ];
    let canned = Canned::reply(200, &headers, FOUND);
    let query = query(Operation::FindEmail, ["Ada", "Byron", "example.com"]);
    let Reply { value, signals } = tomba(canned.clone()).ask(&query).await.unwrap();
    assert_eq!((value.key, value.credits), (query.key(), Some(Credits(1))));
    let Finding::Hit(values) = value.finding else { panic!("no hit") };
    assert_eq!(values[0], Value::Text("ada@example.com".into()));
    assert_eq!(signals.balance, None, "no reply tells the quotas");
    let left: Vec<_> = signals.rates.iter().map(|rate| rate.remaining).collect();
    assert_eq!(left, [Some(14), Some(899)], "both families are heard");
    let asked = canned.asked.lock().unwrap();
    let request = &asked[0];
    assert_eq!(
        request.uri(),
        "https://api.tomba.io/v1/email-finder?first_name=Ada&last_name=Byron&domain=example.com&enrich_mobile=false"
    );
    let headers = request.headers();
    for (name, value) in [("x-tomba-key", KEY), ("x-tomba-secret", SECRET)] {
        assert_eq!(headers[name], value);
        assert!(headers[name].is_sensitive(), "{name}");
    }
    assert!(request.body().is_empty());
}

#[tokio::test]
async fn every_operation_of_the_pack_is_asked_with_one_request() {
    let asked: BTreeSet<_> = questions().iter().map(Query::operation).collect();
    let offered: BTreeSet<_> = account().pack.operations.keys().copied().collect();
    assert_eq!(offered, asked);
    for query in questions() {
        let canned = Canned::reply(200, &[], r#"{"data":null}"#);
        tomba(canned.clone()).ask(&query).await.unwrap();
        assert_eq!(canned.paths().len(), 1);
        let method = match query.operation() {
            Operation::SearchCompanies => "POST",
            _ => "GET",
        };
        let sent = &canned.paths()[0];
        assert!(sent.starts_with(&format!("{method} /v1/")), "{sent}");
    }
}

#[tokio::test]
async fn a_miss_is_free_however_it_is_told() {
    const UNKNOWN: &str =
        r#"{"errors":{"type":"unknown_record","message":"no record","code":404}}"#;
    for query in questions() {
        for (status, body) in [
            (200, r#"{"data":null}"#),
            (200, r#"{"data":{}}"#),
            (200, r#"{"data":[]}"#),
            (200, r#"{"data":{"email":null,"full_name":null,"total":null}}"#),
            (200, r#"{"data":null,"errors":null}"#),
            (200, r#"{"data":null,"errors":{}}"#),
            (200, r#"{"data":null,"errors":[]}"#),
            (404, UNKNOWN),
            (200, UNKNOWN),
        ] {
            let tomba = tomba(Canned::reply(status, &[], body));
            let answered = tomba.ask(&query).await.unwrap().value;
            let got = (answered.finding, answered.credits);
            assert_eq!(got, (Finding::Miss, Some(Credits::ZERO)), "{query:?} {body}");
        }
    }
}

#[tokio::test]
async fn what_is_not_offered_is_not_sent() {
    let canned = Canned::reply(200, &[], FOUND);
    let foreign = query(Operation::UnlockName, ["enc_1"]);
    let error = tomba(canned.clone()).ask(&foreign).await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Fatal, None));
    let two = ["example.com", "", "", "sales|legal", "", ""];
    let two = query(Operation::SearchDomain, two);
    let error = tomba(canned.clone()).ask(&two).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert_eq!(error.detail, "only one department can be asked for");
    assert_eq!(canned.paths(), [""; 0]);
}

#[tokio::test]
async fn jobs_are_not_asked_for_where_there_are_none() {
    let canned = Canned::reply(200, &[], "{}");
    let (tomba, job) = (tomba(canned.clone()), JobId("1".into()));
    for operation in
        [Operation::FindPhone, Operation::FindTechnology, Operation::SearchCompanies]
    {
        let kinds = [
            tomba.find(operation, BatchId(1)).await.unwrap_err().kind,
            tomba.poll(operation, &job).await.unwrap_err().kind,
            tomba.launch(operation, &job, false).await.unwrap_err().kind,
            tomba.estimate(operation, &job).await.unwrap_err().kind,
            tomba.bill(operation, &job).await.unwrap_err().kind,
            tomba.terms(operation).await.unwrap_err().kind,
            tomba
                .fetch(operation, &job, &Keys::default(), 1, 100)
                .await
                .unwrap_err()
                .kind,
            tomba.transactions(1).await.unwrap_err().kind,
        ];
        assert_eq!(kinds, [ErrorKind::Refused; 8]);
        let queries = questions().into_iter().filter(|q| q.operation() == operation);
        let queries = queries.collect();
        let (run, lane) = (RunId(1), Lane::Bulk);
        let batch = Batch::of(run, "tomba", 1, operation, lane, Credits(1), queries);
        assert_eq!(tomba.submit(&batch).await.unwrap_err().kind, ErrorKind::Fatal);
    }
    assert_eq!(canned.paths(), [""; 0]);
}

#[test]
fn an_address_without_a_path_gets_the_documented_one() {
    for (given, base) in [
        ("https://api.tomba.io/v1", "https://api.tomba.io/v1"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080/v1"),
        ("http://127.0.0.1:8080/mock/", "http://127.0.0.1:8080/mock"),
    ] {
        let mut account = account();
        account.pack.base_url = given.to_owned();
        let canned = Canned::reply(200, &[], "{}");
        let tomba = Tomba::new(account, KEY, SECRET, canned).unwrap();
        assert_eq!(tomba.base_url, base);
    }
}

#[test]
fn credentials_that_no_header_carries_are_told_apart_and_not_shown() {
    let new = |key: &str, secret: &str| {
        let canned = Canned::reply(200, &[], "{}");
        Tomba::new(account(), key, secret, canned).unwrap_err().to_string()
    };
    assert!(new("ta_\n", SECRET).starts_with("the API key holds"));
    let told = new(KEY, "ts_\u{7f}hush");
    assert!(told.starts_with("the API secret holds") && !told.contains("hush"), "{told}");
    let shown = format!("{:?}", tomba(Canned::reply(200, &[], "{}")));
    assert!(!shown.contains(KEY) && !shown.contains(SECRET), "{shown}");
}
