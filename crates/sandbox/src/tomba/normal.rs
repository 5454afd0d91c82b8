//! What makes two values the same, and what makes them values at all.

use crate::answers::fold::local_part;
use crate::answers::validation::looks_like_email;
use crate::canonical::canonical;

/// Domains where anybody may have a mailbox.
const WEBMAIL: [&str; 7] = [
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "hotmail.com",
    "icloud.com",
    "aol.com",
    "webmail.example",
];

/// Domains of mailboxes that do not last.
const DISPOSABLE: [&str; 3] = ["mailinator.com", "yopmail.com", "disposable.example"];

/// A domain without scheme, `www.` and path; subdomains stay.
///
/// # Source
/// <https://help.tomba.io/en/articles/10087103-what-are-the-accepted-formats-for-the-domains-in-the-bulks>
pub(super) fn domain(text: &str) -> String {
    let text = canonical(text);
    let bare = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.').to_owned()
}

/// Whether this is a domain once it is normal.
pub(super) fn is_domain(text: &str) -> bool {
    let domain = domain(text);
    let part = |part: &str| {
        let letter = |letter: char| letter.is_alphanumeric() || letter == '-';
        !part.is_empty() && part.len() <= 63 && part.chars().all(letter)
    };
    domain.contains('.') && domain.len() <= 253 && domain.split('.').all(part)
}

/// An address in lower case.
pub(super) fn email(text: &str) -> String {
    canonical(text).into_owned()
}

/// Whether this is an address.
pub(super) fn is_email(text: &str) -> bool {
    let text = text.trim();
    looks_like_email(text)
        && text.rsplit_once('@').is_some_and(|(_, domain)| is_domain(domain))
}

/// What stands behind the `@`.
pub(super) fn domain_of(email: &str) -> &str {
    email.rsplit_once('@').map_or("", |(_, domain)| domain)
}

/// A profile's address without scheme, `www.`, query and last slash.
pub(super) fn profile(text: &str) -> String {
    let text = canonical(text);
    let bare = text.split_once("://").map_or(&*text, |(_, rest)| rest);
    let bare = bare.split(['?', '#']).next().unwrap_or_default();
    bare.strip_prefix("www.").unwrap_or(bare).trim_end_matches('/').to_owned()
}

/// Whether this is the address of a profile.
pub(super) fn is_profile(text: &str) -> bool {
    let profile = profile(text);
    let mut parts = profile.splitn(3, '/');
    let host = parts.next().unwrap_or_default();
    (host == "linkedin.com" || host.ends_with(".linkedin.com"))
        && parts.next() == Some("in")
        && parts.next().is_some_and(|name| !name.is_empty())
}

/// A page's address without scheme, fragment and last slash.
pub(super) fn page(text: &str) -> String {
    let text = text.trim();
    let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
    let bare = bare.split('#').next().unwrap_or_default().trim_end_matches('/');
    bare.to_owned()
}

/// Whether this is the address of a page.
pub(super) fn is_page(text: &str) -> bool {
    is_web(text) && is_domain(text)
}

/// Whether an address is one of the web.
pub(super) fn is_web(text: &str) -> bool {
    let text = canonical(text);
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| !host.is_empty() && !host.contains(char::is_whitespace))
}

/// The digits of a number, with a plus if it had one.
pub(super) fn phone(text: &str) -> String {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit);
    let plus = text.starts_with('+') || text.starts_with("00");
    let digits: String = digits.skip(2 * usize::from(text.starts_with("00"))).collect();
    if plus { format!("+{digits}") } else { digits }
}

/// Whether there are digits enough and nothing that no number has.
pub(super) fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let letter = |letter: char| letter.is_ascii_digit() || "+-. ()/".contains(letter);
    (5..=17).contains(&digits) && text.trim().chars().all(letter)
}

/// A name without case, accents and signs.
pub(super) fn name(text: &str) -> String {
    let folded = local_part(&canonical(text), "");
    if folded.is_empty() { canonical(text).into_owned() } else { folded }
}

/// A name's first word and the rest.
pub(super) fn split_name(full: &str) -> (String, String) {
    let full = full.trim();
    let (first, last) = full.split_once(char::is_whitespace).unwrap_or((full, ""));
    (first.to_owned(), last.trim().to_owned())
}

/// Whether anybody may have a mailbox there.
pub(super) fn is_webmail(domain: &str) -> bool {
    WEBMAIL.contains(&domain.strip_suffix(".invalid").unwrap_or(domain))
}

/// Whether mailboxes there do not last.
pub(super) fn is_disposable(domain: &str) -> bool {
    DISPOSABLE.contains(&domain.strip_suffix(".invalid").unwrap_or(domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_loses_what_is_not_of_it() {
        for text in [
            "example.com",
            " Example.COM ",
            "https://www.example.com/a?b#c",
            "http://example.com:80/",
            "www.example.com.",
        ] {
            assert_eq!(domain(text), "example.com", "{text}");
            assert!(is_domain(text), "{text}");
        }
        assert_eq!(domain("mail.example.com"), "mail.example.com");
        for text in ["", "example", "a b.com", ".com", "a..b", "@x.com"] {
            assert!(!is_domain(text), "{text}");
        }
    }

    #[test]
    fn a_profile_is_one_however_it_is_written() {
        for text in [
            "https://www.linkedin.com/in/Mockridge/?x=1",
            "linkedin.com/in/mockridge",
            "http://linkedin.com/in/mockridge/",
        ] {
            assert_eq!(profile(text), "linkedin.com/in/mockridge", "{text}");
            assert!(is_profile(text), "{text}");
        }
        assert!(is_profile("https://de.linkedin.com/in/a"));
        for text in ["linkedin.com/company/a", "example.com/in/a", "linkedin.com/in/"] {
            assert!(!is_profile(text), "{text}");
        }
    }

    #[test]
    fn numbers_addresses_and_names_are_told_from_nonsense() {
        assert_eq!(phone("+1 (202) 555-0107"), "+12025550107");
        assert_eq!(phone("0049 30 1234"), "+49301234");
        assert!(is_phone("202 555 0107") && !is_phone("12") && !is_phone("phone 12345"));
        assert!(is_email(" Ada@Example.com ") && !is_email("ada@") && !is_email("a@b"));
        assert!(is_page("https://example.com/post/1") && !is_page("example.com/post"));
        assert_eq!(name(" O'Brién "), "obrien");
        let split = ("Ada".to_owned(), "van Testerly".to_owned());
        assert_eq!(split_name(" Ada  van Testerly"), split);
        assert!(is_webmail("gmail.com.invalid") && is_disposable("yopmail.com"));
    }
}
