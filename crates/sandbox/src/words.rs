//! Choices by their names, as a command line spells them.

/// No choice has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown {kind} {name:?}: expected {expected}")]
pub struct UnknownWord {
    /// What was to be chosen, such as `algorithm`.
    pub kind: &'static str,
    /// The name that was given.
    pub name: String,
    /// The names that there are.
    pub expected: String,
}

/// The choice of a name.
pub(crate) fn read<T: Copy>(
    kind: &'static str,
    words: &[(&'static str, T)],
    name: &str,
) -> Result<T, UnknownWord> {
    let found = words.iter().find(|(word, _)| *word == name);
    found.map(|(_, choice)| *choice).ok_or_else(|| UnknownWord {
        kind,
        name: name.to_owned(),
        expected: words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", "),
    })
}

/// The name of a choice.
pub(crate) fn name<T: PartialEq>(words: &[(&'static str, T)], choice: T) -> &'static str {
    words.iter().find(|(_, other)| *other == choice).map_or("", |(word, _)| word)
}

/// Lets a type of choices be read and written by a table of its names.
macro_rules! worded {
    ($choices:ty, $kind:literal, [$(($word:literal, $choice:ident)),+ $(,)?]) => {
        const _: () = {
            const WORDS: &[(&str, $choices)] = &[$(($word, <$choices>::$choice)),+];

            impl std::str::FromStr for $choices {
                type Err = $crate::words::UnknownWord;

                fn from_str(name: &str) -> Result<Self, Self::Err> {
                    $crate::words::read($kind, WORDS, name)
                }
            }

            impl std::fmt::Display for $choices {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.pad($crate::words::name(WORDS, *self))
                }
            }
        };
    };
}

pub(crate) use worded;

#[cfg(test)]
pub(crate) mod tests {
    use std::fmt::{Debug, Display};
    use std::str::FromStr;

    use crate::{
        Access, Algorithm, Category, HeaderFamily, PhoneMiss, RateHeaders, ReverseMiss,
        ReversePages,
    };

    pub(crate) fn reads_as_it_is_written<T>(choices: &[T], names: &[&str])
    where
        T: FromStr<Err: Debug> + Display + Debug + PartialEq,
    {
        let written: Vec<String> = choices.iter().map(T::to_string).collect();
        assert_eq!(written, names);
        for (choice, name) in choices.iter().zip(names) {
            assert_eq!(name.parse::<T>().unwrap(), *choice);
        }
    }

    #[test]
    fn every_choice_reads_as_it_is_written() {
        reads_as_it_is_written(
            &[
                Algorithm::RollingLog,
                Algorithm::LogCountingRejects,
                Algorithm::FixedWindow,
                Algorithm::WeightedCounter,
            ],
            &["rolling", "rolling-counting-rejects", "fixed", "weighted"],
        );
        reads_as_it_is_written(
            &[RateHeaders::TightestSustained, RateHeaders::Tightest],
            &["sustained", "tightest"],
        );
        reads_as_it_is_written(
            &[
                HeaderFamily::Plain,
                HeaderFamily::ByLength,
                HeaderFamily::Both,
                HeaderFamily::Neither,
            ],
            &["x-ratelimit", "x-minute", "both", "none"],
        );
        reads_as_it_is_written(
            &[Category::Global, Category::Enrich, Category::Bulk],
            &["global", "enrich", "bulk"],
        );
        reads_as_it_is_written(
            &[
                Access::Approved,
                Access::Pending,
                Access::Rejected,
                Access::Revoked,
                Access::None,
            ],
            &["approved", "pending", "rejected", "revoked", "none"],
        );
        reads_as_it_is_written(
            &[PhoneMiss::Empty, PhoneMiss::NotFound],
            &["empty", "404"],
        );
        reads_as_it_is_written(
            &[ReverseMiss::Flagged, ReverseMiss::Error, ReverseMiss::NotFound],
            &["flagged", "500", "404"],
        );
        reads_as_it_is_written(
            &[ReversePages::Items, ReversePages::Hits],
            &["items", "hits"],
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_those_that_there_are() {
        let error = "Fixed".parse::<Algorithm>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown algorithm \"Fixed\": expected rolling, rolling-counting-rejects, fixed, weighted"
        );
    }
}
