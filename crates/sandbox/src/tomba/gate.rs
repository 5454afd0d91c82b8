//! What every request passes: the keys, the windows, and on the way out the headers.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::handle::{BASE, Tomba};
use super::keys::opens;
use super::route;
use crate::limits::Admission;
use crate::rate_headers::{RateHeaderList, rate_headers};
use crate::routes::body::drain;

const MARK: HeaderName = HeaderName::from_static("x-leadmill-sandbox");

/// Lets a request through or refuses it, and marks the response.
pub(super) async fn gate(
    State(tomba): State<Tomba>,
    request: Request,
    next: Next,
) -> Response {
    let Some(path) = request.uri().path().strip_prefix(BASE).map(str::to_owned) else {
        return marked(next.run(request).await);
    };
    let label = route::label(request.method(), &path);
    *tomba.book().requests.entry(label).or_default() += 1;
    let (headers, refused) = check(&tomba, &path, request.headers());
    let mut response = match refused {
        Some(refused) => {
            drain(request).await;
            refused.into_response()
        }
        None => next.run(request).await,
    };
    response.headers_mut().extend(headers);
    *tomba.book().statuses.entry(response.status().as_u16()).or_default() += 1;
    match tomba.options().calls_itself_sandbox {
        true => marked(response),
        false => response,
    }
}

/// A request without keys that open counts in no window.
fn check(
    tomba: &Tomba,
    path: &str,
    headers: &HeaderMap,
) -> (RateHeaderList, Option<Failure>) {
    let (options, endpoint, now) =
        (tomba.options(), route::endpoint(path), Instant::now());
    let limits = &mut tomba.book().limits;
    let open = endpoint == Endpoint::DomainStatus || opens(headers, &options.keys, path);
    let (rates, refused) = match open {
        false => (limits.rates(endpoint, now), Some(Failure::authentication(options))),
        true => match limits.admit(endpoint, now) {
            Admission::Accepted(rates) => (rates, unacceptable(path, headers)),
            Admission::Throttled(rates, wait) => {
                let message =
                    format!("Too many requests to {endpoint}, please slow down.");
                let refused = Failure::throttled(message, wait);
                let told = options.retry_after;
                (rates, Some(if told { refused } else { refused.without_wait() }))
            }
        },
    };
    (rate_headers(options.header_family, rates, limits, endpoint, now), refused)
}

/// 406: what is wanted is no JSON. Files are none.
fn unacceptable(path: &str, headers: &HeaderMap) -> Option<Failure> {
    let wanted = headers.get(ACCEPT)?.to_str().ok()?;
    let json = ["json", "*/*", "application/*"].iter().any(|kind| wanted.contains(kind));
    let file = path.trim_end_matches('/').ends_with("/download");
    (!json && !file).then(|| {
        let message = "Only JSON is to be had.";
        Failure::new(StatusCode::NOT_ACCEPTABLE, "not_acceptable", message)
    })
}

fn marked(mut response: Response) -> Response {
    response.headers_mut().insert(MARK, HeaderValue::from_static("synthetic"));
    response
}
