//! Free calls, one at a time, within the account's windows.

use crate::{Engine, RunError, limiter::Wait};
use leadmill_core::{Call, ErrorKind, ProviderError, Reply, slots::Noted};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Times that a call is made.
const TRIES: u32 = 4;

/// Whether a call may be made again when its reply was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It changes nothing, or the same whenever it is made.
    Harmless,
    /// It does something each time.
    Harmful,
    /// Nothing depends on it.
    Never,
}

/// What became of a free call.
pub(crate) enum Heard<T> {
    /// What was asked for.
    Answer(T),
    /// The last of its failures.
    Failure(ProviderError),
    /// It did not leave: for so long nothing does.
    Nothing(Duration),
}

impl Engine {
    /// Makes a free call while nothing else goes on, a few times where that may help.
    pub(crate) async fn free<T>(
        &mut self,
        call: Call,
        again: Again,
        send: impl AsyncFn() -> Result<Reply<T>, ProviderError>,
    ) -> Result<Heard<T>, RunError> {
        let mut tried = 0;
        loop {
            let Some(permit) = self.admitted(call.into()).await? else {
                return Ok(Heard::Nothing(self.closed_for(call)));
            };
            if self.note(&[call.into()])? == Noted::SlotsAreGone {
                self.limiter.withdraw(&permit);
                continue;
            }
            tried += 1;
            let error = match send().await {
                Ok(reply) => {
                    self.limiter.hear(&permit, &reply.signals.rates);
                    self.heard_of(&permit, true)?;
                    self.limiter.passed(&permit);
                    return Ok(Heard::Answer(reply.value));
                }
                Err(error) => error,
            };
            self.limiter.hear(&permit, &error.signals.rates);
            if matches!(error.kind, ErrorKind::Throttled(_)) {
                self.limiter.throttled(&permit, &error.signals.rates);
            }
            self.heard_of(&permit, error.status.is_some())?;
            let may_help = match error.kind {
                // Limits are by route: what nothing depends on holds nothing else up.
                ErrorKind::Throttled(wait) if again == Again::Never => {
                    self.report.throttled += 1;
                    self.limiter.refuse(permit.endpoint, wait);
                    false
                }
                ErrorKind::Throttled(wait) => {
                    self.freeze(permit.endpoint, wait)?;
                    if self.gives_up(permit.endpoint)? {
                        return Ok(Heard::Nothing(self.closed_for(call)));
                    }
                    // Nobody sits and waits for a run.
                    tried -= u32::from(!self.is_visit);
                    true
                }
                ErrorKind::Unsent => again != Again::Never,
                ErrorKind::InDoubt => again == Again::Harmless,
                _ => false,
            };
            if !may_help || tried == TRIES {
                return Ok(Heard::Failure(error));
            }
            // A freeze is waited for by the permit.
            if !matches!(error.kind, ErrorKind::Throttled(_)) {
                sleep(Duration::from_millis(500) * tried).await;
            }
        }
    }

    /// For how long no such call leaves.
    pub(crate) fn closed_for(&mut self, call: Call) -> Duration {
        let now = Instant::now();
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return until - now;
        }
        match self.limiter.admit(call) {
            Err(Wait::Until(until)) => until.saturating_duration_since(now),
            Err(Wait::ForReply) => self.patience,
            Ok(permit) => {
                self.limiter.withdraw(&permit);
                Duration::ZERO
            }
        }
    }
}
