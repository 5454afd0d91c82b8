//! Which lanes the questions take, and in batches of which sizes.

use super::Drive;
use leadmill_core::{
    pack::Offer,
    schedule,
    schedule::{Binding, JobTimes, Lanes, Task},
};
use std::{collections::VecDeque, time::Duration};

/// What is left of the schedule.
#[derive(Debug)]
pub(super) struct Plan {
    /// Sizes of the batches that are still to be submitted.
    pub(super) batches: VecDeque<u32>,
    /// Questions that are still to travel alone, beside the batches.
    pub(super) singles: u64,
    /// Whether any question travels in a job.
    pub(super) uses_jobs: bool,
    /// Most questions in one batch.
    pub(super) most: u32,
    /// Calls for pages hold it up, and not for long: each other call counts.
    pub(super) is_short_of_pages: bool,
}

impl Plan {
    fn of(task: &Task<'_>) -> Self {
        /// A plan of which a single window is a good part.
        const SHORT: Duration = Duration::from_secs(600);
        let schedule = schedule::best(task);
        Self {
            uses_jobs: schedule.lanes() != Lanes::Single,
            batches: schedule.batches.into(),
            singles: schedule.singles,
            most: task.most,
            is_short_of_pages: matches!(schedule.binds, Binding::Pages(..))
                && schedule.takes < SHORT,
        }
    }

    /// A batch of so many questions was put together.
    pub(super) fn batched(&mut self, questions: usize) {
        let questions = u32::try_from(questions).unwrap_or(u32::MAX);
        if let Some(size) = self.batches.front_mut() {
            match *size > questions {
                true => *size -= questions,
                false => _ = self.batches.pop_front(),
            }
        }
    }
}

impl Drive<'_> {
    /// The schedule of an order.
    pub(super) fn plan(
        engine: &crate::Engine,
        order: &crate::Order,
        offer: &Offer,
        questions: u64,
        jobs: JobTimes,
    ) -> Plan {
        let account = engine.limiter.account();
        let mut usual = Task::new(account, order.operation, questions);
        // The team's own terms may be narrower than the pack.
        usual.most = usual.most.min(offer.most_items.get());
        let usual = usual.within(engine.batch_risk, offer.price_in_job());
        let least = order.min_rows.unwrap_or(1);
        Plan::of(&Task { lane: order.lane, least, jobs, ..usual })
    }

    /// Jobs take another time than was thought: what is not submitted yet is cut anew.
    pub(super) fn plan_anew(&mut self) {
        let left: u64 = self.plan.batches.iter().map(|size| u64::from(*size)).sum();
        // With so many batches to come the sizes do not depend on how long one takes.
        if self.plan.batches.len() < 2 || self.plan.batches.len() > 60 {
            return;
        }
        let order =
            crate::Order { lane: Some(leadmill_core::Lane::Bulk), ..self.order.clone() };
        let plan = Self::plan(self.engine, &order, &self.offer, left, self.looks.times());
        if !plan.batches.is_empty() {
            self.plan.batches = plan.batches;
        }
    }
}
