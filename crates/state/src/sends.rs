//! The calls of the last minutes, so that a restart does not forget what its windows hold.
//!
//! Records of 16 bytes are appended without a sync: they survive the process, which is what a kill
//! needs. A record that was cut short at the end belongs to a call that was never sent.

use leadmill_core::{Call, Earlier, JournalError, SendLog, Sent, Timestamp};
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::Duration,
};

const RECORD: usize = 16;

/// [`SendLog`] in a file.
#[derive(Debug)]
pub struct FileSendLog {
    file: File,
    purse: u32,
}

impl FileSendLog {
    /// Opens the log, drops what is older than `window`, and returns what is left of this purse.
    pub(crate) fn open(
        path: &Path,
        purse: &str,
        now: Timestamp,
        window: Duration,
    ) -> io::Result<(Self, Earlier)> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (records, _torn) = bytes.as_chunks::<RECORD>();
        // A freeze lies ahead, so that it is kept until it has passed.
        let recent: Vec<_> =
            records.iter().filter(|record| now.since(read(record).1) <= window).collect();
        let kept: Vec<u8> = recent.iter().flat_map(|record| **record).collect();
        file.set_len(0)?;
        file.write_all(&kept)?;
        let log = Self { file, purse: short(purse) };
        let mut earlier = Earlier::default();
        let ours = recent.into_iter().map(read).filter(|(purse, ..)| *purse == log.purse);
        for (_, at, what) in ours {
            match what {
                Some(What::Sent(call)) => earlier.sends.push(Sent { at, call }),
                Some(What::Frozen) if at > now => {
                    earlier.frozen_until = earlier.frozen_until.max(Some(at));
                }
                Some(What::Frozen) | None => {}
            }
        }
        Ok((log, earlier))
    }

    fn write(
        &mut self,
        records: impl Iterator<Item = (Timestamp, u8)>,
    ) -> Result<(), JournalError> {
        let mut bytes = Vec::new();
        for (at, code) in records {
            bytes.extend(at.0.to_le_bytes());
            bytes.extend(self.purse.to_le_bytes());
            bytes.extend([code, 0, 0, 0]);
        }
        self.file
            .write_all(&bytes)
            .map_err(|error| JournalError(format!("sends.log: {error}")))
    }
}

impl SendLog for FileSendLog {
    fn note(&mut self, sends: &[Sent]) -> Result<(), JournalError> {
        self.write(sends.iter().map(|sent| (sent.at, code(sent.call))))
    }

    fn freeze(&mut self, until: Timestamp) -> Result<(), JournalError> {
        self.write([(until, FROZEN)].into_iter())
    }
}

/// What a record is about.
#[derive(Clone, Copy, Debug)]
enum What {
    /// A call left at its time.
    Sent(Call),
    /// The provider wants nothing before its time.
    Frozen,
}

const FROZEN: u8 = 100;

fn read(record: &[u8; RECORD]) -> (u32, Timestamp, Option<What>) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, call, ..] = *record;
    let at = i64::from_le_bytes([a, b, c, d, e, f, g, h]);
    (u32::from_le_bytes([i, j, k, l]), Timestamp(at), decode(call))
}

const fn code(call: Call) -> u8 {
    match call {
        Call::Balance => 1,
        Call::Ask => 2,
        Call::Submit => 3,
        Call::Poll => 4,
        Call::Page => 5,
    }
}

const fn decode(code: u8) -> Option<What> {
    Some(match code {
        1 => What::Sent(Call::Balance),
        2 => What::Sent(Call::Ask),
        3 => What::Sent(Call::Submit),
        4 => What::Sent(Call::Poll),
        5 => What::Sent(Call::Page),
        FROZEN => What::Frozen,
        _ => return None,
    })
}

/// FNV-1a: small, and the same in every version.
fn short(purse: &str) -> u32 {
    purse.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recent_sends_of_the_same_purse_come_back_and_old_ones_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sends.log");
        let minute = Duration::from_secs(60);
        let sent = |at, call| Sent { at: Timestamp(at), call };
        let open = |purse: &str, now| {
            FileSendLog::open(&path, purse, Timestamp(now), minute).unwrap()
        };
        let (mut log, none) = open("a", 0);
        assert_eq!(none, Earlier::default());
        log.note(&[sent(1_000, Call::Submit), sent(50_000, Call::Poll)]).unwrap();
        let (mut other, none) = open("b", 50_000);
        assert_eq!(none, Earlier::default());
        other.note(&[sent(51_000, Call::Ask)]).unwrap();
        other.file.write_all(&[1, 2, 3]).unwrap();
        assert_eq!(
            open("a", 60_000).1.sends,
            [sent(1_000, Call::Submit), sent(50_000, Call::Poll)]
        );
        assert_eq!(open("a", 62_000).1.sends, [sent(50_000, Call::Poll)]);
        assert_eq!(open("b", 62_000).1.sends, [sent(51_000, Call::Ask)]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 32);
        log.freeze(Timestamp(90_000)).unwrap();
        assert_eq!(open("a", 89_000).1.frozen_until, Some(Timestamp(90_000)));
        assert_eq!(open("b", 89_000).1.frozen_until, None);
        assert_eq!(open("a", 91_000).1.frozen_until, None);
    }
}
