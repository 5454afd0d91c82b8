//! How long to wait, and how often to try again.

use std::time::Duration;

/// How long a run waits by default for what lets nothing through: a window, a day's quota, the provider's own word, or
/// one refusal after the other.
pub const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// After an interruption, how long replies to paid calls are waited for by default: each one that is missed leaves a
/// batch in doubt.
pub const GRACE: Duration = Duration::from_millis(2500);

/// Failures in a row after which a free call is given up: about a quarter of an hour.
pub(crate) const MOST_FAILURES: u32 = 20;

/// Paid calls in a row that could not reach the provider, after which the run ends: about two minutes.
pub(crate) const MOST_UNSENT: u32 = 8;

/// Lost replies to paid calls in a row, after which nothing more is bought: each one holds a batch.
pub(crate) const MOST_LOST: u32 = 4;

/// Refused batches in a row, after which a refusal is believed as it is: halving half a million questions
/// down to one takes twenty.
pub(crate) const MOST_REFUSED: u32 = 24;

/// Times that a provider may say that it does not know a job before we believe it.
pub(crate) const MOST_GONE: u32 = 5;

/// The same, of a job that somebody else has named: it may be made up.
pub(crate) const MOST_ADOPTED: u32 = 2;

/// Doubles from one second to one minute.
pub(crate) fn backoff(failures: u32) -> Duration {
    Duration::from_secs(1 << failures.saturating_sub(1).min(6))
        .min(Duration::from_secs(60))
}
