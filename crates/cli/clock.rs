//! The machine's clocks, and the state's.

use crate::{exit::Failure, progress::duration, terminal::Terminal};
use leadmill_core::{Clock, Moment, Timestamp};
use leadmill_state::{Off, StateClock, Store};
use rustix::time::{ClockId, Timespec, clock_gettime};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// How far off a clock may be before anybody is told.
const OFF: Duration = Duration::from_secs(60);

/// The clock by which a state's times are judged. Tells where this machine's is far off.
pub(crate) async fn of_state(
    store: &Store,
    terminal: &Terminal,
) -> Result<Arc<StateClock>, Failure> {
    let clock = store.clock(Arc::new(SystemClock)).await?;
    let off = clock.off();
    if off.by() > OFF {
        let side = if matches!(off, Off::Behind(_)) { "behind" } else { "ahead of" };
        terminal.talk(&format!(
            "warning: this machine's clock is {} {side} the state's, by which answers grow old: set it\n",
            duration(off.by())
        ));
    }
    Ok(clock)
}

/// The clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock that all others are handed"
    )]
    fn now(&self) -> Timestamp {
        let since =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn moment(&self) -> Moment {
        let Timespec { tv_sec, tv_nsec } = clock_gettime(ClockId::Boottime);
        Moment(tv_sec * 1_000 + tv_nsec / 1_000_000)
    }
}
