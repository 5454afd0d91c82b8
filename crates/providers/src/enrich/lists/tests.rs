//! Followers, estimates and exports: what is sent and what is read, by the reference's samples.

mod exports;
mod searches;

use super::super::{
    Enrich, PACK,
    reveals::calls::{REFUSALS, Refusal},
};
use crate::transport::{Connection, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use leadmill_core::{
    Account, Batch, Credits, ErrorKind, Finding, JobId, Keys, Lane, Operation, Pack,
    Page, Progress, Provider, Query, RunId, Terms, Value,
    pack::{Percent, Risk},
};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Gives one reply to everything, and keeps what it was sent.
#[derive(Debug)]
struct Canned {
    reply: Result<(u16, String), ()>,
    headers: &'static [(&'static str, &'static str)],
    sent: Mutex<Vec<(String, Json)>>,
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let line = format!("{} {}", request.method(), request.uri().path());
        let line = match request.uri().query() {
            Some(query) => format!("{line}?{query}"),
            None => line,
        };
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        self.sent.lock().unwrap().push((line, body));
        let Ok((status, body)) = &self.reply else {
            return Err(TransportError::Lost("reset".into()));
        };
        let mut response = Response::builder().status(*status);
        for (name, value) in self.headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Bytes::from(body.clone())).unwrap())
    }
}

struct Made {
    enrich: Enrich,
    canned: Arc<Canned>,
}

