//! The cells of CSV files.

use std::borrow::Cow;

/// A cell as RFC 4180 has it: quoted if it must be.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    if !text.contains([',', '"', '\r', '\n']) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("\"{}\"", text.replace('"', "\"\"")))
}

/// The records of a file, whose cells may be quoted by RFC 4180. Empty lines are none.
pub(crate) fn records(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut blank) = (false, true);
    let mut letters = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                cell.push('"');
            }
            '"' => {
                quoted = !quoted;
                blank = false;
            }
            '\r' if !quoted && letters.peek() == Some(&'\n') => {}
            '\n' if !quoted => {
                record.push(std::mem::take(&mut cell));
                let whole = std::mem::take(&mut record);
                if !blank {
                    records.push(whole);
                }
                blank = true;
            }
            letter if letter == delimiter && !quoted => {
                record.push(std::mem::take(&mut cell));
                blank = false;
            }
            letter => {
                cell.push(letter);
                blank = false;
            }
        }
    }
    if !blank {
        record.push(cell);
        records.push(record);
    }
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_read_as_they_are_written() {
        let text = "\u{feff}a,\"b, c\"\r\n\n\"d \"\"e\"\"\",\"f\ng\"\n,";
        let records = records(text, ',');
        assert_eq!(records, [["a", "b, c"], ["d \"e\"", "f\ng"], ["", ""]]);
        assert_eq!(super::records("a;b,c", ';'), [["a", "b,c"]]);
        assert_eq!(super::records("", ',').len(), 0);
    }

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
