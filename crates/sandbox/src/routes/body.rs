//! Reading what was sent.

use axum::body::to_bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request};
use futures::StreamExt;
use http::{Method, Uri};
use serde::de::DeserializeOwned;

use crate::answers::validation::looks_like_email;
use crate::options::Options;
use crate::page::PageQuery;
use crate::problem::Problem;

/// Reads the JSON body of a request.
pub(crate) async fn read<T: DeserializeOwned>(
    request: Request,
    options: &Options,
) -> Result<T, Problem> {
    // Items keep offsets of 32 bits into the text, which is never longer than the body.
    let most = options.max_body.unwrap_or(usize::MAX).min(u32::MAX as usize);
    let body =
        to_bytes(request.into_body(), most).await.map_err(|_| Problem::too_large())?;
    serde_json::from_slice(&body).map_err(|_| Problem::validation("body Invalid request"))
}

/// Reads the question of a single lookup: the body, or for a GET the query.
pub(crate) async fn read_question<T: DeserializeOwned>(
    request: Request,
    options: &Options,
) -> Result<T, Problem> {
    if request.method() != Method::GET {
        return read(request, options).await;
    }
    let query = Query::try_from_uri(request.uri());
    let refuse = |_| Problem::validation("querystring Invalid request");
    query.map(|Query(query)| query).map_err(refuse)
}

/// Reads a request to its end and forgets it. A server that replies to half a request and closes
/// may reset the connection, and the reply is lost to the client.
pub(crate) async fn drain(request: Request) {
    let mut chunks = request.into_body().into_data_stream();
    while let Some(Ok(_)) = chunks.next().await {}
}

/// The query of a paged list.
pub(crate) fn page_query(
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Result<PageQuery, Problem> {
    let refuse = |_| Problem::validation("querystring Invalid request");
    query.map(|Query(query)| query).map_err(refuse)
}

/// Refuses a text whose length in characters is out of bounds.
pub(crate) fn check_length(
    text: &str,
    most: usize,
    at: impl FnOnce() -> String,
) -> Result<(), Problem> {
    // A text has at most as many characters as bytes: most are never counted.
    if text.is_empty() {
        let detail = format!("{} String must contain at least 1 character(s)", at());
        return Err(Problem::validation(detail));
    }
    if text.len() > most && text.chars().count() > most {
        let detail = format!("{} String must contain at most {most} character(s)", at());
        return Err(Problem::validation(detail));
    }
    Ok(())
}

/// Refuses what is no e-mail address of up to 254 characters.
pub(crate) fn check_email(email: &str, at: impl Fn() -> String) -> Result<(), Problem> {
    check_length(email, 254, &at)?;
    match looks_like_email(email.trim()) {
        true => Ok(()),
        false => Err(Problem::validation(format!("{} Invalid email", at()))),
    }
}

/// Refuses a callback that is no absolute address.
pub(crate) fn check_callback(callback: Option<&str>) -> Result<(), Problem> {
    let absolute =
        |address: &str| address.parse::<Uri>().is_ok_and(|uri| uri.scheme().is_some());
    match callback {
        Some(address) if !absolute(address) => {
            Err(Problem::validation("body/webhookUrl Invalid url"))
        }
        _ => Ok(()),
    }
}
