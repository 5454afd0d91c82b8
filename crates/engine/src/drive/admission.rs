//! What may leave now: money first, then job slots and quotas, then pace.

use super::{
    Drive, Errand,
    quota::Quota,
    waiting::{Reason, Wake},
};
use crate::{
    Ending,
    limiter::{Permit, Wait},
};
use leadmill_core::{
    Batch, Call, Credits, Endpoint, Lane, Query, Timestamp,
    schedule::IN_FLIGHT,
    sizing::{Room, fitting},
};
use std::time::Duration;
use tokio::time::Instant;

/// Most calls that are in flight at once.
pub(super) const MOST_CALLS: usize = IN_FLIGHT.get() as usize;

/// Questions that are put into batches before those leave.
const AT_A_TIME: usize = 20_000;

/// What could be bought next in a lane.
pub(super) enum Next {
    /// A refused batch, once more: its place among them.
    Again(usize),
    /// This many of the waiting questions.
    Fresh(usize),
    /// Nothing before something else has come back.
    Wait,
    /// Nothing before this, unless something else comes back.
    Until(Wake),
    /// Nothing at all.
    Nothing,
}

impl Drive<'_> {
    /// Sends everything that may leave now, and tells when to look again.
    ///
    /// Submits go first, since all else follows from them; then what fetches answers that are paid for;
    /// single calls take what is left of the windows.
    /// Where nothing can be written down nothing leaves any more, and what is on its way is waited for.
    pub(crate) async fn admit(&mut self) -> Option<Instant> {
        if self.fatal.is_none()
            && let Err(error) = self.engine.trade()
        {
            self.fail(error);
        }
        self.look_for_slots().await;
        if self.reads_own_limits().await || self.take_bills().await {
            return Some(Instant::now());
        }
        let rest = self.rest().await;
        let bulk = self.admit_paid(Lane::Bulk).await;
        let free = self.admit_free();
        let single = self.admit_paid(Lane::Single).await;
        // Where nothing has left with which it could be written; it may make room for something.
        let more = self.write_what_waits().await.then(Instant::now);
        let wakes =
            [bulk, free, single].map(|wake| wake.filter(|_| self.fatal.is_none()));
        self.put_off(wakes.into_iter().flatten());
        self.show();
        let trade = self.fatal.is_none().then(|| self.engine.limiter.next_trade());
        let wakes = [bulk, free, single].map(|wake| wake.map(|wake| wake.at));
        wakes.into_iter().chain([trade, rest, more]).flatten().min()
    }

    /// Reads the account's own limits when that is due. Tells whether it was: what has been heard meanwhile, such as a 429,
    /// is taken in before anything leaves.
    async fn reads_own_limits(&mut self) -> bool {
        let is_due = self.fatal.is_none()
            && self.stopped.is_none()
            && self.engine.limits_are_due();
        if is_due && let Err(error) = self.engine.read_own_limits().await {
            self.fail(error);
        }
        is_due
    }

    async fn admit_paid(&mut self, lane: Lane) -> Option<Wake> {
        let call = match lane {
            Lane::Bulk => Call::Submit,
            Lane::Single => Call::Ask,
        };
        let endpoint = Endpoint::of(call, self.order.operation);
        // What is in flight is waited for first.
        if self.drains_since.is_some() {
            return None;
        }
        let mut leaving: Vec<(Permit, Batch)> = Vec::new();
        let mut wake = None;
        let mut composed = 0;
        while self.calls.len() + leaving.len() < MOST_CALLS {
            // What is put together leaves before more is: else the wire waits for the last of them.
            if composed >= AT_A_TIME {
                wake = Some(Wake::at(Instant::now()));
                break;
            }
            let held: Credits = leaving.iter().map(|(_, batch)| batch.reserve).sum();
            // After a lost reply one paid call at a time tries whether the next is answered.
            if self.lost > 0 && (self.weighty > 0 || !leaving.is_empty()) {
                break;
            }
            let refused = self.turned_away(endpoint);
            let next = match self.next(lane, held, leaving.len()) {
                Next::Wait | Next::Nothing => break,
                Next::Until(until) => {
                    wake = refused.filter(|_| !self.is_long(until)).or(Some(until));
                    break;
                }
                next => next,
            };
            if let Some(until) =
                self.paid_not_before.filter(|until| *until > Instant::now())
            {
                wake = Some(Wake::at(until));
                break;
            }
            if refused.is_some() {
                wake = refused;
                break;
            }
            match self.engine.limiter.admit(endpoint) {
                Ok(permit) => match self.compose(lane, next) {
                    Some(batch) => {
                        self.engine.wallet.intend(batch.id, batch.reserve);
                        composed += batch.queries.len();
                        leaving.push((permit, batch));
                    }
                    None => self.engine.limiter.withdraw(&permit),
                },
                Err(Wait::Until(at)) => {
                    wake = Some(Wake { at, reason: Reason::Limits });
                    self.probe(endpoint);
                    break;
                }
                Err(Wait::ForReply) => break,
            }
        }
        self.leave(endpoint, leaving).await;
        wake
    }

    /// A paid call waits only because the server may count otherwise than by an exact log: the headers of
    /// a free call may clear that.
    fn probe(&mut self, endpoint: Endpoint) {
        /// The least time between two such calls: others tell as much meanwhile.
        const APART: Duration = Duration::from_secs(2);
        let waits = self.errands.values().any(|errand| *errand == Errand::Balance);
        let is_due = !waits && self.probed_at.is_none_or(|at| at.elapsed() >= APART);
        if is_due && self.engine.limiter.is_held_by_suspicion(endpoint) {
            self.probed_at = Some(Instant::now());
            self.errand(Duration::ZERO, Errand::Balance);
        }
    }

    /// What the money and the quotas allow, and whether it is worth waiting for refunds.
    fn next(&mut self, lane: Lane, held: Credits, leaving: usize) -> Next {
        if self.stopped.is_none() && self.fatal.is_none() {
            self.refill();
        }
        if self.stopped.is_some() || self.fatal.is_some() {
            return Next::Nothing;
        }
        let committed = self.book.ledger().committed(self.engine.run, &self.engine.purse)
            + self.owed()
            + held;
        let each = self.bound(lane);
        let budget = self.engine.budget.less(committed);
        let room = budget.min(self.engine.wallet.available());
        if let Some(next) = self.next_again(lane, leaving, held, budget) {
            return next;
        }
        let Some(most) = self.wanted(lane).filter(|_| !self.backlog.is_empty()) else {
            return Next::Nothing;
        };
        // A quota that is used up is asked first: to see how many questions fit takes a look at each.
        if lane == Lane::Bulk && room >= each {
            match self.quota(leaving, 1) {
                Quota::Open | Quota::Fits(_) => {}
                Quota::AfterJob => return Next::Wait,
                Quota::AfterOthers => return self.wait_for_slot(),
                Quota::Until(at) => return self.wait_for_quota(at),
            }
        }
        let open = leaving > 0
            || !self.jobs.is_empty()
            || self.weighty > 0
            || self.kept.is_some();
        if self.is_cautious(lane, leaving) {
            return Next::Wait;
        }
        let fit = |credits| {
            fitting(&self.offer, Room { credits, each, items: most }, &self.backlog)
        };
        let fits = fit(room);
        let wanted = if fits < most { fit(Credits::MAX).max(1) } else { fits };
        let fits = if room >= each { fits.max(1) } else { fits };
        match fits {
            0 if open => Next::Wait,
            // What is in doubt may turn out not to have been charged.
            0 if let Some(due) = self.doubts_due() => Next::Until(Wake::at(due)),
            0 => self.without_money(budget < each),
            // Refunds are on their way: a larger batch costs fewer calls.
            _ if fits < wanted / 4 && open => Next::Wait,
            _ => match self.within_doubt(each, each * fits as u64, held) {
                Ok(within) => {
                    let within = usize::try_from(within.0 / each.0.max(1));
                    let fits = fits.min(within.unwrap_or(fits));
                    self.within_quota(lane, leaving, Next::Fresh(fits.max(1)))
                }
                Err(next) => next,
            },
        }
    }

    /// Not even one question can be paid, by the budget or by the wallet.
    fn without_money(&mut self, by_budget: bool) -> Next {
        if !by_budget && !self.wallet_read {
            // Our own count of the wallet is careful: ask before calling it empty.
            self.wallet_read = true;
            self.errand(Duration::ZERO, Errand::Balance);
        }
        if !by_budget && self.is_reading_the_wallet() {
            return Next::Wait;
        }
        self.stopped = Some(if by_budget { Ending::AtLimit } else { Ending::NoCredit });
        Next::Nothing
    }

    /// A batch that was refused, once more, as it is.
    fn next_again(
        &mut self,
        lane: Lane,
        leaving: usize,
        held: Credits,
        budget: Credits,
    ) -> Option<Next> {
        let each = self.bound(lane);
        let room = budget.min(self.engine.wallet.available());
        // A single call may have turned out to cost more than was thought when it left first.
        let fits = |reserve| reserve <= room && (lane == Lane::Bulk || reserve >= each);
        while let Some(place) = self.again.iter().position(|batch| batch.lane == lane) {
            if self.again.get(place).is_some_and(|batch| self.is_repeat(batch.id)) {
                match self.admit_repeat(place, budget) {
                    Some(next) => return Some(next),
                    None => continue,
                }
            }
            let reserve = self.again.get(place).map_or(room, |batch| batch.reserve);
            if fits(reserve) {
                if self.is_cautious(lane, leaving) {
                    return Some(Next::Wait);
                }
                match self.within_doubt(each, reserve, held) {
                    Ok(within) if within == reserve => {
                        let again = Next::Again(place);
                        return Some(self.within_quota(lane, leaving, again));
                    }
                    Ok(_) => {}
                    Err(next) => return Some(next),
                }
            }
            // It no longer fits as it is.
            self.give_back(place);
        }
        None
    }

    /// Most questions of the next batch in a lane; `None` if the lane is not to be used.
    pub(super) fn wanted(&self, lane: Lane) -> Option<usize> {
        let plan = &self.plan;
        match lane {
            Lane::Bulk if self.order.lane == Some(Lane::Single) => None,
            Lane::Bulk => match plan.batches.front() {
                Some(size) => Some(*size as usize),
                // What is on its way may fill it.
                None if self.expects_more()
                    && self.backlog.len() < plan.most as usize =>
                {
                    None
                }
                // What the plan did not foresee: questions that came back, or that no money was there for.
                None if plan.uses_jobs && plan.singles == 0 => Some(plan.most as usize),
                None => None,
            },
            Lane::Single if self.order.lane == Some(Lane::Bulk) => None,
            Lane::Single => (plan.singles > 0 || !plan.uses_jobs).then_some(1),
        }
    }

    /// Job slots and daily quotas, where there are any.
    fn within_quota(&mut self, lane: Lane, leaving: usize, next: Next) -> Next {
        if lane == Lane::Single {
            return next;
        }
        let questions = match next {
            Next::Again(place) => {
                self.again.get(place).map_or(0, |batch| batch.queries.len())
            }
            Next::Fresh(size) => size,
            _ => 0,
        };
        match self.quota(leaving, questions) {
            Quota::Open => next,
            Quota::AfterJob | Quota::Fits(0) => Next::Wait,
            Quota::AfterOthers => self.wait_for_slot(),
            Quota::Fits(fits) => match next {
                Next::Fresh(size) => Next::Fresh(size.min(fits)),
                Next::Again(place) => {
                    // It no longer fits as it is.
                    self.give_back(place);
                    Next::Fresh(fits)
                }
                next => next,
            },
            Quota::Until(at) => self.wait_for_quota(at),
        }
    }

    /// A day's quota is used up.
    fn wait_for_quota(&self, at: Timestamp) -> Next {
        let left = at.since(self.engine.clock.now()) + Duration::from_millis(1);
        Next::Until(Wake { at: Instant::now() + left, reason: Reason::Quota })
    }

    /// The questions of a refused batch go back to where they came from.
    fn give_back(&mut self, place: usize) {
        let batch = self.again.remove(place);
        let queries = batch.iter().flat_map(|batch| batch.queries.iter().rev());
        queries.for_each(|query| self.backlog.push_front(query.clone()));
    }

    fn is_reading_the_wallet(&self) -> bool {
        let waiting = self.errands.values().any(|errand| *errand == Errand::Balance);
        waiting || !self.calls.is_empty()
    }

    /// The questions that no other process has claimed since this one looked.
    pub(super) fn unclaimed(&mut self, mut queries: Vec<Query>) -> Vec<Query> {
        if self.book.has_rivals(&self.engine.purse) {
            let count = queries.len();
            queries
                .retain(|query| !self.book.is_claimed(&self.engine.purse, &query.key()));
            self.engine.report.left_to_others += (count - queries.len()) as u64;
        }
        queries
    }

    /// Reads waiting questions.
    fn refill(&mut self) {
        let jobs = if self.plan.uses_jobs { self.plan.most as usize } else { 0 };
        while !self.exhausted && self.backlog.len() < jobs + MOST_CALLS {
            match self.questions.next() {
                Some(Ok(query)) => {
                    self.read += 1;
                    self.take_question(query);
                }
                Some(Err(error)) => return self.fail(error.into()),
                None => self.exhausted = true,
            }
        }
    }

    /// Puts the next batch together; `None` if other processes have claimed all of it meanwhile.
    fn compose(&mut self, lane: Lane, next: Next) -> Option<Batch> {
        match next {
            Next::Again(place) => {
                let batch = self.again.remove(place)?;
                let queries = self.unclaimed(batch.queries.to_vec());
                if queries.len() == batch.queries.len() {
                    return Some(batch);
                }
                if self.is_repeat(batch.id) {
                    return None;
                }
                queries
                    .into_iter()
                    .rev()
                    .for_each(|query| self.backlog.push_front(query));
                None
            }
            Next::Fresh(size) => {
                self.wallet_read = false;
                let queries: Vec<Query> =
                    self.backlog.drain(..size.min(self.backlog.len())).collect();
                match lane {
                    Lane::Bulk => {
                        self.slotless_since = None;
                        self.plan.batched(queries.len());
                    }
                    Lane::Single => {
                        self.plan.singles = self.plan.singles.saturating_sub(1)
                    }
                }
                let queries = self.unclaimed(queries);
                (!queries.is_empty()).then(|| self.batch(lane, queries))
            }
            Next::Wait | Next::Until(_) | Next::Nothing => None,
        }
    }

    /// Puts questions together under a name that the book does not know.
    pub(super) fn batch(&self, lane: Lane, queries: Vec<Query>) -> Batch {
        let (engine, order) = (&self.engine, self.order);
        let named = |attempt, queries| {
            Batch::of(
                engine.run,
                &engine.purse,
                attempt,
                order.operation,
                lane,
                self.bound(lane),
                queries,
            )
        };
        let mut batch = named(0, queries);
        let mut attempt = 0;
        while self.book.ledger().line(batch.id).is_some() {
            attempt += 1;
            batch = named(attempt, batch.queries.to_vec());
        }
        batch
    }
}
