//! Many ways to write one name or one domain.

use crate::dice::Dice;

/// A domain as people enter it.
pub(crate) fn address(host: &str, dice: &mut Dice) -> String {
    match dice.below(100) {
        0..72 => host.to_owned(),
        72..80 => format!("www.{host}"),
        80..87 => format!("https://www.{host}/"),
        87..92 => format!("https://{host}/about?utm_source=crm"),
        92..95 => format!("HTTP://{}/", host.to_uppercase()),
        95..97 => format!("{host}:443"),
        97..98 => format!("{host}."),
        _ => decomposed(&host.to_uppercase()),
    }
}

/// Where a change of case cannot be undone (ß, ς, ı), the name stays.
pub(crate) fn recased(name: &str, other: String) -> String {
    let lower =
        |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    if lower(&other) == lower(name) { other } else { name.to_owned() }
}

/// Letters with their accents apart.
pub(crate) fn decomposed(text: &str) -> String {
    let mut apart = String::with_capacity(2 * text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            apart.push(letter);
            continue;
        }
        let lower = letter.to_lowercase().next().unwrap_or(letter);
        match ACCENTED.split_whitespace().find(|entry| entry.starts_with(lower)) {
            Some(entry) => {
                let mut parts = entry.chars().skip(1);
                let base = parts.next().unwrap_or(lower);
                if letter == lower {
                    apart.push(base);
                } else {
                    apart.extend(base.to_uppercase());
                }
                apart.extend(parts);
            }
            None => apart.push(letter),
        }
    }
    apart
}

/// The Latin letters of a name, without accents.
pub(crate) fn plain(name: &str) -> String {
    decomposed(&name.to_lowercase()).chars().filter(char::is_ascii_alphanumeric).collect()
}

/// A letter, then its parts.
const ACCENTED: &str = "
    áa\u{301} âa\u{302} ãa\u{303} äa\u{308} åa\u{30a} çc\u{327} èe\u{300} ée\u{301}
    êe\u{302} ëe\u{308} íi\u{301} îi\u{302} ïi\u{308} ñn\u{303} òo\u{300} óo\u{301}
    ôo\u{302} õo\u{303} öo\u{308} ùu\u{300} úu\u{301} üu\u{308} ýy\u{301} āa\u{304}
    ăa\u{306} ąa\u{328} čc\u{30c} ęe\u{328} ěe\u{30c} ğg\u{306} īi\u{304} ľl\u{30c}
    ńn\u{301} ōo\u{304} őo\u{30b} řr\u{30c} śs\u{301} şs\u{327} šs\u{30c} ťt\u{30c}
    ũu\u{303} ūu\u{304} ůu\u{30a} żz\u{307} žz\u{30c} ưu\u{31b} șs\u{326} țt\u{326}
    έε\u{301} ίι\u{301} όο\u{301} ώω\u{301} йи\u{306} їі\u{308} ṣs\u{323} ạa\u{323}
    ảa\u{309} ấa\u{302}\u{301} ầa\u{302}\u{300} ặa\u{323}\u{306} ẹe\u{323}
    ễe\u{302}\u{303} ịi\u{323} ọo\u{323} ỗo\u{302}\u{303} ớo\u{31b}\u{301}
    ứu\u{31b}\u{301} ữu\u{31b}\u{303} ỳy\u{300}
";
