//! Colleagues who share the account: requests that come beside the client's own.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;
use std::time::Duration;

use tokio::time::Instant;

use crate::plan::Category;
use crate::random::Random;
use crate::window::Window;

/// A part of a whole, in whole hundredths. Written `20` or `20%`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Percent(u8);

/// A text that is no percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unreadable percentage {0:?}: expected a whole number from 0 to 100")]
pub struct UnreadablePercent(pub String);

impl Percent {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many hundredths; more than 100 are 100.
    pub const fn new(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }

    /// The part of a number.
    pub(crate) fn of(self, whole: f64) -> f64 {
        whole * f64::from(self.0) / 100.0
    }
}

impl FromStr for Percent {
    type Err = UnreadablePercent;

    fn from_str(text: &str) -> Result<Self, UnreadablePercent> {
        let number: Result<u8, ParseIntError> =
            text.strip_suffix('%').unwrap_or(text).parse();
        let percent = number.ok().filter(|percent| *percent <= 100);
        percent.map(Self).ok_or_else(|| UnreadablePercent(text.to_owned()))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// The requests of colleagues: one Poisson stream for each category, so that every sustained window is asked
/// for the same part of its rate.
///
/// Arrivals depend on the seed alone, and not on when they are looked at.
#[derive(Debug)]
pub(crate) struct Foreign<K = Category> {
    streams: Vec<Stream<K>>,
}

#[derive(Debug)]
struct Stream<K> {
    category: K,
    /// Requests a second.
    rate: f64,
    next: Instant,
    random: Random,
}

/// Farther ahead than any run lasts.
const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

impl Foreign {
    /// Colleagues who take this part of every sustained window's rate, from `start` on.
    pub(crate) fn new(
        part: Percent,
        windows: &[Window],
        seed: u64,
        start: Instant,
    ) -> Self {
        let rates = rates(windows)
            .map(|(category, rate)| (category, category as u64, part.of(rate)));
        Self::at_rates(rates, seed, start)
    }
}

impl<K: Copy> Foreign<K> {
    /// Colleagues who send each kind of request at a rate, in requests a second, by a stream of chance of its
    /// own number.
    pub(crate) fn at_rates(
        rates: impl IntoIterator<Item = (K, u64, f64)>,
        seed: u64,
        start: Instant,
    ) -> Self {
        let wanted = rates.into_iter().filter(|(_, _, rate)| *rate > 0.0);
        let stream = |(category, number, rate)| {
            Stream::new(category, rate, Random::new(seed, number), start)
        };
        Self { streams: wanted.map(stream).collect() }
    }

    /// The next request that comes no later than `now`.
    pub(crate) fn next(&mut self, now: Instant) -> Option<(K, Instant)> {
        let next = self.streams.iter_mut().min_by_key(|stream| stream.next)?;
        (next.next <= now).then(|| (next.category, next.arrive()))
    }
}

impl<K> Stream<K> {
    fn new(category: K, rate: f64, random: Random, start: Instant) -> Self {
        let mut stream = Self { category, rate, next: start, random };
        stream.arrive();
        stream
    }

    /// Takes the next arrival and draws the one after it.
    fn arrive(&mut self) -> Instant {
        let gap = -(1.0 - self.random.unit()).ln() / self.rate;
        let gap = Duration::try_from_secs_f64(gap).unwrap_or(CENTURY).min(CENTURY);
        let arrival = self.next;
        self.next += gap;
        arrival
    }
}

/// The whole rate of each category, in requests a second. A category without a sustained window of its own has
/// none, and the global one is what the others leave of the global window.
fn rates(windows: &[Window]) -> [(Category, f64); 3] {
    let sustained = || windows.iter().filter(|window| window.is_sustained());
    let rate = |category| {
        let counting = sustained().filter(|window| window.counts(category));
        let rates =
            counting.map(|window| f64::from(window.limit) / window.length.as_secs_f64());
        let own = sustained().any(|window| window.category == category);
        rates.min_by(f64::total_cmp).filter(|_| own).unwrap_or_default()
    };
    let [global, enrich, bulk] =
        [Category::Global, Category::Enrich, Category::Bulk].map(rate);
    let rest = (global - enrich - bulk).max(0.0);
    [(Category::Global, rest), (Category::Enrich, enrich), (Category::Bulk, bulk)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Plan;

    #[test]
    fn a_percentage_reads_with_and_without_its_sign() {
        assert_eq!("20%".parse(), Ok(Percent::new(20)));
        assert_eq!("100".parse(), Ok(Percent::new(255)));
        assert_eq!(Percent::new(20).to_string(), "20%");
        for text in ["", "-1", "101", "a", "2.5", "20%%"] {
            assert_eq!(text.parse::<Percent>(), Err(UnreadablePercent(text.to_owned())));
        }
    }

    fn arrivals(percent: u8, looks: u32) -> Vec<(Category, Duration)> {
        let start = Instant::now();
        let windows = Plan::Growth.windows();
        let mut foreign = Foreign::new(Percent::new(percent), &windows, 7, start);
        let hours = Duration::from_secs(10 * 3_600);
        let mut arrivals = Vec::new();
        for look in 1..=looks {
            let now = start + hours * look / looks;
            while let Some((category, at)) = foreign.next(now) {
                assert!(at <= now);
                arrivals.push((category, at - start));
            }
        }
        arrivals
    }

    #[test]
    fn every_sustained_window_is_asked_for_its_part() {
        let arrivals = arrivals(20, 1);
        assert!(arrivals.is_sorted_by_key(|(_, at)| *at));
        // A minute of growth takes 300 requests, 100 of them lookups and 10 submits.
        for (category, a_minute) in
            [(Category::Global, 60.0), (Category::Enrich, 20.0), (Category::Bulk, 2.0)]
        {
            let counted = arrivals
                .iter()
                .filter(|(other, _)| category == Category::Global || *other == category);
            let seen = counted.count() as f64 / 600.0;
            let off = (seen / a_minute - 1.0).abs();
            assert!(off < 0.08, "{category}: {seen} a minute");
        }
    }

    #[test]
    fn arrivals_do_not_depend_on_who_looks() {
        assert_eq!(arrivals(20, 1), arrivals(20, 977));
        assert_eq!(arrivals(0, 1), []);
    }

    #[test]
    fn where_no_window_is_sustained_nobody_comes() {
        let start = Instant::now();
        let windows = ["global=5/1s".parse().unwrap(), "bulk=1/59s".parse().unwrap()];
        let mut foreign = Foreign::new(Percent::new(100), &windows, 0, start);
        assert_eq!(foreign.next(start + CENTURY), None);
    }
}
