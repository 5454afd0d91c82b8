//! The rung of the log of calls: a single call that left no charge in it was not charged.

use super::{Reconciled, not_charged};
use crate::{Book, Engine, RunError};
use leadmill_core::{
    BatchId, Event, Lane, Line, Mark, Ours, State, provider::CALL_TIMEOUT,
};
use std::time::Duration;

impl Engine {
    /// Ends doubts that the provider's log of calls proves not to have been charged. Those whose question can be asked again
    /// at no charge need no proof.
    pub(super) async fn judge_by_log(
        &mut self,
        book: &mut Book,
        ours: &Ours,
        reconciled: &mut Reconciled,
    ) -> Result<(), RunError> {
        let Some(shows) = self.provider.account().pack.logged else { return Ok(()) };
        let doubts = self.logged_doubts(book, ours, shows.0);
        if doubts.is_empty() || !self.read_log().await? {
            return Ok(());
        }
        let mut events: Vec<(BatchId, Event)> = Vec::new();
        for (line, mark) in doubts {
            self.bills.judged.insert((line.batch, line.order));
            if self.bills.proves_free(&mark) {
                self.wallet.refused(line.batch);
                events.push((line.batch, not_charged(&line, "the log of calls shows")));
                match line.likely_miss {
                    true => reconciled.missed.push(line.batch),
                    false => reconciled.free.push(line.batch),
                }
            }
        }
        self.conclude(book, events).await
    }

    /// Single calls in doubt that would show in the log by now, each once. When a repeat left is not written down.
    fn logged_doubts(
        &self,
        book: &Book,
        ours: &Ours,
        shows: Duration,
    ) -> Vec<(Line, Mark)> {
        let (account, now) = (self.provider.account(), self.clock.now());
        let moment = self.clock.moment();
        let is_due = |line: &&Line| {
            line.state == State::InDoubt
                && line.lane == Lane::Single
                && !line.repeated
                && ours.holds(line)
                && !account.can_repeat(line, now)
                && line.age(now, moment) >= CALL_TIMEOUT + shows
                && !self.bills.judged.contains(&(line.batch, line.order))
        };
        let open = book.ledger().open(&self.purse).filter(is_due);
        let marked =
            |line: &Line| Some((line.clone(), line.anchor.as_deref()?.parse().ok()?));
        open.filter_map(marked).collect()
    }
}
