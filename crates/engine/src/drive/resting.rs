//! Moments without a paid call in flight: then the wallet's newest transaction parts what was charged from what will be, and
//! doubts can be judged while the run goes on.

use super::Drive;
use crate::engine::stopped;
use leadmill_core::{BatchId, Event};
use std::time::Duration;
use tokio::time::Instant;

/// Paid calls after which such a moment is taken where it comes by itself, and after which it is waited for: so far the
/// transactions have to be read back.
const SOME: usize = 500;
const MANY: usize = 5_000;

/// How long replies are waited for: a call that hangs keeps no other waiting for longer.
const LONGEST: Duration = Duration::from_secs(10);

impl Drive<'_> {
    /// Takes such a moment when it is due, and tells when to look again. Paid calls wait meanwhile.
    pub(super) async fn rest(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let due = self.rest_due(now);
        if due.is_none_or(|due| due > now) {
            self.drains_since = None;
            return due;
        }
        if self.weighty > 0 {
            let since = *self.drains_since.get_or_insert(now);
            let end = since + LONGEST;
            if now < end {
                return Some(end);
            }
            self.engine.suspects.put_off();
            self.drains_since = None;
            return None;
        }
        self.drains_since = None;
        // What is judged is judged by all that has happened.
        self.write_what_waits().await;
        if self.fatal.is_some() {
            return None;
        }
        let mut stop = self.engine.stop.clone();
        let judged = tokio::select! { biased;
            () = stopped(&mut stop, None) => return None,
            judged = self.engine.judge_midway(self.book) => judged,
        };
        match judged {
            Ok(events) => self.end_doubts(events).await,
            Err(error) => self.fail(error),
        }
        None
    }

    /// When that is due.
    fn rest_due(&self, now: Instant) -> Option<Instant> {
        let settling = self.engine.settling()?;
        if self.fatal.is_some() || self.stopped.is_some() || self.is_bought() {
            return None;
        }
        if let Some(due) = self.engine.suspects.due(settling) {
            return Some(due);
        }
        let count = self.engine.suspects.since_rest();
        let is_due = count >= MANY || count >= SOME && self.weighty == 0;
        is_due.then_some(now)
    }

    /// When doubts can be judged whose reserves may come back.
    pub(super) fn doubts_due(&self) -> Option<Instant> {
        self.engine.suspects.due(self.engine.settling()?)
    }

    /// Writes down what became of doubts.
    async fn end_doubts(&mut self, events: Vec<(BatchId, Event)>) {
        if events.is_empty() {
            return;
        }
        let ended: Vec<(BatchId, bool)> = events
            .iter()
            .map(|(batch, event)| (*batch, matches!(event, Event::Settled { .. })))
            .collect();
        let tallied: Vec<_> = events
            .iter()
            .filter_map(|(_, event)| match event {
                Event::Settled { cost, statuses, .. } => Some((*cost, statuses.clone())),
                _ => None,
            })
            .collect();
        if !self.keep(events).await {
            return;
        }
        for (cost, statuses) in tallied {
            self.tally(&statuses, cost);
        }
        for (batch, is_miss) in ended {
            self.engine.wallet.refused(batch);
            if !is_miss {
                self.engine.suspects.free(batch);
            }
        }
    }
}
