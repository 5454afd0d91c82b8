//! The file of a job: rows under a header.
//!
//! # Source
//! Reference 11.9: that it is CSV with a header is all that is known of its form.

use csv::{ReaderBuilder, StringRecord};
use std::borrow::Cow;

/// Rows of texts and what their columns are called.
#[derive(Debug)]
pub(super) struct Sheet {
    /// The names as they came.
    pub(super) names: Vec<String>,
    plain: Vec<String>,
    /// The rows as they came; one may be shorter or longer than the header.
    pub(super) rows: Vec<StringRecord>,
}

/// What may stand between cells.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

impl Sheet {
    /// Reads a file. What is none, and what ends in the middle of a row, is refused with what is wrong.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let text = decoded(body);
        let body = text.trim_start_matches('\u{feff}').as_bytes();
        if matches!(body.trim_ascii_start().first(), Some(b'<' | b'{' | b'[')) {
            return Err("it is no CSV".to_owned());
        }
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter(body))
            .flexible(true)
            .has_headers(false)
            .from_reader(body);
        let records = reader.records();
        let mut records = records.map(|record| record.map_err(|e| e.to_string()));
        let header = records.next().transpose()?.unwrap_or_default();
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err("it is empty".to_owned());
        }
        let names: Vec<String> =
            header.iter().map(|name| name.trim().to_owned()).collect();
        let rows = records.collect::<Result<Vec<_>, _>>()?;
        let is_open = rows.last().is_some_and(|row| row.len() < names.len());
        if is_open && !body.ends_with(b"\n") {
            return Err("it ends in the middle of a row".to_owned());
        }
        let plain = names.iter().map(|name| plain(name)).collect();
        Ok(Self { names, plain, rows })
    }

    /// The columns of a name, however it is spelt: case, blanks and marks do not matter.
    pub(super) fn columns(&self, name: &str) -> Vec<usize> {
        let name = plain(name);
        let places = self.plain.iter().enumerate();
        places.filter(|(_, found)| **found == name).map(|(place, _)| place).collect()
    }

    /// Whether each of a row's texts stands in a column: if not, it may stand in another one's.
    pub(super) fn holds(&self, row: &StringRecord) -> bool {
        row.iter().skip(self.names.len()).all(|text| text.trim().is_empty())
    }
}

/// What says something of a row's texts in these columns.
pub(super) fn told<'a>(
    row: &'a StringRecord,
    columns: &'a [usize],
) -> impl Iterator<Item = &'a str> {
    let texts = columns.iter().filter_map(|column| row.get(*column));
    texts.map(str::trim).filter(|text| !text.is_empty() && *text != "null")
}

/// A name without what names are spelt with.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

/// The text of a file. In which encoding it comes is not documented: what is not UTF-8 is UTF-16 where it says so, else
/// Latin-1.
fn decoded(body: &[u8]) -> Cow<'_, str> {
    let pairs = |read: fn([u8; 2]) -> u16| {
        let units = body.as_chunks().0.iter().map(|pair| read(*pair));
        Cow::Owned(String::from_utf16_lossy(&units.collect::<Vec<_>>()))
    };
    match (str::from_utf8(body), body) {
        (Ok(text), _) => Cow::Borrowed(text),
        (Err(_), [0xFF, 0xFE, ..]) => pairs(u16::from_le_bytes),
        (Err(_), [0xFE, 0xFF, ..]) => pairs(u16::from_be_bytes),
        (Err(_), body) => body.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// What stands most often in the header, outside of quotes.
fn delimiter(body: &[u8]) -> u8 {
    let mut is_quoted = false;
    let header = body.iter().filter(|byte| {
        is_quoted ^= **byte == b'"';
        !is_quoted
    });
    let mut counts = [0; DELIMITERS.len()];
    for byte in header.take_while(|byte| !b"\r\n".contains(byte)) {
        if let Some(place) = DELIMITERS.iter().position(|delimiter| delimiter == byte) {
            counts[place] += 1;
        }
    }
    let most = DELIMITERS.iter().zip(counts).rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(delimiter, _)| *delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_quotes_ends_and_delimiters_do_not_matter() {
        let text = "Leadmill ID,\"Verification.Status\",foundedYear\nx,\"a, \"\"b\"\"\nc\",1998\n";
        for delimiter in [",", ";", "\t", "|"] {
            for (mark, end) in [("", "\n"), ("\u{feff}", "\r\n")] {
                let parted = text.replace("ID,", &format!("ID{delimiter}"));
                let parted = parted.replace("\",f", &format!("\"{delimiter}f"));
                let parted = parted.replace("x,", &format!("x{delimiter}"));
                let parted = parted.replace("\",1", &format!("\"{delimiter}1"));
                let file = format!("{mark}{}", parted.replace('\n', end));
                let sheet = Sheet::read(file.as_bytes()).unwrap();
                let told = |name| {
                    told(&sheet.rows[0], &sheet.columns(name)).next().unwrap().to_owned()
                };
                assert_eq!(told("leadmill_id"), "x", "{file}");
                assert_eq!(told("verification_status").replace('\r', ""), "a, \"b\"\nc");
                assert_eq!(told("founded_year"), "1998");
            }
        }
    }

    #[test]
    fn letters_are_read_in_the_encodings_that_files_come_in() {
        let file = "name\nJos\u{e9}\n";
        let little: Vec<u8> =
            format!("\u{feff}{file}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> =
            format!("\u{feff}{file}").encode_utf16().flat_map(u16::to_be_bytes).collect();
        for body in [file.as_bytes(), b"name\nJos\xe9\n", &little, &big] {
            let sheet = Sheet::read(body).unwrap();
            assert_eq!((&*sheet.names[0], &sheet.rows[0][0]), ("name", "Jos\u{e9}"));
        }
    }

    #[test]
    fn what_is_no_file_and_what_is_cut_short_is_told() {
        for none in ["<html>", " {\"data\":1}", "[]"] {
            assert!(Sheet::read(none.as_bytes()).is_err(), "{none}");
        }
        assert!(Sheet::read(b"a,b,c\n1,2,3\n4,").is_err());
        assert_eq!(Sheet::read(b"a,b,c\n1,2,3\n4,\n").unwrap().rows.len(), 2);
        assert_eq!(Sheet::read(b"a,b,c\n1,2,3").unwrap().rows.len(), 1);
        assert!(Sheet::read(b"").is_err() && Sheet::read(b"\n").is_err());
    }
}
