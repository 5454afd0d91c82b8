//! No reply of a provider brings a credential into anything that is shown or kept.

use crate::{
    Enrich, Tomba, packs,
    transport::{Connection, Transport, TransportError},
};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use leadmill_core::{
    Account, Batch, Credits, JobId, Lane, Operation, Provider, Query, RunId,
    pack::{Percent, Risk},
};
use serde_json::{Value as Json, json};
use std::{collections::BTreeMap, fmt::Debug, sync::Arc, time::Duration};

/// What the account has, with signs that JSON escapes.
const KEY: &str = r#"sk_live+"7f3a\9c"#;
const SECRET: &str = "ts_live-41d0";
/// Another form of the key.
const FORM: &str = "c2tfbGl2ZQ==";

#[derive(Debug)]
struct Canned(String);

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        _: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        Ok(Response::builder().body(Bytes::from(self.0.clone())).unwrap())
    }
}

fn account(name: &str) -> Account {
    let pack = packs().unwrap().into_iter().find(|pack| pack.name.starts_with(name));
    let pack = pack.unwrap();
    Account {
        name: name.to_owned(),
        purse: pack.name.clone(),
        windows: BTreeMap::new(),
        poll: Duration::from_secs(5),
        share: Percent::WHOLE,
        batch_risk: Risk::default(),
        in_doubt_limit: None,
        pack,
    }
}

fn enrich(body: impl ToString) -> Enrich {
    let transport = Arc::new(Canned(body.to_string()));
    let enrich = Enrich::new(account("enrich"), KEY, transport).unwrap();
    enrich.hiding(vec![FORM.to_owned(), String::new()])
}

fn tomba(body: impl ToString) -> Tomba {
    let transport = Arc::new(Canned(body.to_string()));
    let tomba = Tomba::new(account("tomba"), KEY, SECRET, transport).unwrap();
    tomba.hiding(vec![FORM.to_owned()])
}

/// Every text of a reply that is no part of its form, with the credentials in it.
fn told() -> String {
    format!("{KEY} and {SECRET} and {FORM}")
}

fn assert_hidden(what: &str, shown: &impl Debug, forms: &[&str]) {
    let shown = format!("{shown:?}");
    for form in forms {
        for form in [(*form).to_owned(), format!("{form:?}").trim_matches('"').to_owned()]
        {
            assert!(!shown.contains(&form), "{what}: {shown}");
        }
    }
    assert!(shown.contains("[secret]"), "{what}: {shown}");
}

