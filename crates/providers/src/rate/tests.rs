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
        ("784111797000", Some(20)),
        ("784111777", Some(0)),
        ("2678400", Some(2_678_400)),
        ("34560000", Some(34_560_000)),
        ("34560001", None),
        ("784111700000", None),
        ("99999999999999999999", None),
        ("-60", None),
        ("NaN", None),
        ("inf", None),
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
    assert_eq!(wait("784111797000"), Some(Duration::from_secs(20)));
    for past in ["784111700", "784111700000"] {
        assert_eq!(wait(past), None, "{past}");
    }
    for nonsense in ["-5", "soon", "inf", "NaN", "", "1 s"] {
        assert_eq!(wait(nonsense), None, "{nonsense}");
    }
}

/// A wait is taken at its word, and no longer than anybody waits.
#[test]
fn a_wait_of_weeks_or_months_is_a_wait() {
    let wait = |value: &str| retry_after(&headers(&[DATE, ("retry-after", value)]));
    for days in [7, 12, 30, 365, 400] {
        let seconds = days * 86_400;
        let expected = Some(Duration::from_secs(seconds));
        assert_eq!(wait(&seconds.to_string()), expected, "{days} days");
        assert_eq!(ahead(seconds as f64, &HeaderMap::new()), expected);
    }
    let year = wait("Mon, 06 Nov 1995 08:49:37 GMT");
    assert_eq!(year, Some(Duration::from_secs(365 * 86_400)));
    for long in ["34560001", "99999999999", "1e300", "Fri, 31 Dec 9999 23:59:59 GMT"] {
        assert_eq!(wait(long), Some(LONGEST), "{long}");
    }
    // Without a date it is held against our own clock.
    for past in [1.2e9, 1.2e12] {
        assert_eq!(ahead(past, &HeaderMap::new()), None, "{past}");
    }
    assert_eq!(ahead(1e300, &HeaderMap::new()), Some(LONGEST));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the code falls back to it")]
fn a_point_in_time_is_one_in_seconds_and_in_milliseconds() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    for number in [now.as_secs_f64() + 3600.0, now.as_secs_f64() * 1e3 + 3.6e6] {
        let told = ahead(number, &HeaderMap::new()).unwrap().as_secs();
        assert!((3000..=3600).contains(&told), "{number}: {told}");
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
    let unread = [("date", "today"), ("retry-after", "Fri, 31 Dec 2100 23:59:59 GMT")];
    assert_eq!(retry_after(&headers(&unread)), Some(LONGEST), "that is far ahead");
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
            vec![signal(minute, None, Some(0), None), signal(None, None, None, Some(7))],
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
            assert!(ahead <= LONGEST, "{headers:?}");
        }
    }
}
