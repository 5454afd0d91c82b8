//! The clock that judges times which different processes have written down.

use async_trait::async_trait;
use leadmill_core::{Appended, Clock, Entry, Journal, JournalError, Moment, Timestamp};
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// The clock of a state. Machines set their clocks as they like: by this one answers grow old for all of them alike.
///
/// On Postgres it is the database's. In a folder it is the machine's own, and never behind what the journal says: what
/// was written before is not in the future.
#[derive(Debug)]
pub struct StateClock {
    own: Arc<dyn Clock>,
    judge: Judge,
    /// The judge's time, less the moment at which it was read: at the least, where the judge is the journal.
    base: AtomicI64,
    /// How far the machine's own clock was off when this one was begun.
    off: Off,
}

/// By what a state's clock corrects the machine's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    Database,
    Journal,
}

/// How far a machine's clock is off the state's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Off {
    /// Behind, by this much.
    Behind(Duration),
    /// Ahead, by this much.
    Ahead(Duration),
}

impl Off {
    /// By how much.
    pub const fn by(self) -> Duration {
        match self {
            Self::Behind(by) | Self::Ahead(by) => by,
        }
    }
}

impl StateClock {
    /// A clock that read `at` at the moment `moment`, or, by a journal, at least that.
    pub(crate) fn new(
        own: Arc<dyn Clock>,
        judge: Judge,
        at: Timestamp,
        moment: Moment,
    ) -> Self {
        let wall = own.now();
        let base = AtomicI64::new(at.0.saturating_sub(moment.0));
        let off = match judge {
            Judge::Database if wall > at => Off::Ahead(wall.since(at)),
            _ => Off::Behind(at.since(wall)),
        };
        Self { own, judge, base, off }
    }

    /// How far the machine's own clock was off when this one was begun: what a journal knows nothing of is not off.
    pub const fn off(&self) -> Off {
        self.off
    }

    /// Something was written at this time: from here on it is later.
    fn pass(&self, at: Timestamp) {
        if self.judge == Judge::Journal {
            let base = at.0.saturating_add(1).saturating_sub(self.own.moment().0);
            self.base.fetch_max(base, Ordering::Relaxed);
        }
    }
}

impl Clock for StateClock {
    fn now(&self) -> Timestamp {
        let base = self.base.load(Ordering::Relaxed);
        let judged = Timestamp(base.saturating_add(self.own.moment().0));
        match self.judge {
            Judge::Database => judged,
            Judge::Journal => judged.max(self.own.now()),
        }
    }

    fn moment(&self) -> Moment {
        self.own.moment()
    }
}

/// A journal whose times the state's clock never falls behind.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) inner: Box<dyn Journal>,
    pub(crate) clock: Arc<StateClock>,
}

#[async_trait]
impl Journal for Watched {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        let appended = self.inner.append(entries).await?;
        let (Appended::Written { before } | Appended::Collides { before }) = &appended;
        let times = before.iter().chain(entries).map(|entry| entry.at);
        times.max().into_iter().for_each(|at| self.clock.pass(at));
        Ok(appended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    /// A wall clock and the time that nobody sets, both by hand.
    #[derive(Debug, Default)]
    struct Hand(Mutex<(i64, i64)>);

    impl Hand {
        fn set(&self, wall: i64, moment: i64) {
            *self.0.lock().unwrap() = (wall, moment);
        }
    }

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.lock().unwrap().0)
        }

        fn moment(&self) -> Moment {
            Moment(self.0.lock().unwrap().1)
        }
    }

    fn clock(hand: &Arc<Hand>, judge: Judge, at: i64) -> StateClock {
        let own: Arc<dyn Clock> = Arc::clone(hand) as _;
        StateClock::new(own, judge, Timestamp(at), hand.moment())
    }

    #[test]
    fn the_database_s_time_counts_whatever_the_machine_s_clock_is_set_to() {
        let hand = Arc::new(Hand::default());
        for (wall, off) in [
            (90_000, Off::Ahead(Duration::from_millis(40_000))),
            (-20_000, Off::Behind(Duration::from_millis(70_000))),
        ] {
            hand.set(wall, 7);
            let clock = clock(&hand, Judge::Database, 50_000);
            assert_eq!((clock.now(), clock.off()), (Timestamp(50_000), off));
            hand.set(-5, 1_007);
            assert_eq!(clock.now(), Timestamp(51_000));
        }
    }

    #[test]
    fn a_machine_s_time_is_never_behind_what_the_journal_says() {
        let hand = Arc::new(Hand::default());
        hand.set(100, 7);
        let behind = clock(&hand, Judge::Journal, 50_000);
        assert_eq!(behind.now(), Timestamp(50_000));
        assert_eq!(behind.off(), Off::Behind(Duration::from_millis(49_900)));
        hand.set(100, 10);
        assert_eq!(behind.now(), Timestamp(50_003), "time goes on");
        behind.pass(Timestamp(70_000));
        assert_eq!(behind.now(), Timestamp(70_001), "others write, too");
        behind.pass(Timestamp(60_000));
        hand.set(80_000, 11);
        assert_eq!(behind.now(), Timestamp(80_000), "it is the machine's own clock");
        let right = clock(&hand, Judge::Journal, 50_000);
        assert_eq!((right.now(), right.off().by()), (Timestamp(80_000), Duration::ZERO));
    }
}
