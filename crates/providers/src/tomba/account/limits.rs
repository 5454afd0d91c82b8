//! What the account may do at most, route by route. Free, and in no log.

use super::super::{
    Tomba, signals,
    wire::{Envelope, Part, Whole},
};
use async_trait::async_trait;
use leadmill_core::{
    AccountLimits, OwnLimit, ProviderError, Reply, Scope, Window, limits::MOST_CALLS,
};
use serde::{Deserialize, de::Error as _};
use serde_json::Value;
use std::{num::NonZeroU32, time::Duration};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// What is told of a route.
///
/// # Source
/// Section 2 of what was observed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Route {
    limits: Part<Limits>,
    usage: Part<Used>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Limits {
    rps: Whole,
    rpm: Whole,
    daily: Whole,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Used {
    rpm_used: Whole,
    daily_used: Whole,
}

/// The routes, by their letters and digits, and the scopes that the pack has for them.
///
/// # Source
/// The names of some were observed; the others are their paths, and what the log calls them.
const SCOPES: [(&str, &str); 24] = [
    ("domainsearch", "domain_search"),
    ("emailfinder", "email_finder"),
    ("similar", "similar"),
    ("technology", "technology"),
    ("enrich", "enrich"),
    ("enrichfinder", "enrich"),
    ("authorfinder", "author_finder"),
    ("emailverifier", "email_verifier"),
    ("linkedin", "linkedin"),
    ("linkedinfinder", "linkedin"),
    ("companiesfind", "companies"),
    ("companies", "companies"),
    ("enrichcompany", "companies"),
    ("phonefinder", "phone_finder"),
    ("phonevalidator", "phone_validator"),
    ("emailcount", "email_count"),
    ("emailformat", "email_format"),
    ("emailsources", "email_sources"),
    ("revealsearch", "reveal_search"),
    ("reveal", "reveal_search"),
    ("searchcompanies", "reveal_search"),
    ("bulk", "bulk"),
    ("me", "account"),
    ("logs", "logs"),
];

#[async_trait]
impl AccountLimits for Tomba {
    async fn limits(&self) -> Result<Reply<Vec<OwnLimit>>, ProviderError> {
        let action = "reading the account's limits";
        let response = self.get(action, "/rate-limits").await?;
        let read = Envelope::read(response.body()).and_then(|envelope| {
            let data = envelope.data.unwrap_or_default();
            limits(data).ok_or_else(|| serde_json::Error::custom("no routes in `data`"))
        });
        let value = read.map_err(|error| self.unreadable(action, &error, &response))?;
        Ok(Reply { value, signals: signals(None, &response) })
    }
}

/// The limits of the routes that are known. None where there are no routes at all.
fn limits(data: Value) -> Option<Vec<OwnLimit>> {
    let Value::Object(routes) = data else { return None };
    let routes = routes.into_iter().filter_map(|(name, route)| {
        let route = Part::<Route>::of(route).0?;
        Some((scope(&name)?, route.limits.whole(), route.usage.whole()))
    });
    let limits = routes.flat_map(|(scope, limits, used)| {
        [
            own(&scope, SECOND, limits.rps, Whole::default()),
            own(&scope, MINUTE, limits.rpm, used.rpm_used),
            own(&scope, DAY, limits.daily, used.daily_used),
        ]
    });
    Some(limits.flatten().collect())
}

fn scope(route: &str) -> Option<Scope> {
    let letters = route.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    let known = SCOPES.iter().find(|(known, _)| *known == name);
    known.map(|(_, scope)| Scope((*scope).into()))
}

/// One window of a route. What is no number of calls is no limit.
fn own(scope: &Scope, per: Duration, limit: Whole, used: Whole) -> Option<OwnLimit> {
    let limit = NonZeroU32::new(u32::try_from(limit.0?).ok()?)?;
    let window = Window { limit: limit.min(NonZeroU32::new(MOST_CALLS)?), per };
    let used = used.0.and_then(|used| u32::try_from(used).ok());
    Some(OwnLimit { scope: scope.clone(), window, used })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tomba::tests::{Canned, tomba};
    use leadmill_core::Provider;

    /// As it was recorded.
    const RECORDED: &str = r#"{"data":{"author-finder":{"limits":{"rps":1,"rpm":2,"daily":5},"usage":{"rpm_used":0,"daily_used":4}},"domain-suggestions":{"limits":{"rps":1,"rpm":5,"daily":20},"usage":{"rpm_used":0,"daily_used":0}},"email-count":{"limits":{"rps":1,"rpm":5,"daily":20},"usage":{"rpm_used":1,"daily_used":0}}}}"#;

    fn told(body: &str) -> Option<Vec<String>> {
        let body: Value = serde_json::from_str(body).unwrap();
        let limits = limits(body["data"].clone())?.into_iter();
        let tell = |OwnLimit { scope, window, used }: OwnLimit| {
            format!("{scope} {window} {used:?}")
        };
        Some(limits.map(tell).collect())
    }

    #[test]
    fn every_route_that_we_call_has_windows_and_what_is_used_of_them() {
        let expected = [
            "author_finder 1/1s None",
            "author_finder 2/60s Some(0)",
            "author_finder 5/1d Some(4)",
            "email_count 1/1s None",
            "email_count 5/60s Some(1)",
            "email_count 20/1d Some(0)",
        ];
        assert_eq!(told(RECORDED).unwrap(), expected);
        let path = r#"{"data":{"/Companies/find":{"limits":{"rpm":"30"}}}}"#;
        assert_eq!(told(path).unwrap(), ["companies 30/60s None"]);
    }

    #[test]
    fn what_is_no_limit_is_none() {
        for route in [
            "null",
            "7",
            "{}",
            r#"{"limits":null}"#,
            r#"{"limits":{"rps":0,"rpm":-1,"daily":"none"}}"#,
            r#"{"limits":[1,2,3]}"#,
        ] {
            let body = format!(r#"{{"data":{{"enrich":{route}}}}}"#);
            assert_eq!(told(&body).unwrap(), Vec::<String>::new(), "{route}");
        }
        for body in [r#"{"data":null}"#, r#"{"data":[]}"#, r#"{"other":{}}"#] {
            assert_eq!(told(body), None, "{body}");
        }
        let huge = r#"{"data":{"enrich":{"limits":{"rpm":4000000000}}}}"#;
        assert_eq!(told(huge).unwrap(), ["enrich 1000000/60s None"]);
    }

    #[tokio::test]
    async fn they_are_asked_for_under_a_path_of_their_own() {
        let server = Canned::reply(200, &[], RECORDED);
        let provider = tomba(server.clone());
        let limits = provider.account_limits().unwrap().limits().await.unwrap().value;
        assert_eq!(limits.len(), 6);
        assert_eq!(server.paths(), ["GET /v1/rate-limits"]);
        let page = Canned::reply(200, &[("content-type", "text/html")], "<html>");
        let provider = tomba(page);
        assert!(provider.account_limits().unwrap().limits().await.is_err());
    }
}
