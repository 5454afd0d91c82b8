//! Values that must not be seen.

mod encodings;

use super::tree::{Entry, Kind, Node};
use encodings::{STANDARD, URL_SAFE, base64, percent};
use serde::Deserialize;
use std::{fmt, ops::Range};

/// A credential. It shows itself only through [`Self::expose`].
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// A credential that stands inside of something else.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The credential itself, for the call that needs it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The forms in which it must not be seen, the longest first: a padded form before the same without.
    pub(crate) fn forms(&self) -> Vec<String> {
        let mut forms = forms(self);
        forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
        forms
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// Replaces every secret in a text, raw, in base64 or URL-encoded, by `[secret]`.
pub(crate) fn redact<'a>(
    text: &str,
    secrets: impl IntoIterator<Item = &'a Secret>,
) -> String {
    let mut forms: Vec<_> = secrets.into_iter().flat_map(forms).collect();
    // The longest first: a padded form before the same without padding.
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.iter().fold(text.to_owned(), |text, form| text.replace(form, "[secret]"))
}

fn forms(Secret(secret): &Secret) -> Vec<String> {
    if secret.is_empty() {
        return Vec::new();
    }
    let [padded, bare] = base64(secret.as_bytes(), STANDARD);
    let [padded_url, bare_url] = base64(secret.as_bytes(), URL_SAFE);
    let (upper, lower) = percent(secret);
    let plus = upper.replace("%20", "+");
    vec![secret.clone(), padded, bare, padded_url, bare_url, upper, lower, plus]
}

/// The bytes of secrets that are written into a file: under any key that sounds like one, outside of
/// `source`, whose `key` is a list of columns.
pub(crate) fn written(root: &Node) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let sections = root.entries().iter().filter(|entry| entry.key != "source");
    for section in sections {
        collect(&section.value, is_suspect(&section.key), &mut found);
    }
    found
}

fn collect(node: &Node, is_secret: bool, found: &mut Vec<Range<usize>>) {
    match &node.kind {
        Kind::Text(text) if is_secret && !is_reference(text) || holds_password(text) => {
            found.push(node.span.bytes.clone());
        }
        Kind::Number(_) if is_secret => found.push(node.span.bytes.clone()),
        Kind::List(items) => {
            items.iter().for_each(|item| collect(item, is_secret, found))
        }
        Kind::Map(entries) => {
            for Entry { key, value, .. } in entries {
                collect(value, is_secret || is_suspect(key), found);
            }
        }
        _ => {}
    }
}

/// The lines of a text that is no YAML which may hold a secret: with a key that sounds like one, and below it
/// until the next key that stands no deeper.
pub(crate) fn suspects(text: &str) -> Vec<Range<usize>> {
    let (mut start, mut above) = (0, None);
    let mut found = Vec::new();
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let depth = line.len() - line.trim_start_matches([' ', '\t', '-']).len();
        above = match is_suspect(line) {
            true => Some(depth),
            false => above.filter(|above| depth > *above || !line.contains(':')),
        };
        if above.is_some() {
            found.push(range);
        }
    }
    found
}

/// Whether a key sounds like that of a secret.
fn is_suspect(key: &str) -> bool {
    let key = key.to_lowercase();
    ["key", "secret", "token", "password"].iter().any(|word| key.contains(word))
        || strsim::damerau_levenshtein(&key, "api_key") <= 2
}

/// Whether a text is an address with a password in it, as `postgres://user:password@host/database`.
pub(super) fn holds_password(text: &str) -> bool {
    let authority = text.split_once("://").and_then(|(_, rest)| rest.split('/').next());
    let user = authority.and_then(|authority| authority.rsplit_once('@'));
    let password = user.and_then(|(user, _)| user.split_once(':'));
    password.is_some_and(|(_, password)| !is_reference(password))
}

/// Whether a text only points at a value, without holding one.
fn is_reference(text: &str) -> bool {
    let inner = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    inner.is_some_and(|inner| !inner.contains(":-") && !inner.contains('}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_redacted_in_every_form() {
        let secret = Secret("sk/live+ä?~ 1".to_owned());
        let [padded, bare] = base64(secret.expose().as_bytes(), STANDARD);
        let [padded_url, bare_url] = base64(secret.expose().as_bytes(), URL_SAFE);
        assert_ne!(padded, padded_url);
        for form in [secret.expose(), &padded, &bare, &padded_url, &bare_url] {
            let text = redact(&format!("a {form} b"), [&secret]);
            assert_eq!(text, "a [secret] b", "{form}");
        }
        for form in [
            "sk%2Flive%2B%C3%A4%3F~%201",
            "sk%2flive%2b%c3%a4%3f~%201",
            "sk%2Flive%2B%C3%A4%3F~+1",
        ] {
            assert_eq!(redact(form, [&secret]), "[secret]");
        }
        assert_eq!(format!("{secret:?}"), "[secret]");
        assert_eq!(redact("text", [&Secret(String::new())]), "text");
    }
}
