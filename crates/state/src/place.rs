//! Where a state is: a folder of this machine, or a database that several machines share.

use crate::{StateError, postgres::Address};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// Where a state is.
#[derive(Clone, Debug)]
pub enum Place {
    /// A folder: SQLite, for processes of one machine.
    Folder(PathBuf),
    /// A schema of a Postgres database, for processes of many machines.
    Postgres(Box<Address>),
}

impl Place {
    /// Reads `postgres://user:password@host/database?schema=name`, or a path. Relative paths start at `base`.
    pub fn read(written: &str, base: &Path) -> Result<Self, StateError> {
        let scheme = written.split_once("://").map(|(scheme, _)| scheme);
        match scheme.map(str::to_ascii_lowercase).as_deref() {
            Some("postgres" | "postgresql") => {
                Ok(Self::Postgres(Box::new(Address::read(written)?)))
            }
            None if written.starts_with("postgres:") || written.contains("host=") => {
                Err(StateError::Address(
                    "the address of a database begins with postgres://".into(),
                ))
            }
            Some(other) => Err(StateError::Address(format!(
                "cannot keep a state at {other}:// addresses"
            ))),
            None => Ok(Self::Folder(base.join(written))),
        }
    }

    /// Where the answers of settled batches are kept unless another place is named; a database has none.
    pub fn answers(&self) -> Option<PathBuf> {
        match self {
            Self::Folder(folder) => Some(folder.join("answers")),
            Self::Postgres(_) => None,
        }
    }

    /// What must not be seen of it.
    pub fn password(&self) -> Option<&str> {
        match self {
            Self::Folder(_) => None,
            Self::Postgres(address) => address.password(),
        }
    }
}

/// Without its password.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => folder.display().fmt(f),
            Self::Postgres(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_is_written() {
        let read = |written| Place::read(written, Path::new("/base"));
        assert!(
            matches!(read("a/b").unwrap(), Place::Folder(path) if path == Path::new("/base/a/b"))
        );
        let place = read("postgresql://me:s3cret@db:5433/acme?schema=mill").unwrap();
        assert_eq!(place.to_string(), "postgres://db:5433/acme (schema mill)");
        assert_eq!(place.password(), Some("s3cret"));
        assert!(!format!("{place:?}").contains("s3cret"));
        for wrong in ["host=db password=hush", "postgres:/me:hush@db/x"] {
            assert!(!read(wrong).unwrap_err().to_string().contains("hush"));
        }
        let error = read("mysql://db/acme").unwrap_err();
        assert_eq!(error.to_string(), "state: cannot keep a state at mysql:// addresses");
    }
}
