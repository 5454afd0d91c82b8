//! What the team may look up of itself: free.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::response::{Html, IntoResponse, Response};
use http::{StatusCode, Uri};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::handle::Tomba;
use super::knobs::SelfTold;
use super::params::Params;
use super::pools::{Pool, Pools};
use super::times;

/// How many requests the log keeps.
///
/// # Source
/// <https://docs.tomba.io/usage-and-quotas>
const KEPT: usize = 1_000;

/// A request as the log shows it: where it went, and the question as it was sent.
#[derive(Clone, Debug, Default)]
pub(super) struct Logged {
    pub(super) uri: String,
    pub(super) params: BTreeMap<String, String>,
}

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Log {
    rows: VecDeque<(SystemTime, Value)>,
    count: u64,
}

/// What the log calls a request, and of what type it is. None of what leaves no row.
///
/// # Source
/// Section 3 of what was observed, for those that are named there; the others are made up in its manner.
const fn row_of(endpoint: Endpoint) -> Option<&'static str> {
    Some(match endpoint {
        Endpoint::DomainSearch => "domain-search",
        Endpoint::EmailFinder => "email-finder",
        Endpoint::AuthorFinder => "author-finder",
        Endpoint::Linkedin => "linkedin-finder",
        Endpoint::Enrich => "enrich-finder",
        Endpoint::People => "enrich-email",
        Endpoint::Companies => "enrich-company",
        Endpoint::Combined => "enrich-combined",
        Endpoint::EmailVerifier => "email-verifier",
        Endpoint::PhoneFinder => "phone-finder",
        Endpoint::PhoneValidator => "phone-validator",
        Endpoint::EmailFormat => "email-format",
        Endpoint::Similar => "similar",
        Endpoint::Location => "location",
        Endpoint::Reveal => "SearchCompanies",
        _ => return None,
    })
}