/// The provider as a pipeline uses it that asks for at most so many rows.
fn made(canned: Canned) -> Made {
    let mut pack: Pack = serde_saphyr::from_str(PACK).unwrap();
    for offer in pack.operations.values_mut() {
        if offer.rows.is_some() {
            offer.rows = NonZeroU32::new(500);
            offer.price = offer.price * 500;
        }
    }
    let account = Account {
        name: "enrich".into(),
        purse: "enrich.so".into(),
        windows: BTreeMap::new(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack: Pack { base_url: "https://api.example".into(), ..pack },
    };
    let canned = Arc::new(canned);
    Made { enrich: Enrich::new(account, "sk_test", canned.clone()).unwrap(), canned }
}

fn replying(body: impl ToString) -> Made {
    let (reply, headers) = (Ok((200, body.to_string())), &[][..]);
    made(Canned { reply, headers, sent: Mutex::default() })
}

impl Made {
    fn sent(&self) -> (String, Json) {
        self.canned.sent.lock().unwrap().pop().unwrap()
    }
}

fn question(operation: Operation) -> Query {
    let company = Some("linkedin.com/company/x");
    let filters = Some(r#"{"jobLevel":["VP"]}"#);
    let raw = match operation {
        Operation::FindFollowers => {
            vec![
                company,
                Some("500"),
                Some("Germany|France"),
                None,
                None,
                None,
                Some("CXO"),
            ]
        }
        Operation::CountFollowers => vec![company, None, None, Some("Designer")],
        Operation::SearchLeads => {
            vec![filters, Some(r#"{"domain":"x.io"}"#), Some("25"), Some("4")]
        }
        _ => vec![filters, None, Some("5000")],
    };
    Query::read(operation, raw).unwrap()
}

fn batch(operation: Operation, price: Credits) -> Batch {
    let queries = vec![question(operation)];
    Batch::of(RunId(1), "enrich.so", 0, operation, Lane::Bulk, price, queries)
}

async fn page(made: &Made, operation: Operation, number: u32) -> Page {
    let keys = [question(operation).key()].into();
    let job = JobId("j1".into());
    made.enrich.fetch(operation, &job, &keys, number, 500).await.unwrap().value
}

#[tokio::test]
async fn each_job_is_begun_as_documented() {
    let url = "https://www.linkedin.com/company/x";
    for (operation, line, body) in [
        (
            Operation::FindFollowers,
            "POST /api/v3/company-follower",
            json!({ "companyUrl": url, "max_limit": 500, "countries": ["Germany", "France"], "levels": ["CXO"] }),
        ),
        (
            Operation::CountFollowers,
            "POST /api/v3/count-estimate",
            json!({ "companyUrl": url, "jobTitles": ["Designer"] }),
        ),
        (
            Operation::ExportLeads,
            "POST /api/v3/lead-finder/export",
            json!({ "filters": { "jobLevel": ["VP"] }, "maxResults": 5000 }),
        ),
    ] {
        let name = if operation == Operation::ExportLeads { "jobId" } else { "batchId" };
        let made = replying(json!({ "success": true, "data": { name: "j1" } }));
        let job = made.enrich.submit(&batch(operation, Credits(1))).await.unwrap();
        assert_eq!(job.value, JobId("j1".into()), "{operation}");
        assert_eq!(made.sent(), (line.to_owned(), body));
    }
}

#[tokio::test]
async fn progress_and_pages_stand_where_they_are_documented() {
    let body = json!({ "data": { "done": false, "status": "processing", "data": [] } });
    let made = replying(body);
    let job = JobId("j1".into());
    let running = Progress::Running { done: None, total: None };
    for (operation, progress, pages) in [
        (
            Operation::FindFollowers,
            "company-follower/j1/progress",
            [
                "company-follower/j1/results?page=1&limit=500",
                "company-follower/j1/results?page=2&limit=500",
            ],
        ),
        (Operation::CountFollowers, "count-estimate/j1", ["count-estimate/j1"; 2]),
        (
            Operation::ExportLeads,
            "lead-finder/export-jobs/j1",
            ["lead-finder/export-jobs/j1", "lead-finder/export-jobs/j1/download"],
        ),
    ] {
        let told = made.enrich.poll(operation, &job).await.map(|reply| reply.value);
        if operation != Operation::CountFollowers {
            assert_eq!(told.unwrap(), running, "{operation}");
        }
        assert_eq!(made.sent().0, format!("GET /api/v3/{progress}"));
        for (number, path) in (1..).zip(pages) {
            // Whatever comes of it.
            drop(made.enrich.fetch(operation, &job, &Keys::default(), number, 500).await);
            assert_eq!(made.sent().0, format!("GET /api/v3/{path}"));
        }
    }
}

#[tokio::test]
async fn only_its_end_ends_a_job() {
    let job = JobId("j1".into());
    let ready = async |operation, data: Json| {
        let made = replying(json!({ "data": data }));
        made.enrich.poll(operation, &job).await.unwrap().value == Progress::Ready
    };
    for (done, total) in [(true, 3), (false, -1), (false, 3)] {
        let data = json!({ "batchId": "j1", "processed": 3, "total": total, "errors": 0, "done": done });
        assert_eq!(ready(Operation::FindFollowers, data).await, done);
    }
    let data = json!({ "batchId": "j1", "processed": 3, "total": 9, "errors": 6, "done": true, "partial": true });
    let made = replying(json!({ "data": data }));
    let poll = made.enrich.poll(Operation::FindFollowers, &job).await;
    assert_eq!(poll.unwrap().value, Progress::Partial);
    for (status, ends) in [
        ("pending", false),
        ("in_progress", false),
        ("processing", false),
        ("completed", true),
        ("failed", true),
        ("cancelled", true),
    ] {
        let data = json!({ "batchId": "j1", "status": status, "companyUrl": "u" });
        assert_eq!(ready(Operation::CountFollowers, data).await, ends, "{status}");
        for progress in [json!(50), json!({ "processed": 1, "total": 2 })] {
            let results =
                json!({ "totalExported": 1, "creditsUsed": 0, "creditsRefunded": 0 });
            let data = json!({ "jobId": "j1", "status": status, "progress": progress, "results": results });
            assert_eq!(ready(Operation::ExportLeads, data).await, ends, "{status}");
        }
    }
}

fn rows(page: &Page) -> Vec<Vec<Value>> {
    let [answer] = &page.answers[..] else { panic!("{page:?}") };
    let Finding::Hit(values) = &answer.finding else { panic!("{page:?}") };
    let Value::Values(rows) = &values[0] else { panic!("{page:?}") };
    let row = |row: &Value| match row {
        Value::Values(values) => values.to_vec(),
        other => panic!("{other:?}"),
    };
    rows.iter().map(row).collect()
}

fn field(operation: Operation, row: &[Value], name: &str) -> Value {
    let (_, fields) = operation.rows().unwrap();
    row[fields.iter().position(|field| field.name == name).unwrap()].clone()
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

#[tokio::test]
async fn followers_are_rows_and_the_bill_is_the_providers() {
    let ada = json!({
        "profileUrl": "https://www.linkedin.com/in/ada", "name": "Ada Example", "title": "Engineer",
        "connectionDegree": 2, "isPremium": true, "spotlights": ["Recently hired"], "objectURN": "urn:1",
        "isSaved": null,
    });
    let body = json!({
        "success": true,
        "data": {
            "batchId": "j1", "count": 2, "data": [ada, { "profileUrl": "https://www.linkedin.com/in/bob" }],
            "pagination": { "page": 1, "limit": 500, "total": 342, "totalPages": 1 },
        },
        "meta": { "creditsUsed": 34200, "creditsRefunded": 15800, "creditsRemaining": 7 },
    });
    let page = page(&replying(body), Operation::FindFollowers, 1).await;
    assert_eq!((page.ready, page.total, page.items), (true, Some(342), 2));
    assert_eq!(page.cost, Some(Credits(34_200)));
    let rows = rows(&page);
    let of = |name| field(Operation::FindFollowers, &rows[0], name);
    assert_eq!(of("linkedin_url"), text("https://www.linkedin.com/in/ada"));
    assert_eq!(of("full_name"), text("Ada Example"));
    assert_eq!(
        (of("connection_degree"), of("is_premium")),
        (Value::Integer(2), Value::Flag(true))
    );
    assert_eq!(of("spotlights"), Value::Values([text("Recently hired")].into()));
    assert_eq!((of("profile_id"), of("is_saved")), (text("urn:1"), Value::Null));
    assert_eq!(rows[1].len(), rows[0].len());
}

#[tokio::test]
async fn a_company_that_nobody_follows_is_a_miss() {
    let body = json!({
        "data": { "batchId": "j1", "count": 0, "data": [], "pagination": { "total": 0 } },
        "meta": { "creditsUsed": 0, "creditsRefunded": 50000 },
    });
    let page = page(&replying(body), Operation::FindFollowers, 1).await;
    assert_eq!(page.answers[0].finding, Finding::Miss);
    assert_eq!(page.cost, Some(Credits(0)));
}

#[tokio::test]
async fn an_estimate_that_failed_gives_its_price_back() {
    let estimate = async |status: &str, refunded: Option<u64>| {
        let numbers = json!({
            "totalCount": 1200,
            "functionBreakdown": [{ "functionName": "Sales", "functionId": "1", "count": 700, "percentage": 58.3,
                "seniorityBreakdown": [{ "seniorityLevel": "CXO", "seniorityId": "2", "count": 70, "percentage": 10 }] }],
            "seniorityBreakdown": null,
        });
        let numbers = if status == "completed" { numbers } else { Json::Null };
        let body = json!({
            "data": { "batchId": "j1", "status": status, "companyUrl": "u", "data": numbers },
            "meta": { "creditsRefunded": refunded },
        });
        page(&replying(body), Operation::CountFollowers, 1).await
    };
    let done = estimate("completed", None).await;
    assert_eq!((done.ready, done.failed, done.cost), (true, false, Some(Credits(100))));
    let Finding::Hit(values) = &done.answers[0].finding else { panic!("{done:?}") };
    let cxo = Value::Values([text("CXO"), Value::Integer(70)].into());
    let seniorities = Value::Values([cxo].into());
    let sales = Value::Values([text("Sales"), Value::Integer(700), seniorities].into());
    assert_eq!(
        **values,
        [Value::Integer(1200), Value::Values([sales].into()), Value::Null]
    );
    for (status, refunded, cost) in
        [("failed", Some(100), 0), ("failed", None, 100), ("cancelled", None, 100)]
    {
        let page = estimate(status, refunded).await;
        assert_eq!((page.failed, page.cost), (true, Some(Credits(cost))), "{status}");
        assert!(page.answers.is_empty());
    }
    assert!(!estimate("in_progress", None).await.ready);
}

/// Nothing is at stake where nothing is charged.
#[tokio::test]
async fn a_lost_reply_about_what_costs_nothing_is_no_doubt() {
    for (price, kind) in [(0, ErrorKind::Unsent), (1, ErrorKind::InDoubt)] {
        let (reply, headers) = (Err(()), &[][..]);
        let made = made(Canned { reply, headers, sent: Mutex::default() });
        let batch = batch(Operation::ExportLeads, Credits(price));
        assert_eq!(made.enrich.submit(&batch).await.unwrap_err().kind, kind);
    }
}

#[tokio::test]
async fn the_teams_own_terms_are_read() {
    let read = async |data: Json| {
        let made = replying(json!({ "data": data }));
        let terms = made.enrich.terms(Operation::FindFollowers).await;
        assert_eq!(made.sent().0, "GET /api/v3/company-follower/limit");
        terms.map(|reply| reply.value)
    };
    let data = json!({ "status": "approved", "dailyLimit": 9000, "dailyUsed": 100, "dailyRemaining": 8900, "creditsPerProfile": 79.5 });
    let terms = Terms {
        price: Some(Credits(80)),
        daily: Some(9_000),
        left: Some(8_900),
        ..Terms::default()
    };
    assert_eq!(read(data).await.unwrap(), terms);
    assert_eq!(read(json!({ "status": "approved" })).await.unwrap(), Terms::default());
    for status in ["pending", "rejected", "revoked", "none", "unheard_of"] {
        let error = read(json!({ "status": status })).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Fatal);
        assert!(error.detail.contains(status), "{error}");
    }
}

/// Reference §3: whatever the endpoint, a body means one thing. What is at stake at each is in
/// [`a_lost_reply_about_what_costs_nothing_is_no_doubt`].
#[tokio::test]
async fn every_documented_refusal_is_told_right() {
    let job = JobId("j1".into());
    let lists =
        [Operation::FindFollowers, Operation::CountFollowers, Operation::ExportLeads];
    for Refusal { status, headers, body, kind, sentence, .. } in REFUSALS {
        if *status == 200 {
            continue;
        }
        let refusing = || {
            let reply = Ok((*status, (*body).to_owned()));
            made(Canned { reply, headers, sent: Mutex::default() }).enrich
        };
        let mut told = Vec::new();
        for operation in lists {
            let submit = refusing().submit(&batch(operation, Credits(1))).await;
            told.push((false, submit.map(drop).unwrap_err()));
            let poll = refusing().poll(operation, &job).await;
            told.push((true, poll.map(drop).unwrap_err()));
            for page in [1, 2] {
                let fetch =
                    refusing().fetch(operation, &job, &Keys::default(), page, 500).await;
                told.push((true, fetch.map(drop).unwrap_err()));
            }
        }
        let ask = refusing().ask(&question(Operation::SearchLeads)).await;
        told.push((false, ask.map(drop).unwrap_err()));
        let terms = refusing().terms(Operation::FindFollowers).await;
        told.push((false, terms.map(drop).unwrap_err()));
        for (of_job, error) in told {
            let kind = match kind {
                ErrorKind::Gone if !of_job => ErrorKind::Fatal,
                kind => *kind,
            };
            let expected = (kind, (*sentence).to_owned(), Some(*status));
            assert_eq!((error.kind, error.detail, error.status), expected, "{body}");
        }
    }
}
