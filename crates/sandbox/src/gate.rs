//! What every request passes: the key, the windows, and on the way out the headers.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::Instant;

use crate::keys::authenticate;
use crate::limits::{Admission, Rates};
use crate::plan::Category;
use crate::refusal;
use crate::routes::body::drain;
use crate::sandbox::Sandbox;

/// The path of the API; requests elsewhere are no requests to the provider.
pub(crate) const BASE: &str = "/api/v3";

const MARK: HeaderName = HeaderName::from_static("x-leadmill-sandbox");
const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// Lets a request through or refuses it, and marks the response.
pub(crate) async fn gate(
    State(sandbox): State<Sandbox>,
    request: Request,
    next: Next,
) -> Response {
    let Some(path) = request.uri().path().strip_prefix(BASE).map(str::to_owned) else {
        return marked(next.run(request).await);
    };
    let method = request.method().clone();
    let (rates, refused) = check(&sandbox, &method, &path, request.headers());
    let mut response = match refused {
        Some(refused) => {
            drain(request).await;
            refused
        }
        None => next.run(request).await,
    };
    for (name, number) in [
        (LIMIT, u64::from(rates.limit)),
        (REMAINING, u64::from(rates.remaining)),
        (RESET, rates.reset),
    ] {
        response.headers_mut().insert(name, HeaderValue::from(number));
    }
    let status = response.status().as_u16();
    *sandbox.account().statuses.entry(status).or_default() += 1;
    marked(response)
}

/// A request without access counts in no window.
fn check(
    sandbox: &Sandbox,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> (Rates, Option<Response>) {
    let (options, category) = (sandbox.options(), Category::of(method, path));
    let account = &mut *sandbox.account();
    *account.requests.entry(label(method, path)).or_default() += 1;
    let now = Instant::now();
    if let Err(why) = authenticate(headers, &options.api_keys) {
        let rates = account.limits.rates(category, now);
        return (rates, Some(refusal::no_access(why, options.flat_auth)));
    }
    match account.limits.admit(category, now) {
        Admission::Accepted(rates) => (rates, None),
        Admission::Throttled(rates, wait) => {
            (rates, Some(refusal::throttled(options.throttle_body, wait)))
        }
    }
}

fn marked(mut response: Response) -> Response {
    response.headers_mut().insert(MARK, HeaderValue::from_static("synthetic"));
    response
}

/// A route without the ids in it, e.g. `GET /email-finder/batch/{batchId}`.
fn label(method: &Method, path: &str) -> String {
    let mut label = format!("{method} ");
    let mut before = "";
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        label.push('/');
        label.push_str(if before == "batch" { "{batchId}" } else { segment });
        before = segment;
    }
    label
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_named_without_its_ids() {
        let name = label(&Method::GET, "/email-finder/batch/b00000/results");
        assert_eq!(name, "GET /email-finder/batch/{batchId}/results");
    }
}
