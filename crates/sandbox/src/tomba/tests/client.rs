//! A client in process: no socket, so that paused time is exact.

use axum::body::{Body, to_bytes};
use axum::response::Response;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::tomba::{BulkOptions, Options, Tomba};

pub(super) const KEY: &str = "ta_sandbox";
pub(super) const SECRET: &str = "ts_00000000-0000-4000-8000-000000000000";

/// A reply, read to its end.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
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

    /// The status and the type of a failure.
    pub(super) fn failure(&self) -> (u16, &str) {
        (self.status, self.at("/errors/type").as_str().unwrap_or_default())
    }
}

pub(super) fn tomba(options: Options) -> Tomba {
    Tomba::new(options)
}

/// A sandbox in which only jobs are limited.
pub(super) fn with_bulk(bulk: BulkOptions) -> Tomba {
    tomba(Options { bulk, limits: false, ..Options::default() })
}

/// A sandbox without limits of rates.
pub(super) fn loose() -> Tomba {
    tomba(Options { limits: false, ..Options::default() })
}

/// One request with the usual keys, and its raw response.
pub(super) async fn send(
    tomba: &Tomba,
    method: &str,
    path: &str,
    kind: &str,
    body: impl Into<Body>,
) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(format!("/v1{path}"))
        .header("x-tomba-key", KEY)
        .header("x-tomba-secret", SECRET)
        .header("content-type", kind)
        .body(body.into())
        .unwrap();
    tomba.router().oneshot(request).await.unwrap()
}

pub(super) async fn read(response: Response) -> Reply {
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Reply { status: parts.status.as_u16(), headers: parts.headers, text, body }
}

pub(super) async fn get(tomba: &Tomba, path: &str) -> Reply {
    read(send(tomba, "GET", path, "application/json", "").await).await
}

pub(super) async fn ask(tomba: &Tomba, method: &str, path: &str) -> Reply {
    read(send(tomba, method, path, "application/json", "").await).await
}

pub(super) async fn post(tomba: &Tomba, path: &str, body: Value) -> Reply {
    read(send(tomba, "POST", path, "application/json", body.to_string()).await).await
}

/// The path that asks for the nth person of a crowd.
pub(super) fn person(nth: usize) -> String {
    format!(
        "/email-finder?domain=example.com&first_name=Ada&last_name=Testerly{}",
        letters(nth)
    )
}

/// The last name of the nth person of the crowd.
pub(super) fn letters(nth: usize) -> String {
    nth.to_string().bytes().map(|digit| (b'a' + digit - b'0') as char).collect()
}

/// Those of the first people of the crowd who are found.
pub(super) fn found(count: usize) -> Vec<usize> {
    let is_found = |nth: &usize| {
        let last = format!("Testerly{}", letters(*nth));
        crate::tomba::find_email(0, "Ada", &last, "example.com").is_some()
    };
    (0..count).filter(is_found).collect()
}

/// A finder job of the first people of the crowd.
pub(super) fn crowd(count: usize) -> Value {
    let header =
        vec!["First name".to_owned(), "Last name".to_owned(), "Domain".to_owned()];
    let row = |nth| {
        vec![
            "Ada".to_owned(),
            format!("Testerly{}", letters(nth)),
            "example.com".to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> =
        [header].into_iter().chain((0..count).map(row)).collect();
    json!({ "name": "A crowd", "data": rows })
}

/// Creates a finder job; gives its id.
pub(super) async fn create(tomba: &Tomba, count: usize) -> i64 {
    let reply = post(tomba, "/bulk/finder", crowd(count)).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    reply.at("/data/id").as_i64().unwrap()
}

/// Creates and launches a finder job; gives its id.
pub(super) async fn launched(tomba: &Tomba, count: usize) -> i64 {
    let id = create(tomba, count).await;
    let reply = ask(tomba, "PUT", &format!("/bulk/finder/{id}")).await;
    assert_eq!((reply.status, reply.at("/data/status")), (200, &json!(true)));
    id
}

/// The status that the progress of a finder job tells.
pub(super) async fn state(tomba: &Tomba, id: i64) -> String {
    let reply = get(tomba, &format!("/bulk/finder/{id}/progress")).await;
    reply.at("/status").as_str().unwrap_or_default().to_owned()
}
