//! The values that filters take (appendix B of the reference), in its order.

use std::sync::LazyLock;

/// The values of one filter.
pub(crate) type List = LazyLock<Vec<&'static str>>;

pub(crate) static COUNTRIES: List =
    LazyLock::new(|| lines(include_str!("../../data/followers/countries.txt")));
pub(crate) static DEPARTMENTS: List =
    LazyLock::new(|| lines(include_str!("../../data/followers/departments.txt")));
pub(crate) static LEVELS: List =
    LazyLock::new(|| lines(include_str!("../../data/followers/levels.txt")));
pub(crate) static JOB_TITLES: List =
    LazyLock::new(|| lines(include_str!("../../data/followers/job_titles.txt")));
pub(crate) static STATES: List =
    LazyLock::new(|| states().map(|(state, _)| state).collect());

/// The place of each state's country among the countries. The reference says that a state implies one, and
/// not which: of a name that several countries have, this is one.
pub(crate) static COUNTRY_OF: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let place = |name| COUNTRIES.iter().position(|country| *country == name);
    states().map(|(_, country)| place(country).unwrap_or_default()).collect()
});

/// The states of each country; some countries have none.
pub(crate) static STATES_OF: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let of = |country| {
        let states = COUNTRY_OF.iter().enumerate();
        states.filter(|(_, of)| **of == country).map(|(state, _)| state).collect()
    };
    (0..COUNTRIES.len()).map(of).collect()
});

fn lines(text: &'static str) -> Vec<&'static str> {
    text.lines().collect()
}

fn states() -> impl Iterator<Item = (&'static str, &'static str)> {
    include_str!("../../data/followers/states.txt")
        .lines()
        .map(|line| line.split_once('\t').unwrap_or((line, "")))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_lists_are_as_long_as_the_references_and_name_nothing_twice() {
        for (list, length) in [
            (&COUNTRIES, 58),
            (&STATES, 400),
            (&JOB_TITLES, 642),
            (&DEPARTMENTS, 26),
            (&LEVELS, 10),
        ] {
            let distinct: BTreeSet<&str> = list.iter().copied().collect();
            assert_eq!((list.len(), distinct.len()), (length, length));
            assert!(list.iter().all(|value| !value.is_empty() && value.trim() == *value));
        }
    }

    #[test]
    fn every_state_has_a_country_that_there_is() {
        for (state, country) in states() {
            assert!(COUNTRIES.contains(&country), "{state} in {country:?}");
        }
        let place = |list: &List, name| list.iter().position(|value| *value == name);
        let bavaria = place(&STATES, "Bavaria").unwrap();
        let germany = place(&COUNTRIES, "Germany").unwrap();
        assert_eq!(COUNTRY_OF[bavaria], germany);
        assert!(STATES_OF[germany].contains(&bavaria));
        assert_eq!(STATES_OF.iter().map(Vec::len).sum::<usize>(), 400);
    }
}
