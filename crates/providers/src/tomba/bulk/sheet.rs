//! The file of a job: rows under a header.
//!
//! # Source
//! Reference 11.9: that it is CSV with a header is all that is known of its form.

use csv::{ByteRecord, ReaderBuilder, StringRecord};
use std::{borrow::Cow, io::Read};

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

/// A row after the last one, in a form that none has. Where it is not found, a quote is open.
const END: &str = "\0";

impl Sheet {
    /// Reads a file. What is none, and what ends in the middle of a row, is refused with what is wrong.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let text = decoded(body);
        let body = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&text);
        if matches!(body.trim_ascii_start().first(), Some(b'<' | b'{' | b'[')) {
            return Err("it is no CSV".to_owned());
        }
        let reader = ReaderBuilder::new()
            .delimiter(delimiter(body))
            .flexible(true)
            .has_headers(false)
            .from_reader(body.chain(&b"\n"[..]).chain(END.as_bytes()));
        let records = reader.into_byte_records().map(|record| record.map(texts));
        let mut rows =
            records.collect::<Result<Vec<_>, _>>().map_err(|error| error.to_string())?;
        if rows.pop().is_none_or(|row| row.len() != 1 || &row[0] != END) {
            return Err("it ends between quotes, in the middle of a row".to_owned());
        }
        let header = if rows.is_empty() { StringRecord::new() } else { rows.remove(0) };
        if header.iter().all(|name| name.trim().is_empty()) {
            return Err("it is empty".to_owned());
        }
        let names: Vec<String> =
            header.iter().map(|name| name.trim().to_owned()).collect();
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

/// A file in UTF-16, which says that it is, in UTF-8. In which encoding files come is not documented.
fn decoded(body: &[u8]) -> Cow<'_, [u8]> {
    let pairs = |read: fn([u8; 2]) -> u16| {
        let units = body.as_chunks().0.iter().map(|pair| read(*pair));
        Cow::Owned(String::from_utf16_lossy(&units.collect::<Vec<_>>()).into_bytes())
    };
    match body {
        [0xFF, 0xFE, ..] => pairs(u16::from_le_bytes),
        [0xFE, 0xFF, ..] => pairs(u16::from_be_bytes),
        body => Cow::Borrowed(body),
    }
}

/// A row's texts. What is not UTF-8 is Latin-1, each row by itself: one that is damaged costs the others nothing.
fn texts(row: ByteRecord) -> StringRecord {
    StringRecord::from_byte_record(row).unwrap_or_else(|error| {
        let latin = |text: &[u8]| text.iter().map(|byte| char::from(*byte)).collect();
        error.into_byte_record().iter().map::<String, _>(latin).collect()
    })
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
    fn a_row_in_other_letters_costs_no_other_row_its_own() {
        let file =
            [b"name\nRen\xe9\n", "Jos\u{e9}\n".as_bytes(), b"\xff\nAda\n"].concat();
        let sheet = Sheet::read(&file).unwrap();
        let names: Vec<&str> = sheet.rows.iter().map(|row| &row[0]).collect();
        assert_eq!(names, ["Ren\u{e9}", "Jos\u{e9}", "\u{ff}", "Ada"]);
    }

    #[test]
    fn a_quote_that_is_not_closed_hides_no_rows() {
        for open in ["a,b\n1,\"2\n3,4\n", "a,b\n1,\"2", "a,b\n1,\"2\"\"", "\"a,b\n1,2\n"]
        {
            assert!(Sheet::read(open.as_bytes()).is_err(), "{open}");
        }
        for closed in ["a,b\n1,\"2\"", "a,b\n1,\"2\n\"\n", "a,b\n1,2\"\n", "a,b\r\n1,2\r"]
        {
            let sheet = Sheet::read(closed.as_bytes()).unwrap();
            assert_eq!((sheet.names.len(), sheet.rows.len()), (2, 1), "{closed}");
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
