//! When to look at a job: at its likely end, learnt from the jobs before.

use super::{Drive, Errand};
use leadmill_core::{BatchId, Operation, schedule::JobTimes};
use std::time::Duration;
use tokio::time::Instant;

/// The longest time between two looks at a job that says how far it is.
const LONGEST: Duration = Duration::from_secs(60);

/// No job takes so long.
const MOST: Duration = Duration::from_secs(2 * 86_400);

/// How much a guess must be off to be worth a change of every other look.
const WORTH: f64 = 0.03;

/// How long jobs take here: the pack's typical times, stretched by what was seen.
#[derive(Debug)]
pub(super) struct Looks {
    typical: JobTimes,
    stretch: f64,
    /// Whether a job's end has been seen.
    learnt: bool,
    /// The job that is looked at meanwhile.
    scout: Option<BatchId>,
    /// One look at it must do, unless that shows something unexpected.
    frugal: bool,
}

impl Looks {
    pub(super) const fn new(typical: JobTimes, frugal: bool) -> Self {
        Self { typical, stretch: 1.0, learnt: false, scout: None, frugal }
    }

    /// How long jobs take, as far as is known.
    pub(super) fn times(&self) -> JobTimes {
        let JobTimes { fixed, item } = self.typical;
        JobTimes { fixed: fixed * self.stretch, item: item * self.stretch }
    }

    fn expected(&self, items: usize) -> Duration {
        Duration::from_secs_f64(self.times().of(items).max(0.0))
    }

    /// A job of so many items ended between `after` and `by`. Tells whether that changes much.
    fn ended(&mut self, items: usize, after: Duration, by: Duration) -> bool {
        let expected = self.expected(items);
        let likely = match expected {
            early if early < after => (after + by) / 2,
            late if late > by => by,
            fits => fits,
        };
        let first = !self.learnt;
        self.learnt = true;
        self.scout = None;
        self.correct(items, likely, if first { 1.0 } else { 0.4 })
    }

    /// Moves the guess for so many items by `weight` of the way to `likely`.
    fn correct(&mut self, items: usize, likely: Duration, weight: f64) -> bool {
        let typical = self.typical.of(items).max(0.001);
        let change = (likely.as_secs_f64() / typical - self.stretch) * weight;
        self.stretch = (self.stretch + change).clamp(0.001, 10_000.0);
        (change / self.stretch).abs() > WORTH
    }
}

