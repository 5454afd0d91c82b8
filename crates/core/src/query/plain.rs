//! A question in the spelling to which providers reduce it: `zoe` for `Zoë`, `oneill` for `O'Neill`.
//!
//! It is no other name for a question: two that differ by an accent are two questions, each with a key of its own. It only
//! helps to find out which question a row of results is about.

use super::{Query, Unaskable, add, canonical, finish, fold, hasher, read, tidy};
use crate::{InputKind, Operation, QueryKey};
use std::borrow::Cow;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

impl Query {
    /// The key of the question in its plain spelling: its own where it is spelt so.
    pub fn plain_key(&self) -> QueryKey {
        let mut hash = hasher(self.operation);
        for (value, input) in self.values.iter().zip(self.operation.inputs()) {
            add(&mut hash, &plain(value, input.kind), input.kind);
        }
        finish(hash)
    }

    /// The plain key of the question that these inputs ask, as of one that was [read](Self::read).
    pub fn plain_key_of<'a>(
        operation: Operation,
        raw: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Result<QueryKey, Unaskable> {
        let mut hash = hasher(operation);
        for (value, input) in canonical(operation, raw).zip(operation.inputs()) {
            add(&mut hash, &plain(&value?, input.kind), input.kind);
        }
        Ok(finish(hash))
    }

    /// Whether inputs that came back are those of another question: somebody's name or address is not ours in any common
    /// spelling, or nothing is but a domain. What is missing, cannot be read or is written in other letters says nothing.
    pub fn is_unlike<'a>(&self, raw: impl IntoIterator<Item = Option<&'a str>>) -> bool {
        let inputs = self.operation.inputs();
        let told = |text: &str, kind: InputKind| {
            let text = bare(&plain(text, kind), kind);
            Some(text).filter(|text| !text.is_empty() && text.is_ascii())
        };
        let ours = self.values().zip(inputs);
        let ours =
            ours.filter_map(|(text, input)| Some((input.kind, told(text, input.kind)?)));
        let ours: Vec<(InputKind, String)> = ours.collect();
        // A company has several domains.
        let (mut is_alike, mut is_elsewhere) = (false, false);
        for (raw, input) in raw.into_iter().zip(inputs) {
            let text = raw.and_then(|raw| read(input, tidy(raw)).ok());
            let Some(text) = text.and_then(|text| told(&text, input.kind)) else {
                continue;
            };
            // The parts of a name may come in another order.
            let same_kind = || ours.iter().filter(|(kind, _)| *kind == input.kind);
            match same_kind().any(|(_, ours)| *ours == text) {
                true => is_alike = true,
                false if same_kind().next().is_none() => {}
                false if input.kind == InputKind::Domain => is_elsewhere = true,
                false => return true,
            }
        }
        is_elsewhere && !is_alike
    }
}

/// What is compared of a single answer's echo. Of an address what names its mailbox: without its signs, and what its owner
/// may put behind a `+`. Of a name its letters, without those that stand for marks, as in `Mueller`.
fn bare(plain: &str, kind: InputKind) -> String {
    match plain.split_once('@') {
        Some((local, host)) if kind == InputKind::Email => {
            let local = local.split('+').next().unwrap_or_default();
            let local: String = local.chars().filter(|c| c.is_alphanumeric()).collect();
            format!("{local}@{host}")
        }
        _ if kind == InputKind::Name => {
            ["ae", "oe", "ue"].iter().fold(plain.to_owned(), |name, pair| {
                name.replace(pair, pair.trim_end_matches('e'))
            })
        }
        _ => plain.to_owned(),
    }
}

/// An input in its plain spelling. What only its maker reads has no other.
fn plain(value: &str, kind: InputKind) -> Cow<'_, str> {
    match kind {
        InputKind::Name | InputKind::Sentence => {
            let mut letters = unmarked(value);
            letters.retain(char::is_alphanumeric);
            // A name of nothing but signs is told by them.
            if letters.is_empty() { fold(value).into() } else { letters.into() }
        }
        InputKind::Email | InputKind::Domain => unmarked(value).into(),
        InputKind::Profile | InputKind::Company => unmarked(&decoded(value)).into(),
        InputKind::Phone => value.chars().filter(char::is_ascii_digit).collect(),
        InputKind::Id
        | InputKind::Url
        | InputKind::Json
        | InputKind::Words
        | InputKind::Count { .. }
        | InputKind::Country => value.into(),
    }
}

/// A text in small letters without marks, signs as they are.
fn unmarked(text: &str) -> String {
    let small = fold(text);
    if small.is_ascii() {
        return small;
    }
    // What stands for an apostrophe in many names is a letter of its own in Unicode.
    let is_mark = |c: &char| is_combining_mark(*c) || matches!(*c, '\u{2b0}'..='\u{2ff}');
    let mut unmarked = String::with_capacity(small.len());
    for letter in small.nfkd().flat_map(char::to_lowercase).filter(|c| !is_mark(c)) {
        match base(letter) {
            "" => unmarked.push(letter),
            letters => unmarked.push_str(letters),
        }
    }
    unmarked
}

/// The letters that stand for one which no normal form takes apart.
const fn base(letter: char) -> &'static str {
    match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ı' => "i",
        'ŋ' => "n",
        'ŧ' => "t",
        'ə' => "e",
        _ => "",
    }
}

