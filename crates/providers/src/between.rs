//! What people are told of a reply that is not the provider's: somebody in between has answered.

use crate::form::Foreign;

/// Most letters that are shown of an address or of a beginning.
const MOST: usize = 120;

/// The sentence, with the provider's name. `hide` takes out what nobody is shown, and does so before anything is cut: a
/// part of a secret would not be known again.
pub(crate) fn words(
    provider: &str,
    foreign: &Foreign,
    hide: impl Fn(String) -> String,
) -> String {
    let shown = |text: &str| short(&hide(text.to_owned()));
    let what = match foreign {
        Foreign::Redirect(Some(to)) => format!("it redirects to `{}`;", shown(to)),
        Foreign::Redirect(None) => "it redirects and names no address;".to_owned(),
        Foreign::Empty => "it is empty;".to_owned(),
        Foreign::Type(kind) => format!("it is of the type `{}`;", shown(kind)),
        Foreign::Begins(text) => format!("it begins `{}` …", first(&shown(text))),
    };
    format!("the reply is not {provider}'s: {what} is a proxy in between?")
}

/// The first tag of a page, else the first words.
fn first(text: &str) -> &str {
    match text.find('>') {
        Some(end) if text.starts_with('<') => &text[..=end],
        _ => text,
    }
}

/// A text on one line, cut.
fn short(text: &str) -> String {
    let plain = |c: char| if c.is_control() || c == '`' { ' ' } else { c };
    let text: String = text.chars().map(plain).take(4 * MOST).collect();
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(foreign: Foreign) -> String {
        words("Enrich.so", &foreign, |text| text.replace("sk_secret", "[secret]"))
    }

    #[test]
    fn the_sentence_shows_how_the_reply_begins_and_asks_for_a_proxy() {
        for (text, shown) in [
            ("<html><body>Blocked</body></html>", "<html>"),
            ("<!DOCTYPE\n html><html>", "<!DOCTYPE html>"),
            ("no healthy\u{0} `upstream`", "no healthy upstream"),
        ] {
            let told = told(Foreign::Begins(text.into()));
            let expected = format!(
                "the reply is not Enrich.so's: it begins `{shown}` … is a proxy in between?"
            );
            assert_eq!(told, expected);
        }
        let to = Foreign::Redirect(Some("https://login.example/".into()));
        assert!(told(to).contains("it redirects to `https://login.example/`;"));
        assert!(told(Foreign::Redirect(None)).contains("names no address"));
        assert!(told(Foreign::Empty).contains("it is empty;"));
        assert!(told(Foreign::Type("text/html".into())).contains("type `text/html`;"));
    }

    #[test]
    fn no_part_of_a_secret_is_left_where_a_text_is_cut() {
        for before in 0..2 * MOST {
            let text = format!("{}sk_secret", "x".repeat(before));
            for foreign in [
                Foreign::Begins(text.clone()),
                Foreign::Redirect(Some(text.clone())),
                Foreign::Type(text),
            ] {
                assert!(!told(foreign).contains("sk_"), "{before}");
            }
        }
    }
}