impl Drive<'_> {
    fn poll_of(&self, operation: Operation) -> Duration {
        self.engine.provider.account().poll_of(operation)
    }

    /// A job has begun: its first look is at its likely end. Until an end has been seen, one job is polled.
    pub(super) fn watch(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get(&batch) else { return };
        let (since, items) = (work.since, work.keys.len());
        let poll = self.poll_of(work.operation);
        let due = since + self.looks.expected(items).max(poll);
        self.errand_at(due, Errand::Ripe(batch));
        // It may have come before the reply to the submit.
        self.hasten_one(batch);
        if !self.looks.learnt && self.looks.scout.is_none() && due > since + poll * 2 {
            self.looks.scout = Some(batch);
            self.errand_at(since + poll, Errand::Poll(batch));
        }
    }

    /// A job has probably ended: its first page of results tells, where it may be asked for; else a poll.
    pub(super) fn ripe(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get(&batch) else { return };
        let early = self.engine.provider.account().has_early_results(work.operation);
        if work.harvested || self.ready.contains(&batch) {
            return;
        }
        self.errands.retain(|_, errand| *errand != Errand::Poll(batch));
        if early {
            self.ready.push_back(batch);
            self.harvest_next();
        } else {
            self.errand(Duration::ZERO, Errand::Poll(batch));
        }
    }

    /// A job has not ended yet: looks again at its likely end, if that can be told, and not too soon.
    pub(super) fn not_yet(
        &mut self,
        batch: BatchId,
        done: Option<u64>,
        total: Option<u64>,
    ) {
        let now = Instant::now();
        let Some(operation) = self.jobs.get(&batch).map(|work| work.operation) else {
            return;
        };
        let poll = self.poll_of(operation);
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        let (since, items) = (work.since, work.keys.len());
        if now.duration_since(since) > MOST {
            let why = format!("job {} does not end", work.job);
            return self.leave_alone(batch, why);
        }
        let total = total.map(|total| total.min(items as u64));
        let before = work.progress.replace((now, done.unwrap_or_default()));
        work.running_at = Some(now);
        let running = now.duration_since(since);
        let left = done.zip(total).and_then(|(done, total)| {
            let (at, had) = before.filter(|(_, had)| *had > 0 && *had < done)?;
            let speed =
                (done - had) as f64 / now.duration_since(at).as_secs_f64().max(0.001);
            let left = total.saturating_sub(done) as f64 / speed;
            // One slow moment is no reason to look away for hours.
            let longest = LONGEST.max(running / 2);
            Some(Duration::try_from_secs_f64(left).unwrap_or(longest).min(longest))
        });
        let rough = done
            .zip(total)
            .filter(|(done, total)| *done > 0 && done <= total)
            .map(|(done, total)| running.mul_f64((total - done) as f64 / done as f64));
        let expected = self.looks.expected(items);
        let corrected = match left {
            Some(left) => self.looks.correct(items, running + left, 1.0),
            None if expected <= running => self.looks.correct(items, running + poll, 0.5),
            None => false,
        };
        if corrected {
            self.look_anew(batch);
        }
        // What says nothing of its end is looked at less and less often.
        let likely = left.or(rough).unwrap_or((running / 10).max(poll * 2)).min(LONGEST);
        let scouting = self.looks.scout == Some(batch);
        let ripe = (since + self.looks.expected(items)).saturating_duration_since(now);
        match left {
            // Its end is known well: the next look may be the first page.
            Some(left) if left > poll => {
                self.move_look(batch, now + left);
                if scouting {
                    self.errand(poll * 2, Errand::Poll(batch));
                }
            }
            // It is not quicker than was thought, and calls are scarce.
            _ if scouting
                && ripe > poll
                && self.looks.frugal
                && done.is_none_or(|done| done == 0) =>
            {
                self.move_look(batch, now + ripe)
            }
            _ if scouting && ripe > poll => {
                self.errand(likely.clamp(poll, poll * 2).min(ripe), Errand::Poll(batch))
            }
            _ => self.errand(likely.max(poll), Errand::Poll(batch)),
        }
    }

    /// The end of a job was seen.
    pub(super) fn has_ended(&mut self, batch: BatchId) {
        let now = Instant::now();
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        if std::mem::replace(&mut work.end_seen, true) || work.resumed {
            return;
        }
        let after =
            work.running_at.map_or(Duration::ZERO, |at| at.duration_since(work.since));
        let by = now.duration_since(work.since);
        let items = work.keys.len();
        if self.looks.ended(items, after, by) {
            self.look_anew(batch);
        }
    }

    /// What is known of job times has changed: every first look moves.
    fn look_anew(&mut self, but: BatchId) {
        let moved: Vec<(BatchId, Instant)> = self
            .errands
            .values()
            .filter_map(|errand| match errand {
                Errand::Ripe(batch) if *batch != but => {
                    let work = self.jobs.get(batch)?;
                    Some((*batch, work.since + self.looks.expected(work.keys.len())))
                }
                _ => None,
            })
            .collect();
        moved.into_iter().for_each(|(batch, due)| self.move_look(batch, due));
        self.plan_anew();
    }

    /// Callbacks have said something.
    pub(crate) fn hasten(&mut self) {
        let mut batches: Vec<BatchId> = self.jobs.keys().copied().collect();
        batches.sort_unstable();
        batches.into_iter().for_each(|batch| self.hasten_one(batch));
    }

    /// A job that is said to have ended is looked at now: once, whatever else is said.
    fn hasten_one(&mut self, batch: BatchId) {
        let Some(work) = self.jobs.get_mut(&batch) else { return };
        if work.hastened
            || work.harvested
            || !self.engine.hints.has_ended(batch, &work.job)
        {
            return;
        }
        work.hastened = true;
        self.move_look(batch, Instant::now());
    }

    fn move_look(&mut self, batch: BatchId, due: Instant) {
        self.errands.retain(|_, errand| *errand != Errand::Ripe(batch));
        self.errand_at(due, Errand::Ripe(batch));
    }
}
