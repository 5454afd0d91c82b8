//! What is known of each filter: its type, how many values it takes, how it matches.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

const FILTERS: &str = include_str!("data/filters.txt");

/// The filters by key.
pub(crate) static FACETS: LazyLock<BTreeMap<&'static str, Facet>> = LazyLock::new(|| {
    let facets = FILTERS.lines().filter_map(Facet::read);
    facets.map(|facet| (facet.key, facet)).collect()
});

/// One filter.
#[derive(Debug)]
pub(crate) struct Facet {
    /// Its key on the wire.
    pub(crate) key: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    /// The most values that it takes.
    pub(crate) most: usize,
    /// When a value fits.
    pub(crate) matches: Match,
    /// Whose attribute it is.
    pub(crate) category: &'static str,
    /// Where the attribute comes from.
    pub(crate) source: Source,
    /// The list or column of its known values; `-` if it is free text.
    pub(crate) options: &'static str,
}

/// What a filter takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text or a list of them.
    Texts,
    /// A text.
    Text,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// `true` or `false`.
    Flag,
    /// `exact` or `contains`, for another filter.
    Mode,
}

/// When a value fits an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    /// It is the attribute, letter by letter.
    Exact,
    /// It is the attribute in any letter case.
    AnyCase,
    /// The attribute contains it, in any letter case.
    Contains,
    /// The attribute is as much or more.
    Least,
    /// The attribute is as much or less.
    Most,
    /// The attribute is as much.
    Equal,
}

/// Where an attribute comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Source {
    /// The person or the company has it, by this key.
    Own(&'static str),
    /// One of a list, in so many of a hundred cases.
    One(&'static str, usize),
    /// A number in a range, divided by the second.
    Count(Range<i64>, f64),
    /// Up to so many of a thousand employees.
    Share(i64),
    /// True in so many of a hundred cases.
    Flag(usize),
    /// Nobody has it.
    Nowhere,
}

impl Facet {
    /// Whether it is an attribute of the person.
    pub(crate) fn is_personal(&self) -> bool {
        self.category == "person"
    }

    /// Whether the filter options list it: lists do, and two texts.
    pub(crate) fn is_listed(&self) -> bool {
        self.kind == Kind::Texts || matches!(self.key, "city" | "headquartersCity")
    }

    fn read(line: &'static str) -> Option<Self> {
        let mut words = line.split_whitespace();
        let key = words.next().filter(|key| *key != "#")?;
        let kind = match words.next()? {
            "texts" => Kind::Texts,
            "text" => Kind::Text,
            "int" => Kind::Int,
            "number" => Kind::Number,
            "flag" => Kind::Flag,
            "mode" => Kind::Mode,
            _ => return None,
        };
        let most = words.next()?.parse().unwrap_or(1);
        let matches = match words.next()? {
            "exact" | "-" => Match::Exact,
            "technology" => Match::AnyCase,
            "contains" => Match::Contains,
            "least" => Match::Least,
            "most" => Match::Most,
            "equal" => Match::Equal,
            _ => return None,
        };
        let category = words.next()?;
        let source = Source::read(key, words.next()?)?;
        Some(Self { key, kind, most, matches, category, source, options: words.next()? })
    }
}

impl Source {
    fn read(key: &'static str, text: &'static str) -> Option<Self> {
        let (name, rest) = text.split_once(':').unwrap_or((text, ""));
        let range = || {
            let (from, to) = rest.split_once("..")?;
            Some(from.parse().ok()?..to.parse().ok()?)
        };
        Some(match name {
            "own" => Self::Own(key),
            "as" => Self::Own(rest),
            "one" => {
                let (list, percent) = rest.split_once(':')?;
                Self::One(list, percent.parse().ok()?)
            }
            "count" => Self::Count(range()?, 1.0),
            "tenths" => Self::Count(range()?, 10.0),
            "share" => Self::Share(rest.parse().ok()?),
            "flag" => Self::Flag(rest.parse().ok()?),
            "none" => Self::Nowhere,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tables::{list, options};
    use super::*;

    #[test]
    fn there_are_138_filters_of_the_documented_types() {
        let count = |kind: Kind| FACETS.values().filter(|f| f.kind == kind).count();
        let kinds =
            [Kind::Texts, Kind::Text, Kind::Int, Kind::Number, Kind::Flag, Kind::Mode];
        assert_eq!(kinds.map(count), [44, 36, 38, 12, 7, 1]);
        assert_eq!(FACETS.values().filter(|facet| facet.is_listed()).count(), 46);
    }

    #[test]
    fn every_list_that_a_filter_names_exists() {
        for facet in FACETS.values() {
            if let Source::One(name, _) = facet.source {
                assert!(!list(name).is_empty(), "{name}");
            }
            let free = facet.options == "-";
            assert!(free || !options(facet.options).is_empty(), "{}", facet.key);
        }
    }

    #[test]
    fn bounds_are_as_documented() {
        let most = |key: &str| FACETS.get(key).map(|facet| facet.most);
        for (key, bound) in [
            ("revenueBuckets", 6),
            ("continent", 7),
            ("jobLevel", 10),
            ("erpTechOrg", 10),
            ("stateName", 20),
            ("jobTitle", 25),
            ("jobFunction", 26),
            ("industrySicCode", 50),
            ("domain", 5_000),
        ] {
            assert_eq!(most(key), Some(bound), "{key}");
        }
    }
}
