//! What a path and a method ask for.

use http::Method;

use super::bulk::kinds::BulkKind;
use super::bulk::options::Generation;
use super::endpoint::Endpoint;

/// A parameter that stands in a path, by its name.
pub(super) type InPath = Option<(&'static str, String)>;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A lookup.
    Lookup(Endpoint, InPath),
    /// `POST /reveal/search`.
    Reveal,
    /// `GET /me`.
    Me,
    /// `GET /usage`.
    Usage,
    /// `GET /logs`.
    Logs,
    /// `GET /rate-limits`.
    RateLimits,
    /// Something of bulk jobs as a whole.
    Bulks(BulksRoute),
    /// The list of jobs of a tool.
    List(BulkKind),
    /// A new job of a tool.
    Create(BulkKind),
    /// Something of one job.
    Job(BulkKind, i64, JobRoute),
}

/// What is asked of bulk jobs as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BulksRoute {
    Types,
    Stats,
    Secret,
    Rotate,
}

/// What is asked of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobRoute {
    Detail,
    Launch,
    Delete,
    Archive,
    Restore,
    Rename,
    Cancel,
    Retry,
    Progress,
    Estimate,
    History,
    Download,
}

/// Why there is no route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoRoute {
    /// No such path.
    Unknown,
    /// Not by this method.
    WrongMethod,
}

/// Finds the route of a path below `/v1`. A slash at its end does not matter.
pub(super) fn find(
    method: &Method,
    path: &str,
    generation: Generation,
) -> Result<Route, NoRoute> {
    let path = path.trim_start_matches('/');
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments: Vec<&str> = path.split('/').collect();
    let there = match segments.as_slice() {
        ["bulk", rest @ ..] => of_bulk(rest, generation),
        other => of_lookups(other),
    };
    if there.is_empty() {
        return Err(NoRoute::Unknown);
    }
    let found = there.into_iter().find(|(known, _)| known == method);
    found.map(|(_, route)| route).ok_or(NoRoute::WrongMethod)
}

fn of_lookups(segments: &[&str]) -> Vec<(Method, Route)> {
    let get = |endpoint| vec![(Method::GET, Route::Lookup(endpoint, None))];
    let by_path = |endpoint, value: &str| {
        let value = Some(("email", decoded(value)));
        vec![(Method::GET, Route::Lookup(endpoint, value))]
    };
    match segments {
        ["domain-search"] => get(Endpoint::DomainSearch),
        ["email-finder"] => get(Endpoint::EmailFinder),
        ["author-finder"] => get(Endpoint::AuthorFinder),
        ["linkedin"] => get(Endpoint::Linkedin),
        ["enrich"] => get(Endpoint::Enrich),
        ["people", "find"] => get(Endpoint::People),
        ["companies", "find"] => get(Endpoint::Companies),
        ["combined", "find"] => get(Endpoint::Combined),
        ["email-verifier"] => get(Endpoint::EmailVerifier),
        ["email-verifier", email] => by_path(Endpoint::EmailVerifier, email),
        ["phone-finder"] => get(Endpoint::PhoneFinder),
        ["phone", email] => by_path(Endpoint::PhoneFinder, email),
        ["phone-validator"] => get(Endpoint::PhoneValidator),
        ["email-count"] => get(Endpoint::EmailCount),
        ["email-sources"] => get(Endpoint::EmailSources),
        ["email-sources", email] => by_path(Endpoint::EmailSources, email),
        ["email-format"] => get(Endpoint::EmailFormat),
        ["similar"] => get(Endpoint::Similar),
        ["technology"] => get(Endpoint::Technology),
        ["location"] => get(Endpoint::Location),
        ["domain-status"] => get(Endpoint::DomainStatus),
        ["domain-suggestions" | "domains-suggestion"] => get(Endpoint::DomainSuggestions),
        ["reveal", "search"] => vec![(Method::POST, Route::Reveal)],
        ["me"] => vec![(Method::GET, Route::Me)],
        ["usage"] => vec![(Method::GET, Route::Usage)],
        ["logs"] => vec![(Method::GET, Route::Logs)],
        ["rate-limits"] => vec![(Method::GET, Route::RateLimits)],
        _ => Vec::new(),
    }
}

fn of_bulk(segments: &[&str], generation: Generation) -> Vec<(Method, Route)> {
    let second = generation == Generation::Second;
    let bulks = |method, what| match second {
        true => vec![(method, Route::Bulks(what))],
        false => Vec::new(),
    };
    match segments {
        ["types"] => bulks(Method::GET, BulksRoute::Types),
        ["stats"] => bulks(Method::GET, BulksRoute::Stats),
        ["webhook-secret"] => bulks(Method::GET, BulksRoute::Secret),
        ["webhook-secret", "rotate"] => bulks(Method::POST, BulksRoute::Rotate),
        [kind] => kind.parse().map_or_else(
            |_| Vec::new(),
            |kind| {
                vec![
                    (Method::GET, Route::List(kind)),
                    (Method::POST, Route::Create(kind)),
                ]
            },
        ),
        [kind, id, rest @ ..] => match (kind.parse(), id.parse()) {
            (Ok(kind), Ok(id)) => {
                let there = of_job(rest, second).into_iter();
                there.map(|(method, what)| (method, Route::Job(kind, id, what))).collect()
            }
            _ => Vec::new(),
        },
        [] => Vec::new(),
    }
}

