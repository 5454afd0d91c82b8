use super::*;

const DAY: i64 = 86_400_000;

/// 2026-01-15T00:00:00Z, in milliseconds.
const MID_JANUARY: i64 = 1_768_435_200_000;

fn offer(repeats: Option<&str>) -> Offer {
    Offer {
        price: Credits(1),
        least_price: None,
        free: String::new(),
        least: Credits(0),
        most_items: NonZeroU32::MIN,
        batch: NonZeroU32::MIN,
        page: NonZeroU32::MIN,
        most_bytes: 1,
        running: None,
        daily: Daily::default(),
        only: None,
        rows: None,
        each: NonZeroU32::MIN,
        free_a_month: None,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: repeats.map(|time| time.parse().unwrap()),
        poll: None,
        early_results: None,
        terms: false,
    }
}

#[test]
fn a_repeat_is_free_for_so_long_and_within_the_month_of_every_time_zone() {
    let monthly = offer(Some("30d"));
    let is_free = |first: f64, now: f64| {
        let at = |days: f64| Timestamp(MID_JANUARY + (days * DAY as f64) as i64);
        monthly.is_free_repeat(at(first), at(now))
    };
    assert!(is_free(0.0, 0.0) && is_free(0.0, 10.0) && is_free(-13.0, 16.0));
    assert!(!is_free(0.0, 17.0), "in February");
    assert!(!is_free(0.0, 16.6), "in February where the day begins first");
    assert!(!is_free(-13.7, 0.0), "in December where the day begins last");
    assert!(!is_free(-20.0, 11.0), "too long ago");
    // Soon after, at the turn of a month: free where it is the same month everywhere.
    let turn = 16.0 + 1.0;
    let second = 1.0 / 86_400.0;
    assert!(is_free(turn + second, turn + 10.0 * second));
    assert!(!is_free(turn - second, turn + second), "midnight lies between");
    let short = offer(Some("100s"));
    let (first, soon, late) = (MID_JANUARY, MID_JANUARY + 49_000, MID_JANUARY + 51_000);
    assert!(short.is_free_repeat(Timestamp(first), Timestamp(soon)));
    assert!(!short.is_free_repeat(Timestamp(first), Timestamp(late)));
    assert!(!offer(None).is_free_repeat(Timestamp(first), Timestamp(first)));
}

/// By one source it is free for so many days, by another within the month: it is charged again for sure after both.
#[test]
fn a_repeat_is_charged_anew_where_no_source_has_it_free() {
    let monthly = offer(Some("30d"));
    let is_paid = |first: f64, now: f64| {
        let at = |days: f64| Timestamp(MID_JANUARY + (days * DAY as f64) as i64);
        monthly.is_paid_anew(at(first), at(now))
    };
    assert!(is_paid(0.0, 31.0));
    assert!(!is_paid(0.0, 29.0), "in the next month, and within thirty days");
    assert!(!is_paid(0.0, 30.01), "at the very end of them");
    assert!(!is_paid(-14.0, 16.9), "after thirty days, and within the month");
    assert!(offer(None).is_paid_anew(Timestamp(0), Timestamp(0)));
}
