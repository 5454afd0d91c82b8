//! What ends a run from outside: SIGINT and SIGTERM, the death of the parent, and a log that nobody reads any
//! more. The first of them stops buying, the second signal stops everything.

use leadmill_engine::GRACE;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Signal, getppid, set_parent_process_death_signal},
};
use std::{
    fs::File,
    io,
    os::{fd::AsFd, unix::fs::FileTypeExt},
    sync::OnceLock,
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
    time::{interval, sleep},
};

/// What ends the process from outside, and how long that may take.
#[derive(Debug)]
pub(crate) struct Interruption {
    /// Which signal came first.
    number: OnceLock<u8>,
    /// How long paid calls are waited for.
    grace: OnceLock<Duration>,
    /// What tells a run to stop, and whether it is to end soon then, whatever hangs.
    stop: OnceLock<(watch::Sender<bool>, bool)>,
}

static INTERRUPTION: Interruption = Interruption {
    number: OnceLock::new(),
    grace: OnceLock::new(),
    stop: OnceLock::new(),
};

const SIGINT: u8 = 2;
const SIGPIPE: u8 = 13;
const SIGTERM: u8 = 15;

/// How long a run may take to end when it is told to, beside what paid calls take. With the usual grace it ends within
/// 3 s: Airflow kills after 5 s.
const BESIDE: Duration = Duration::from_millis(400);

/// How often it is looked whether anybody reads the log.
const LOOK: Duration = Duration::from_millis(500);

/// Listens from here on. The receiver turns true at the first signal, and if `watches_log`, also when the
/// reader of stderr has gone: whoever started us is dead, and would not want us to go on spending.
pub(crate) fn listen(
    watches_log: bool,
) -> io::Result<(watch::Receiver<bool>, &'static Interruption)> {
    let (stop, stopped) = watch::channel(false);
    _ = INTERRUPTION.stop.set((stop.clone(), watches_log));
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    if watches_log {
        let stop = stop.clone();
        tokio::spawn(async move {
            log_is_gone().await;
            if INTERRUPTION.number.set(SIGPIPE).is_ok() {
                stop.send_replace(true);
            }
        });
    }
    tokio::spawn(async move {
        let mut signalled = false;
        loop {
            let number = tokio::select! {
                Some(()) = interrupt.recv() => SIGINT,
                Some(()) = terminate.recv() => SIGTERM,
                else => break,
            };
            if std::mem::replace(&mut signalled, true) {
                std::process::exit(128 + i32::from(number));
            }
            // It may have been the log before.
            _ = INTERRUPTION.number.set(number);
            stop.send_replace(true);
            if watches_log {
                // Whatever hangs, such as a database: what is under way is found by the next run, as after a kill.
                tokio::spawn(async move {
                    sleep(INTERRUPTION.longest()).await;
                    std::process::exit(128 + i32::from(number));
                });
            }
        }
    });
    Ok((stopped, &INTERRUPTION))
}

impl Interruption {
    /// The number of the signal, once there was one.
    pub(crate) fn number(&self) -> Option<u8> {
        self.number.get().copied()
    }

    /// From here on replies to paid calls are waited for so long.
    pub(crate) fn grant(&self, grace: Duration) {
        _ = self.grace.set(grace);
    }

    fn longest(&self) -> Duration {
        self.grace.get().copied().unwrap_or(GRACE).saturating_add(BESIDE)
    }
}

/// Stops a run as a signal does: it has a bug.
pub(crate) fn stop() {
    if let Some((stop, _)) = INTERRUPTION.stop.get() {
        stop.send_replace(true);
    }
}

/// A run that was stopped for a bug is not waited for for ever, whatever of it hangs.
pub(crate) fn end_soon() {
    if INTERRUPTION.stop.get().is_some_and(|(_, ends_soon)| *ends_soon) {
        // A thread of its own: the runtime may be what hangs.
        let end = || {
            std::thread::sleep(INTERRUPTION.longest());
            std::process::exit(1);
        };
        _ = std::thread::Builder::new().spawn(end);
    }
}

/// Asks for SIGTERM when the parent dies. Tells whether it has died already.
pub(crate) fn end_with_parent() -> io::Result<bool> {
    let before = getppid();
    set_parent_process_death_signal(Some(Signal::TERM))?;
    Ok(getppid() != before)
}

/// Resolves when stderr is a pipe that nobody reads any more.
async fn log_is_gone() {
    let is_pipe = io::stderr().as_fd().try_clone_to_owned().and_then(|stderr| {
        let kind = File::from(stderr).metadata()?.file_type();
        Ok(kind.is_fifo() || kind.is_socket())
    });
    if !is_pipe.unwrap_or(false) {
        // A terminal that was closed says so by SIGHUP, if it is to end us.
        return std::future::pending().await;
    }
    let mut looks = interval(LOOK);
    loop {
        looks.tick().await;
        let stderr = io::stderr();
        let mut polled = [PollFd::new(&stderr, PollFlags::OUT)];
        let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
        let [end] = match poll(&mut polled, Some(&at_once)) {
            Ok(_) => polled.map(|polled| polled.revents()),
            Err(_) => continue,
        };
        if end.intersects(PollFlags::ERR | PollFlags::HUP) {
            return;
        }
    }
}
