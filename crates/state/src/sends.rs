//! The calls of the last minutes, so that a restart does not forget what its windows hold.
//!
//! Records of 16 bytes are appended without a sync: they survive the process, which is what a kill
//! needs. A record that was cut short at the end belongs to a call that was never sent.

use leadmill_core::{Call, JournalError, SendLog, Sent, Timestamp};
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
    ) -> io::Result<(Self, Vec<Sent>)> {
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (records, _torn) = bytes.as_chunks::<RECORD>();
        let recent: Vec<_> =
            records.iter().filter(|record| now.since(read(record).1) <= window).collect();
        let kept: Vec<u8> = recent.iter().flat_map(|record| **record).collect();
        file.set_len(0)?;
        file.write_all(&kept)?;
        let log = Self { file, purse: short(purse) };
        let sends =
            recent.into_iter().map(read).filter(|(purse, ..)| *purse == log.purse);
        let sends =
            sends.filter_map(|(_, at, call)| Some(Sent { at, call: call? })).collect();
        Ok((log, sends))
    }
}

impl SendLog for FileSendLog {
    fn note(&mut self, sends: &[Sent]) -> Result<(), JournalError> {
        let mut bytes = Vec::with_capacity(sends.len() * RECORD);
        for sent in sends {
            bytes.extend(sent.at.0.to_le_bytes());
            bytes.extend(self.purse.to_le_bytes());
            bytes.extend([code(sent.call), 0, 0, 0]);
        }
        self.file
            .write_all(&bytes)
            .map_err(|error| JournalError(format!("sends.log: {error}")))
    }
}

fn read(record: &[u8; RECORD]) -> (u32, Timestamp, Option<Call>) {
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

const fn decode(code: u8) -> Option<Call> {
    match code {
        1 => Some(Call::Balance),
        2 => Some(Call::Ask),
        3 => Some(Call::Submit),
        4 => Some(Call::Poll),
        5 => Some(Call::Page),
        _ => None,
    }
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
        assert_eq!(none, []);
        log.note(&[sent(1_000, Call::Submit), sent(50_000, Call::Poll)]).unwrap();
        let (mut other, none) = open("b", 50_000);
        assert_eq!(none, []);
        other.note(&[sent(51_000, Call::Ask)]).unwrap();
        other.file.write_all(&[1, 2, 3]).unwrap();
        assert_eq!(
            open("a", 60_000).1,
            [sent(1_000, Call::Submit), sent(50_000, Call::Poll)]
        );
        assert_eq!(open("a", 62_000).1, [sent(50_000, Call::Poll)]);
        assert_eq!(open("b", 62_000).1, [sent(51_000, Call::Ask)]);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 32);
    }
}
