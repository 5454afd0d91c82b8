//! A state that cannot be used.

use std::{io, path::PathBuf};

/// A state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// Another process is at work on the same run.
    #[error("state {0}: another process is at work on the same run")]
    Locked(String),
    /// A newer version of Leadmill wrote it.
    #[error(
        "state: its version is {found}, and this binary knows versions up to {known}"
    )]
    Newer {
        /// The version of the state.
        found: i64,
        /// The newest version that this binary reads.
        known: i64,
    },
    /// An older version wrote it, and nothing was to be changed.
    #[error("state: an older version of leadmill wrote it")]
    Older,
    /// It contradicts itself. Nothing may be bought on top of it.
    #[error("state: {0}")]
    Corrupt(String),
    /// Its address cannot be read.
    #[error("state: {0}")]
    Address(String),
    /// The server would not keep what it acknowledges.
    #[error("state: {0}")]
    Unsafe(String),
    /// The disk has no room for what must be written down once something is bought.
    #[error("state {}: the disk is full: {wanted} MiB are kept free for replies", path.display())]
    Full {
        /// The file that takes the room.
        path: PathBuf,
        /// Its size in MiB.
        wanted: u64,
    },
    /// The disk said no.
    #[error("state {0}: {1}")]
    Io(PathBuf, io::Error),
    /// The database said no.
    #[error("state: {0}")]
    Database(#[from] rusqlite::Error),
    /// The connection to the database server is gone.
    #[error("state: {0}")]
    Lost(String),
    /// The database server said no, or could not be reached.
    #[error("state: {0}")]
    Server(String),
}

impl From<tokio_postgres::Error> for StateError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let ends = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        ];
        if let Some(said) = error.as_db_error().filter(|said| ends.contains(said.code()))
        {
            return Self::Lost(format!("the server says: {}", said.message()));
        }
        // What the server says is worth more than the library's words for it.
        if let Some(said) = error.as_db_error() {
            return Self::Server(format!("the server says: {}", said.message()));
        }
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            let inner_text = inner.to_string();
            if !text.contains(&inner_text) {
                text = format!("{text}: {inner_text}");
            }
            cause = inner.source();
        }
        match error.is_closed() {
            true => Self::Lost(text),
            false => Self::Server(text),
        }
    }
}