fn of_job(segments: &[&str], second: bool) -> Vec<(Method, JobRoute)> {
    match segments {
        [] => vec![(Method::GET, JobRoute::Detail), (Method::PUT, JobRoute::Launch)],
        ["delete"] => vec![(Method::DELETE, JobRoute::Delete)],
        ["archive"] => vec![(Method::DELETE, JobRoute::Archive)],
        ["rename"] => vec![(Method::PUT, JobRoute::Rename)],
        ["progress"] => vec![(Method::GET, JobRoute::Progress)],
        ["download"] => vec![(Method::GET, JobRoute::Download)],
        ["restore"] if second => vec![(Method::PUT, JobRoute::Restore)],
        ["cancel"] if second => vec![(Method::POST, JobRoute::Cancel)],
        ["retry"] if second => vec![(Method::POST, JobRoute::Retry)],
        ["estimate"] if second => vec![(Method::GET, JobRoute::Estimate)],
        ["history"] if second => vec![(Method::GET, JobRoute::History)],
        _ => Vec::new(),
    }
}

/// The endpoint whose windows count a path below `/v1`; what is unknown counts only where all does.
pub(super) fn endpoint(path: &str) -> Endpoint {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    match segments.as_slice() {
        ["bulk", ..] => Endpoint::Bulk,
        ["me" | "usage" | "logs" | "rate-limits"] => Endpoint::Account,
        ["reveal", "search"] => Endpoint::Reveal,
        other => match of_lookups(other).pop() {
            Some((_, Route::Lookup(endpoint, _))) => endpoint,
            _ => Endpoint::Every,
        },
    }
}

/// A route without what differs from request to request, e.g. `GET /bulk/finder/{id}/progress`.
pub(super) fn label(method: &Method, path: &str) -> String {
    let mut label = format!("{method} ");
    let mut before = "";
    for segment in path.split('/').filter(|segment| !segment.is_empty()) {
        let id = !segment.is_empty() && segment.bytes().all(|b| b.is_ascii_digit());
        let by_path = matches!(before, "email-verifier" | "email-sources" | "phone");
        label.push('/');
        label.push_str(match (id, by_path) {
            (_, true) => "{email}",
            (true, _) => "{id}",
            _ => segment,
        });
        before = segment;
    }
    label
}

/// A segment without its percent signs.
fn decoded(segment: &str) -> String {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        let code = after.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, path: &str) -> Result<Route, NoRoute> {
        find(&method.parse().unwrap(), path, Generation::Second)
    }

    #[test]
    fn paths_are_found_with_and_without_a_slash_and_by_their_old_names() {
        for (path, endpoint) in [
            ("/email-finder", Endpoint::EmailFinder),
            ("/email-finder/", Endpoint::EmailFinder),
            ("/people/find", Endpoint::People),
            ("/domains-suggestion", Endpoint::DomainSuggestions),
        ] {
            assert_eq!(route("GET", path), Ok(Route::Lookup(endpoint, None)), "{path}");
        }
        let email = Some(("email", "a+b@example.com".to_owned()));
        let old = Route::Lookup(Endpoint::EmailVerifier, email.clone());
        assert_eq!(route("GET", "/email-verifier/a+b%40example.com"), Ok(old));
        let old = Route::Lookup(Endpoint::PhoneFinder, email);
        assert_eq!(route("GET", "/phone/a+b@example.com/"), Ok(old));
    }

    #[test]
    fn what_is_no_route_says_why() {
        assert_eq!(route("GET", "/nothing"), Err(NoRoute::Unknown));
        assert_eq!(route("GET", "/bulk/nothing"), Err(NoRoute::Unknown));
        assert_eq!(route("GET", "/bulk/finder/x"), Err(NoRoute::Unknown));
        assert_eq!(route("POST", "/email-finder"), Err(NoRoute::WrongMethod));
        assert_eq!(route("POST", "/bulk/finder/7/archive"), Err(NoRoute::WrongMethod));
        let old = find(&Method::GET, "/bulk/types", Generation::First);
        assert_eq!(old, Err(NoRoute::Unknown));
    }

    #[test]
    fn routes_are_named_without_what_differs() {
        let name = label(&Method::GET, "/bulk/finder/7/progress");
        assert_eq!(name, "GET /bulk/finder/{id}/progress");
        assert_eq!(label(&Method::GET, "/phone/a@b.c/"), "GET /phone/{email}");
        assert_eq!(endpoint("/email-verifier/a@b.c"), Endpoint::EmailVerifier);
        assert_eq!(endpoint("/bulk/finder/7"), Endpoint::Bulk);
        assert_eq!(endpoint("/nothing"), Endpoint::Every);
    }
}
