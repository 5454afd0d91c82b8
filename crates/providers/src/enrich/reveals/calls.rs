//! What is sent to the lead finder, and what its refusals mean.

use super::super::{Enrich, PACK};
use crate::transport::{Connection, Transport, TransportError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use leadmill_core::{
    Account, Batch, Credits, ErrorKind, JobId, Keys, Lane, Operation, Pack, Provider,
    ProviderError, Query, RunId,
    pack::{Percent, Risk},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

/// Gives one reply to everything, and keeps what it was sent.
#[derive(Debug)]
struct Canned {
    status: u16,
    headers: &'static [(&'static str, &'static str)],
    body: String,
    sent: Mutex<Vec<(String, Value)>>,
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let line = format!("{} {}", request.method(), request.uri());
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        self.sent.lock().unwrap().push((line, body));
        let mut response = Response::builder().status(self.status);
        for (name, value) in self.headers {
            response = response.header(*name, *value);
        }
        Ok(response.body(Bytes::from(self.body.clone())).unwrap())
    }
}

fn enrich(canned: Canned) -> (Enrich, Arc<Canned>) {
    let pack: Pack = serde_saphyr::from_str(PACK).unwrap();
    let pack = Pack { base_url: "https://api.example".into(), ..pack };
    let account = Account {
        name: "enrich".into(),
        purse: "enrich.so".into(),
        windows: BTreeMap::new(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    };
    let canned = Arc::new(canned);
    (Enrich::new(account, "sk_test", Arc::clone(&canned) as _).unwrap(), canned)
}

fn replying(status: u16, body: impl Into<String>) -> Canned {
    Canned { status, headers: &[], body: body.into(), sent: Mutex::default() }
}

fn lead(operation: Operation, id: &str) -> Query {
    Query::read(operation, [Some(id)]).unwrap()
}

fn batch(operation: Operation) -> Batch {
    let queries = ["enc_A1", "enc_B2"].map(|id| lead(operation, id));
    let price = Credits(10);
    Batch::of(RunId(1), "enrich.so", 0, operation, Lane::Bulk, price, queries.into())
}

#[tokio::test]
async fn what_is_wanted_is_always_sent() {
    for (operation, fields) in [
        (Operation::RevealEmail, json!(["email"])),
        (Operation::RevealPhone, json!(["phone"])),
        (Operation::RevealContact, json!(["email", "phone"])),
    ] {
        let reply = r#"{"success":true,"data":{"jobId":"rj_0000000000000001"}}"#;
        let (enrich, canned) = enrich(replying(200, reply));
        let job = enrich.submit(&batch(operation)).await.unwrap().value;
        assert_eq!(job, JobId("rj_0000000000000001".into()));
        let (line, body) = canned.sent.lock().unwrap().remove(0);
        assert_eq!(line, "POST https://api.example/api/v3/lead-finder/enrich");
        let leads = json!([{ "id": "enc_A1" }, { "id": "enc_B2" }]);
        assert_eq!(body, json!({ "leads": leads, "fields": fields }));
    }
}

#[tokio::test]
async fn progress_and_results_stand_at_one_address() {
    let body = r#"{"data":{"status":"processing","progress":{"processed":1,"total":2}}}"#;
    let (enrich, canned) = enrich(replying(200, body));
    let (operation, job) = (Operation::RevealEmail, JobId("rj_1".into()));
    let progress = enrich.poll(operation, &job).await.unwrap().value;
    let expected = leadmill_core::Progress::Running { done: Some(1), total: Some(2) };
    assert_eq!(progress, expected);
    assert!(
        !enrich
            .fetch(operation, &job, &Keys::default(), 1, 25)
            .await
            .unwrap()
            .value
            .ready
    );
    for (line, _) in canned.sent.lock().unwrap().iter() {
        assert_eq!(line, "GET https://api.example/api/v3/lead-finder/reveal-jobs/rj_1");
    }
}

#[tokio::test]
async fn a_name_is_unlocked_alone() {
    let body = r#"{"data":{"results":[{"id":"enc_A1","lastName":"Example"}]},"meta":{"creditsUsed":1}}"#;
    let (enrich, canned) = enrich(replying(200, body));
    let query = lead(Operation::UnlockName, "enc_A1");
    let answered = enrich.ask(&query).await.unwrap().value;
    assert_eq!((answered.key, answered.credits), (query.key(), Some(Credits(1))));
    let (line, body) = canned.sent.lock().unwrap().remove(0);
    assert_eq!(line, "POST https://api.example/api/v3/lead-finder/unlock-names");
    assert_eq!(body, json!({ "leads": [{ "id": "enc_A1" }] }));
}

/// Without a bill, a name costs its price, also one that is not there.
#[tokio::test]
async fn nothing_says_that_a_missing_name_is_free() {
    for (name, meta, cost) in
        [("null", "{}", 1), ("\"Example\"", "{}", 1), ("null", r#"{"creditsUsed":0}"#, 0)]
    {
        let body = format!(
            r#"{{"data":{{"results":[{{"id":"enc_A1","lastName":{name}}}]}},"meta":{meta}}}"#
        );
        let (enrich, _) = enrich(replying(200, body));
        let query = lead(Operation::UnlockName, "enc_A1");
        let answered = enrich.ask(&query).await.unwrap().value;
        assert_eq!(answered.credits, Some(Credits(cost)), "{name} {meta}");
    }
}

#[tokio::test]
async fn a_lane_that_is_not_there_is_never_tried() {
    let (enrich, canned) = enrich(replying(200, "{}"));
    let alone = enrich.ask(&lead(Operation::RevealEmail, "enc_A1")).await.unwrap_err();
    let together = enrich.submit(&batch(Operation::UnlockName)).await.unwrap_err();
    assert_eq!([alone.kind, together.kind], [ErrorKind::Fatal; 2]);
    assert!(canned.sent.lock().unwrap().is_empty());
}

/// Each of the four calls, where it is declared with this status.
const SUBMIT: &str = "submit";
const POLL: &str = "poll";
const FETCH: &str = "fetch";
const ASK: &str = "ask";

pub(in super::super) struct Refusal {
    calls: &'static [&'static str],
    pub(in super::super) status: u16,
    pub(in super::super) headers: &'static [(&'static str, &'static str)],
    pub(in super::super) body: &'static str,
    pub(in super::super) kind: ErrorKind,
    pub(in super::super) sentence: &'static str,
}

const ALL: &[&str] = &[SUBMIT, POLL, FETCH, ASK];

const WAIT_45: ErrorKind = ErrorKind::Throttled(Some(Duration::from_secs(45)));

/// # Source
/// Reference §3.1 to §3.4: the statuses that these endpoints declare, in every documented shape.
pub(in super::super) const REFUSALS: &[Refusal] = &[
    Refusal {
        calls: &[SUBMIT, ASK],
        status: 400,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/validation-error","title":"Validation Error","status":400,"detail":"body/leads Too many"}"#,
        kind: ErrorKind::Refused,
        sentence: "body/leads Too many",
    },
    Refusal {
        calls: ALL,
        status: 401,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/unauthorized","title":"Unauthorized","status":401,"detail":"The key was revoked"}"#,
        kind: ErrorKind::Fatal,
        sentence: "The key was revoked",
    },
    Refusal {
        calls: ALL,
        status: 401,
        headers: &[],
        body: r#"{"error":"The key is disabled."}"#,
        kind: ErrorKind::Fatal,
        sentence: "The key is disabled.",
    },
    Refusal {
        calls: &[ASK],
        status: 402,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/insufficient-credits","title":"Insufficient Credits","status":402,"detail":"It takes 1 credit, and there are 0.","currentBalance":0,"required":1,"shortfall":1}"#,
        kind: ErrorKind::NoCredit,
        sentence: "It takes 1 credit, and there are 0.",
    },
    Refusal {
        calls: &[ASK],
        status: 402,
        headers: &[],
        body: r#"{"error":"Payment Required","message":"Too few credits","detail":{"required":1},"statusCode":402}"#,
        kind: ErrorKind::NoCredit,
        sentence: r#"Too few credits {"required":1}"#,
    },
    Refusal {
        calls: ALL,
        status: 403,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/access-denied","title":"Access Denied","status":403,"detail":"The team has not applied.","accessStatus":"none"}"#,
        kind: ErrorKind::Fatal,
        sentence: "The team has not applied. (access status: none)",
    },
    Refusal {
        calls: ALL,
        status: 403,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/access-denied","title":"Access Denied","status":403,"detail":"Access was withdrawn.","accessStatus":"revoked"}"#,
        kind: ErrorKind::Fatal,
        sentence: "Access was withdrawn. (access status: revoked)",
    },
    Refusal {
        calls: ALL,
        status: 403,
        headers: &[],
        body: r#"{"error":"The account is suspended."}"#,
        kind: ErrorKind::Fatal,
        sentence: "The account is suspended.",
    },
    Refusal {
        calls: &[POLL, FETCH],
        status: 404,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/not-found","title":"Not Found","status":404,"detail":"Reveal job not found"}"#,
        kind: ErrorKind::Gone,
        sentence: "Reveal job not found",
    },
    Refusal {
        calls: ALL,
        status: 429,
        headers: &[("retry-after", "45")],
        body: r#"{"type":"https://dev.enrich.so/errors/rate-limit-exceeded","title":"Too Many Requests","status":429,"detail":"Too many at once."}"#,
        kind: WAIT_45,
        sentence: "Too many at once.",
    },
    Refusal {
        calls: ALL,
        status: 429,
        headers: &[],
        body: r#"{"statusCode":429,"error":"Too Many Requests","message":"Later, please","retryAfter":45}"#,
        kind: WAIT_45,
        sentence: "Later, please",
    },
    Refusal {
        calls: ALL,
        status: 429,
        headers: &[],
        body: r#"{"error":"Too many for this key"}"#,
        kind: ErrorKind::Throttled(None),
        sentence: "Too many for this key",
    },
    Refusal {
        calls: ALL,
        status: 500,
        headers: &[],
        body: r#"{"type":"https://dev.enrich.so/errors/internal-error","title":"Internal Server Error","status":500,"detail":"Something broke."}"#,
        kind: ErrorKind::InDoubt,
        sentence: "Something broke.",
    },
    Refusal {
        calls: &[POLL, FETCH],
        status: 200,
        headers: &[],
        body: r#"{"success":true,"data":{"jobId":"rj_1","status":"failed","error":"Insufficient credits (balance: 3, required: 20)","creditsRefunded":0}}"#,
        kind: ErrorKind::NoCredit,
        sentence: "Insufficient credits (balance: 3, required: 20)",
    },
];

async fn error(enrich: &Enrich, call: &str) -> Option<ProviderError> {
    let (operation, job) = (Operation::RevealEmail, JobId("rj_1".into()));
    match call {
        SUBMIT => enrich.submit(&batch(operation)).await.err(),
        POLL => enrich.poll(operation, &job).await.err(),
        FETCH => enrich.fetch(operation, &job, &Keys::default(), 1, 25).await.err(),
        _ => enrich.ask(&lead(Operation::UnlockName, "enc_A1")).await.err(),
    }
}

#[tokio::test]
async fn every_documented_refusal_of_the_lead_finder_is_told_right() {
    for Refusal { calls, status, headers, body, kind, sentence } in REFUSALS {
        for call in *calls {
            let (enrich, canned) = enrich(Canned { headers, ..replying(*status, *body) });
            let error = error(&enrich, call).await;
            let told = error.map(|e| (e.kind, e.detail, e.status));
            let expected = (*kind, (*sentence).to_owned(), Some(*status));
            assert_eq!(told, Some(expected), "{call} {status} {body}");
            assert_eq!(canned.sent.lock().unwrap().len(), 1);
        }
    }
}
