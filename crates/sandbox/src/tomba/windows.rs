//! How many requests each endpoint lets through.

use std::time::Duration;

use super::endpoint::Endpoint;
use super::knobs::{Fraction, PlanLimits};
use crate::window::Window;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

/// Calls a minute of each endpoint. The published rate a second is a sixtieth of it, where it is a whole number
/// and where it is not (2.5 and, rounded, 1.67).
///
/// # Source
/// <https://docs.tomba.io/rate-limits> for those of the finders, `similar`, `technology` and `reveal`; the pages on
/// moving from Clearbit for people, companies and both; the READMEs of Tomba's own actors for phones. The rest is a
/// proposal (section 15, row A6).
const A_MINUTE: [(Endpoint, u32); 22] = [
    (Endpoint::DomainSearch, 900),
    (Endpoint::EmailFinder, 900),
    (Endpoint::Similar, 900),
    (Endpoint::Technology, 900),
    (Endpoint::Enrich, 300),
    (Endpoint::AuthorFinder, 150),
    (Endpoint::EmailVerifier, 150),
    (Endpoint::Linkedin, 100),
    (Endpoint::Reveal, 300),
    (Endpoint::People, 300),
    (Endpoint::Companies, 300),
    (Endpoint::Combined, 300),
    (Endpoint::PhoneFinder, 150),
    (Endpoint::PhoneValidator, 150),
    (Endpoint::EmailCount, 300),
    (Endpoint::EmailSources, 300),
    (Endpoint::EmailFormat, 300),
    (Endpoint::Location, 300),
    (Endpoint::DomainStatus, 300),
    (Endpoint::DomainSuggestions, 300),
    (Endpoint::Account, 300),
    (Endpoint::Bulk, 300),
];

/// The windows of every endpoint, bursts before sustained ones, then those of the plan.
pub(super) fn published(
    fraction: Fraction,
    plan: Option<PlanLimits>,
) -> Vec<Window<Endpoint>> {
    let of = |(endpoint, a_minute): (Endpoint, u32)| {
        let (limit, length) = burst(a_minute, fraction);
        [window(endpoint, limit, length), window(endpoint, a_minute, MINUTE)]
    };
    let mut windows: Vec<_> = A_MINUTE.into_iter().flat_map(of).collect();
    let every = |(limit, length)| window(Endpoint::Every, limit, length);
    windows.extend(plan.map(of_plan).into_iter().flatten().map(every));
    windows
}

fn window(category: Endpoint, limit: u32, length: Duration) -> Window<Endpoint> {
    Window { category, length, limit }
}

/// The short window of an endpoint.
fn burst(a_minute: u32, fraction: Fraction) -> (u32, Duration) {
    let whole = a_minute / 60;
    if a_minute.is_multiple_of(60) {
        return (whole, SECOND);
    }
    match fraction {
        Fraction::Spaced => (1, MINUTE / a_minute),
        // The shortest whole seconds that hold a whole number of calls.
        Fraction::Widened => match (1..=60).find(|s| (a_minute * s).is_multiple_of(60)) {
            Some(seconds) => (a_minute * seconds / 60, SECOND * seconds),
            None => (whole, SECOND),
        },
        Fraction::RoundedUp => (whole + 1, SECOND),
        Fraction::RoundedDown => (whole, SECOND),
    }
}

/// # Source
/// <https://docs.tomba.io/api> for `Free` and `Pro`; `Trial` is an adapter's, by others.
fn of_plan(plan: PlanLimits) -> [(u32, Duration); 2] {
    match plan {
        PlanLimits::Free => [(10, SECOND), (60, MINUTE)],
        PlanLimits::Pro => [(50, SECOND), (600, MINUTE)],
        PlanLimits::Trial => [(2, MINUTE), (5, DAY)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(fraction: Fraction, plan: Option<PlanLimits>) -> Vec<String> {
        published(fraction, plan).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_table_is_the_published_one() {
        let windows = written(Fraction::default(), Some(PlanLimits::Trial));
        for window in [
            "domain-search=15/1s",
            "domain-search=900/60s",
            "email-finder=15/1s",
            "email-finder=900/60s",
            "similar=15/1s",
            "technology=900/60s",
            "enrich=5/1s",
            "enrich=300/60s",
            "author-finder=1/400ms",
            "author-finder=150/60s",
            "email-verifier=1/400ms",
            "email-verifier=150/60s",
            "linkedin=1/600ms",
            "linkedin=100/60s",
            "reveal=5/1s",
            "every=2/60s",
            "every=5/1d",
        ] {
            assert!(windows.iter().any(|other| other == window), "{window}");
        }
    }

    #[test]
    fn a_fraction_is_enforced_in_four_ways() {
        for (fraction, verifier, linkedin) in [
            (Fraction::Spaced, "email-verifier=1/400ms", "linkedin=1/600ms"),
            (Fraction::Widened, "email-verifier=5/2s", "linkedin=5/3s"),
            (Fraction::RoundedUp, "email-verifier=3/1s", "linkedin=2/1s"),
            (Fraction::RoundedDown, "email-verifier=2/1s", "linkedin=1/1s"),
        ] {
            let windows = written(fraction, None);
            for window in [verifier, linkedin] {
                assert!(windows.iter().any(|other| other == window), "{window}");
            }
        }
    }

    #[test]
    fn a_window_reads_as_it_is_written() {
        for window in published(Fraction::default(), Some(PlanLimits::Pro)) {
            assert_eq!(window.to_string().parse(), Ok(window));
        }
    }
}
