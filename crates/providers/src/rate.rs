//! Rate-limit headers, in every family that is in use. All are optional, and one that cannot be read is as
//! good as none. Times are seconds, epochs or dates, and never trusted when in the past.

mod drafts;

use http::{HeaderMap, HeaderName, header};
use httpdate::parse_http_date;
use leadmill_core::RateSignal;
use std::time::{Duration, SystemTime};

/// From here on a number of "seconds" is a point in time.
const EPOCH: Duration = Duration::from_secs(1_000_000);

/// A point in time that is farther ahead is no end of a window but a mistake, such as milliseconds.
const FARTHEST: Duration = Duration::from_secs(366 * 86_400);

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
/// where the response tells it.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = text(headers, header::RETRY_AFTER.as_str())?;
    match text.parse::<f64>() {
        Ok(_) => seconds(text, headers),
        Err(_) => until(parse_http_date(text).ok()?, headers),
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

/// A number of seconds: from now, or since 1970 if there are so many.
fn seconds(text: &str, headers: &HeaderMap) -> Option<Duration> {
    ahead(text.parse().ok()?, headers)
}

/// The same of a number that a body holds.
pub(crate) fn ahead(seconds: f64, headers: &HeaderMap) -> Option<Duration> {
    let seconds = Duration::try_from_secs_f64(seconds).ok()?;
    match seconds < EPOCH {
        true => Some(seconds),
        false => until(SystemTime::UNIX_EPOCH.checked_add(seconds)?, headers),
    }
}

/// How far ahead of the response's own date a time lies, or of ours where it has none; `None` when it does
/// not.
fn until(time: SystemTime, headers: &HeaderMap) -> Option<Duration> {
    let date = text(headers, header::DATE.as_str());
    let date = date.and_then(|date| parse_http_date(date).ok());
    #[expect(
        clippy::disallowed_methods,
        reason = "a server that names a time has no other clock than the one that everybody has"
    )]
    let date = date.unwrap_or_else(SystemTime::now);
    time.duration_since(date).ok().filter(|ahead| *ahead <= FARTHEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(k, v)| (k.parse().unwrap(), v.parse().unwrap())).collect()
    }

    fn signal(
        per: Option<u64>,
        limit: Option<u64>,
        remaining: Option<u64>,
        reset: Option<u64>,
    ) -> RateSignal {
        let seconds = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        RateSignal { per: seconds(per), limit, remaining, reset: seconds(reset) }
    }

    #[test]
    fn every_family_says_what_it_knows_of_each_window() {
        let plain = [
            ("x-ratelimit-limit", "300"),
            ("x-ratelimit-remaining", " 299 "),
            ("x-ratelimit-reset", "60"),
        ];
        let by_length = [
            ("x-second-rate-limit", "15"),
            ("x-minute-rate-limit", "900"),
            ("x-minute-request-left", "899"),
            ("x-minute-reset-seconds", "59"),
            ("x-daily-rate-limit", "5000"),
            ("x-daily-request-left", "0"),
            ("x-daily-reset-seconds", "86399"),
        ];
        let draft = [
            ("ratelimit-policy", r#""default";q=100;w=60"#),
            ("ratelimit", r#""default";r=50;t=30"#),
        ];
        let expected = [
            signal(None, Some(300), Some(299), Some(60)),
            signal(Some(1), Some(15), None, None),
            signal(Some(60), Some(900), Some(899), Some(59)),
            signal(Some(86_400), Some(5000), Some(0), Some(86_399)),
            signal(Some(60), Some(100), Some(50), Some(30)),
        ];
        assert_eq!(signals(&headers(&plain)), expected[..1]);
        assert_eq!(signals(&headers(&by_length)), expected[1..4]);
        assert_eq!(signals(&headers(&draft)), expected[4..]);
        let all: Vec<_> = plain.into_iter().chain(by_length).chain(draft).collect();
        assert_eq!(signals(&headers(&all)), expected);
    }

    #[test]
    fn what_cannot_be_read_is_left_out_and_the_rest_is_kept() {
        assert_eq!(signals(&HeaderMap::new()), []);
        for text in ["", "many", "-1", "1,000", "99999999999999999999999"] {
            assert_eq!(signals(&headers(&[("x-ratelimit-limit", text)])), [], "{text}");
            let pairs = [("x-minute-rate-limit", text), ("x-minute-request-left", "7")];
            let rest = signal(Some(60), None, Some(7), None);
            assert_eq!(signals(&headers(&pairs)), [rest], "{text}");
        }
    }

    #[test]
    fn resets_are_seconds_unless_they_are_points_in_time() {
        for (value, expected) in [
            ("30", Some(30)),
            ("0", Some(0)),
            ("784111797", Some(20)),
            ("784111700", None),
            ("784111797000", None),
            ("NaN", None),
        ] {
            for name in
                ["x-ratelimit-reset", "x-minute-reset-seconds", "x-daily-reset-seconds"]
            {
                let signals = signals(&headers(&[DATE, (name, value)]));
                let reset = signals.first().and_then(|signal| signal.reset);
                assert_eq!(reset, expected.map(Duration::from_secs), "{name}: {value}");
            }
        }
        assert_eq!(signals(&headers(&[("x-ratelimit-reset", "784111797")])), []);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let wait = |value| retry_after(&headers(&[DATE, ("retry-after", value)]));
        assert_eq!(wait("45"), Some(Duration::from_secs(45)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        assert_eq!(wait("1.5"), Some(Duration::from_millis(1500)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:07 GMT"), Some(Duration::from_secs(30)));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:07 GMT"), None);
        assert_eq!(wait("784111797"), Some(Duration::from_secs(20)));
        for nonsense in ["1e300", "-5", "soon", "inf", "Fri, 31 Dec 9999 23:59:59 GMT"] {
            assert_eq!(wait(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the code falls back to it")]
    fn a_date_without_the_server_s_own_is_read_against_ours() {
        let wait = |time| {
            let date = httpdate::fmt_http_date(time);
            retry_after(&headers(&[("retry-after", &*date)]))
        };
        let ahead = |seconds| SystemTime::now() + Duration::from_secs(seconds);
        let told = wait(ahead(3600)).unwrap().as_secs();
        assert!((3000..=3600).contains(&told), "{told}");
        assert_eq!(wait(SystemTime::now() - Duration::from_secs(3600)), None);
        let unread =
            [("date", "today"), ("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT")];
        assert_eq!(retry_after(&headers(&unread)), None, "that is too far ahead");
    }

    #[test]
    fn a_refused_caller_waits_until_the_full_windows_open_and_not_for_the_others() {
        let (minute, day) = (Some(60), Some(86_400));
        for (signals, expected) in [
            (vec![], None),
            (vec![signal(None, None, None, Some(45))], Some(45)),
            (vec![signal(None, Some(9), Some(3), Some(45))], Some(45)),
            (
                vec![
                    signal(minute, None, Some(0), Some(20)),
                    signal(day, None, Some(4), Some(40_000)),
                ],
                Some(20),
            ),
            (
                vec![
                    signal(minute, None, Some(0), Some(20)),
                    signal(day, None, Some(0), Some(40_000)),
                ],
                Some(40_000),
            ),
            (
                vec![
                    signal(minute, None, Some(5), Some(20)),
                    signal(day, None, Some(4), Some(40_000)),
                ],
                Some(20),
            ),
            (
                vec![
                    signal(minute, None, Some(0), None),
                    signal(None, None, None, Some(7)),
                ],
                Some(7),
            ),
            (vec![signal(minute, Some(9), Some(9), Some(0))], None),
        ] {
            assert_eq!(wait(&signals), expected.map(Duration::from_secs), "{signals:?}");
        }
    }

    /// Texts that almost make sense, the same in every run.
    #[test]
    fn no_header_text_is_ever_a_panic() {
        const PIECES: [&str; 24] = [
            "1",
            "0",
            "60",
            "-",
            ".",
            "e",
            "9999999999",
            "18446744073709551615",
            "784111797",
            "inf",
            "NaN",
            "\"",
            "\\",
            ";",
            ",",
            "=",
            " ",
            "q=",
            "w=",
            "r=",
            "t=",
            "\"default\"",
            "limit=",
            "Sun, 06 Nov 1994 08:49:37 GMT",
        ];
        let mut state: u64 = 1;
        let mut below = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as usize % most
        };
        let names = NAMES.iter().flat_map(|n| [Some(n.limit), n.remaining, n.reset]);
        let others = ["ratelimit", "ratelimit-policy", "retry-after", "date"];
        let names: Vec<&str> = names.flatten().chain(others).collect();
        for _ in 0..20_000 {
            let mut headers = HeaderMap::new();
            for name in &names {
                let text: Vec<u8> = match below(4) {
                    0 => (0..below(12)).map(|_| 0x20 + below(0xe0) as u8).collect(),
                    _ => (0..below(9))
                        .map(|_| PIECES[below(PIECES.len())])
                        .collect::<String>()
                        .into(),
                };
                let value = text.as_slice().try_into();
                let name: HeaderName = name.parse().unwrap();
                headers.extend(value.ok().map(|value| (name, value)));
            }
            let signals = signals(&headers);
            wait(&signals);
            let waits = signals.iter().filter_map(|signal| signal.reset);
            for ahead in waits.chain(retry_after(&headers)) {
                assert!(ahead <= FARTHEST, "{headers:?}");
            }
        }
    }
}
