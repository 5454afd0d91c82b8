//! One canonical question.

mod plain;

use crate::{
    InputKind, Operation, QueryKey,
    operation::{Input, Presence},
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;

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
    /// An input is null or blank, or all of those of which one is needed.
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
        let values = canonical(operation, raw);
        let values = values.map(|value| Ok(value?.into_owned().into_boxed_str()));
        Ok(Self { operation, values: values.collect::<Result<_, _>>()? })
    }

    /// The key of the question that these inputs ask, as of one that was [read](Self::read).
    pub fn key_of<'a>(
        operation: Operation,
        raw: impl IntoIterator<Item = Option<&'a str>>,
    ) -> Result<QueryKey, Unaskable> {
        let mut hash = hasher(operation);
        for (value, input) in canonical(operation, raw).zip(operation.inputs()) {
            add(&mut hash, &value?, input.kind);
        }
        Ok(finish(hash))
    }

    /// What is asked.
    pub const fn operation(&self) -> Operation {
        self.operation
    }

    /// The inputs as they are sent, in the order of [`Operation::inputs`]; one that is left out is empty.
    pub fn values(&self) -> impl Iterator<Item = &str> {
        self.values.iter().map(AsRef::as_ref)
    }

    /// Bytes of input text: what a request grows by, without its punctuation.
    pub fn bytes(&self) -> usize {
        self.values.iter().map(|value| value.len()).sum()
    }

    /// The content address. Letter case makes no new question, unless in a name that only its maker can read.
    pub fn key(&self) -> QueryKey {
        let mut hash = hasher(self.operation);
        for (value, input) in self.values.iter().zip(self.operation.inputs()) {
            add(&mut hash, value, input.kind);
        }
        finish(hash)
    }
}

/// The inputs of a question from raw ones, in the form in which they are sent.
fn canonical<'a>(
    operation: Operation,
    raw: impl IntoIterator<Item = Option<&'a str>>,
) -> impl Iterator<Item = Result<Cow<'a, str>, Unaskable>> {
    let mut raw = raw.into_iter();
    let inputs = operation.inputs();
    let last = inputs.iter().rposition(|input| input.presence == Presence::OneOf);
    // Of those of which one is needed: whether one was usable, and what was wrong with those before it.
    let (mut found, mut spoilt) = (false, None);
    inputs.iter().enumerate().map(move |(place, input)| {
        let text = tidy(raw.next().flatten().unwrap_or_default());
        match input.presence {
            Presence::Setting | Presence::Optional if text.is_empty() => Ok(text),
            Presence::Always | Presence::Setting | Presence::Optional => {
                read(input, text)
            }
            Presence::OneOf if found => Ok(Cow::Borrowed("")),
            Presence::OneOf => match read(input, text) {
                Ok(text) => {
                    found = true;
                    Ok(text)
                }
                Err(error) => {
                    let is_empty = matches!(error, Unaskable::Empty(_));
                    spoilt = spoilt.or(Some(error).filter(|_| !is_empty));
                    match Some(place) == last {
                        true => Err(spoilt.unwrap_or(error)),
                        false => Ok(Cow::Borrowed("")),
                    }
                }
            },
        }
    })
}

/// One input, tidied before.
fn read<'a>(input: &Input, text: Cow<'a, str>) -> Result<Cow<'a, str>, Unaskable> {
    if text.is_empty() {
        return Err(Unaskable::Empty(input.name));
    }
    let text = match input.kind {
        InputKind::Name | InputKind::Sentence => Some(text),
        InputKind::Email => Some(text).filter(|text| is_email(text)),
        InputKind::Domain => domain(&text).map(Cow::Owned),
        InputKind::Profile | InputKind::Company => profile(&text).map(Cow::Owned),
        InputKind::Count { most } => count(&text, most).map(Cow::Owned),
        InputKind::Words => Some(Cow::Owned(words(&text))),
        // Whoever sends it has read it, and wrote it in one way.
        InputKind::Json => Some(text),
        InputKind::Id => Some(text).filter(|text| !text.contains(' ')),
        InputKind::Url => url(&text).map(Cow::Owned),
        InputKind::Phone => phone(&text).map(Cow::Owned),
        InputKind::Country => country(&text).map(Cow::Owned),
    }
    .ok_or(Unaskable::Malformed(input.name))?;
    if text.len() > input.max_chars && text.chars().count() > input.max_chars {
        return Err(Unaskable::TooLong(input.name));
    }
    Ok(text)
}

fn hasher(operation: Operation) -> Sha256 {
    Sha256::new_with_prefix(operation.name())
}

fn add(hash: &mut Sha256, value: &str, kind: InputKind) {
    hash.update([0]);
    let is_folded = value.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase());
    // What only its maker reads may differ by letter case alone.
    let is_exact = matches!(
        kind,
        InputKind::Id | InputKind::Url | InputKind::Json | InputKind::Words
    );
    if is_folded || is_exact {
        hash.update(value.as_bytes());
    } else {
        hash.update(fold(value).as_bytes());
    }
}

