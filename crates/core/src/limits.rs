//! What a provider limits: windows, and the calls that fall into them.

use crate::{Moment, Operation};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use std::{fmt, num::NonZeroU32, str::FromStr, sync::Arc, time::Duration};

/// The longest window, and the longest that a provider's word is waited for.
pub const LONGEST: Duration = Duration::from_secs(400 * 86_400);

/// The longest duration that is written anywhere: an answer that is older is good for nobody.
pub const OLDEST: Duration = Duration::from_secs(36_500 * 86_400);

/// Most calls of a window. One that holds more limits nobody.
pub const MOST_CALLS: u32 = 1_000_000;

/// The name of a set of calls that share windows, such as `global` or `bulk`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scope(pub Arc<str>);

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// At most `limit` calls in any stretch of time of this length. Written `300/60s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Calls.
    pub limit: NonZeroU32,
    /// The length, rolling.
    pub per: Duration,
}

/// A call, by what it is for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// Reading the wallet.
    Balance,
    /// Reading the wallet's history.
    Transactions,
    /// One question, answered at once.
    Ask,
    /// Handing over a batch.
    Submit,
    /// Asking how far a job is.
    Poll,
    /// Fetching a page of results.
    Page,
    /// Looking for a job by the name that we gave it.
    Find,
    /// Looking after the account: its team, its saved searches, what may be asked for.
    Account,
    /// Starting a job that was handed over.
    Launch,
    /// Asking what a job costs, or has cost.
    Estimate,
    /// Reading the team's own terms for an operation.
    Terms,
}

impl Call {
    /// All of them. The list grows at its end: stored calls name one by its place.
    pub const ALL: [Self; 11] = [
        Self::Balance,
        Self::Transactions,
        Self::Ask,
        Self::Submit,
        Self::Poll,
        Self::Page,
        Self::Find,
        Self::Account,
        Self::Launch,
        Self::Estimate,
        Self::Terms,
    ];

    /// The name in a pack.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Balance => "balance",
            Self::Transactions => "transactions",
            Self::Ask => "ask",
            Self::Submit => "submit",
            Self::Poll => "poll",
            Self::Page => "page",
            Self::Find => "find",
            Self::Account => "account",
            Self::Launch => "launch",
            Self::Estimate => "estimate",
            Self::Terms => "terms",
        }
    }
}

/// Where a call goes: which [`Scope`]s it falls into is the pack's to say.
///
/// In a pack it is written `ask`, which means every operation's, or `ask find_email`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// What the call is for.
    pub call: Call,
    /// The operation whose endpoint it is, where that is known and matters.
    pub operation: Option<Operation>,
}

impl Endpoint {
    /// The endpoint of an operation.
    pub const fn of(call: Call, operation: Operation) -> Self {
        Self { call, operation: Some(operation) }
    }

    /// Whether what a pack says of this endpoint holds for another.
    pub fn covers(self, other: Self) -> bool {
        self.call == other.call
            && (self.operation.is_none() || self.operation == other.operation)
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.call.name())?;
        match self.operation {
            Some(operation) => write!(f, " {operation}"),
            None => Ok(()),
        }
    }
}

impl From<Call> for Endpoint {
    fn from(call: Call) -> Self {
        Self { call, operation: None }
    }
}

impl FromStr for Endpoint {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (name, operation) = match text.split_once(' ') {
            Some((name, operation)) => (name, Some(operation)),
            None => (text, None),
        };
        let wrong = || {
            Unreadable(format!(
                "`{text}` is no endpoint: write `ask` or `ask find_email`"
            ))
        };
        let call =
            Call::ALL.into_iter().find(|call| call.name() == name).ok_or_else(wrong)?;
        let operation = operation.map(str::parse).transpose().map_err(|_| wrong())?;
        Ok(Self { call, operation })
    }
}

impl<'de> Deserialize<'de> for Endpoint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A call that left, remembered so that a later process counts it in its windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When it left; of one that has arrived, by when it had.
    pub at: Moment,
    /// Where it went.
    pub to: Endpoint,
    /// Whether it had surely arrived by then: its reply came, or its connection was closed.
    pub arrived: bool,
}

impl Sent {
    /// A call that is about to leave.
    pub fn leaving(at: Moment, to: impl Into<Endpoint>) -> Self {
        Self { at, to: to.into(), arrived: false }
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.limit, Written(self.per))
    }
}

/// A duration as people write it: `250ms`, `5s`, `60s`, `90d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written(pub Duration);

impl fmt::Display for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        match millis {
            0 => write!(f, "0s"),
            _ if millis.is_multiple_of(86_400_000) => {
                write!(f, "{}d", millis / 86_400_000)
            }
            _ if millis.is_multiple_of(1000) => write!(f, "{}s", millis / 1000),
            _ => write!(f, "{millis}ms"),
        }
    }
}

/// A text that is no duration or no window.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(String);

impl Unreadable {
    pub(crate) const fn new(sentence: String) -> Self {
        Self(sentence)
    }
}

impl FromStr for Written {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || {
            Unreadable(format!(
                "`{text}` is no duration of up to 100 years: write a whole number and a unit, such as 250ms, 5s, 10m, 12h or 90d"
            ))
        };
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let millis = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let length = number.checked_mul(millis).map(Duration::from_millis);
        length.filter(|length| *length <= OLDEST).map(Self).ok_or_else(wrong)
    }
}

impl FromStr for Window {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let wrong = || {
            Unreadable(format!(
                "`{text}` is no window: write up to {MOST_CALLS} calls and a length of up to 400d, such as 25/1s or 300/60s"
            ))
        };
        let (limit, per) = text.split_once('/').ok_or_else(wrong)?;
        let limit: NonZeroU32 = limit.trim().parse().map_err(|_| wrong())?;
        let Written(per) = per.trim().parse().map_err(|_| wrong())?;
        if per.is_zero() || per > LONGEST || limit.get() > MOST_CALLS {
            return Err(wrong());
        }
        Ok(Self { limit, per })
    }
}

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_and_durations_read_as_they_are_written() {
        for text in ["25/1s", "300/60s", "2/250ms", "15/1d", "1/1ms", "1000000/400d"] {
            assert_eq!(text.parse::<Window>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "25",
            "0/1s",
            "25/0s",
            "25/s",
            "-1/1s",
            "25/1y",
            "25/99999999999999999999s",
            "1/401d",
            "1/18446744073709551615ms",
            "1000001/1s",
            "4294967296/1s",
        ] {
            assert!(text.parse::<Window>().is_err(), "{text}");
        }
        assert_eq!("10m".parse(), Ok(Written(Duration::from_secs(600))));
        assert_eq!("36500d".parse(), Ok(Written(OLDEST)));
        for text in ["36501d", "18446744073709551615ms", "213503982334601d"] {
            assert!(text.parse::<Written>().is_err(), "{text}");
        }
    }
}
