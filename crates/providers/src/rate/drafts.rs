//! The headers `RateLimit-Policy` and `RateLimit` of the IETF's drafts: of the later ones, in which windows
//! have names, and of those before, in which they have none.
//!
//! # Source
//! <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>, versions 03 to 10.

use super::{seconds, speaks};
use http::HeaderMap;
use leadmill_core::{RateSignal, limits::LONGEST};
use std::time::Duration;

/// A window, as far as one item of a header tells.
#[derive(Default)]
struct Item<'a> {
    name: Option<&'a str>,
    signal: RateSignal,
    /// It counts something else than requests, such as bytes.
    foreign: bool,
}

/// Every window that is announced or has a state.
///
/// A state belongs to the policy of its name, or of its limit where it has no name; else to the first that
/// has no state.
pub(super) fn signals(headers: &HeaderMap) -> Vec<RateSignal> {
    let texts = |name| headers.get_all(name).into_iter().filter_map(|v| v.to_str().ok());
    let mut items: Vec<Item<'_>> =
        texts("ratelimit-policy").flat_map(|text| split(text, ',').map(policy)).collect();
    let states = texts("ratelimit").flat_map(|text| states(text, headers));
    let mut strangers = Vec::new();
    for state in states {
        match items.iter_mut().find(|item| item.is_of(&state)) {
            Some(item) => item.take(&state),
            None => strangers.push(state),
        }
    }
    for state in strangers {
        match items.iter_mut().find(|item| item.may_be_of(&state)) {
            Some(item) => item.take(&state),
            None => items.push(state),
        }
    }
    let told = items.into_iter().filter(|item| !item.foreign).map(|item| item.signal);
    told.filter(speaks).collect()
}

impl Item<'_> {
    fn is_of(&self, state: &Self) -> bool {
        match (self.name, state.name) {
            (Some(name), Some(other)) => name == other,
            _ => state.signal.limit.is_some() && state.signal.limit == self.signal.limit,
        }
    }

    fn may_be_of(&self, state: &Self) -> bool {
        let open = self.signal.remaining.is_none() && self.signal.reset.is_none();
        let same = state.signal.limit.is_none() || self.signal.limit.is_none();
        open && same && !self.foreign
    }

    fn take(&mut self, state: &Self) {
        self.signal = RateSignal {
            per: self.signal.per,
            limit: self.signal.limit.or(state.signal.limit),
            ..state.signal
        };
    }
}

/// `"default";q=100;w=60`, or without a name `100;w=60`.
fn policy(text: &str) -> Item<'_> {
    let (head, parameters) = head(text);
    let unnamed: Option<u64> = head.parse().ok();
    let mut item = Item { name: unnamed.is_none().then_some(head), ..Item::default() };
    item.signal.limit = unnamed;
    for (key, value) in parameters {
        match key {
            "q" => item.signal.limit = value.parse().ok(),
            "w" => item.signal.per = length(value),
            "qu" => item.foreign = value != "requests",
            _ => {}
        }
    }
    item
}

/// `"default";r=50;t=30` for each window, or without a name `limit=100, remaining=50, reset=5` for one.
fn states<'a>(text: &'a str, headers: &HeaderMap) -> Vec<Item<'a>> {
    let mut unnamed = RateSignal::default();
    let mut states = Vec::new();
    for item in split(text, ',') {
        match pair(item) {
            Some(("limit", value)) => unnamed.limit = value.parse().ok(),
            Some(("remaining", value)) => unnamed.remaining = value.parse().ok(),
            Some(("reset", value)) => unnamed.reset = seconds(value, headers),
            _ => states.push(state(item, headers)),
        }
    }
    states.push(Item { signal: unnamed, ..Item::default() });
    states.retain(|state| speaks(&state.signal));
    states
}

fn state<'a>(text: &'a str, headers: &HeaderMap) -> Item<'a> {
    let (head, parameters) = head(text);
    let mut item = Item { name: Some(head), ..Item::default() };
    for (key, value) in parameters {
        match key {
            "r" => item.signal.remaining = value.parse().ok(),
            "t" => item.signal.reset = seconds(value, headers),
            _ => {}
        }
    }
    item
}

/// An item's name or number, and its parameters.
fn head(item: &str) -> (&str, impl Iterator<Item = (&str, &str)>) {
    let mut parts = split(item, ';');
    let head = bare(parts.next().unwrap_or_default());
    (head, parts.filter_map(pair))
}

/// `key=value`, where the key is no quoted text.
fn pair(text: &str) -> Option<(&str, &str)> {
    let (key, value) = text.split_once('=')?;
    Some((key.trim(), bare(value)))
}

