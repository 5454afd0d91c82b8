//! Doubts while the run goes on, and no paid call is in flight for a moment.

use super::{TRANSACTIONS, not_charged};
use crate::{Book, Engine, RunError};
use leadmill_core::{BatchId, Event, Line, State, Unproved};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::time::Instant;

/// How long the transactions are read while paid calls wait; what is left is read the next time.
const PATIENCE: Duration = Duration::from_secs(30);

impl Engine {
    /// Reads the wallet's newest transaction: what leaves from here on is charged after it. Tells which doubts, whose
    /// charges would show by now, provably were not charged.
    pub(crate) async fn judge_midway(
        &mut self,
        book: &Book,
    ) -> Result<Vec<(BatchId, Event)>, RunError> {
        let Some(settling) = self.settling() else { return Ok(Vec::new()) };
        let now = Instant::now();
        let waiting: Vec<(BatchId, bool)> =
            self.suspects.waiting(settling, now).collect();
        let due: BTreeSet<BatchId> =
            waiting.iter().filter(|(_, due)| *due).map(|(batch, _)| *batch).collect();
        if due.is_empty() {
            self.suspects.put_off();
            if !waiting.is_empty() {
                return Ok(Vec::new());
            }
            self.drop_anchor().await?;
            self.forget(book);
            return Ok(Vec::new());
        }
        let of = |batch: &BatchId| book.ledger().line(*batch);
        let anchor = |(batch, _): &(BatchId, bool)| of(batch)?.anchor.clone();
        let anchors: BTreeSet<Arc<str>> = waiting.iter().filter_map(anchor).collect();
        if self.read_listing(&anchors, PATIENCE).await?.is_err() {
            self.suspects.judged(&due, true);
            return Ok(Vec::new());
        }
        let newest = self.listing.newest().map(|row| Arc::clone(&row.id));
        let rows =
            anchors.iter().filter_map(|anchor| self.listing.rows_after(anchor)).max();
        let recent = self.suspects.recent();
        let lines = recent.iter().filter_map(of);
        let ours_show = self.suspects.recent_show(&self.listing, settling);
        let most = rows.unwrap_or_default();
        let proofs = self.proofs(most, lines, ours_show, settling);
        let told = self.suspects.told(&self.listing);
        self.anchored(newest.unwrap_or_default(), told);
        let (mut events, mut in_vain) = (Vec::new(), BTreeSet::new());
        let is_open = |line: &&Line| line.state == State::InDoubt;
        for line in due.iter().filter_map(of).filter(is_open) {
            match proofs.proves_free(line) {
                Ok(()) => events.push((line.batch, not_charged(line, TRANSACTIONS))),
                Err(Unproved::Gap | Unproved::Early) => {
                    in_vain.insert(line.batch);
                }
                Err(_) => {}
            }
        }
        self.suspects.judged(&due.difference(&in_vain).copied().collect(), false);
        self.suspects.judged(&in_vain, true);
        self.forget(book);
        Ok(events)
    }

    /// Forgets what left before the anchors of all doubts that wait.
    fn forget(&mut self, book: &Book) {
        let of = |batch: BatchId| book.ledger().line(batch);
        let now = Instant::now();
        let waiting = self.suspects.waiting(Duration::ZERO, now);
        let anchors: BTreeSet<&Arc<str>> =
            waiting.filter_map(|(batch, _)| of(batch)?.anchor.as_ref()).collect();
        let is_needed = |batch: BatchId| {
            let anchor = of(batch).and_then(|line| line.anchor.as_ref());
            anchor.is_some_and(|anchor| anchors.contains(anchor))
        };
        self.suspects.forget(is_needed);
    }
}
