//! What the network does.

use crate::{
    dice::Dice,
    random::Random,
    simulation::network::{Way, Weather},
};
use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
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
    /// Whether nothing else delays requests: those that leave together come back together.
    is_still: bool,
    shut: Mutex<Option<Shut>>,
    over: AtomicBool,
}

/// What the provider lets nothing through of, from some time on, and for how long it says so.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shut {
    what: What,
    from: Instant,
    wait: &'static str,
}

#[derive(Clone, Copy, Debug)]
enum What {
    All,
    /// Single questions and jobs.
    Questions,
    Results,
}

impl Shut {
    pub(crate) fn by(dice: &mut Dice) -> Self {
        let what = dice.of(&[What::All, What::Questions, What::Results]);
        let from = Instant::now() + Duration::from_millis(dice.below(30_000));
        Self { what, from, wait: dice.of(&["", "0", "1", "61", "130", "3600"]) }
    }

    fn refuses(self, request: &Request<Bytes>) -> bool {
        let path = request.uri().path();
        Instant::now() >= self.from
            && match self.what {
                What::All => true,
                What::Questions => {
                    request.method() == Method::POST || path.ends_with("finder")
                }
                What::Results => path.ends_with("results") || path.ends_with("download"),
            }
    }

    fn reply(self) -> Response<Bytes> {
        let mut response = reply(429, "application/json", r#"{"error":"slow down"}"#);
        if !self.wait.is_empty() {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, self.wait.parse().unwrap());
        }
        response
    }
}

impl Storm {
    pub(crate) const fn new(random: Random, part: f64, stragglers: bool) -> Self {
        Self {
            random: Mutex::new(random),
            part,
            stragglers,
            is_wild: false,
            is_still: false,
            shut: Mutex::new(None),
            over: AtomicBool::new(false),
        }
    }

    /// The same, with proxies in between, and waits of any length.
    pub(crate) fn wild(self) -> Self {
        Self { is_wild: true, ..self }
    }

    /// The same, where every way takes as long as every other.
    pub(crate) fn still(self, is_still: bool) -> Self {
        Self { is_still, ..self }
    }

    /// From here on some of it lets nothing through, or all passes again.
    pub(crate) fn shut(&self, shut: Option<Shut>) {
        *self.shut.lock().unwrap() = shut;
    }

    /// From here on nothing goes wrong.
    pub(crate) fn end(&self) {
        self.shut(None);
        self.over.store(true, Ordering::Relaxed);
    }
}

impl Weather for Storm {
    fn next(&self, request: &Request<Bytes>) -> Way {
        let mut way = self.way();
        let shut = *self.shut.lock().unwrap();
        if let Some(shut) = shut.filter(|shut| shut.refuses(request)) {
            way.instead = Some(shut.reply());
        }
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
        let (there, back) = (slow(unit, self.stragglers), slow(unit, true));
        if !self.is_still {
            (way.there, way.back) = (there, back);
        }
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
