//! Questions that arrive while others are asked already, and misses that others wait for.

use super::{Drive, settlement::Events};
use leadmill_core::{BatchId, Event, Lane, Query, Status};
use std::{collections::HashMap, sync::Arc};

/// What is still to arrive, and what is told to whom.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Whether more may arrive.
    is_open: bool,
    /// What has arrived since the last plan.
    unplanned: u64,
    /// What was sent of the batches whose misses somebody waits for.
    asked: HashMap<BatchId, Arc<[Query]>>,
}

impl Drive<'_> {
    /// More questions arrive, until [none does](Self::expect_no_more).
    pub(crate) fn expect_more(&mut self) {
        self.arrivals.is_open = true;
    }

    /// Whether more questions may arrive.
    pub(super) const fn expects_more(&self) -> bool {
        self.arrivals.is_open
    }

    /// Questions have arrived. They travel alone as they come, where they may; what comes faster than it can leave is
    /// planned for once it fills a job.
    pub(crate) fn take_in(&mut self, questions: impl Iterator<Item = Query>) {
        let before = self.backlog.len();
        let mut arrived = 0;
        for question in questions {
            arrived += 1;
            self.take_question(question);
        }
        let count = (self.backlog.len() - before) as u64;
        self.snapshot.questions += arrived;
        self.arrivals.unplanned += count;
        if self.may_travel_alone() {
            self.plan.singles += count;
        }
        if self.arrivals.unplanned >= u64::from(self.plan.most)
            && self.backlog.len() >= self.plan.most as usize
        {
            self.plan_the_backlog();
        }
    }

    /// Nothing more arrives: what has is planned for.
    pub(crate) fn expect_no_more(&mut self) {
        self.arrivals.is_open = false;
        if self.arrivals.unplanned > 0 {
            self.plan_the_backlog();
        }
    }

    fn may_travel_alone(&self) -> bool {
        self.order.lane != Some(Lane::Bulk) && self.offer.only != Some(Lane::Bulk)
    }

    /// Spreads all that waits over the lanes anew.
    fn plan_the_backlog(&mut self) {
        self.arrivals.unplanned = 0;
        // What waits to be read was planned for, and is still to come.
        let unread = self.order.questions.saturating_sub(self.read);
        let waiting = self.backlog.len() as u64 + unread;
        self.plan =
            Self::plan(self.engine, self.order, &self.offer, waiting, self.looks.times());
    }

    /// A batch leaves: its misses are told, where somebody waits for them.
    pub(super) fn remember(&mut self, batch: BatchId, queries: &Arc<[Query]>) {
        if self.order.missed.is_some() {
            self.arrivals.asked.insert(batch, Arc::clone(queries));
        }
    }

    /// The misses among what is about to be written down.
    pub(super) fn misses(&mut self, events: &Events) -> Vec<Query> {
        let mut misses = Vec::new();
        if self.order.missed.is_none() {
            return misses;
        }
        for (batch, event) in events {
            match event {
                Event::Settled { statuses, .. } => {
                    let asked = self.arrivals.asked.remove(batch);
                    let asked = asked.iter().flat_map(|asked| asked.iter());
                    let missed = asked.zip(statuses.iter());
                    let missed = missed.filter(|(_, status)| **status == Status::Miss);
                    misses.extend(missed.map(|(query, _)| query.clone()));
                }
                Event::Refused { again: false, .. } => {
                    self.arrivals.asked.remove(batch);
                }
                _ => {}
            }
        }
        misses
    }

    /// Tells of misses that are written down. Who cannot take one finds it in the journal.
    pub(super) fn tell(&self, misses: Vec<Query>) {
        let Some(missed) = &self.order.missed else { return };
        for miss in misses {
            if missed.try_send(miss).is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
