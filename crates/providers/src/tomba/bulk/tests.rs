//! Jobs, from their creation to their bills.

mod created;
mod forms;
mod lives;
mod refusals;
mod replies;
mod tied;

use super::super::{
    Tomba,
    tests::{Canned, KEY, SECRET, account, query},
};
use crate::transport::{Connection, Transport, TransportError};
use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use bytes::Bytes;
use http::{Request, Response};
use leadmill_core::{
    Answered, Batch, BatchId, Bill, Credits, ErrorKind, Estimate, Finding, JobId, Keys,
    Lane, Launch, Operation, Page, Progress, Provider, ProviderError, Query, RunId,
    Terms, Value,
};
use leadmill_sandbox::tomba::{
    BulkOptions, Generation as Spoken, Options, Tomba as Sandbox, TombaKey,
};
use std::{num::NonZeroU32, sync::Arc, time::Duration};
use tower::ServiceExt;

/// Every operation that has jobs.
const OPERATIONS: [Operation; 9] = [
    Operation::FindEmail,
    Operation::VerifyEmail,
    Operation::FindPerson,
    Operation::FindEmailByProfile,
    Operation::FindAuthor,
    Operation::ValidatePhone,
    Operation::FindCompany,
    Operation::FindSimilar,
    Operation::SearchDomain,
];

/// The sandbox in this process.
#[derive(Debug)]
struct Served(Sandbox);

#[async_trait]
impl Transport for Served {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: Connection,
    ) -> Result<Response<Bytes>, TransportError> {
        let response = self.0.router().oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(Response::from_parts(parts, body))
    }
}

/// A sandbox without limits of calls, and the provider before it in the same generation.
fn serve(bulk: BulkOptions) -> (Sandbox, Tomba) {
    serve_with(Options { bulk, ..Options::default() })
}

fn serve_with(options: Options) -> (Sandbox, Tomba) {
    let generation = options.bulk.generation;
    let sandbox = Sandbox::new(Options { limits: false, ..options });
    let TombaKey { key, secret } = TombaKey::default();
    let mut account = account();
    account.pack.jobs.generation = number(generation);
    let served = Arc::new(Served(sandbox.clone()));
    (sandbox, Tomba::new(account, &key, &secret, served).unwrap())
}

fn number(generation: Spoken) -> Option<NonZeroU32> {
    NonZeroU32::new(if generation == Spoken::First { 1 } else { 2 })
}

/// The provider of a generation before a reply.
fn replying(generation: u32, canned: Arc<Canned>) -> Tomba {
    let mut account = account();
    account.pack.jobs.generation = NonZeroU32::new(generation);
    Tomba::new(account, KEY, SECRET, canned).unwrap()
}

/// Questions of an operation that differ.
fn asked(operation: Operation, count: usize) -> Vec<Query> {
    let letters = |nth: usize| {
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).unwrap());
        format!("{}{}", letter(nth / 26), letter(nth))
    };
    let one = |nth: usize| {
        let (word, site) = (letters(nth), format!("example{nth}.com"));
        match operation {
            Operation::FindEmail => {
                query(operation, ["Ada", &format!("By{word}"), "example.com"])
            }
            Operation::VerifyEmail | Operation::FindPerson => {
                query(operation, [&*format!("ada.{word}@{site}")])
            }
            Operation::FindEmailByProfile => {
                query(operation, [&*format!("linkedin.com/in/ada-{word}")])
            }
            Operation::FindAuthor => {
                query(operation, [&*format!("https://{site}/By/{word}")])
            }
            Operation::ValidatePhone if nth.is_multiple_of(2) => {
                query(operation, [&*format!("+1415555{:04}", 100 + nth), ""])
            }
            Operation::ValidatePhone => {
                query(operation, [&*format!("(415) 555-{:04}", 100 + nth), "us"])
            }
            _ => query(operation, [&*site]),
        }
    };
    (0..count).map(one).collect()
}

fn batch(queries: Vec<Query>) -> Batch {
    let operation = queries[0].operation();
    Batch::of(RunId(1), "tomba", 1, operation, Lane::Bulk, Credits(1), queries)
}

/// Hands over, launches, and waits for the end.
async fn ended(tomba: &Tomba, batch: &Batch) -> JobId {
    let operation = batch.operation;
    let job = tomba.submit(batch).await.unwrap().value;
    let launch = tomba.launch(operation, &job, false).await.unwrap().value;
    assert_eq!(launch, Launch::Begun);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(tomba.poll(operation, &job).await.unwrap().value, Progress::Ready);
    job
}

async fn fetched(tomba: &Tomba, batch: &Batch) -> Result<Page, ProviderError> {
    let job = ended(tomba, batch).await;
    let fetch = tomba.fetch(batch.operation, &job, &batch.keys, 1, 10_000);
    Ok(fetch.await?.value)
}

fn hits(page: &Page) -> Vec<&Answered> {
    page.answers.iter().filter(|a| matches!(a.finding, Finding::Hit(_))).collect()
}

/// The value of a hit, by its field's name.
fn field<'a>(operation: Operation, answer: &'a Answered, name: &str) -> &'a Value {
    let Finding::Hit(values) = &answer.finding else { panic!("{answer:?}") };
    let place = operation.fields().iter().position(|field| field.name == name).unwrap();
    &values[place]
}
