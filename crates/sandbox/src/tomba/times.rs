//! Times on the wire.

use std::time::SystemTime;

use crate::timestamp;

/// A time with its offset, e.g. `2026-01-01T00:00:00+00:00`.
pub(super) fn written(at: SystemTime) -> String {
    let text = timestamp::format(at);
    format!("{}+00:00", text.get(..19).unwrap_or_default())
}

/// The day of a time in UTC, e.g. `2026-01-01`.
pub(super) fn day(at: SystemTime) -> String {
    let mut text = timestamp::format(at);
    text.truncate(10);
    text
}
