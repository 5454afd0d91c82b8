//! Rate-limit headers, read as seconds, as epochs or as dates, and never trusted when in the past.

use http::{HeaderMap, header};
use httpdate::parse_http_date;
use leadmill_core::RateSignal;
use std::time::{Duration, SystemTime};

/// From here on a number of "seconds" is a point in time.
const EPOCH: u64 = 1_000_000;

/// `X-RateLimit-Limit`, `-Remaining` and `-Reset`, if there is any.
pub(crate) fn signal(headers: &HeaderMap) -> Option<RateSignal> {
    let number = |name: &str| -> Option<u64> {
        headers.get(name)?.to_str().ok()?.trim().parse().ok()
    };
    let (limit, remaining) =
        (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    let reset = number("x-ratelimit-reset").and_then(|reset| match reset {
        0..EPOCH => Some(Duration::from_secs(reset)),
        _ => until(
            SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(reset))?,
            headers,
        ),
    });
    (limit.is_some() || remaining.is_some() || reset.is_some()).then_some(RateSignal {
        limit,
        remaining,
        reset,
    })
}

/// `Retry-After`: seconds or an HTTP date. A date is read against the server's own clock.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<f64>() {
        Ok(epoch) if epoch >= EPOCH as f64 => {
            let epoch = Duration::try_from_secs_f64(epoch).ok()?;
            until(SystemTime::UNIX_EPOCH.checked_add(epoch)?, headers)
        }
        Ok(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        Err(_) => until(parse_http_date(text).ok()?, headers),
    }
}

/// How far ahead of the response's own date a time lies; `None` when it does not, or there is no date.
fn until(time: SystemTime, headers: &HeaderMap) -> Option<Duration> {
    let date = parse_http_date(headers.get(header::DATE)?.to_str().ok()?).ok()?;
    time.duration_since(date).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    #[test]
    fn resets_are_seconds_unless_they_are_points_in_time() {
        let date = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        for (value, expected) in [
            ("30", Some(30)),
            ("0", Some(0)),
            ("784111797", Some(20)),
            ("784111700", None),
        ] {
            let signal = signal(&headers(&[date, ("x-ratelimit-reset", value)]));
            let reset = signal.and_then(|s| s.reset);
            assert_eq!(reset, expected.map(Duration::from_secs), "{value}");
        }
        assert_eq!(signal(&headers(&[("x-ratelimit-reset", "784111797")])), None);
        assert_eq!(signal(&headers(&[])), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |value| {
            retry_after(&headers(&[
                ("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
                ("retry-after", value),
            ]))
        };
        assert_eq!(wait("45"), Some(Duration::from_secs(45)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:07 GMT"), None);
        assert_eq!(wait("784111797"), Some(Duration::from_secs(20)));
        assert_eq!(wait("1e300"), None);
        assert_eq!(wait("-5"), None);
        assert_eq!(wait("soon"), None);
    }
}
