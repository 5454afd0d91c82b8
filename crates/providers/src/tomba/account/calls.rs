//! What each call has cost, by the log. What the log says of people is hashed as it is read, and goes no further.
//!
//! # Source
//! Section 3 of what was observed: a log of calls, newest first, numbered downwards with age, with the path and the
//! parameters of each as they were sent, and its cost. It does not turn its pages: what it shows at once is all there is.

use super::super::{
    Sent, Tomba, families, signals,
    wire::{Envelope, Many, Text, Whole},
};
use async_trait::async_trait;
use http::Method;
use leadmill_core::{
    CallLog, CallName, Credits, KeepsLog, LoggedCall, Operation, ProviderError, Query,
    Reply,
};
use serde::{Deserialize, de::Error as _};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use url::form_urlencoded;

/// The whole of what the log shows at once.
///
/// # Source
/// Section 3: 1 to 100, 10 by default.
const ALL: &str = "/logs?limit=100";

/// The endpoints whose calls leave rows, by their paths, and what the log calls them where it does not name them by their
/// paths.
///
/// # Source
/// Section 3. Those that are not listed have left none, or take their question in a body.
const ROUTES: [(&str, &str); 12] = [
    ("domain-search", ""),
    ("email-finder", ""),
    ("author-finder", ""),
    ("linkedin", "linkedin-finder"),
    ("enrich", "enrich-finder"),
    ("people/find", "enrich-email"),
    ("companies/find", "enrich-company"),
    ("email-verifier", ""),
    ("phone-finder", ""),
    ("phone-validator", ""),
    ("email-format", ""),
    ("similar", ""),
];

/// The parameters that make a question. Others say how it is answered, or are added by the provider.
const ASKED: [&str; 12] = [
    "first_name",
    "last_name",
    "domain",
    "email",
    "url",
    "linkedin",
    "phone",
    "country_code",
    "limit",
    "department",
    "country",
    "type",
];

/// A row of the log, as far as it is a bill.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    id: Whole,
    uri: Text,
    route_name: Text,
    params: Value,
    cost: Value,
}

#[async_trait]
impl KeepsLog for Tomba {
    async fn calls(&self) -> Result<Reply<CallLog>, ProviderError> {
        let action = "reading the log of calls";
        let response = self.get(action, ALL).await?;
        let read = read(response.body());
        // What the reader has to say of a row may name a person.
        let value = read.map_err(|why| {
            self.unreadable(action, &serde_json::Error::custom(why), &response)
        })?;
        Ok(Reply { value, signals: signals(None, &response) })
    }

    fn name_of(&self, query: &Query) -> Option<CallName> {
        let sent = families::single(query).ok()?;
        if sent.method != Method::GET {
            return None;
        }
        let Sent { path, .. } = sent;
        let (route, asked) = path.split_once('?')?;
        let route = route_of(route)?;
        Some(name(route, form_urlencoded::parse(asked.as_bytes()).into_owned()))
    }

    fn tells_of(&self, operation: Operation) -> bool {
        matches!(
            operation,
            Operation::SearchDomain
                | Operation::FindEmail
                | Operation::FindAuthor
                | Operation::FindEmailByProfile
                | Operation::FindPerson
                | Operation::FindCompany
                | Operation::VerifyEmail
                | Operation::FindPhone
                | Operation::ValidatePhone
                | Operation::FindFormat
                | Operation::FindSimilar
        )
    }
}

fn read(body: &[u8]) -> Result<CallLog, String> {
    let envelope = Envelope::read(body).map_err(|_| "it is no log")?;
    let rows = envelope.data.filter(Value::is_array).ok_or("there is no list in it")?;
    let rows = Many::<Row>::of(rows).0.into_iter();
    let calls = rows.map(|row| {
        let id = row.id.0.and_then(|id| u64::try_from(id).ok());
        let id = id.ok_or("a call in it has no number")?;
        let cost = cost(&row.cost);
        Ok(LoggedCall { id, name: named(row), cost })
    });
    let calls = calls.collect::<Result<_, &str>>()?;
    CallLog::new(calls).map_err(|error| error.to_string())
}

