//! The cells of CSV files.

use std::borrow::Cow;

/// A cell as RFC 4180 has it: quoted if it must be.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    if !text.contains([',', '"', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_if_it_must_be() {
        for (text, quoted) in [
            ("", ""),
            ("a b", "a b"),
            ("b, c", "\"b, c\""),
            ("d \"e\"", "\"d \"\"e\"\"\""),
            ("f\ng", "\"f\ng\""),
            ("h\ri", "\"h\ri\""),
        ] {
            assert_eq!(cell(text), quoted);
        }
    }
}