fn question(operation: Operation) -> Query {
    let raw: &[Option<&str>] = match operation {
        Operation::FindEmail => &[Some("Ada"), Some("Byron"), Some("example.com")],
        Operation::VerifyEmail | Operation::FindPerson => &[Some("ada@example.com")],
        Operation::FindPhone => &[None, Some("ada@example.com")],
        Operation::FindEmployees | Operation::SearchPeople => {
            &[Some("linkedin.com/company/x")]
        }
        Operation::FindFollowers => &[Some("linkedin.com/company/x"), Some("500")],
        Operation::SearchLeads => {
            &[Some(r#"{"city":["Bern"]}"#), None, Some("25"), Some("1")]
        }
        Operation::ExportLeads => &[Some(r#"{"city":["Bern"]}"#), None, Some("25")],
        _ => &[Some("enc_A1")],
    };
    Query::read(operation, raw.iter().copied()).unwrap()
}

/// An answer of each operation, with the credentials in its texts.
fn answer(operation: Operation) -> Json {
    let told = told();
    match operation {
        Operation::FindEmail => json!({
            "firstName": "Ada", "lastName": "Byron", "domain": "example.com", "found": true,
            "email": told, "provider": told, "message": told,
        }),
        Operation::VerifyEmail => {
            json!({ "email": "ada@example.com", "result": "valid", "message": told })
        }
        Operation::FindPhone => {
            json!({ "email": "ada@example.com", "found": true, "phones": [told] })
        }
        Operation::FindPerson => json!({
            "displayName": told, "skills": [told],
            "positions": { "positionHistory": [{ "title": told, "description": told }] },
        }),
        Operation::FindEmployees => json!({ "results": [{ "full_name": told }] }),
        Operation::SearchPeople => {
            json!({ "results": [{ "person": { "first_name": told }, "what_matched": [told] }] })
        }
        Operation::UnlockName => {
            json!({ "results": [{ "id": "enc_A1", "lastName": told }] })
        }
        // What has no field of its own is kept as JSON.
        Operation::SearchLeads => {
            json!({ "results": [{ "id": "l1", "another": { told.clone(): told } }] })
        }
        Operation::FindFollowers => {
            json!({ "data": [{ "firstName": told, "another": told }], "done": true })
        }
        Operation::RevealEmail => json!({
            "status": "completed",
            "results": { "revealed": [{ "id": "enc_A1", "emailAddress": told, "jobTitle": told }] },
        }),
        operation => panic!("{operation}"),
    }
}

#[tokio::test]
async fn no_single_answer_holds_one() {
    for operation in [
        Operation::FindEmail,
        Operation::VerifyEmail,
        Operation::FindPhone,
        Operation::FindPerson,
        Operation::FindEmployees,
        Operation::SearchPeople,
        Operation::UnlockName,
        Operation::SearchLeads,
    ] {
        let enrich = enrich(json!({ "data": answer(operation) }));
        let answered = enrich.ask(&question(operation)).await.unwrap().value;
        assert_hidden(operation.name(), &answered, &[KEY, FORM]);
    }
}

#[tokio::test]
async fn no_page_of_results_holds_one() {
    let job = JobId("j1".into());
    for operation in [
        Operation::FindEmail,
        Operation::VerifyEmail,
        Operation::FindPhone,
        Operation::FindPerson,
        Operation::FindFollowers,
        Operation::RevealEmail,
    ] {
        let body = match operation {
            Operation::FindFollowers | Operation::RevealEmail => {
                json!({ "data": answer(operation) })
            }
            _ => {
                json!({ "data": { "status": "completed", "results": [answer(operation)] } })
            }
        };
        let query = question(operation);
        let queries = vec![query];
        let batch =
            Batch::of(RunId(1), "a", 0, operation, Lane::Bulk, Credits(1), queries);
        let fetch = enrich(body).fetch(operation, &job, &batch.keys, 1, 100).await;
        assert_hidden(operation.name(), &fetch.unwrap().value, &[KEY, FORM]);
    }
    let file =
        format!("id,jobTitle,other\nl1,\"{0}\",\"{0}\"\n", told().replace('"', "\"\""));
    let operation = Operation::ExportLeads;
    let queries = vec![question(operation)];
    let batch = Batch::of(RunId(1), "a", 0, operation, Lane::Bulk, Credits(1), queries);
    let fetch = enrich(&file).fetch(operation, &job, &batch.keys, 2, 100).await;
    assert_hidden("export", &fetch.unwrap().value, &[KEY, FORM]);
}

#[tokio::test]
async fn what_an_account_tells_of_itself_holds_none() {
    let told = told();
    let row = json!({
        "id": told, "type": told, "amount": -1, "balanceAfter": 5, "description": told,
        "metadata": { told.clone(): [told] }, "createdAt": "2026-01-01",
    });
    let pagination = json!({ "page": 1, "limit": 100, "total": 1, "totalPages": 1 });
    let body = json!({ "data": { "transactions": [row], "pagination": pagination } });
    let enrich = enrich(body);
    let rows = enrich.transactions(1).await.unwrap().value.rows;
    assert_hidden("transactions", &rows, &[KEY, FORM]);
    let movements = enrich.movements(1, 100, None).await.unwrap().value;
    assert_hidden("movements", &movements, &[KEY, FORM]);
    let tomba = tomba(
        json!({ "data": [{ "id": "7", "uri": told, "ip": told, "created_at": told }], "total": {} }),
    );
    let logs = tomba.logs(1, 10).await.unwrap().value;
    assert_hidden("logs", &logs, &[KEY, SECRET, FORM]);
    let usage = tomba.usage().await.unwrap().value;
    assert_hidden("usage", &usage, &[KEY, SECRET, FORM]);
}

/// Without the credential it would be another job's name.
#[tokio::test]
async fn a_job_is_never_called_by_one() {
    let enrich = Enrich::new(
        account("enrich"),
        "sk_live_7f3a",
        Arc::new(Canned(json!({ "data": { "batchId": "b_sk_live_7f3a" } }).to_string())),
    );
    let operation = Operation::FindEmail;
    let queries = vec![question(operation)];
    let batch = Batch::of(RunId(1), "a", 0, operation, Lane::Bulk, Credits(1), queries);
    let error = enrich.unwrap().submit(&batch).await.unwrap_err();
    assert!(error.to_string().ends_with("the reply names no usable job"), "{error}");
}
