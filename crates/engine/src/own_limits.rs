//! Reading what the account may do at most: before its first question, and every hour.

use crate::{Again, Engine, RunError, engine::stopped, free::Heard};
use leadmill_core::Call;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long what was read is good for.
const EVERY: Duration = Duration::from_secs(3_600);

impl Engine {
    /// Whether the account's own limits are to be read.
    pub(crate) fn limits_are_due(&self) -> bool {
        let is_old = self.limits_read.is_none_or(|at| at.elapsed() >= EVERY);
        is_old && self.provider.account_limits().is_some()
    }

    /// Reads the account's own limits, where the provider tells some and that is due. Where they cannot be read
    /// everything goes on by what is known, and that is told.
    pub(crate) async fn read_own_limits(&mut self) -> Result<(), RunError> {
        let provider = Arc::clone(&self.provider);
        let Some(limits) = provider.account_limits().filter(|_| self.limits_are_due())
        else {
            return Ok(());
        };
        self.limits_read = Some(Instant::now());
        self.limiter.expect_own_limits();
        let mut stop = self.stop.clone();
        // A reply in another form is in the same form the next time.
        let read =
            self.free(Call::Account, Again::Harmful, async || limits.limits().await);
        let heard = tokio::select! { biased;
            () = stopped(&mut stop, None) => return Ok(()),
            heard = read => heard?,
        };
        match heard {
            Heard::Answer(limits) => {
                self.report.limits_unread = None;
                self.limiter.agree(&limits);
            }
            Heard::Failure(error) => self.report.limits_unread = Some(error.to_string()),
            Heard::Nothing(_) => {}
        }
        Ok(())
    }
}