impl Log {
    /// Writes a request down, if it leaves a row.
    pub(super) fn add(
        &mut self,
        at: SystemTime,
        endpoint: Endpoint,
        asked: Logged,
        cost: u64,
    ) {
        let Some(route) = row_of(endpoint) else { return };
        self.count += 1;
        self.rows.truncate(KEPT - 1);
        let row = json!({
            "id": self.count,
            "user_id": 1,
            "uri": asked.uri,
            "params": asked.params,
            "type": "api",
            "hash": format!("{:016x}", self.count.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
            "cost": cost,
            "route_name": route,
            "source": "api",
            "country": "US",
            "user_agent": "",
            "ip_address": "192.0.2.1",
            "created_at": times::written(at),
        });
        self.rows.push_front((at, row));
    }
}

/// Credits by what they were spent on.
#[derive(Debug, Default)]
pub(super) struct Usage {
    days: BTreeMap<String, BTreeMap<&'static str, u64>>,
}

/// The counters of a row.
const COUNTERS: [&str; 12] = [
    "search",
    "verifier",
    "phones",
    "sources",
    "similar",
    "technologies",
    "email_count",
    "export",
    "source_website",
    "source_bulk",
    "source_extension",
    "source_api",
];

impl Usage {
    /// Counts the credits of an endpoint, by the API or by a bulk job.
    pub(super) fn add(
        &mut self,
        at: SystemTime,
        endpoint: Endpoint,
        credits: u64,
        bulk: bool,
    ) {
        let counter = match endpoint {
            Endpoint::EmailVerifier => "verifier",
            Endpoint::PhoneFinder | Endpoint::PhoneValidator => "phones",
            Endpoint::EmailSources => "sources",
            Endpoint::Similar => "similar",
            Endpoint::Technology => "technologies",
            Endpoint::EmailCount => "email_count",
            _ => "search",
        };
        let day = self.days.entry(times::day(at)).or_default();
        *day.entry(counter).or_default() += credits;
        let source = if bulk { "source_bulk" } else { "source_api" };
        *day.entry(source).or_default() += credits;
    }
}

/// `GET /me`
pub(super) fn me(tomba: &Tomba) -> Json<Value> {
    let book = &mut *tomba.book();
    book.pools.advance(Instant::now());
    let pools = &book.pools;
    let pool =
        |pool| json!({ "available": pools.available(pool), "used": pools.used(pool) });
    let options = tomba.options();
    let created = times::written(options.epoch);
    Json(json!({ "data": {
        "user_id": options.user,
        "secret_token": options.keys.first().map(|key| key.secret.as_str()),
        "role": "owner",
        "confirmed": true,
        "blocked": false,
        "first_name": "Ada",
        "last_name": "Examplesen",
        "email": "ada@sandbox.invalid",
        "phone": null,
        "image": "",
        "deleted": false,
        "provider": "sandbox",
        "timezone": "UTC",
        "newsletter": false,
        "activity": true,
        "title": null,
        "country": "US",
        "created_at": created,
        "ip": "192.0.2.1",
        "has_password": true,
        "issued": created,
        "expired": null,
        "expired_subscription": false,
        "pricing": pricing(pools),
        "teams": { "team_id": options.team, "role": null, "workspace": null, "limit": null, "owner": null },
        "requests": {
            "domains": pool(Pool::Searches),
            "verifications": pool(Pool::Verifications),
            "phones": pool(Pool::Phones),
            "count": pool(Pool::Count),
            "similar": pool(Pool::Similar),
            "technologies": pool(Pool::Technologies),
        },
    } }))
}

fn pricing(pools: &Pools) -> Value {
    json!({
        "name": "sandbox",
        "pricing_id": 1,
        "available_searches": pools.available(Pool::Searches),
        "available_verifications": pools.available(Pool::Verifications),
        "available_phones": pools.available(Pool::Phones),
        "available_similar": pools.available(Pool::Similar),
        "available_technologies": pools.available(Pool::Technologies),
        "available_email_count": pools.available(Pool::Count),
        "frequency": 1,
        "price_monthly": "0",
        "price_yearly": "0",
        "update_url": "",
        "cancel_url": "",
    })
}

/// `GET /usage`
pub(super) fn usage(tomba: &Tomba) -> Json<Value> {
    let book = tomba.book();
    let mut total: BTreeMap<&str, u64> = COUNTERS.map(|name| (name, 0)).into();
    let mut rows = Vec::new();
    for (day, counters) in &book.usage.days {
        let mut row = json!({ "id": rows.len() + 1, "user_id": 1, "created_at": day });
        for name in COUNTERS {
            let counted = counters.get(name).copied().unwrap_or_default();
            *total.entry(name).or_default() += counted;
            row[name] = json!(counted);
        }
        rows.push(row);
    }
    Json(json!({ "data": rows, "total": total }))
}

/// `GET /logs`: the last requests. There are no further pages: every one is the first.
///
/// # Source
/// Section 3 of what was observed.
pub(super) fn logs(tomba: &Tomba, uri: &Uri) -> Response {
    if let Some(other) = otherwise(tomba.options().own_log) {
        return other;
    }
    let params = Params::of(uri, tomba.options());
    let limit = match params.number("limit", 10, 1..=100) {
        Ok(limit) => limit as usize,
        Err(refused) => return refused.into_response(),
    };
    let shown = tomba.wall_time(Instant::now()).checked_sub(tomba.options().log_delay);
    let book = tomba.book();
    let rows =
        book.log.rows.iter().filter(|(at, _)| shown.is_some_and(|shown| *at <= shown));
    let rows: Vec<&Value> = rows.take(limit).map(|(_, row)| row).collect();
    Json(json!({ "data": rows })).into_response()
}

/// Another answer than what is asked for.
fn otherwise(told: SelfTold) -> Option<Response> {
    Some(match told {
        SelfTold::Told => return None,
        SelfTold::Missing => Failure::unknown_route().into_response(),
        SelfTold::Forbidden => {
            let message = "This is for administrators only.";
            Failure::new(StatusCode::FORBIDDEN, "forbidden", message).into_response()
        }
        SelfTold::Html => Html("<html><body>Welcome</body></html>").into_response(),
    })
}

/// The endpoints that the account's own limits name, by their paths.
const LIMITED: [(Endpoint, &str); 15] = [
    (Endpoint::DomainSearch, "domain-search"),
    (Endpoint::EmailFinder, "email-finder"),
    (Endpoint::AuthorFinder, "author-finder"),
    (Endpoint::Linkedin, "linkedin"),
    (Endpoint::Enrich, "enrich"),
    (Endpoint::EmailVerifier, "email-verifier"),
    (Endpoint::PhoneFinder, "phone-finder"),
    (Endpoint::PhoneValidator, "phone-validator"),
    (Endpoint::Companies, "companies/find"),
    (Endpoint::EmailCount, "email-count"),
    (Endpoint::EmailFormat, "email-format"),
    (Endpoint::EmailSources, "email-sources"),
    (Endpoint::Similar, "similar"),
    (Endpoint::Technology, "technology"),
    (Endpoint::DomainSuggestions, "domain-suggestions"),
];

/// `GET /rate-limits`: all whole numbers. A window that there is not is left out, and a rate that is no whole number is
/// rounded up.
///
/// # Source
/// Section 2 of what was observed.
pub(super) fn rate_limits(tomba: &Tomba) -> Response {
    if let Some(other) = otherwise(tomba.options().own_limits) {
        return other;
    }
    let (book, now) = (&mut *tomba.book(), Instant::now());
    let windows = [
        (1, "rps", None),
        (60, "rpm", Some("rpm_used")),
        (86_400, "daily", Some("daily_used")),
    ];
    let mut routes = Map::new();
    for (endpoint, name) in LIMITED {
        let (mut limits, mut usage) = (Map::new(), Map::new());
        for (seconds, limit, used) in windows {
            let length = Duration::from_secs(seconds);
            let Some(rates) = book.limits.rates_of(endpoint, length, now) else {
                continue;
            };
            limits.insert(limit.to_owned(), json!(rates.limit));
            if let Some(used) = used {
                let count = rates.limit.saturating_sub(rates.remaining);
                usage.insert(used.to_owned(), json!(count));
            }
        }
        let route = json!({ "limits": limits, "usage": usage });
        routes.insert(name.to_owned(), route);
    }
    Json(json!({ "data": routes })).into_response()
}