fn finish(hash: Sha256) -> QueryKey {
    let mut key = [0; 16];
    key.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
    QueryKey(key)
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
fn tidy(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return text.into();
    }
    let mut tidy = String::with_capacity(text.len());
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        if !word.is_empty() {
            if !tidy.is_empty() {
                tidy.push(' ');
            }
            tidy.push_str(word);
        }
    }
    if tidy.is_ascii() { tidy.into() } else { tidy.nfc().collect() }
}

fn is_email(text: &str) -> bool {
    text.rsplit_once('@').is_some_and(|(local, host)| {
        !local.is_empty() && !text.contains(' ') && is_host(host)
    })
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

fn count(text: &str, most: u32) -> Option<String> {
    let number: u32 = text.parse().ok()?;
    (1..=most).contains(&number).then(|| number.to_string())
}

fn words(text: &str) -> String {
    let words = text.split('|').map(str::trim).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("|")
}

/// `https://`, the host and the path, without a slash at its end.
fn profile(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next()?.trim_end_matches('/');
    let (host, path) = rest.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let is_linkedin = host == "linkedin.com" || host.ends_with(".linkedin.com");
    let is_path = !path.is_empty() && !path.contains(' ');
    // The same profile, whichever country's host it is seen at.
    (is_linkedin && is_path).then(|| format!("https://www.linkedin.com/{path}"))
}

/// The address of a page as it is, with a scheme, its host in lower case, and no fragment.
fn url(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("https", text));
    let scheme = scheme.to_ascii_lowercase();
    let rest = rest.split('#').next()?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (server, path) = rest.split_at_checked(end)?;
    let server = fold(server);
    let (host, port) = server.split_once(':').unwrap_or((&server, "443"));
    let fits = ["http", "https"].contains(&scheme.as_str())
        && is_host(host)
        && port.parse::<u16>().is_ok()
        && !path.contains(' ');
    fits.then(|| format!("{scheme}://{server}{path}"))
}

/// The digits, after a `+` where there is one. What parts them is no matter of the number.
fn phone(text: &str) -> Option<String> {
    let rest = text.strip_prefix("tel:").unwrap_or(text).trim_start();
    let (plus, rest) = match rest.strip_prefix('+') {
        Some(rest) => ("+", rest),
        None => ("", rest),
    };
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    let fits = rest.chars().all(|c| c.is_ascii_digit() || " ()-./".contains(c))
        && (4..=20).contains(&digits.len());
    fits.then(|| format!("{plus}{digits}"))
}

fn country(text: &str) -> Option<String> {
    let is_code = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_code.then(|| text.to_ascii_uppercase())
}

