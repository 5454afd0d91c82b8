//! A client in process: no socket, so that paused time is exact.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{Options, Sandbox, answer_finder};

/// A reply, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Reply {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A value by its JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> &Value {
        self.body.pointer(pointer).unwrap_or(&Value::Null)
    }
}

pub(super) fn sandbox(options: Options) -> Sandbox {
    Sandbox::new(options)
}

/// One request with the usual key, and its raw response.
pub(super) async fn send(
    sandbox: &Sandbox,
    method: &str,
    path: &str,
    body: &str,
) -> Response {
    let request =
        Request::builder().method(method).uri(path).header("x-api-key", "sk_sandbox");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    sandbox.router().oneshot(request).await.unwrap()
}

pub(super) async fn read(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Reply { status: parts.status, headers: parts.headers, body }
}

pub(super) async fn get(sandbox: &Sandbox, path: &str) -> Reply {
    read(send(sandbox, "GET", &format!("/api/v3{path}"), "").await).await
}

pub(super) async fn post(sandbox: &Sandbox, path: &str, body: Value) -> Reply {
    read(send(sandbox, "POST", &format!("/api/v3{path}"), &body.to_string()).await).await
}

/// The nth person of a crowd.
pub(super) fn lead(nth: usize) -> Value {
    json!({ "firstName": "Ada", "lastName": format!("Byron{nth}"), "domain": "example.com" })
}

pub(super) fn leads(count: usize) -> Value {
    json!({ "leads": (0..count).map(lead).collect::<Vec<_>>() })
}

/// How many of the first people of the crowd are found.
pub(super) fn found(count: usize) -> u64 {
    let is_found = |nth: &usize| {
        answer_finder(0, "Ada", &format!("Byron{nth}"), "example.com").is_some()
    };
    (0..count).filter(is_found).count() as u64
}

/// Submits a finder batch; gives its id.
pub(super) async fn submit(sandbox: &Sandbox, count: usize) -> String {
    let reply = post(sandbox, "/email-finder/batch", leads(count)).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    reply.at("/data/batchId").as_str().unwrap().to_owned()
}

pub(super) async fn results(sandbox: &Sandbox, id: &str, query: &str) -> Reply {
    get(sandbox, &format!("/email-finder/batch/{id}/results{query}")).await
}
