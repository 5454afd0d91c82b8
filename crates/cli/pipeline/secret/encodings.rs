//! The disguises in which a secret travels.

const DIGITS: &[u8; 62] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The last two digits of base64's usual alphabet.
pub(super) const STANDARD: [char; 2] = ['+', '/'];
/// The last two digits of base64's alphabet for addresses.
pub(super) const URL_SAFE: [char; 2] = ['-', '_'];

/// Base64 with padding and without.
///
/// # Source
/// <https://www.rfc-editor.org/rfc/rfc4648#section-4>
pub(super) fn base64(bytes: &[u8], last: [char; 2]) -> [String; 2] {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = (0..3).fold(0_u32, |word, place| {
            word << 8 | three.get(place).map_or(0, |byte| u32::from(*byte))
        });
        let digits = [18, 12, 6, 0].map(|shift| digit(word >> shift & 63, last));
        text.extend(digits.into_iter().take(three.len() + 1));
    }
    let padding = "=".repeat((4 - text.len() % 4) % 4);
    [format!("{text}{padding}"), text]
}

fn digit(value: u32, [plus, slash]: [char; 2]) -> char {
    match (value, DIGITS.get(value as usize)) {
        (_, Some(digit)) => char::from(*digit),
        (62, None) => plus,
        (_, None) => slash,
    }
}

/// Percent-encoding of all but unreserved characters, with upper-case and lower-case digits.
///
/// # Source
/// <https://www.rfc-editor.org/rfc/rfc3986#section-2.1>
pub(super) fn percent(text: &str) -> (String, String) {
    let (mut upper, mut lower) = (String::new(), String::new());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            upper.push(char::from(byte));
            lower.push(char::from(byte));
        } else {
            upper.push_str(&format!("%{byte:02X}"));
            lower.push_str(&format!("%{byte:02x}"));
        }
    }
    (upper, lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, coded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foobar", "Zm9vYmFy"),
        ] {
            let [padded, bare] = base64(plain.as_bytes(), STANDARD);
            assert_eq!(padded, coded);
            assert_eq!(bare, coded.trim_end_matches('='));
        }
        assert_eq!(base64(&[0xfb, 0xff], STANDARD)[0], "+/8=");
        assert_eq!(base64(&[0xfb, 0xff], URL_SAFE)[1], "-_8");
    }
}
