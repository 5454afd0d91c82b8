//! What every request passes: the key, the windows, and on the way out the headers.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::keys::authenticate;
use crate::limits::Admission;
use crate::plan::Category;
use crate::rate_headers::{RateHeaderList, rate_headers};
use crate::refusal;
use crate::routes::body::drain;
use crate::sandbox::Sandbox;
use crate::settling::settled;

/// The path of the API; requests elsewhere are no requests to the provider.
pub(crate) const BASE: &str = "/api/v3";

const MARK: HeaderName = HeaderName::from_static("x-leadmill-sandbox");

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
    let (headers, refused) = check(&sandbox, &method, &path, request.headers());
    let mut response = match refused {
        Some(refused) => {
            drain(request).await;
            refused
        }
        None => next.run(request).await,
    };
    response.headers_mut().extend(headers);
    let status = response.status().as_u16();
    *sandbox.account().statuses.entry(status).or_default() += 1;
    match sandbox.options().calls_itself_sandbox {
        true => marked(response),
        false => response,
    }
}

/// A request without access counts in no window.
fn check(
    sandbox: &Sandbox,
    method: &Method,
    path: &str,
    headers: &HeaderMap,
) -> (RateHeaderList, Option<Response>) {
    let (options, category) = (sandbox.options(), Category::of(method, path));
    let (mut account, now) = settled(sandbox);
    let account = &mut *account;
    *account.requests.entry(label(method, path)).or_default() += 1;
    let limits = &mut account.limits;
    let (rates, refused) = match authenticate(headers, &options.api_keys) {
        Err(why) => {
            let rates = limits.rates(category, now);
            (rates, Some(refusal::no_access(why, options.flat_auth)))
        }
        Ok(()) => match limits.admit(category, now) {
            Admission::Accepted(rates) => (rates, None),
            Admission::Throttled(rates, wait) => {
                (rates, Some(refusal::throttled(options.throttle_body, wait)))
            }
        },
    };
    (rate_headers(options.header_family, rates, limits, category, now), refused)
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
        label.push_str(placeholder(before, segment).unwrap_or(segment));
        before = segment;
    }
    label
}

/// What stands for a segment that is an id.
fn placeholder(before: &str, segment: &str) -> Option<&'static str> {
    match before {
        "batch" | "bulk-lookup" | "count-estimate" => Some("{batchId}"),
        "bulk" | "reveal-jobs" | "export-jobs" => Some("{jobId}"),
        "saved" => Some("{id}"),
        "company-follower" if segment != "limit" => Some("{batchId}"),
        "teams" => Some("{teamId}"),
        "invitations" => Some("{invitationId}"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_is_named_without_its_ids() {
        let name = label(&Method::GET, "/email-finder/batch/b00000/results");
        assert_eq!(name, "GET /email-finder/batch/{batchId}/results");
        let name = |path| label(&Method::GET, path);
        assert_eq!(
            name("/reverse-lookup/phones/bulk/b00000"),
            "GET /reverse-lookup/phones/bulk/{jobId}"
        );
        assert_eq!(
            name("/reverse-lookup/bulk-lookup/b00000/results"),
            "GET /reverse-lookup/bulk-lookup/{batchId}/results"
        );
        let progress = "GET /company-follower/{batchId}/progress";
        assert_eq!(name("/company-follower/b0/progress"), progress);
        assert_eq!(name("/company-follower/limit"), "GET /company-follower/limit");
        assert_eq!(name("/count-estimate/e0"), "GET /count-estimate/{batchId}");
        let invitation = "GET /teams/{teamId}/invitations/{invitationId}";
        assert_eq!(name("/teams/a0/invitations/f0"), invitation);
        let download = "GET /lead-finder/export-jobs/{jobId}/download";
        assert_eq!(name("/lead-finder/export-jobs/ej_1/download"), download);
    }
}
