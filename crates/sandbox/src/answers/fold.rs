//! Names and domains as parts of an address that no mail can reach.

/// The letters and digits of a name in ASCII, or `fallback` if none are left.
pub(crate) fn local_part(name: &str, fallback: &str) -> String {
    let folded: String = name.chars().flat_map(fold).collect();
    if folded.is_empty() { fallback.to_owned() } else { folded }
}

/// A domain under `.invalid`, which by RFC 2606 never resolves.
pub(crate) fn unreachable_domain(domain: &str) -> String {
    let keep = |letter: &char| letter.is_ascii_alphanumeric() || ".-".contains(*letter);
    let kept: String = domain.chars().filter(keep).collect();
    match kept.trim_matches(['.', '-']) {
        "" => "unnamed.invalid".to_owned(),
        kept => format!("{kept}.invalid"),
    }
}

/// A text in small letters and without accents.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars().flat_map(char::to_lowercase) {
        let before = plain.len();
        plain.extend(fold(letter));
        // What has no form in ASCII stays, and so does what is no letter.
        if plain.len() == before {
            plain.push(letter);
        }
    }
    plain
}

fn fold(letter: char) -> impl Iterator<Item = char> {
    let ascii = match letter {
        'à'..='å' | 'ā' | 'ă' | 'ą' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è'..='ë' | 'ē' | 'ę' | 'ě' => "e",
        'ğ' => "g",
        'ì'..='ï' | 'ī' | 'ı' => "i",
        'ł' => "l",
        'ñ' | 'ń' | 'ň' => "n",
        'ò'..='ö' | 'ø' | 'ō' | 'ő' => "o",
        'œ' => "oe",
        'ř' => "r",
        'ś' | 'ş' | 'š' | 'ș' => "s",
        'ß' => "ss",
        'ť' | 'ț' => "t",
        'þ' => "th",
        'ù'..='ü' | 'ū' | 'ů' | 'ű' => "u",
        'ý' | 'ÿ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => "",
    };
    ascii.chars().chain(letter.is_ascii_alphanumeric().then_some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_has_no_accents_and_keeps_its_signs() {
        assert_eq!(plain("Zoë Müller-李"), "zoe muller-李");
        assert_eq!(plain("A.Groß@Exämple.com"), "a.gross@example.com");
    }

    #[test]
    fn an_address_is_ascii_and_unreachable() {
        assert_eq!(local_part("jörg-o'brién", "x"), "jorgobrien");
        assert_eq!(local_part("李", "x7"), "x7");
        assert_eq!(unreachable_domain("exämple.com "), "exmple.com.invalid");
        assert_eq!(unreachable_domain("…"), "unnamed.invalid");
    }
}
