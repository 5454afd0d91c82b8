//! What the network does.

use crate::{
    random::Random,
    simulation::network::{Way, Weather},
};
use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use leadmill_providers::TransportError;
use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;

/// Requests go wrong, each in one of many ways.
#[derive(Debug)]
pub(crate) struct Storm {
    random: Mutex<Random>,
    /// How many of them.
    part: f64,
    /// Whether some are half a minute on their way.
    stragglers: bool,
    /// Whether proxies are in between, and waits are of any length.
    is_wild: bool,
    over: AtomicBool,
}

impl Storm {
    pub(crate) const fn new(random: Random, part: f64, stragglers: bool) -> Self {
        Self {
            random: Mutex::new(random),
            part,
            stragglers,
            is_wild: false,
            over: AtomicBool::new(false),
        }
    }

    /// The same, with proxies in between, and waits of any length.
    pub(crate) fn wild(self) -> Self {
        Self { is_wild: true, ..self }
    }

    /// From here on nothing goes wrong.
    pub(crate) fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Weather for Storm {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let way = self.way();
        if std::env::var_os("LEADMILL_STORY").is_some() {
            eprintln!("{:?} {} {way:?}", Instant::now(), request.uri());
        }
        way
    }
}

impl Storm {
    fn way(&self) -> Way {
        let mut random = self.random.lock().unwrap();
        let unit = &mut || random.unit();
        let mut way = Way::default();
        if self.over.load(Ordering::Relaxed) {
            return way;
        }
        way.there = slow(unit, self.stragglers);
        way.back = slow(unit, true);
        if unit() < self.part {
            match self.is_wild && unit() < 0.5 {
                true => fail_wildly(&mut way, unit),
                false => fail(&mut way, unit),
            }
        }
        way
    }
}

/// Mostly some milliseconds, seldom half a minute.
fn slow(unit: &mut impl FnMut() -> f64, seldom: bool) -> Duration {
    let most = if unit() < 0.02 && seldom { 30_000.0 } else { 40.0 };
    Duration::from_secs_f64(unit() * most / 1000.0)
}

fn fail(way: &mut Way, unit: &mut impl FnMut() -> f64) {
    const WAYS: f64 = 10.0;
    match (unit() * WAYS) as u32 {
        0 => way.stops = Some(TransportError::Unsent("connection refused".into())),
        1 => way.stops = Some(TransportError::Lost("reset before the reply".into())),
        2 => way.loses = true,
        3 => way.instead = Some(reply(500, "text/plain", "no")),
        4 => way.instead = Some(reply(503, "text/html", "<html>down</html>")),
        5 => way.becomes = Some(reply(500, "application/json", r#"{"error":"oops"}"#)),
        6 => way.becomes = Some(reply(200, "application/json", r#"{"success":true,"da"#)),
        7 => way.becomes = Some(reply(200, "text/html", "<html>a proxy</html>")),
        8 => way.becomes = Some(reply(502, "text/html", "")),
        _ => way.instead = Some(throttled(unit)),
    }
}

/// Something in between replies for the provider.
fn fail_wildly(way: &mut Way, unit: &mut impl FnMut() -> f64) {
    const PAGE: &str = "<!doctype html><html><body>not here</body></html>";
    const WAYS: f64 = 8.0;
    match (unit() * WAYS) as u32 {
        0 => way.instead = Some(reply(404, "text/html", PAGE)),
        1 => way.instead = Some(reply(200, "text/html", PAGE)),
        2 => way.becomes = Some(reply(200, "text/html", PAGE)),
        3 => way.becomes = Some(reply(200, "application/json", "")),
        4 => way.becomes = Some(reply(200, "application/json", "null")),
        5 => way.instead = Some(moved()),
        _ => way.instead = Some(throttled_for_long(unit)),
    }
}

fn moved() -> Response<Bytes> {
    let mut response = reply(302, "text/html", "<html>moved</html>");
    let login = "https://proxy.example/login".parse().unwrap();
    response.headers_mut().insert(header::LOCATION, login);
    response
}

/// From no time at all to a year.
fn throttled_for_long(unit: &mut impl FnMut() -> f64) -> Response<Bytes> {
    const WAITS: [&str; 8] = [
        "0",
        "1",
        "61",
        "130",
        "3600",
        "86400",
        "31536000",
        "Fri, 01 Jan 2027 00:00:00 GMT",
    ];
    let mut response = reply(429, "application/json", r#"{"error":"slow down"}"#);
    let wait = WAITS[(unit() * WAITS.len() as f64) as usize];
    let now = "Thu, 01 Jan 2026 00:01:28 GMT".parse().unwrap();
    response.headers_mut().insert(header::DATE, now);
    response.headers_mut().insert(header::RETRY_AFTER, wait.parse().unwrap());
    response
}

/// A 429 that names its wait in one of many ways, or in none.
fn throttled(unit: &mut impl FnMut() -> f64) -> Response<Bytes> {
    let mut response = reply(429, "application/json", r#"{"error":"slow down"}"#);
    let wait = match (unit() * 5.0) as u32 {
        0 => "0",
        1 => "3",
        2 => "Thu, 01 Jan 2026 00:01:30 GMT",
        3 => "soon",
        _ => return response,
    };
    response.headers_mut().insert(header::RETRY_AFTER, wait.parse().unwrap());
    response
        .headers_mut()
        .insert(header::DATE, "Thu, 01 Jan 2026 00:01:28 GMT".parse().unwrap());
    response
}

fn reply(status: u16, kind: &str, body: &'static str) -> Response<Bytes> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header(header::CONTENT_TYPE, kind)
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}
