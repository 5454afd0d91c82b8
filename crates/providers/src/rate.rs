//! Rate-limit headers, in every family that is in use. All are optional, and one that cannot be read is as
//! good as none. Times are seconds, points in time or dates, and never trusted when in the past.

mod drafts;

use http::{HeaderMap, HeaderName, header};
use httpdate::parse_http_date;
use leadmill_core::{RateSignal, limits::LONGEST};
use std::time::{Duration, SystemTime};

/// Seconds since 1970 until September 2001: from here on a number of seconds is a point in time, and no length.
const EPOCH: f64 = 1e9;

/// The names that speak of one window.
struct Names {
    per: Option<Duration>,
    limit: &'static str,
    remaining: Option<&'static str>,
    reset: Option<&'static str>,
}

/// # Source
/// Enrich.so: <https://doc.enrich.so/rate-limits-1951030m0>. The names by length are those that Tomba's
/// SDKs read; the name of a second's window comes alone.
const NAMES: [Names; 4] = [
    Names {
        per: None,
        limit: "x-ratelimit-limit",
        remaining: Some("x-ratelimit-remaining"),
        reset: Some("x-ratelimit-reset"),
    },
    Names {
        per: Some(Duration::from_secs(1)),
        limit: "x-second-rate-limit",
        remaining: None,
        reset: None,
    },
    Names {
        per: Some(Duration::from_secs(60)),
        limit: "x-minute-rate-limit",
        remaining: Some("x-minute-request-left"),
        reset: Some("x-minute-reset-seconds"),
    },
    Names {
        per: Some(Duration::from_secs(86_400)),
        limit: "x-daily-rate-limit",
        remaining: Some("x-daily-request-left"),
        reset: Some("x-daily-reset-seconds"),
    },
];

/// What the headers say, one entry for each window that they speak of. Two families may both speak of one.
pub(crate) fn signals(headers: &HeaderMap) -> Vec<RateSignal> {
    const BEGINNINGS: [&str; 5] =
        ["x-ratelimit-", "x-second-", "x-minute-", "x-daily-", "ratelimit"];
    let is_ours =
        |name: &HeaderName| BEGINNINGS.iter().any(|b| name.as_str().starts_with(b));
    if !headers.keys().any(is_ours) {
        return Vec::new();
    }
    let mut signals: Vec<RateSignal> =
        NAMES.iter().filter_map(|names| named(names, headers)).collect();
    signals.extend(drafts::signals(headers));
    signals
}

/// How long a refused caller waits by the resets alone: until all windows that are full have opened. Where
/// none is known to be full, the one that is has no header, and the next of those that have may be it.
pub(crate) fn wait(signals: &[RateSignal]) -> Option<Duration> {
    let full = signals.iter().filter(|signal| signal.remaining == Some(0));
    let resets = signals.iter().filter_map(|signal| signal.reset);
    full.filter_map(|signal| signal.reset)
        .max()
        .or_else(|| resets.filter(|reset| !reset.is_zero()).min())
}

/// `Retry-After`: seconds or an HTTP date. A date is read against the server's own clock
/// where the response tells it. No wait is longer than [`LONGEST`].
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, header::RETRY_AFTER.as_str())?;
    match text.parse() {
        Ok(seconds) => ahead(seconds, headers),
        Err(_) => match read(parse_http_date(text).ok()?, headers) {
            Time::Ahead(time) => Some(time),
            Time::Past => None,
            Time::Far => Some(LONGEST),
        },
    }
}

fn named(names: &Names, headers: &HeaderMap) -> Option<RateSignal> {
    let number = |name| text(headers, name)?.parse().ok();
    let signal = RateSignal {
        per: names.per,
        limit: number(names.limit),
        remaining: names.remaining.and_then(number),
        reset: names.reset.and_then(|name| seconds(text(headers, name)?, headers)),
    };
    speaks(&signal).then_some(signal)
}

/// Whether it tells anything but a length.
fn speaks(signal: &RateSignal) -> bool {
    let RateSignal { per: _, limit, remaining, reset } = signal;
    limit.is_some() || remaining.is_some() || reset.is_some()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

/// The time until a window resets. One that is farther away than any window is long is no reset.
fn seconds(text: &str, headers: &HeaderMap) -> Option<Duration> {
    match number(text.parse().ok()?, headers)? {
        Time::Ahead(time) => Some(time),
        Time::Past | Time::Far => None,
    }
}

/// A wait in seconds, as a body or `Retry-After` holds it. No wait is longer than [`LONGEST`].
pub(crate) fn ahead(seconds: f64, headers: &HeaderMap) -> Option<Duration> {
    match number(seconds, headers)? {
        Time::Ahead(time) => Some(time),
        Time::Past => None,
        Time::Far => Some(LONGEST),
    }
}

/// What a time in a reply means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    /// So much is left.
    Ahead(Duration),
    /// It is over.
    Past,
    /// Longer than anything is waited for.
    Far,
}

/// A number is a length in seconds where it can be one. Else it is a point in time, in seconds since 1970 or in
/// milliseconds, if it is one that is near or over; and a length that is too long if it is not. None where it is no time.
fn number(number: f64, headers: &HeaderMap) -> Option<Time> {
    if !number.is_finite() || number.is_sign_negative() && number != 0.0 {
        return None;
    }
    if number <= LONGEST.as_secs_f64() {
        return Some(Time::Ahead(Duration::try_from_secs_f64(number.abs()).ok()?));
    }
    let point = |unit: f64| {
        let since = Duration::try_from_secs_f64(number / unit).ok()?;
        let time = read(SystemTime::UNIX_EPOCH.checked_add(since)?, headers);
        // Nobody tells of a time before there was such an interface, but a server whose clock stands there.
        let is_point = match time {
            Time::Ahead(_) => true,
            Time::Past => number / unit >= EPOCH || is_near(since, headers),
            Time::Far => false,
        };
        is_point.then_some(time)
    };
    Some(point(1.0).or_else(|| point(1000.0)).unwrap_or(Time::Far))
}

/// Whether a time since 1970 is not long before the response's own date.
fn is_near(since: Duration, headers: &HeaderMap) -> bool {
    let time = SystemTime::UNIX_EPOCH.checked_add(since + LONGEST);
    time.is_some_and(|time| time >= now(headers))
}

/// How far ahead of the response's own date a time lies.
fn read(time: SystemTime, headers: &HeaderMap) -> Time {
    match time.duration_since(now(headers)) {
        Ok(ahead) if ahead <= LONGEST => Time::Ahead(ahead),
        Ok(_) => Time::Far,
        Err(_) => Time::Past,
    }
}

/// The response's own date, or ours where it has none.
fn now(headers: &HeaderMap) -> SystemTime {
    let date = text(headers, header::DATE.as_str());
    let date = date.and_then(|date| parse_http_date(date).ok());
    #[expect(
        clippy::disallowed_methods,
        reason = "a server that names a time has no other clock than the one that everybody has"
    )]
    date.unwrap_or_else(SystemTime::now)
}

#[cfg(test)]
mod tests;
