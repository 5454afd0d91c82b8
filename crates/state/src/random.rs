//! Numbers that nobody can guess.

use crate::StateError;
use rustls::crypto::ring;

/// Bytes from the system's generator.
pub(crate) fn bytes<const N: usize>() -> Result<[u8; N], StateError> {
    let mut bytes = [0; N];
    let filled = ring::default_provider().secure_random.fill(&mut bytes);
    filled
        .map_err(|_| StateError::Unsafe("the system gives no random numbers".into()))?;
    Ok(bytes)
}

/// A number that no other process has.
pub(crate) fn number() -> Result<u64, StateError> {
    bytes().map(u64::from_be_bytes)
}
