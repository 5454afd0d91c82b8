//! When a key was used of which it is not known for certain whose account it opens. Whose windows such a call belongs to is
//! known only from a reply, which a killed session never sees: so each is written down before it leaves, and counted in the
//! windows of the account that it turns out to be of.

use crate::{accounts, clock::SystemClock, exit::Failure, pipeline::Provider};
use leadmill_core::{
    Account, Call, Clock, ErrorKind, ProviderError, Reply, Signals, Timestamp,
};
use leadmill_engine::Again;
use leadmill_state::Store;
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// What is added to the longest window: a call may have been on its way.
const LATE: Duration = Duration::from_secs(10);

/// Most calls that are remembered. They are made one at a time, and no window holds more of them.
const MOST: usize = 1_000;

/// The calls of a key, as the state has them.
pub(crate) struct Asked<'a> {
    store: &'a Store,
    clock: Arc<dyn Clock>,
    provider: String,
    fact: String,
    horizon: Duration,
    times: Mutex<Times>,
    failure: Mutex<Option<Failure>>,
}

impl<'a> Asked<'a> {
    /// Calls that are about to be made; `before` is what the state knows of earlier ones.
    pub(super) async fn new(
        before: Option<&str>,
        fact: String,
        account: &Account,
        store: &'a Store,
    ) -> Result<Self, Failure> {
        let times = Times::read(before.unwrap_or_default());
        Ok(Self {
            store,
            clock: store.clock(Arc::new(SystemClock)).await?,
            provider: account.name.clone(),
            fact,
            horizon: horizon(account),
            times: Mutex::new(times),
            failure: Mutex::default(),
        })
    }

    /// Writes down that a call leaves. It must not where that fails.
    pub(crate) async fn leaves(&self) -> Result<(), ProviderError> {
        let text = {
            let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.push(self.clock.now(), self.horizon);
            times.to_string()
        };
        let Err(error) = self.store.put_fact(&self.fact, &text).await else {
            return Ok(());
        };
        let detail = error.to_string();
        let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        *failure = Some(error.into());
        Err(ProviderError {
            provider: self.provider.clone(),
            action: "writing down a call".to_owned(),
            kind: ErrorKind::Fatal,
            status: None,
            detail,
            signals: Box::default(),
        })
    }

    /// Why a call could not be written down, if that was so.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Counts them in the windows of the account that they turned out to be of. Where those are full it waits.
    pub(super) async fn count(
        &self,
        provider: &Provider,
        account: &Account,
    ) -> Result<(), Failure> {
        let count = {
            let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
            times.0.len()
        };
        let visitor = accounts::visitor(provider, account.clone(), self.store);
        let (mut visit, _) = visitor.await?;
        for _ in 0..count {
            let was_made = async || Ok(Reply { value: (), signals: Signals::default() });
            // What cannot leave now is counted by nobody, and does not leave later either.
            _ = visit.call(Call::Balance, Again::Harmless, was_made).await;
        }
        Ok(())
    }
}

/// When calls left that windows may still hold.
struct Times(Vec<Timestamp>);

impl Times {
    fn read(text: &str) -> Self {
        let times = text.split(',').filter_map(|time| time.parse().ok());
        Self(times.map(Timestamp).collect())
    }

    /// Adds a call that leaves now, and forgets those that are over. What comes after it, by a clock that was set back,
    /// may have been just now.
    fn push(&mut self, now: Timestamp, horizon: Duration) {
        self.0.retain(|at| now.since(*at) <= horizon);
        self.0.push(now);
        self.0.drain(..self.0.len().saturating_sub(MOST));
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, at) in self.0.iter().enumerate() {
            write!(f, "{}{}", if nth == 0 { "" } else { "," }, at.0)?;
        }
        Ok(())
    }
}

/// For how long a call counts. A weighted counter looks back two lengths.
fn horizon(account: &Account) -> Duration {
    let windows = account.windows_of(Call::Balance.into());
    let longest = windows.map(|(_, window)| window.per).max();
    longest.unwrap_or_default() * 2 + LATE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_window_holds_any_more_is_forgotten() {
        let asked = |before: &str, now| {
            let mut times = Times::read(before);
            times.push(Timestamp(now), Duration::from_secs(60));
            times.to_string()
        };
        for (before, now, after) in [
            ("", 5, "5"),
            ("3", 5, "3,5"),
            ("3,4", 60_003, "3,4,60003"),
            ("3,4", 60_004, "4,60004"),
            ("nonsense,,4", 5, "4,5"),
            ("9", 5, "9,5"),
        ] {
            assert_eq!(asked(before, now), after, "{before}");
        }
        let many: Vec<String> = (0..2 * MOST).map(|at| at.to_string()).collect();
        let kept = asked(&many.join(","), 2_000);
        assert_eq!(kept.split(',').count(), MOST);
        assert!(kept.ends_with(",1999,2000"), "the newest are kept");
    }
}
