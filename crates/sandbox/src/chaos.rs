//! What goes wrong at random, so that users can rehearse their own pipelines.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::RETRY_AFTER;
use http::{HeaderValue, StatusCode};

use crate::faults::{Fault, Quirks};
use crate::foreign::Percent;
use crate::host::Host;
use crate::pages::{page, redirect};
use crate::random::Random;
use crate::routes::body::drain;
use crate::words::worded;

/// A way in which things go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The connection breaks before the request has had any effect.
    ResetBefore,
    /// It breaks after that.
    ResetAfter,
    /// The request has its effect, and the reply's body ends in the middle.
    Truncated,
    /// The reply is 503, and nothing happened.
    ErrorBefore,
    /// The reply is 500, and it happened.
    ErrorAfter,
    /// A proxy replies with a page, and nothing happened.
    PageBefore,
    /// A proxy replies with a page, and it happened.
    PageAfter,
    /// The reply is a redirect to a login page, and nothing happened.
    Redirect,
    /// The reply is 429, with a wait that is zero, a date, nonsense or missing.
    Throttled,
    /// A job ends `failed` after half of its items.
    JobFailed,
    /// A job takes ten minutes longer.
    JobStuck,
    /// A single lookup that finds nobody gets 500, uncharged.
    MissAsError,
    /// The results of a job hold an item twice.
    DuplicateItem,
    /// They lack one.
    MissingItem,
    /// They hold one that nobody asked for.
    ExtraItem,
    /// What the items of a job, or a single lookup, give back of their questions is in small letters and without
    /// accents.
    PlainEcho,
    /// A callback is never sent.
    WebhookLost,
    /// A callback is sent twice.
    WebhookTwice,
    /// A callback comes later, by [`Callbacks::lateness`](crate::Callbacks::lateness).
    WebhookLate,
    /// Beside a callback comes one that somebody made up: it names a job that there is not.
    WebhookForged,
    /// The callback of a job's first item comes before the reply to the submit.
    WebhookEarly,
}

worded!(
    Trouble,
    "fault",
    [
        ("reset-before", ResetBefore),
        ("reset-after", ResetAfter),
        ("truncated", Truncated),
        ("error-before", ErrorBefore),
        ("error-after", ErrorAfter),
        ("page-before", PageBefore),
        ("page-after", PageAfter),
        ("redirect", Redirect),
        ("throttled", Throttled),
        ("job-failed", JobFailed),
        ("job-stuck", JobStuck),
        ("miss-as-error", MissAsError),
        ("duplicate-item", DuplicateItem),
        ("missing-item", MissingItem),
        ("extra-item", ExtraItem),
        ("plain-echo", PlainEcho),
        ("webhook-lost", WebhookLost),
        ("webhook-twice", WebhookTwice),
        ("webhook-late", WebhookLate),
        ("webhook-forged", WebhookForged),
        ("webhook-early", WebhookEarly),
    ]
);

/// How often something goes wrong. Written `reset-after=5%`; without a part, `10%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chaos {
    /// What.
    pub what: Trouble,
    /// Of the requests, lookups, jobs or callbacks that it can happen to.
    pub part: Percent,
}

impl FromStr for Chaos {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (what, part) = text.split_once('=').unwrap_or((text, "10"));
        let what = what.parse().map_err(|error: crate::UnknownWord| error.to_string())?;
        let part =
            part.parse().map_err(|error: crate::UnreadablePercent| error.to_string())?;
        Ok(Self { what, part })
    }
}

impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.what, self.part)
    }
}

/// The dice of everything that goes wrong.
#[derive(Debug)]
pub(crate) struct Chance {
    chaos: Vec<Chaos>,
    random: Random,
}

impl Chance {
    pub(crate) fn new(chaos: &[Chaos], seed: u64) -> Self {
        let random = Random::new(seed, u64::from_be_bytes(*b"chaos..."));
        Self { chaos: chaos.to_vec(), random }
    }

    /// Whether this goes wrong now.
    pub(crate) fn strikes(&mut self, what: Trouble) -> bool {
        let part = self.chaos.iter().find(|chaos| chaos.what == what);
        part.is_some_and(|chaos| chaos.part.of(1.0) > self.random.unit())
    }

    /// The dice of one job: what they show depends on no request that comes between.
    pub(crate) fn fork(&mut self) -> Self {
        Self { chaos: self.chaos.clone(), random: self.random.fork() }
    }

