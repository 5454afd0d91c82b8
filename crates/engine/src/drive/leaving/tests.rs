use crate::{
    Engine, Hints, Parts,
    drive::{arriving::tests::Singles, charging::tests::bulks::Shelf},
};
use leadmill_core::{
    Call, Clock, Credits, Endpoint, JournalError, Leases, Moment, RunId, Sent, Timestamp,
    slots::{Agreement, Noted, ProcessId, Slots, Trade},
};
use std::sync::{Arc, Mutex};
use tokio::sync::watch;

/// A clock, and a store that lets it go on while calls are written down.
#[derive(Clone, Debug)]
struct Slow(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    moment: i64,
    /// What each write takes, in milliseconds.
    takes: Vec<i64>,
    noted: Vec<Sent>,
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        Timestamp(self.moment().0)
    }

    fn moment(&self) -> Moment {
        Moment(self.0.lock().unwrap().moment)
    }
}

impl Leases for Slow {
    fn note(&mut self, sends: &[Sent]) -> Result<Noted, JournalError> {
        let mut told = self.0.lock().unwrap();
        told.noted.extend_from_slice(sends);
        told.moment += told.takes.pop().unwrap_or_default();
        Ok(Noted::Written)
    }

    fn heard(&mut self, _: Moment, _: Endpoint) -> Result<(), JournalError> {
        Ok(())
    }

    fn freeze(&mut self, _: Moment, _: Moment) -> Result<(), JournalError> {
        Ok(())
    }

    fn close(&mut self, _: Moment, _: Endpoint, _: Moment) -> Result<(), JournalError> {
        Ok(())
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        Ok(Slots::default().trade(ProcessId(1), now, trades))
    }
}

/// When the newest record of a call says that it has left, and when it leaves.
fn noted(takes: &[i64]) -> (i64, i64, usize) {
    let takes = takes.iter().rev().copied().collect();
    let slow = Slow(Arc::new(Mutex::new(Told { takes, ..Told::default() })));
    let (_keep, stop) = watch::channel(false);
    let mut engine = Engine::new(
        RunId(1),
        Parts {
            provider: Arc::new(Singles::new()),
            staging: Arc::new(Shelf::default()),
            clock: Arc::new(slow.clone()),
            leases: Box::new(slow.clone()),
            budget: Credits::MAX,
            stop,
            hints: Hints::default(),
        },
    );
    engine.trade().unwrap();
    assert_eq!(engine.note(&[Call::Ask.into()]).unwrap(), Noted::Written);
    assert_eq!(engine.report().calls[&Call::Ask], 1);
    let told = slow.0.lock().unwrap();
    (told.noted.last().unwrap().at.0, told.moment, told.noted.len())
}

/// Others take a call of an ended process to have been on its way for a second: a record that is older than that when its
/// call leaves would free its slot too early.
#[tokio::test(start_paused = true)]
async fn a_call_whose_record_is_old_when_it_is_written_is_written_once_more() {
    assert_eq!(noted(&[20]), (0, 20, 1));
    assert_eq!(noted(&[1_500]), (1_500, 1_500, 2));
    assert_eq!(noted(&[1_500, 800, 20]), (2_300, 2_320, 3));
    // A store that is always slow keeps nobody for ever.
    assert_eq!(noted(&[900; 9]).2, 3);
}
