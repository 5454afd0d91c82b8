//! What settles by itself. Nothing moves between requests: whoever looks at the account looks here first.

use std::collections::VecDeque;
use std::sync::MutexGuard;

use tokio::time::Instant;

use crate::account::Account;
use crate::sandbox::Sandbox;

/// Closes the thing of an id as of a time, if it is still open.
pub(crate) type Settle = fn(&Sandbox, &mut Account, &str, Instant);

/// What will settle by itself, in the order of its times.
#[derive(Debug, Default)]
pub(crate) struct Settling(VecDeque<Due>);

#[derive(Debug)]
struct Due {
    at: Instant,
    id: String,
    settle: Settle,
}

impl Settling {
    /// Lets the thing of this id settle at a time, after all else that does so then.
    pub(crate) fn add(&mut self, at: Instant, id: &str, settle: Settle) {
        let place = self.0.partition_point(|due| due.at <= at);
        self.0.insert(place, Due { at, id: id.to_owned(), settle });
    }

    /// Takes the next that settles no later than `now`.
    fn next(&mut self, now: Instant) -> Option<Due> {
        if self.0.front()?.at > now { None } else { self.0.pop_front() }
    }
}

/// The account as it is now, which is told too: what is due by then is settled, each as of its own time.
pub(crate) fn settled(sandbox: &Sandbox) -> (MutexGuard<'_, Account>, Instant) {
    let (mut account, now) = (sandbox.account(), Instant::now());
    while let Some(Due { at, id, settle }) = account.settling.next(now) {
        settle(sandbox, &mut account, &id, at);
    }
    (account, now)
}

#[cfg(test)]
mod tests {
    use std::iter;
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_is_due_comes_in_the_order_of_its_times() {
        let (start, mut settling) = (Instant::now(), Settling::default());
        let at = |seconds| start + Duration::from_secs(seconds);
        for (id, seconds) in [("c", 2), ("a", 1), ("later", 3), ("d", 2), ("b", 1)] {
            settling.add(at(seconds), id, |_, _, _, _| {});
        }
        let due: Vec<String> =
            iter::from_fn(|| settling.next(at(2))).map(|due| due.id).collect();
        assert_eq!(due, ["a", "b", "c", "d"]);
    }
}
