//! One limit: at most so many requests in any span of a length.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::kind::Kind;
use crate::plan::Category;

/// At most `limit` requests of a category in any half-open span of `length`. Written `bulk=10/60s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window<K = Category> {
    /// The requests that it counts.
    pub category: K,
    /// How long a request stays counted.
    pub length: Duration,
    /// How many requests it lets through.
    pub limit: u32,
}

/// A text that names no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable window {text:?}: expected {expected}")]
pub struct UnreadableWindow {
    /// The text.
    pub text: String,
    /// What a window looks like.
    pub expected: &'static str,
}

/// From here on a window is no burst.
const SUSTAINED: Duration = Duration::from_secs(60);

/// The units of a length in milliseconds, the longest first.
const UNITS: [(&str, u64); 5] =
    [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl<K: Kind> Window<K> {
    /// Whether a request of this category counts here.
    pub fn counts(&self, category: K) -> bool {
        self.category.includes(category)
    }

    /// Whether this is a sustained window rather than a burst.
    pub fn is_sustained(&self) -> bool {
        self.length >= SUSTAINED
    }

    fn read(text: &str) -> Option<Self>
    where
        K: FromStr,
    {
        let (category, rate) = text.split_once('=')?;
        let (limit, length) = rate.split_once('/')?;
        let window = Self {
            category: category.trim().parse().ok()?,
            length: read_length(length.trim())?,
            limit: limit.trim().parse().ok()?,
        };
        (window.limit > 0 && !window.length.is_zero()).then_some(window)
    }
}

impl<K: Kind + FromStr> FromStr for Window<K> {
    type Err = UnreadableWindow;

    fn from_str(text: &str) -> Result<Self, UnreadableWindow> {
        let expected = K::WRITTEN;
        Self::read(text)
            .ok_or_else(|| UnreadableWindow { text: text.to_owned(), expected })
    }
}

impl<K: fmt::Display> fmt::Display for Window<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { category, length, limit } = self;
        let millis = length.as_millis();
        // Minutes and hours are written in seconds, as limits are published.
        let (number, unit) = match millis {
            0 => (0, "s"),
            _ if millis.is_multiple_of(86_400_000) => (millis / 86_400_000, "d"),
            _ if millis.is_multiple_of(1_000) => (millis / 1_000, "s"),
            _ => (millis, "ms"),
        };
        write!(f, "{category}={limit}/{number}{unit}")
    }
}

/// A whole number and a unit.
fn read_length(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits)?;
    let (_, millis) = UNITS.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*millis).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_reads_as_it_is_written() {
        for text in
            ["global=25/1s", "bulk=10/60s", "enrich=5/250ms", "global=15/1d", "bulk=5/2s"]
        {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        let minutes = "bulk = 7 / 2m".parse::<Window>().unwrap();
        let length = Duration::from_secs(120);
        assert_eq!(minutes, Window { category: Category::Bulk, length, limit: 7 });
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in [
            "",
            "bulk",
            "bulk=10",
            "bulk=0/60s",
            "bulk=10/0s",
            "bulk=10/60",
            "bulk=-1/60s",
            "bulk=10/1y",
            "polls=10/60s",
            "bulk=10/99999999999999999999s",
            "bulk=10/9999999999999999999d",
        ] {
            let refused = text.parse::<Window>().unwrap_err();
            assert_eq!(refused.text, text);
        }
    }
}
