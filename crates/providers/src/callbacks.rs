//! Addresses that a provider may call back, and that nobody can guess.

use hmac::{Hmac, KeyInit, Mac};
use leadmill_core::BatchId;
use sha2::Sha256;
use std::fmt;
use url::Url;

/// Digits of the seal in an address: 128 bits.
const SEAL: usize = 32;

/// Names batches in addresses, so that a call to one proves that whoever made it was told that address.
#[derive(Clone)]
pub struct Tags(Hmac<Sha256>);

impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tags")
    }
}

impl Tags {
    /// Tags under a secret of any length; of a short one they can be guessed.
    pub fn new(secret: &[u8]) -> Self {
        // HMAC takes keys of any length.
        let mac = Hmac::new_from_slice(secret)
            .unwrap_or_else(|_| Hmac::new(&Default::default()));
        Self(mac)
    }

    /// The tag of a batch: one segment of a path.
    pub fn tag(&self, batch: BatchId) -> String {
        let seal = self.mac(batch).finalize().into_bytes();
        let seal: String = seal.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{batch}-{}", seal.get(..SEAL).unwrap_or_default())
    }

    /// The batch of an address whose path ends in a tag of ours. Takes as long for a wrong seal as for a right
    /// one.
    pub fn batch_of(&self, path: &str) -> Option<BatchId> {
        let (_, tag) = path.rsplit_once('/')?;
        let (batch, seal) = tag.split_once('-')?;
        let batch: BatchId = batch.parse().ok()?;
        let (pairs, rest) = seal.as_bytes().as_chunks::<2>();
        if seal.len() != SEAL || !rest.is_empty() {
            return None;
        }
        let byte =
            |pair: &[u8; 2]| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok();
        let seal: Vec<u8> = pairs.iter().map(byte).collect::<Option<_>>()?;
        self.mac(batch).verify_truncated_left(&seal).ok().map(|()| batch)
    }

    fn mac(&self, batch: BatchId) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        mac.update(b"callback of batch ");
        mac.update(&batch.0.to_be_bytes());
        mac
    }
}

/// Where a provider is to call back.
#[derive(Clone, Debug)]
pub struct Callbacks {
    base: Url,
    tags: Tags,
}

/// An address that no provider can call.
#[derive(Debug, thiserror::Error)]
#[error("no address that a provider can call: expected http(s)://host/path")]
pub struct Uncallable;

impl Callbacks {
    /// Callbacks to addresses below `base`: its path is gone on with, its query stays.
    pub fn new(base: &str, tags: Tags) -> Result<Self, Uncallable> {
        let base = Url::parse(base).map_err(|_| Uncallable)?;
        let is_web = matches!(base.scheme(), "http" | "https") && base.has_host();
        if is_web { Ok(Self { base, tags }) } else { Err(Uncallable) }
    }

    /// The address of one batch.
    pub fn url(&self, batch: BatchId) -> String {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(&self.tags.tag(batch));
        }
        url.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_its_batch_and_no_other_can_be_made_up() {
        let tags = Tags::new(b"secret");
        let callbacks =
            |base| Callbacks::new(base, tags.clone()).map(|all| all.url(BatchId(0xab)));
        let tag = tags.tag(BatchId(0xab));
        assert_eq!(tag.len(), 16 + 1 + SEAL);
        assert_eq!(
            callbacks("https://x.example").unwrap(),
            format!("https://x.example/{tag}")
        );
        assert_eq!(
            callbacks("https://x.example/hooks/?code=1").unwrap(),
            format!("https://x.example/hooks/{tag}?code=1")
        );
        for wrong in ["x.example", "ftp://x.example", "file:///x", ""] {
            assert!(callbacks(wrong).is_err(), "{wrong}");
        }
        let batch_of = |path: &str| tags.batch_of(path);
        assert_eq!(batch_of(&format!("/any/prefix/{tag}")), Some(BatchId(0xab)));
        assert_eq!(batch_of(&tag), None, "a path begins with a slash");
        let other = Tags::new(b"other").tag(BatchId(0xab));
        let neighbour = tag.replacen("ab", "ac", 1);
        let short = &tag[..tag.len() - 2];
        for forged in [other.as_str(), &neighbour, short, "", "00000000000000ab-", "é-é"]
        {
            assert_eq!(batch_of(&format!("/{forged}")), None, "{forged}");
        }
        for place in 17..tag.len() {
            let mut bent = tag.clone().into_bytes();
            bent[place] = if bent[place] == b'0' { b'1' } else { b'0' };
            assert_eq!(batch_of(&format!("/{}", String::from_utf8(bent).unwrap())), None);
        }
    }
}
