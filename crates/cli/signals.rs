//! SIGINT and SIGTERM: the first stops buying, the second stops everything.

use std::{io, sync::OnceLock};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// Which signal came first.
#[derive(Debug, Default)]
pub(crate) struct Interruption(OnceLock<u8>);

const SIGINT: u8 = 2;
const SIGTERM: u8 = 15;

/// Listens from here on. The receiver turns true at the first signal.
pub(crate) fn listen() -> io::Result<(watch::Receiver<bool>, &'static Interruption)> {
    static INTERRUPTION: Interruption = Interruption(OnceLock::new());
    let (stop, stopped) = watch::channel(false);
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            let number = tokio::select! {
                Some(()) = interrupt.recv() => SIGINT,
                Some(()) = terminate.recv() => SIGTERM,
                else => break,
            };
            if INTERRUPTION.0.set(number).is_err() {
                std::process::exit(128 + i32::from(number));
            }
            stop.send_replace(true);
        }
    });
    Ok((stopped, &INTERRUPTION))
}

impl Interruption {
    /// The number of the signal, once there was one.
    pub(crate) fn number(&self) -> Option<u8> {
        self.0.get().copied()
    }
}