/// A part of an address without its escapes, where they are text.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return text.into();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digit = |digit: &u8| char::from(*digit).to_digit(16);
                digit(high).zip(digit(low)).map(|(high, low)| (high * 16 + low, after))
            }
            _ => None,
        };
        match escaped.and_then(|(byte, after)| Some((u8::try_from(byte).ok()?, after))) {
            Some((byte, after)) => {
                bytes.push(byte);
                rest = after;
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_or(text.into(), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn finder(first: &str, last: &str, domain: &str) -> Query {
        Query::read(Operation::FindEmail, [Some(first), Some(last), Some(domain)])
            .unwrap()
    }

    #[test]
    fn spellings_that_providers_reduce_to_one_have_one_plain_key() {
        for (ours, echo) in [
            (("Zoë", "Müller", "x.io"), ("zoe", "muller", "x.io")),
            (("Seán", "O’Neill", "x.io"), ("SEAN", "ONeill", "x.io")),
            (("Anne-Marie", "de la Cruz", "x.io"), ("Anne Marie", "DeLaCruz", "x.io")),
            (("Łukasz", "Groß", "x.io"), ("lukasz", "gross", "x.io")),
            (("Søren", "Æbelø", "x.io"), ("Soren", "Aebelo", "x.io")),
            (("Kaʻiulani", "İnan", "x.io"), ("Kaiulani", "Inan", "x.io")),
            (("J.", "Doe", "müller.de"), ("J", "Doe", "muller.de")),
        ] {
            let (ours, echo) =
                (finder(ours.0, ours.1, ours.2), finder(echo.0, echo.1, echo.2));
            assert_eq!(ours.plain_key(), echo.plain_key(), "{ours:?} {echo:?}");
            assert_ne!(ours.key(), echo.key(), "{ours:?} {echo:?}");
        }
        let plain = finder("zoe", "muller", "x.io");
        assert_eq!(plain.plain_key(), plain.key());
        assert_eq!(finder("Zoe", "Muller", "X.io").plain_key(), plain.key());
    }

    #[test]
    fn what_is_another_question_stays_another() {
        let plain = |first, last, domain| finder(first, last, domain).plain_key();
        let zoe = plain("Zoë", "Li", "x.io");
        assert_ne!(zoe, plain("Zo", "ëLi", "x.io"));
        assert_ne!(zoe, plain("Zoë", "Li", "xi.o"));
        assert_ne!(zoe, plain("Zoé", "Lì", "y.io"));
        assert_ne!(plain("—", "Li", "x.io"), plain("…", "Li", "x.io"));
        assert_ne!(plain("Иван", "Li", "x.io"), plain("Петр", "Li", "x.io"));
        let lead =
            |id| Query::read(Operation::RevealEmail, [Some(id)]).unwrap().plain_key();
        assert_ne!(lead("enc_A1"), lead("enc_a1"));
        let phone =
            |url| Query::plain_key_of(Operation::FindPhone, [Some(url), None]).unwrap();
        let zoe = phone("https://www.linkedin.com/in/zoë-li");
        assert_eq!(zoe, phone("linkedin.com/in/Zo%C3%AB-li"));
        assert_eq!(zoe, phone("linkedin.com/in/zoe-li/"));
        assert_ne!(zoe, phone("linkedin.com/in/zoeli"));
        assert_ne!(phone("linkedin.com/in/100%"), phone("linkedin.com/in/100"));
    }

    #[test]
    fn an_echo_is_of_another_question_where_it_names_somebody_else() {
        let asked = finder("Zoë", "Müller", "x.io");
        let unlike = |echo: [&str; 3]| asked.is_unlike(echo.map(Some));
        for ours in [
            ["zoe", "MULLER", "https://www.x.io/"],
            ["Müller", "Zoë", "x.io"],
            ["ZOE", "Mueller", "x.io"],
            ["Zoë", "Müller", "y.io"],
            ["Зоя", "Мюллер", "x.io"],
            ["", "", ""],
            ["", "", "no domain"],
        ] {
            assert!(!unlike(ours), "{ours:?}");
        }
        for other in [
            ["Ada", "Byron", "x.io"],
            ["Ada", "Müller", "x.io"],
            ["Zoey", "Müller", "x.io"],
            ["Zoë", "Byron", "y.io"],
            ["Ada", "", ""],
            ["", "", "y.io"],
        ] {
            assert!(unlike(other), "{other:?}");
        }
        let verify =
            Query::read(Operation::VerifyEmail, [Some("Zoe.Li+a@x.io")]).unwrap();
        for ours in ["zoe.li+a@X.io", "zoë.li@x.io", "zoeli@x.io"] {
            assert!(!verify.is_unlike([Some(ours)]), "{ours}");
        }
        for other in ["zoe.l@x.io", "zoe.li@y.io"] {
            assert!(verify.is_unlike([Some(other)]), "{other}");
        }
        let by_address =
            Query::read(Operation::FindPhone, [None, Some("a@x.io")]).unwrap();
        assert!(!by_address.is_unlike([Some("linkedin.com/in/a"), Some("a@x.io")]));
        assert!(!by_address.is_unlike([Some("linkedin.com/in/a"), None]));
    }

    proptest! {
        #[test]
        fn the_plain_spelling_of_a_plain_spelling_is_itself(text in "\\PC{0,24}") {
            for kind in [
                InputKind::Name,
                InputKind::Email,
                InputKind::Phone,
                InputKind::Domain,
            ] {
                let once = plain(&text, kind).into_owned();
                prop_assert_eq!(plain(&once, kind).into_owned(), once);
            }
        }
    }
}
