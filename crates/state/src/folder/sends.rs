//! The calls that a process has made within the longest window, so that whoever comes after it knows
//! exactly what its windows hold.
//!
//! One file a process, locked for as long as it lives, with records of 16 bytes that are written without
//! a sync: they survive the process, which is what a kill needs. A record's place says nothing; places
//! whose call has left every window are used again.

use crate::sent::{RECORD, decode, encode};
use leadmill_core::{Endpoint, Moment, Sent};
use std::{
    collections::{HashMap, VecDeque},
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

/// The calls of this process.
#[derive(Debug)]
pub(crate) struct Sends {
    file: File,
    horizon: Duration,
    /// When the call at each place was made, or had arrived.
    places: Vec<Moment>,
    next: usize,
    /// The places of calls that nobody has heard of, and when each was made.
    unheard: HashMap<Endpoint, VecDeque<(usize, Moment)>>,
}

impl Sends {
    /// A new file, locked by this process. No window is longer than `horizon`.
    pub(crate) fn create(path: &Path, horizon: Duration) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file =
            options.read(true).write(true).create_new(true).mode(0o600).open(path)?;
        file.try_lock()?;
        let (places, unheard) = (Vec::new(), HashMap::new());
        Ok(Self { file, horizon, places, next: 0, unheard })
    }

    /// Writes calls down.
    pub(crate) fn note(&mut self, sends: &[Sent]) -> io::Result<()> {
        let mut bytes: Vec<u8> = Vec::with_capacity(sends.len() * RECORD);
        let mut start = self.next;
        for sent in sends {
            let place = self.place(sent.at);
            if place != start + bytes.len() / RECORD {
                self.write(start, &bytes)?;
                bytes.clear();
                start = place;
            }
            bytes.extend(encode(sent));
            self.unheard.entry(sent.to).or_default().push_back((place, sent.at));
        }
        self.write(start, &bytes)
    }

    /// Writes down that one of the calls to an endpoint has arrived. Of several the oldest is taken for it: the others
    /// were made later, so that nothing is taken to have arrived earlier than it has.
    pub(crate) fn heard(&mut self, now: Moment, to: Endpoint) -> io::Result<()> {
        let unheard = self.unheard.entry(to).or_default();
        while let Some((place, made)) = unheard.pop_front() {
            // The place of a call that is in no window any more may be another's.
            let Some(at) = self.places.get_mut(place).filter(|at| **at == made) else {
                continue;
            };
            *at = now;
            return self.write(place, &encode(&Sent { at: now, to, arrived: true }));
        }
        Ok(())
    }

    /// Takes a place whose call is in no window any more, or a new one.
    fn place(&mut self, at: Moment) -> usize {
        let is_old = |other: &Moment| at.since(*other) > self.horizon;
        let place = match self.places.get(self.next) {
            Some(other) if is_old(other) => self.next,
            _ if self.places.first().is_some_and(is_old) => 0,
            _ => self.places.len(),
        };
        match self.places.get_mut(place) {
            Some(old) => *old = at,
            None => self.places.push(at),
        }
        self.next = place + 1;
        place
    }

    fn write(&self, place: usize, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all_at(bytes, (place * RECORD) as u64)
    }
}

/// The calls of a process that has ended; `None` while it lives, or if it left no file. The file stays
/// locked, so that nobody else buries it, until it is dropped.
pub(crate) fn of_the_dead(path: &Path) -> io::Result<Option<(File, Vec<Sent>)>> {
    let mut file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(error),
    }
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    // A record that was cut short belongs to a call that was never made.
    let (records, _torn) = bytes.as_chunks::<RECORD>();
    let sends = records.iter().filter_map(decode).collect();
    Ok(Some((file, sends)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::{Call, Operation};

    fn sent(at: i64, to: impl Into<Endpoint>) -> Sent {
        Sent::leaving(Moment(at), to)
    }

    #[test]
    fn calls_are_known_when_their_process_has_ended_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let calls = [
            sent(5, Endpoint::of(Call::Submit, Operation::VerifyEmail)),
            sent(7, Call::Balance),
        ];
        let mut sends = Sends::create(&path, Duration::from_secs(60)).unwrap();
        sends.note(&calls).unwrap();
        assert!(of_the_dead(&path).unwrap().is_none(), "it lives");
        sends.file.write_all_at(&[1, 2, 3], 2 * RECORD as u64).unwrap();
        drop(sends);
        assert_eq!(of_the_dead(&path).unwrap().unwrap().1, calls);
        assert!(of_the_dead(&folder.path().join("2")).unwrap().is_none());
    }

    #[test]
    fn a_call_that_was_heard_of_had_arrived_by_then() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut sends = Sends::create(&path, Duration::from_secs(60)).unwrap();
        sends.note(&[sent(5, Call::Poll), sent(6, Call::Balance)]).unwrap();
        sends.note(&[sent(7, Call::Poll), sent(8, Call::Poll)]).unwrap();
        sends.heard(Moment(900), Call::Poll.into()).unwrap();
        sends.heard(Moment(901), Call::Poll.into()).unwrap();
        // Nobody called there.
        sends.heard(Moment(902), Call::Page.into()).unwrap();
        drop(sends);
        let arrived = |at| Sent { arrived: true, ..sent(at, Call::Poll) };
        let kept = of_the_dead(&path).unwrap().unwrap().1;
        let expected =
            [arrived(900), sent(6, Call::Balance), arrived(901), sent(8, Call::Poll)];
        assert_eq!(kept, expected);
    }

    /// Places are used again while calls of them are still unheard of.
    #[test]
    fn the_place_of_an_old_call_is_another_s() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut sends = Sends::create(&path, Duration::from_millis(100)).unwrap();
        sends.note(&[sent(0, Call::Poll)]).unwrap();
        sends.note(&[sent(200, Call::Page)]).unwrap();
        sends.heard(Moment(201), Call::Poll.into()).unwrap();
        drop(sends);
        assert_eq!(of_the_dead(&path).unwrap().unwrap().1, [sent(200, Call::Page)]);
    }

    #[test]
    fn the_file_holds_what_windows_hold_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1");
        let mut sends = Sends::create(&path, Duration::from_millis(100)).unwrap();
        for at in 0..5_000 {
            sends.note(&[sent(at, Call::Poll), sent(at, Call::Page)]).unwrap();
        }
        drop(sends);
        let (_, kept) = of_the_dead(&path).unwrap().unwrap();
        for at in 4_900..5_000 {
            assert_eq!(kept.iter().filter(|sent| sent.at.0 == at).count(), 2, "{at}");
        }
        assert!(kept.len() < 300, "{}", kept.len());
    }
}
