//! Points in time, as people and programs read them.

use leadmill_core::Timestamp;

/// RFC 3339 in UTC.
pub(crate) fn time(at: Timestamp) -> String {
    let (year, month, day) = at.date();
    let seconds = at.0.rem_euclid(86_400_000) / 1000;
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(time(Timestamp(0)), "1970-01-01T00:00:00Z");
        assert_eq!(time(Timestamp(1_709_164_799_999)), "2024-02-28T23:59:59Z");
        assert_eq!(time(Timestamp(1_709_164_800_000)), "2024-02-29T00:00:00Z");
        assert_eq!(time(Timestamp(-1)), "1969-12-31T23:59:59Z");
    }
}
