//! The questions of a step, written down once and read back in order, so that memory stays small.

use leadmill_core::Query;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Takes questions. Its file is deleted with the [`SpoolReader`] that it becomes.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    file: BufWriter<File>,
    count: u64,
}

impl Spool {
    /// Begins an empty spool, replacing what an earlier process left there.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(path)?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), count: 0 })
    }

    /// Writes a question down.
    pub fn push(&mut self, query: &Query) -> io::Result<()> {
        serde_json::to_writer(&mut self.file, query)?;
        self.count += 1;
        self.file.write_all(b"\n")
    }

    /// How many there are.
    pub const fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Ends writing and begins reading.
    pub fn read(self) -> io::Result<SpoolReader> {
        self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let file = BufReader::new(File::open(&self.path)?);
        Ok(SpoolReader { path: self.path, file })
    }
}

/// Gives the questions back, in order.
#[derive(Debug)]
pub struct SpoolReader {
    path: PathBuf,
    file: BufReader<File>,
}

impl Iterator for SpoolReader {
    type Item = io::Result<Query>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = String::new();
        match self.file.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).map_err(io::Error::from)),
            Err(error) => Some(Err(error)),
        }
    }
}

impl Drop for SpoolReader {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::Operation;

    #[test]
    fn questions_come_back_in_order_and_the_file_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".questions");
        let queries: Vec<_> = (0..1000)
            .map(|n| {
                Query::read(
                    Operation::VerifyEmail,
                    [Some(format!("Zoë{n}@x.io").as_str())],
                )
            })
            .collect::<Result<_, _>>()
            .unwrap();
        let mut spool = Spool::create(&path).unwrap();
        queries.iter().try_for_each(|query| spool.push(query)).unwrap();
        assert_eq!(spool.len(), 1000);
        let back: Vec<_> = spool.read().unwrap().collect::<Result<_, _>>().unwrap();
        assert_eq!(back, queries);
        assert!(!path.exists());
    }
}