/// A text without blanks and quotes around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A window's length in whole seconds.
fn length(text: &str) -> Option<Duration> {
    let length = Duration::from_secs(text.parse().ok()?);
    (!length.is_zero() && length <= LONGEST).then_some(length)
}

/// The parts between separators, except for those within quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => return letter == separator && !quoted,
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    type Row = (Option<u64>, Option<u64>, Option<u64>, Option<u64>);

    /// Length, limit, remaining and reset of each window.
    fn read(policies: &[&'static str], states: &[&'static str]) -> Vec<Row> {
        let mut headers = HeaderMap::new();
        for (name, texts) in [("ratelimit-policy", policies), ("ratelimit", states)] {
            for text in texts {
                headers.append(name, HeaderValue::from_static(text));
            }
        }
        let seconds = |length: Option<Duration>| length.map(|length| length.as_secs());
        let row =
            |s: RateSignal| (seconds(s.per), s.limit, s.remaining, seconds(s.reset));
        signals(&headers).into_iter().map(row).collect()
    }

    #[test]
    fn policies_and_states_of_every_draft_are_one_window_each() {
        let whole = (Some(60), Some(100), Some(50), Some(30));
        for (policy, state) in [
            (r#""default";q=100;w=60"#, r#""default";r=50;t=30"#),
            (r#""default"; q=100; w=60; pk=:cGs=:"#, r#" "default" ; t=30 ; r=50 "#),
            ("default;q=100;w=60", r#""default";r=50;t=30"#),
            (r#""a,b;\"=";q=100;w=60"#, r#""a,b;\"=";r=50;t=30"#),
            (r#""one";q=100;w=60"#, r#""another";r=50;t=30"#),
            ("100;w=60", "limit=100, remaining=50, reset=30"),
            ("100;w=60", "remaining=50,reset=30"),
            (r#"100;w=60;comment="burst, of a kind""#, r#""default";r=50;t=30"#),
        ] {
            assert_eq!(read(&[policy], &[state]), [whole], "{policy} / {state}");
        }
    }

    #[test]
    fn several_windows_are_told_apart_by_name_then_limit_then_order() {
        let policy = r#""burst";q=5;w=1, "day";q=1000;w=86400"#;
        let both = [
            (Some(1), Some(5), Some(4), Some(1)),
            (Some(86_400), Some(1000), Some(9), None),
        ];
        let day = [(Some(1), Some(5), None, None), both[1]];
        assert_eq!(read(&[policy], &[r#""day";r=9, "burst";r=4;t=1"#]), both);
        assert_eq!(read(&[policy], &[r#""day";r=9"#, r#""burst";r=4;t=1"#]), both);
        assert_eq!(read(&[policy], &[r#""other";r=4;t=1, "day";r=9"#]), both);
        assert_eq!(read(&[policy], &[r#""x";r=4;t=1, "y";r=9"#]), both);
        assert_eq!(read(&[policy], &[r#""day";r=9"#]), day);
        assert_eq!(read(&["5;w=1, 1000;w=86400"], &["limit=1000, remaining=9"]), day);
        assert_eq!(read(&["5;w=1", "1000;w=86400"], &["limit=1000, remaining=9"]), day);
    }

    #[test]
    fn either_header_may_come_alone_or_contradict_the_other() {
        assert_eq!(read(&[], &[]), []);
        assert_eq!(read(&["100;w=60"], &[]), [(Some(60), Some(100), None, None)]);
        assert_eq!(read(&[], &[r#""a";r=5"#]), [(None, None, Some(5), None)]);
        let contradiction =
            [(Some(60), Some(100), None, None), (None, Some(7), Some(5), None)];
        assert_eq!(read(&["100;w=60"], &["limit=7, remaining=5"]), contradiction);
    }

    #[test]
    fn windows_of_something_else_than_requests_are_left_out() {
        let policy =
            r#""bytes";q=65535;qu="content-bytes";w=10, "calls";q=9;qu="requests";w=60"#;
        let state = r#""bytes";r=12;t=2, "calls";r=8;t=3"#;
        assert_eq!(read(&[policy], &[state]), [(Some(60), Some(9), Some(8), Some(3))]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for policy in ["", ",", ";;", "\"", r#""a\"#, "-1;w=60", "=", "\"a\";q=x"] {
            assert_eq!(read(&[policy], &[policy]), [], "{policy}");
        }
        assert_eq!(read(&["9;w=0"], &[]), [(None, Some(9), None, None)]);
        assert_eq!(read(&["9;w=99999999999"], &[]), [(None, Some(9), None, None)]);
        assert_eq!(
            read(&["9;w=60"], &["limit=9, remaining=x"]),
            [(Some(60), Some(9), None, None)]
        );
    }
}