/// At least two labels, none empty, nothing that a host name cannot hold.
fn is_host(host: &str) -> bool {
    let mut before = b'.';
    let fits = host.bytes().all(|byte| {
        let last = std::mem::replace(&mut before, byte);
        match byte {
            b'.' => last != b'.',
            byte => {
                byte.is_ascii_alphanumeric() || b"-_".contains(&byte) || !byte.is_ascii()
            }
        }
    });
    fits && before != b'.' && host.contains('.')
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

    fn phone(url: Option<&str>, email: Option<&str>) -> Result<Query, Unaskable> {
        Query::read(Operation::FindPhone, [url, email])
    }

    #[test]
    fn of_several_names_for_a_person_one_is_asked_with() {
        let ada = "https://www.linkedin.com/in/ada";
        let sent = |query: Query| query.values().map(str::to_owned).collect::<Vec<_>>();
        for url in [
            ada,
            "linkedin.com/in/ada/",
            "HTTP://de.LinkedIn.com/in/ada?trk=x#top",
            "www.linkedin.com/in/ada",
        ] {
            assert_eq!(
                sent(phone(Some(url), Some("a@x.io")).unwrap()),
                [ada, ""],
                "{url}"
            );
        }
        assert_eq!(sent(phone(None, Some(" a@x.io")).unwrap()), ["", "a@x.io"]);
        assert_eq!(sent(phone(Some(" "), Some("a@x.io")).unwrap()), ["", "a@x.io"]);
        assert_eq!(phone(None, None), Err(Unaskable::Empty("email")));
        let bad = ["https://x.io/in/ada", "ada", "linkedin.com", "notlinkedin.com/in/a"];
        for url in bad {
            let malformed = Err(Unaskable::Malformed("linkedin_url"));
            assert_eq!(phone(Some(url), None), malformed, "{url}");
            assert_eq!(phone(Some(url), Some("no")), malformed, "{url}");
            // The address will do.
            let sent = sent(phone(Some(url), Some("a@x.io")).unwrap());
            assert_eq!(sent, ["", "a@x.io"], "{url}");
        }
        let key = |url, email| phone(url, email).unwrap().key();
        assert_ne!(key(Some(ada), None), key(None, Some("a@x.io")));
        let upper = phone(Some("linkedin.com/in/ADA"), None).unwrap();
        assert_eq!(upper.key(), key(Some(ada), None));
    }

    #[test]
    fn an_id_is_kept_letter_by_letter() {
        let lead = |id| Query::read(Operation::RevealEmail, [Some(id)]);
        let sent = lead(" enc_aB1+/= ").unwrap();
        assert_eq!(sent.values().collect::<Vec<_>>(), ["enc_aB1+/="]);
        assert_eq!(sent.key(), lead("enc_aB1+/=").unwrap().key());
        assert_ne!(sent.key(), lead("enc_ab1+/=").unwrap().key());
        let key = Query::key_of(Operation::RevealEmail, [Some("enc_aB1+/=")]);
        assert_eq!(key, Ok(sent.key()));
        let name = Query::read(Operation::UnlockName, [Some("enc_aB1+/=")]);
        assert_ne!(sent.key(), name.unwrap().key());
        assert_eq!(lead("enc_1 enc_2"), Err(Unaskable::Malformed("lead_id")));
        assert_eq!(lead(" "), Err(Unaskable::Empty("lead_id")));
    }

    #[test]
    fn a_page_is_told_by_its_whole_address() {
        let page = |url| Query::read(Operation::FindAuthor, [Some(url)]);
        for (raw, sent) in [
            ("https://Blog.Example.com/A?p=1#top", "https://blog.example.com/A?p=1"),
            ("blog.example.com/a", "https://blog.example.com/a"),
            ("HTTP://example.com:8080/a", "http://example.com:8080/a"),
            ("https://example.com?p=1", "https://example.com?p=1"),
        ] {
            let query = page(raw).unwrap();
            assert_eq!(query.values().collect::<Vec<_>>(), [sent], "{raw}");
            assert_eq!(page(sent).unwrap(), query);
            assert_eq!(page(sent).unwrap().key(), query.key());
            let key = Query::key_of(Operation::FindAuthor, [Some(raw)]);
            assert_eq!(key, Ok(query.key()));
        }
        let key = |url| page(url).unwrap().key();
        assert_ne!(key("https://x.io/A"), key("https://x.io/a"), "two pages");
        for bad in [
            "ftp://x.io/a",
            "x",
            "https://a b.io/",
            "x.io/a b",
            "https://u@x.io/a",
            "x.io:no/a",
        ] {
            assert_eq!(page(bad), Err(Unaskable::Malformed("url")), "{bad}");
        }
    }

    #[test]
    fn a_number_is_told_by_its_digits() {
        let number = |phone, country| {
            Query::read(Operation::ValidatePhone, [Some(phone), country])
        };
        let key = number("+14155550100", None).unwrap().key();
        for same in ["+1 (415) 555-0100", " +1.415.555.0100", "tel:+1-415-555-0100"] {
            assert_eq!(number(same, None).unwrap().key(), key, "{same}");
        }
        let national = number("415/555 0100", Some(" us ")).unwrap();
        assert_eq!(national.values().collect::<Vec<_>>(), ["4155550100", "US"]);
        assert_ne!(national.key(), number("4155550100", None).unwrap().key());
        for bad in ["", "+", "123", "0800-FLOWERS", "1+415", "123456789012345678901"] {
            assert!(number(bad, None).is_err(), "{bad}");
        }
        for bad in ["Germany", "D", "4x"] {
            let malformed = Err(Unaskable::Malformed("country_code"));
            assert_eq!(number("4155550100", Some(bad)), malformed, "{bad}");
        }
    }

    #[test]
    fn settings_may_be_left_out_and_are_part_of_the_question() {
        let ask = |url: &str, most: Option<&str>, levels: Option<&str>| {
            let raw = [Some(url), most, None, None, None, None, levels];
            Query::read(Operation::FindEmployees, raw)
        };
        let url = "linkedin.com/company/x/";
        let plain = ask(url, None, None).unwrap();
        assert_eq!(plain.values().next(), Some("https://www.linkedin.com/company/x"));
        let some = ask(url, Some("025"), Some(" VP | |Director")).unwrap();
        let values: Vec<_> = some.values().collect();
        assert_eq!(values[1..], ["25", "", "", "", "", "VP|Director", ""]);
        assert_ne!(some.key(), plain.key());
        for bad in ["0", "101", "ten", "-1"] {
            let malformed = Err(Unaskable::Malformed("max_results"));
            assert_eq!(ask(url, Some(bad), None), malformed, "{bad}");
        }
        assert_eq!(ask("", None, None), Err(Unaskable::Empty("company_linkedin_url")));
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
                let raw = [Some(first.as_str()), Some(&last), Some(&host)];
                prop_assert_eq!(Query::key_of(Operation::FindEmail, raw), Ok(query.key()));
            }
        }
    }
}