/// What a row asked.
fn named(row: Row) -> Option<CallName> {
    let uri = row.uri.0.unwrap_or_default();
    let (path, in_path) = uri.split_once('?').unwrap_or((&uri, ""));
    let route = match route_of(path) {
        Some(route) => route,
        None => routed(&row.route_name.0?)?,
    };
    let in_path = form_urlencoded::parse(in_path.as_bytes()).into_owned();
    let Value::Object(params) = row.params else {
        let mut in_path = in_path.peekable();
        return in_path.peek().is_some().then(|| name(route, in_path));
    };
    Some(name(route, in_path.chain(texts(params))))
}

/// The endpoint that a path ends in.
fn route_of(path: &str) -> Option<&'static str> {
    let path = path.trim_end_matches('/');
    let mut routes = ROUTES.iter().map(|(route, _)| *route);
    routes.find(|route| {
        let before = path.strip_suffix(route);
        before.is_some_and(|before| before.is_empty() || before.ends_with('/'))
    })
}

/// The endpoint that the log calls so.
fn routed(name: &str) -> Option<&'static str> {
    let mut routes = ROUTES.iter();
    let found = routes.find(|(route, other)| *route == name || *other == name);
    found.map(|(route, _)| *route)
}

fn texts(params: Map<String, Value>) -> impl Iterator<Item = (String, String)> {
    params.into_iter().filter_map(|(name, value)| {
        let text = match value {
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        Some((name, text))
    })
}

/// A page that is not named is the first.
fn name(route: &str, asked: impl Iterator<Item = (String, String)>) -> CallName {
    let mut said = BTreeMap::new();
    for (parameter, value) in asked {
        let value = value.trim().to_lowercase();
        let counts = ASKED.contains(&&*parameter) || parameter == "page" && value != "1";
        if counts && !value.is_empty() {
            said.insert(parameter, value);
        }
    }
    let names = said.keys().map(String::as_str).filter(|name| *name != "page");
    let form = hash([route].into_iter().chain(names));
    let parts = said.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    CallName { form, question: hash([route].into_iter().chain(parts)) }
}

fn hash<'a>(parts: impl Iterator<Item = &'a str>) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Credits; `true` only says that it was charged.
///
/// # Source
/// Reference 10.3: true or false once, a number today.
fn cost(told: &Value) -> Option<Credits> {
    match told {
        Value::Bool(false) => Some(Credits::ZERO),
        Value::Bool(true) => None,
        told => {
            let cost = Whole::deserialize(told).ok()?.0?;
            u64::try_from(cost).ok().map(Credits)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tomba::tests::{Canned, query, tomba};
    use leadmill_core::{Mark, Provider};

    /// In the shape that was recorded; the people are made up.
    fn row(id: u64, uri: &str, params: &str, cost: &str) -> String {
        format!(
            r#"{{"id":{id},"user_id":1,"uri":"{uri}","params":{params},"type":"api","hash":"ab","cost":{cost},"route_name":"author-finder","source":"api","country":"DE","user_agent":"","ip_address":"192.0.2.7","created_at":"2026-08-20T02:46:32+02:00"}}"#
        )
    }

    fn body(rows: &[String]) -> String {
        format!(r#"{{"data":[{}]}}"#, rows.join(","))
    }

    fn question() -> Query {
        query(Operation::FindEmail, ["Zoë", "Example", "acme.example"])
    }

    fn mark(query: &Query, after: u64) -> Mark {
        let provider = tomba(Canned::reply(200, &[], "{}"));
        Mark { after, name: provider.call_log().unwrap().name_of(query).unwrap() }
    }

    #[tokio::test]
    async fn the_log_is_asked_for_once_and_whole_and_names_no_person() {
        let params =
            r#"{"domain":"acme.example","first_name":"Zoë","last_name":"Example"}"#;
        let server =
            Canned::reply(200, &[], &body(&[row(9, "/v1/email-finder", params, "0")]));
        let provider = tomba(server.clone());
        let log = provider.call_log().unwrap().calls().await.unwrap().value;
        assert_eq!(server.paths(), ["GET /v1/logs?limit=100"]);
        assert_eq!(log.charge(&mark(&question(), 8), 1), Some(Credits::ZERO));
        let shown = format!("{log:?}");
        for personal in ["Zoë", "Example", "acme", "192.0.2"] {
            assert!(!shown.contains(personal), "{shown}");
        }
    }

    #[test]
    fn a_question_has_one_name_however_the_log_spells_it() {
        let mark = mark(&question(), 0);
        let query = "domain=acme.example&first_name=Zo%C3%AB&last_name=Example";
        for (uri, params) in [
            (
                "/v1/email-finder",
                r#"{"domain":"ACME.example","first_name":" Zoë","last_name":"Example","page":"1","enrich_mobile":"false","company":""}"#,
            ),
            (
                "https://api.tomba.io/v1/email-finder/",
                r#"{"last_name":"Example","first_name":"zoë","domain":"acme.example","page":1}"#,
            ),
            (&*format!("/v1/email-finder?{query}"), "null"),
            (&*format!("email-finder?{query}"), r#"{"live":"true"}"#),
        ] {
            let log = read(body(&[row(1, uri, params, "1")]).as_bytes()).unwrap();
            assert_eq!(log.charge(&mark, 1), Some(Credits(1)), "{uri} {params}");
        }
        for (uri, params) in [
            (
                "/v1/email-finder",
                r#"{"domain":"acme.example","first_name":"Zoe","last_name":"Example"}"#,
            ),
            (
                "/v1/email-finder",
                r#"{"domain":"acme.example","full_name":"Zoë Example"}"#,
            ),
            ("/v1/email-finder", "null"),
            (
                "/v1/my-email-finder",
                r#"{"domain":"acme.example","first_name":"Zoë","last_name":"Example"}"#,
            ),
            (
                "/v1/enrich",
                r#"{"domain":"acme.example","first_name":"Zoë","last_name":"Example"}"#,
            ),
        ] {
            let log = read(body(&[row(1, uri, params, "1")]).as_bytes()).unwrap();
            assert_eq!(log.charge(&mark, 1), None, "{uri} {params}");
        }
    }

    #[test]
    fn a_route_may_be_known_by_its_name_alone() {
        let query = query(Operation::FindAuthor, ["https://blog.example/a"]);
        let params = r#"{"url":"https://blog.example/a"}"#;
        let log = read(body(&[row(1, "", params, "0")]).as_bytes()).unwrap();
        assert_eq!(log.charge(&mark(&query, 0), 1), Some(Credits::ZERO));
    }

    #[test]
    fn a_page_of_a_domain_is_a_question_of_its_own() {
        let page = |number| {
            query(Operation::SearchDomain, ["acme.example", "10", number, "", "", ""])
        };
        let (first, second) = (mark(&page(""), 0).name, mark(&page("2"), 0).name);
        assert_eq!(first, mark(&page("1"), 0).name);
        assert_ne!(first.question, second.question);
        assert_eq!(first.form, second.form);
    }

    #[test]
    fn a_cost_is_a_number_or_not_told() {
        for (told, expected) in [
            ("3", Some(3)),
            ("\"3\"", Some(3)),
            ("false", Some(0)),
            ("true", None),
            ("null", None),
            ("-1", None),
            ("{}", None),
        ] {
            let told: Value = serde_json::from_str(told).unwrap();
            assert_eq!(cost(&told), expected.map(Credits), "{told}");
        }
    }

    #[test]
    fn what_is_no_log_is_an_error_that_names_nobody() {
        let unnumbered = row(1, "/", "{}", "1").replace(r#""id":1"#, r#""id":"Zoë""#);
        for body in [
            body(&[unnumbered]),
            body(&[row(1, "/", "{}", "1"), row(2, "/", "{}", "1")]),
            r#"{"data":"Zoë"}"#.to_owned(),
            r#"["Zoë"]"#.to_owned(),
            "<html>Zoë".to_owned(),
        ] {
            let error = read(body.as_bytes()).unwrap_err();
            assert!(!error.contains("Zoë"), "{error}");
        }
        assert!(read(body(&[]).as_bytes()).unwrap().is_empty());
    }

    #[test]
    fn questions_that_leave_no_row_have_no_name() {
        let provider = tomba(Canned::reply(200, &[], "{}"));
        let log = provider.call_log().unwrap();
        for operation in [Operation::CountEmails, Operation::FindTechnology] {
            let query = query(operation, ["acme.example"]);
            assert!(log.name_of(&query).is_none() && !log.tells_of(operation));
        }
    }
}
