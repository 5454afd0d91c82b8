//! The key that callbacks are signed with.

use std::time::SystemTime;

use sha2::{Digest, Sha256};

/// The key that callbacks are signed with.
#[derive(Debug)]
pub(in crate::tomba) struct Secret {
    pub(in crate::tomba) value: String,
    pub(super) rotated: Option<SystemTime>,
    turns: u32,
    seed: u64,
}
impl Secret {
    /// The first key of a seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut secret = Self { value: String::new(), rotated: None, turns: 0, seed };
        secret.renew();
        secret
    }

    /// Another key.
    pub(super) fn renew(&mut self) {
        self.turns += 1;
        let mut hash = Sha256::new();
        hash.update(b"webhook secret");
        hash.update(self.seed.to_le_bytes());
        hash.update(self.turns.to_le_bytes());
        self.value = hex(&hash.finalize());
    }
}
/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
