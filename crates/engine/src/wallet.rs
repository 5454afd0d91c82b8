//! How much may still be reserved at the provider, never overstated.

use leadmill_core::{BatchId, Credits};
use std::collections::HashMap;
use tokio::time::Instant;

/// The provider's latest word on the balance, less what it may not have counted yet.
#[derive(Debug, Default)]
pub(crate) struct Wallet {
    reported: Option<(Credits, Instant)>,
    /// Reserves that the latest report may not hold, with the time at which the provider's reply to the
    /// paid call came: a report that was asked for later holds it.
    uncounted: HashMap<BatchId, (Credits, Option<Instant>)>,
    /// The sum of these reserves, and how many of them were replied to: calls are many, and each asks.
    sum: Credits,
    replied: usize,
    /// What a 402 has shown to be too much, until something is settled or the balance grows.
    ceiling: Option<Credits>,
}

impl Wallet {
    /// Credits that may be reserved. Without any report, no bound.
    pub(crate) fn available(&self) -> Credits {
        let reported =
            self.reported.map_or(Credits::MAX, |(balance, _)| balance.less(self.sum));
        reported.min(self.ceiling.unwrap_or(Credits::MAX))
    }

    /// The provider's balance, as last heard.
    pub(crate) fn balance(&self) -> Option<Credits> {
        self.reported.map(|(balance, _)| balance)
    }

    /// A paid call is about to leave.
    pub(crate) fn intend(&mut self, batch: BatchId, reserve: Credits) {
        self.forget(batch);
        self.uncounted.insert(batch, (reserve, None));
        self.sum += reserve;
    }

    /// The provider charged nothing for it.
    pub(crate) fn refused(&mut self, batch: BatchId) {
        self.forget(batch);
    }

    /// A reserve need not be counted beside the report any more. Gives it, if it was.
    fn forget(&mut self, batch: BatchId) -> Option<Credits> {
        let (reserve, replied) = self.uncounted.remove(&batch)?;
        self.sum = self.sum.less(reserve);
        self.replied -= usize::from(replied.is_some());
        Some(reserve)
    }

    /// The provider took it, or nobody will ever tell: from here on its reports are right about it.
    pub(crate) fn replied(&mut self, batch: BatchId, at: Instant) {
        if let Some((_, replied)) = self.uncounted.get_mut(&batch) {
            self.replied += usize::from(replied.is_none());
            *replied = Some(at);
        }
    }

    /// A reply to a call that was sent at `sent` told the balance.
    pub(crate) fn report(
        &mut self,
        balance: Credits,
        sent: Instant,
        own: Option<BatchId>,
    ) {
        if let Some(own) = own {
            self.forget(own);
        }
        if self.reported.is_some_and(|(_, before)| before > sent) {
            return;
        }
        if self.reported.is_none_or(|(before, _)| balance > before) {
            self.ceiling = None;
        }
        self.reported = Some((balance, sent));
        if self.replied > 0 {
            self.uncounted
                .retain(|_, (_, replied)| replied.is_none_or(|replied| replied > sent));
            self.sum = self.uncounted.values().map(|(reserve, _)| *reserve).sum();
            self.replied =
                self.uncounted.values().filter(|(_, replied)| replied.is_some()).count();
        }
    }

    /// A batch for which `held` was reserved was settled at its true cost, which may be more. `told` says whether the
    /// reply that settled it also told the balance, which then holds that already.
    pub(crate) fn settled(
        &mut self,
        batch: BatchId,
        held: Credits,
        cost: Credits,
        told: bool,
    ) {
        self.ceiling = None;
        let uncounted = self.forget(batch);
        if let (false, Some((balance, _))) = (told, &mut self.reported) {
            *balance = match uncounted {
                // The report holds the reserve already, and not yet what it differs by from the cost.
                None => (*balance + held.less(cost)).less(cost.less(held)),
                // The report may not hold the reserve at all.
                Some(_) => balance.less(cost),
            };
        }
    }

    /// The provider said 402 to this reserve: whatever it reported, this was too much.
    pub(crate) fn denied(&mut self, batch: BatchId, reserve: Credits) {
        self.forget(batch);
        let half = Credits(reserve.0 / 2);
        self.ceiling = Some(self.ceiling.map_or(half, |ceiling| ceiling.min(half)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::advance;

    const A: BatchId = BatchId(1);
    const B: BatchId = BatchId(2);

    async fn tick() -> Instant {
        advance(Duration::from_secs(1)).await;
        Instant::now()
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_report_may_not_hold_is_counted_beside_it() {
        let mut wallet = Wallet::default();
        assert_eq!(wallet.available(), Credits::MAX);
        wallet.report(Credits(100), tick().await, None);
        wallet.intend(A, Credits(30));
        assert_eq!(wallet.available(), Credits(70));
        let sent = tick().await;
        wallet.intend(B, Credits(20));
        wallet.replied(A, tick().await);
        // Asked for before A's reply came: it may or may not hold A.
        wallet.report(Credits(100), sent, None);
        assert_eq!(wallet.available(), Credits(50));
        // Asked for after it: it holds A, and not surely B.
        wallet.report(Credits(70), tick().await, None);
        assert_eq!(wallet.available(), Credits(50));
        wallet.refused(B);
        assert_eq!(wallet.available(), Credits(70));
        wallet.settled(A, Credits(30), Credits(5), false);
        assert_eq!(wallet.available(), Credits(95));
        // An old report changes nothing.
        wallet.report(Credits(1_000), sent, None);
        assert_eq!(wallet.available(), Credits(95));
    }

    #[tokio::test(start_paused = true)]
    async fn what_costs_more_than_its_reserve_is_taken_off_whether_the_report_holds_it() {
        let mut wallet = Wallet::default();
        wallet.report(Credits(100), tick().await, None);
        wallet.intend(A, Credits(1));
        wallet.settled(A, Credits(1), Credits(11), false);
        assert_eq!(wallet.available(), Credits(89));
        wallet.intend(B, Credits(1));
        wallet.replied(B, tick().await);
        wallet.report(Credits(88), tick().await, None);
        wallet.settled(B, Credits(1), Credits(11), false);
        assert_eq!(wallet.available(), Credits(78));
    }

    #[tokio::test(start_paused = true)]
    async fn a_denied_reserve_bounds_the_next_until_money_comes() {
        let mut wallet = Wallet::default();
        wallet.report(Credits(100), tick().await, None);
        wallet.intend(A, Credits(80));
        wallet.denied(A, Credits(80));
        assert_eq!(wallet.available(), Credits(40));
        wallet.report(Credits(90), tick().await, None);
        assert_eq!(wallet.available(), Credits(40));
        wallet.report(Credits(95), tick().await, None);
        assert_eq!(wallet.available(), Credits(95));
    }
}
