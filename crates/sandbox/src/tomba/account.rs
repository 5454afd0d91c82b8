//! What the team may look up of itself: free.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use axum::Json;
use http::Uri;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::endpoint::Endpoint;
use super::failure::Failure;
use super::handle::Tomba;
use super::params::Params;
use super::pools::{Pool, Pools};
use super::times;

/// How many requests the log keeps.
///
/// # Source
/// <https://docs.tomba.io/usage-and-quotas>
const KEPT: usize = 1_000;

/// What a reply cost, for the log.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cost(pub(super) u64);

/// The last requests.
#[derive(Debug, Default)]
pub(super) struct Log {
    rows: VecDeque<Value>,
    count: u64,
}

impl Log {
    /// Writes a request down.
    pub(super) fn add(&mut self, at: SystemTime, method: &str, uri: &str, cost: Cost) {
        self.count += 1;
        self.rows.truncate(KEPT - 1);
        self.rows.push_front(json!({
            "id": self.count,
            "type": uri.trim_start_matches("/v1/").split(['/', '?']).next(),
            "uri": uri,
            "cost": cost.0,
            "ip_address": "192.0.2.1",
            "created_at": times::written(at),
            "user_agent": "",
            "source": "api",
            "http_method": method,
            "country": "US",
        }));
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

/// `GET /logs`
pub(super) fn logs(tomba: &Tomba, uri: &Uri) -> Result<Json<Value>, Failure> {
    let params = Params::of(uri, tomba.options());
    let page = params.number("page", 1, 1..=1_000)?;
    let limit = params.number("limit", 10, 1..=1_000)?;
    let book = tomba.book();
    let (page, limit) = (page as usize, limit as usize);
    let rows = book.log.rows.iter().skip((page - 1) * limit).take(limit);
    Ok(Json(json!({ "data": rows.collect::<Vec<_>>() })))
}