    /// Uniform in no time up to `most`.
    pub(crate) fn part_of(&mut self, most: Duration) -> Duration {
        if most.is_zero() { most } else { most.mul_f64(self.random.unit()) }
    }

    /// One of these statuses.
    fn one_of(&mut self, statuses: &[u16]) -> u16 {
        let place = (self.random.unit() * statuses.len() as f64) as usize;
        statuses.get(place).copied().unwrap_or(502)
    }

    /// The first of these that goes wrong now.
    fn first(&mut self, of: &[Trouble]) -> Option<Trouble> {
        of.iter().copied().find(|what| self.strikes(*what))
    }
}

impl Chance {
    /// What becomes of a job of so many items.
    pub(crate) fn job_fault(&mut self, items: usize) -> Fault {
        match self.first(&[Trouble::JobFailed, Trouble::JobStuck]) {
            Some(Trouble::JobFailed) => Fault::FailedJob(items / 2),
            Some(_) => Fault::StuckJob,
            None => Fault::None,
        }
    }

    /// What is wrong with its results.
    pub(crate) fn job_quirks(&mut self, usual: Quirks, items: usize) -> Quirks {
        let place = |chance: &mut Self| (chance.random.unit() * items as f64) as usize;
        let mut quirks = usual;
        if self.strikes(Trouble::DuplicateItem) {
            quirks.duplicate = Some(place(self));
        }
        if self.strikes(Trouble::MissingItem) {
            quirks.drop = Some(place(self));
        }
        quirks.extra |= self.strikes(Trouble::ExtraItem);
        quirks.plain |= self.strikes(Trouble::PlainEcho);
        quirks
    }
}

/// Lets requests and replies go wrong, outside of everything else.
pub(crate) async fn chaos<H: Host>(
    State(host): State<H>,
    request: Request,
    next: Next,
) -> Response {
    if !request.uri().path().starts_with(H::BASE) {
        return next.run(request).await;
    }
    /// With which statuses pages come, and after which of them the provider may have served.
    const TURNED_AWAY: [u16; 5] = [200, 401, 403, 404, 502];
    const SERVED: [u16; 5] = [200, 403, 404, 502, 504];
    const AROUND: [Trouble; 9] = [
        Trouble::ResetBefore,
        Trouble::ErrorBefore,
        Trouble::Throttled,
        Trouble::ResetAfter,
        Trouble::Truncated,
        Trouble::ErrorAfter,
        Trouble::PageBefore,
        Trouble::PageAfter,
        Trouble::Redirect,
    ];
    let what = host.chance(|chance| chance.first(&AROUND));
    let fault = match what {
        Some(Trouble::ResetBefore) => {
            drain(request).await;
            return Fault::LostReply.strike_as(H::unavailable(), H::internal).await;
        }
        Some(Trouble::ErrorBefore) => {
            drain(request).await;
            return H::unavailable();
        }
        Some(Trouble::Throttled) => {
            drain(request).await;
            return throttled(host.chance(|chance| chance.random.unit()));
        }
        Some(Trouble::PageBefore) => {
            drain(request).await;
            return page(host.chance(|chance| chance.one_of(&TURNED_AWAY)));
        }
        Some(Trouble::Redirect) => {
            drain(request).await;
            return redirect();
        }
        Some(Trouble::PageAfter) => {
            Fault::PageAfter(host.chance(|chance| chance.one_of(&SERVED)))
        }
        Some(Trouble::ResetAfter) => Fault::LostReply,
        Some(Trouble::Truncated) => Fault::Truncated,
        Some(Trouble::ErrorAfter) => Fault::ErrorAfter,
        _ => return next.run(request).await,
    };
    let response = next.run(request).await;
    fault.strike_as(response, H::internal).await
}

/// A 429 that says when to come back in one of many ways, or in none.
fn throttled(unit: f64) -> Response {
    let body = r#"{"error":"Too many requests"}"#;
    let mut response = (StatusCode::TOO_MANY_REQUESTS, body).into_response();
    let wait = match (unit * 5.0) as u32 {
        0 => "0",
        1 => "2",
        2 => "soon",
        3 => "Thu, 01 Jan 1970 00:00:00 GMT",
        _ => return response,
    };
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(wait));
    response
}
