//! The rows of a CSV file, each proven whole.

use crate::{Subject, TableError, plain::lower};
use csv::{ErrorKind, Reader, ReaderBuilder, StringRecord};
use std::io::{self, Read};

/// Read after the end of the file. Seen as a row of its own it proves that the row before it was
/// complete; inside an open quote it disappears.
const END: &[u8] = b"\n\x1e\n";

/// A row longer than this is a quote that nobody closed.
const LONGEST_ROW: usize = 64 << 20;

/// Rows of a file, all as wide as its header.
pub(crate) struct Records<'a, R> {
    reader: Reader<Bounded<io::Chain<R, &'static [u8]>>>,
    file: &'a str,
    header: Vec<String>,
    record: StringRecord,
}

impl<'a, R: Read> Records<'a, R> {
    /// Reads the header.
    pub(crate) fn open(input: R, file: &'a str) -> Result<Self, TableError> {
        let input = Bounded { inner: input.chain(END), left: LONGEST_ROW };
        let mut builder = ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).from_reader(input);
        let (header, record) = (Vec::new(), StringRecord::new());
        let mut records = Self { reader, file, header, record };
        if !records.advance()? {
            return Err(
                records.error("the file is empty: its first line must name the columns")
            );
        }
        records.header = records.record.iter().map(str::to_owned).collect();
        Ok(records)
    }

    /// The names of the columns.
    pub(crate) fn header(&self) -> &[String] {
        &self.header
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<&StringRecord>, TableError> {
        if !self.advance()? {
            return Ok(None);
        }
        let (found, expected) = (self.record.len(), self.header.len());
        if found != expected {
            let line = self.line();
            let values = if found == 1 { "value" } else { "values" };
            return Err(self.error(format!(
                "line {line} has {found} {values} where the header has {expected}"
            )));
        }
        Ok(Some(&self.record))
    }

    /// Reads a record; false at the proven end of the file.
    fn advance(&mut self) -> Result<bool, TableError> {
        let start = self.reader.position().line();
        self.reader.get_mut().left = LONGEST_ROW;
        match self.reader.read_record(&mut self.record) {
            Ok(true) => {}
            Ok(false) => return Err(self.error("the file ends before its end")),
            Err(error) => return Err(self.unreadable(&error, start)),
        }
        let is_end = |value: &str| value.as_bytes().ends_with(b"\n\x1e\n");
        if self.record.iter().next_back().is_some_and(is_end) {
            let line = self.line();
            return Err(self.error(format!("line {line}: a quote is never closed")));
        }
        Ok(self.record.len() != 1 || self.record.get(0) != Some("\x1e"))
    }

    fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }

    fn unreadable(&self, error: &csv::Error, start: u64) -> TableError {
        match error.kind() {
            ErrorKind::Utf8 { pos, err } => {
                let line = pos.as_ref().map_or(start, csv::Position::line);
                let place = err.field();
                let column = self.header.get(place);
                let column = column.map_or_else(|| (place + 1).to_string(), Clone::clone);
                self.error(format!("line {line}: column {column} is not UTF-8"))
            }
            ErrorKind::Io(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                self.error(format!("line {start}: a quote is never closed"))
            }
            _ => TableError::inside(error)
                .unwrap_or_else(|| self.error(lower(&error.to_string()))),
        }
    }

    fn error(&self, what: impl Into<String>) -> TableError {
        TableError::new(Subject::Location, format!("{}: {}", self.file, what.into()))
    }
}

/// A reader that gives only so much for one row.
struct Bounded<R> {
    inner: R,
    left: usize,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self
            .left
            .checked_sub(read)
            .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(read)
    }
}
