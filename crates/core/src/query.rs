//! One canonical question and its content address.

use crate::{InputKind, Operation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use unicode_normalization::UnicodeNormalization;

/// Content address of a [`Query`]: equal questions have equal keys and are paid for once.
///
/// The first 128 bits of SHA-256 over the operation and its canonical inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueryKey(pub [u8; 16]);

impl fmt::Debug for QueryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A question in the form in which it is sent: trimmed and normalised, in its first spelling.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Query {
    operation: Operation,
    values: Box<[Box<str>]>,
}

/// Why a row asks no question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unaskable {
    /// The step's `when:` is not true for it.
    #[error("`when:` is not true")]
    Unwanted,
    /// An input is null or blank.
    #[error("{0} is empty")]
    Empty(&'static str),
    /// An input is not of its kind.
    #[error("{0} is malformed")]
    Malformed(&'static str),
    /// An input is longer than providers take.
    #[error("{0} is too long")]
    TooLong(&'static str),
}

impl Query {
    /// Reads a question from raw inputs, in the order of [`Operation::inputs`].
    pub fn read<'a>(
        operation: Operation,
        raw: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Result<Self, Unaskable> {
        let mut raw = raw.into_iter();
        let values = operation
            .inputs()
            .iter()
            .map(|input| {
                let text = raw.next().flatten().unwrap_or_default();
                let text = tidy(text);
                if text.is_empty() {
                    return Err(Unaskable::Empty(input.name));
                }
                let text = match input.kind {
                    InputKind::Name => Some(text),
                    InputKind::Email => email(text),
                    InputKind::Domain => domain(&text),
                }
                .ok_or(Unaskable::Malformed(input.name))?;
                if text.chars().count() > input.max_chars {
                    return Err(Unaskable::TooLong(input.name));
                }
                Ok(text.into_boxed_str())
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { operation, values })
    }

    /// What is asked.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// The inputs as they are sent, in the order of [`Operation::inputs`].
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(AsRef::as_ref)
    }

    /// Bytes of input text: what a request grows by, without its punctuation.
    pub fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len()).sum()
    }

    /// The content address. Letter case makes no new question.
    pub fn key(&self) -> QueryKey {
        let mut hash = Sha256::new();
        hash.update(self.operation.name());
        for value in &self.values {
            hash.update([0]);
            if value.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
                hash.update(value.as_bytes());
            } else {
                hash.update(fold(value).as_bytes());
            }
        }
        let mut key = [0; 16];
        key.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        QueryKey(key)
    }
}

/// Case folding, letter by letter, that does not depend on the order of normalisation and folding. Letters
/// that share an upper case, such as the two small sigmas, are one; `ß` and `ss` are not.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let fold = |c: char| {
        let mut upper = c.to_uppercase();
        let c = match (upper.next(), upper.next()) {
            (Some(upper), None) => upper,
            _ => c,
        };
        c.to_lowercase()
    };
    text.nfc().flat_map(fold).nfc().collect()
}

/// Normal form C, no outer blanks, inner runs of blanks as one space.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !tidy.is_empty() {
                tidy.push(' ');
            }
            tidy.push_str(word);
        }
    }
    if tidy.is_ascii() { tidy } else { tidy.nfc().collect() }
}

fn email(text: String) -> Option<String> {
    let (local, host) = text.rsplit_once('@')?;
    let fits = !local.is_empty() && !text.contains(' ') && is_host(host);
    fits.then_some(text)
}

fn domain(text: &str) -> Option<String> {
    let lower = fold(text);
    let rest = lower.split_once("://").map_or(lower.as_str(), |(_, rest)| rest);
    let rest = rest.strip_prefix("//").unwrap_or(rest);
    let host = rest.split(['/', '?', '#']).next()?;
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    let host = host.trim_end_matches('.');
    let host =
        host.strip_prefix("www.").filter(|rest| rest.contains('.')).unwrap_or(host);
    is_host(host).then(|| host.to_owned())
}

/// At least two labels, none empty, nothing that a host name cannot hold.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .chars()
                .all(|c| c.is_alphanumeric() || c == '-' || c == '_' || !c.is_ascii())
    };
    host.contains('.') && host.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finder(first: &str, last: &str, domain: &str) -> Result<Query, Unaskable> {
        Query::read(Operation::FindEmail, [Some(first), Some(last), Some(domain)])
    }

    #[test]
    fn spelling_makes_no_new_question() {
        let key = finder("Ada", "Lovelace", "x.io").unwrap().key();
        for (first, last, domain) in [
            (" ada", "LOVELACE ", "X.io"),
            ("Ada", "Lovelace", "https://www.x.io/about?a=b"),
            ("Ada", "Lovelace", "http://X.IO:443"),
            ("Ada", "Lovelace", "www.x.io."),
        ] {
            assert_eq!(finder(first, last, domain).unwrap().key(), key, "{domain}");
        }
        let composed = finder("Zoë", "Müller", "x.io").unwrap().key();
        assert_eq!(
            finder("Zoe\u{308}", "MU\u{308}LLER", "x.io").unwrap().key(),
            composed
        );
        let sigma = finder("Αλεξ", "Παπας", "x.io").unwrap().key();
        assert_eq!(finder("ΑΛΕΞ", "ΠΑΠΑΣ", "x.io").unwrap().key(), sigma);
        assert_eq!(finder("αλεξ", "παπασ", "x.io").unwrap().key(), sigma);
        assert_ne!(finder("Ada", "Lovelace", "y.io").unwrap().key(), key);
        assert_ne!(finder("AdaL", "ovelace", "x.io").unwrap().key(), key);
    }

    #[test]
    fn what_cannot_be_asked_says_why() {
        assert_eq!(finder("", "b", "x.io"), Err(Unaskable::Empty("first_name")));
        assert_eq!(finder("a", " \t", "x.io"), Err(Unaskable::Empty("last_name")));
        for bad in ["localhost", "a b.io", "ada@x.io", "x..io", "https://", "."] {
            assert_eq!(
                finder("a", "b", bad),
                Err(Unaskable::Malformed("domain")),
                "{bad}"
            );
        }
        for bad in ["ada", "@x.io", "ada@", "ada@io", "a da@x.io"] {
            let read = Query::read(Operation::VerifyEmail, [Some(bad)]);
            assert_eq!(read, Err(Unaskable::Malformed("email")), "{bad}");
        }
        let long = "a".repeat(101);
        assert_eq!(finder(&long, "b", "x.io"), Err(Unaskable::TooLong("first_name")));
    }

    #[test]
    fn the_first_spelling_is_what_is_sent() {
        let query = finder(" Zoë  Anne ", "Müller", "HTTPS://WWW.Müller.de/").unwrap();
        assert_eq!(
            query.values().collect::<Vec<_>>(),
            ["Zoë Anne", "Müller", "müller.de"]
        );
    }

    proptest! {
        #[test]
        fn reading_what_was_sent_gives_the_same_key(
            first in "\\PC{1,20}", last in "\\PC{1,20}", host in "[a-zA-Zäöü]{1,8}\\.[a-z]{2,4}",
        ) {
            if let Ok(query) = finder(&first, &last, &host) {
                let sent: Vec<_> = query.values().map(str::to_owned).collect();
                let again = finder(&sent[0], &sent[1], &sent[2]).unwrap();
                prop_assert_eq!(&again, &query);
                let upper = finder(&sent[0].to_lowercase(), &sent[1], &sent[2]).unwrap();
                prop_assert_eq!(upper.key(), query.key());
            }
        }
    }
}
