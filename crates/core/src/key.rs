//! The content address of a question.

use serde::{Deserialize, Serialize};
use std::{
    collections::{HashMap, HashSet},
    fmt,
    hash::{BuildHasherDefault, Hasher},
};

/// Content address of a [`Query`](crate::Query): equal questions have equal keys and are paid for once.
///
/// The first 128 bits of SHA-256 over the operation and its canonical inputs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QueryKey(pub [u8; 16]);

impl fmt::Debug for QueryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A map from keys.
pub type KeyMap<T> = HashMap<QueryKey, T, BuildHasherDefault<Prefix>>;

/// A set of keys.
pub type KeySet = HashSet<QueryKey, BuildHasherDefault<Prefix>>;

/// A key is a hash already: its first bytes do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Prefix(u64);

impl Hasher for Prefix {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*first);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}
