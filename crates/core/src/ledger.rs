//! The account book: a fold over journal entries. The journal is its only input.

mod sums;

use crate::{
    Answered, BatchId, Credits, Entry, Event, JobId, Keys, Lane, Moment, Operation, Part,
    RunId, Status, Timestamp,
};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};
pub use sums::Doubts;
use sums::{Share, Sums};

/// Where a batch stands, judged only from the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Intended, and no reply was recorded: the provider may or may not have it.
    InDoubt,
    /// The provider has it.
    Accepted(JobId),
    /// Closed at no cost.
    Refused {
        /// Why.
        reason: String,
        /// Whether the same questions may go again by themselves.
        again: bool,
    },
    /// Closed with its true cost.
    Settled {
        /// When.
        at: Timestamp,
        /// What became of each question, in the order of the line's keys.
        statuses: Arc<[Status]>,
        /// Where the answers are.
        part: Part,
        /// The provider's name for it, if it was a job.
        job: Option<JobId>,
    },
}

/// One batch in the book.
#[derive(Clone, Debug)]
pub struct Line {
    /// The batch.
    pub batch: BatchId,
    /// The run that bought it.
    pub run: RunId,
    /// The run in whose budget it counts: the one that bought it, or the one that authorised its charge.
    pub payer: RunId,
    /// Whose wallet.
    pub account: Arc<str>,
    /// The pipeline's step.
    pub step: Arc<str>,
    /// What is asked.
    pub operation: Operation,
    /// How it travels.
    pub lane: Lane,
    /// The questions inside.
    pub keys: Keys,
    /// When it was last intended.
    pub intended_at: Timestamp,
    /// The same on the clock that nobody sets, as the process read it that intended it.
    pub moment: Option<Moment>,
    /// Whether its question was asked again while it was in doubt: what a refusal says is about that call alone.
    pub repeated: bool,
    /// Held while open, true once settled, nothing once refused.
    pub credits: Credits,
    /// The upper bound of its spend, as it was intended.
    pub reserve: Credits,
    /// The newest transaction of the wallet that was known before it was sent; empty where there was none. Where the
    /// provider keeps a log of calls, the [`Mark`](crate::Mark) in it.
    pub anchor: Option<Arc<str>>,
    /// The place of its latest intent among all intents.
    pub order: u64,
    /// Where it stands.
    pub state: State,
    /// What was seen when its reply was lost.
    pub doubt: Option<String>,
    /// Whether that is also what is seen where the provider knows nothing.
    pub likely_miss: bool,
    /// Whether the fetch that charges for it may have left.
    pub authorized: bool,
    /// Whether its job was named by somebody else than the reply to its submit.
    pub adopted: bool,
    /// Jobs that were named for it and turned out not to be its, or could not be looked at: once each time.
    pub tried: Vec<JobId>,
    /// When it was first settled and for how much, if it was opened again since.
    pub reopened: Option<(Timestamp, Credits)>,
    /// Whether a person has said what became of the questions that were settled without an answer.
    pub resolved: bool,
    /// The run that wrote down how it was settled.
    pub settled_by: Option<RunId>,
}

/// An event that cannot follow what the journal already says.
#[derive(Debug, thiserror::Error)]
#[error("journal: batch {batch}: {event} cannot follow {state}")]
pub struct IllegalEvent {
    batch: BatchId,
    event: &'static str,
    state: &'static str,
}

/// Balances and batch states derived from the journal.
#[derive(Debug, Default)]
pub struct Ledger {
    lines: Vec<Line>,
    places: HashMap<BatchId, usize>,
    /// The places of open lines, and of all jobs: few among many single calls.
    open: BTreeSet<usize>,
    jobs: Vec<usize>,
    sums: Sums,
    intents: u64,
}

impl Ledger {
    /// Records one entry, or says why it is impossible.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), IllegalEvent> {
        let place = self.places.get(&entry.batch).copied().unwrap_or(self.lines.len());
        let line = self.lines.get_mut(place);
        let Some((state, credits)) = following(line.as_deref(), entry) else {
            return Err(illegal(line.as_deref(), entry));
        };
        let line = match line {
            Some(line) => line,
            None => {
                let fresh = Line::opened(entry).ok_or_else(|| illegal(None, entry))?;
                self.places.insert(entry.batch, place);
                if fresh.lane == Lane::Bulk {
                    self.jobs.push(place);
                }
                self.lines.push_mut(fresh)
            }
        };
        let (before, was_doubted) =
            ((line.payer, Share::of(line)), line.state == State::InDoubt);
        line.take_in(entry, state, credits);
        if matches!(entry.event, Event::Intended { .. } | Event::Repeated { .. }) {
            self.intents += 1;
            line.order = self.intents;
        }
        match line.is_open() {
            true => self.open.insert(place),
            false => self.open.remove(&place),
        };
        self.sums.change(before, line);
        self.sums.count(&entry.event, line, was_doubted);
        Ok(())
    }

    /// Puts other names in the place of accounts', for the batches for which `name` gives one.
    pub fn rename(&mut self, name: impl Fn(&Line) -> Option<Arc<str>>) {
        let mut renamed = HashMap::new();
        for line in &mut self.lines {
            if let Some(name) = name(line) {
                renamed.insert(
                    std::mem::replace(&mut line.account, Arc::clone(&name)),
                    name,
                );
            }
        }
        if !renamed.is_empty() {
            self.sums = Sums::of(&self.lines).after(&self.sums, &renamed);
        }
    }

    /// Whether entries can follow what is recorded, one after the other.
    pub fn check(&self, entries: &[Entry]) -> Result<(), IllegalEvent> {
        let mut seen = HashSet::new();
        let is_more = |entry: &&Entry| !seen.insert(entry.batch);
        let several: HashSet<BatchId> =
            entries.iter().filter(is_more).map(|entry| entry.batch).collect();
        let mut ahead: HashMap<BatchId, Line> = HashMap::new();
        for entry in entries {
            let line = ahead.get(&entry.batch).or_else(|| self.line(entry.batch));
            let Some((state, credits)) = following(line, entry) else {
                return Err(illegal(line, entry));
            };
            if several.contains(&entry.batch) {
                let line = line.cloned().or_else(|| Line::opened(entry));
                let mut line = line.ok_or_else(|| illegal(None, entry))?;
                line.take_in(entry, state, credits);
                ahead.insert(entry.batch, line);
            }
        }
        Ok(())
    }

    /// Credits that a run has spent at an account, plus what its open batches may still spend.
    pub fn committed(&self, run: RunId, account: &Arc<str>) -> Credits {
        self.sums.committed.get(&(run, Arc::clone(account))).copied().unwrap_or_default()
    }

    /// What is in doubt at an account.
    pub fn doubts(&self, account: &str) -> Doubts {
        self.sums.doubts(account)
    }

    /// Whether the sums that are kept beside the batches are what the batches come to. Always, unless this is broken:
    /// tests ask.
    pub fn adds_up(&self) -> bool {
        self.sums.equal(&Sums::of(&self.lines))
    }

    /// Of what a run has [committed](Self::committed), what is reserved for jobs whose charge nobody has authorised. Where
    /// their fetch is what charges, none of it is spent without another look at the budget.
    pub fn undecided(&self, run: RunId, account: &str) -> Credits {
        let open = self.open(account);
        let undecided = open.filter(|line| line.payer == run && line.is_undecided());
        undecided.map(|line| line.credits).sum()
    }

    /// Jobs of an operation that run at an account, or may: their replies are not known.
    pub fn running(
        &self,
        account: &str,
        operation: Operation,
    ) -> impl Iterator<Item = &Line> {
        let open = self.open(account);
        open.filter(move |line| line.lane == Lane::Bulk && line.operation == operation)
    }

    /// Jobs of an operation that were begun at an account after `since`, oldest first: when, and how many
    /// questions each holds. One that was refused was never begun.
    pub fn begun(
        &self,
        account: &str,
        operation: Operation,
        since: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, usize)> {
        let jobs = self.jobs.iter().filter_map(|place| self.lines.get(*place));
        let lines = jobs.filter(move |line| {
            line.operation == operation
                && *line.account == *account
                && line.intended_at > since
                && !matches!(line.state, State::Refused { .. })
        });
        lines.map(|line| (line.intended_at, line.keys.len()))
    }

    /// What jobs of an operation reserved that were begun at an account after `since`; none of one that was refused.
    pub fn reserved(
        &self,
        account: &str,
        operation: Operation,
        since: Timestamp,
    ) -> impl Iterator<Item = Credits> {
        let jobs = self.jobs.iter().filter_map(|place| self.lines.get(*place));
        let lines = jobs.filter(move |line| {
            line.operation == operation
                && *line.account == *account
                && line.intended_at > since
                && !matches!(line.state, State::Refused { .. })
        });
        lines.map(|line| line.reserve)
    }

    /// Whether a job of an account is a batch's already.
    pub fn has_job(&self, account: &str, job: &JobId) -> bool {
        let jobs = self.jobs.iter().filter_map(|place| self.lines.get(*place));
        let mut jobs = jobs.filter(|line| *line.account == *account);
        jobs.any(|line| line.job() == Some(job))
    }

    /// One batch.
    pub fn line(&self, batch: BatchId) -> Option<&Line> {
        self.places.get(&batch).and_then(|place| self.lines.get(*place))
    }

    /// All batches, oldest first.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// Batches at an account that the journal leaves open, oldest first.
    pub fn open(&self, account: &str) -> impl Iterator<Item = &Line> {
        let open = self.open.iter().filter_map(|place| self.lines.get(*place));
        open.filter(move |line| *line.account == *account)
    }
}

impl Line {
    /// The first line of a batch's account.
    fn opened(entry: &Entry) -> Option<Self> {
        let Event::Intended { account, step, operation, lane, keys, .. } = &entry.event
        else {
            return None;
        };
        Some(Self {
            batch: entry.batch,
            run: entry.run,
            payer: entry.run,
            account: Arc::clone(account),
            step: Arc::clone(step),
            operation: *operation,
            lane: *lane,
            keys: keys.clone(),
            intended_at: entry.at,
            repeated: false,
            moment: None,
            credits: Credits::ZERO,
            reserve: Credits::ZERO,
            anchor: None,
            order: 0,
            state: State::InDoubt,
            doubt: None,
            likely_miss: false,
            authorized: false,
            adopted: false,
            tried: Vec::new(),
            reopened: None,
            resolved: false,
            settled_by: None,
        })
    }

    /// Takes in what has happened, which leads to this state and, if they change, to these credits.
    fn take_in(&mut self, entry: &Entry, state: State, credits: Option<Credits>) {
        match &entry.event {
            Event::Intended { anchor, moment, reserve, keys, .. } => {
                self.keys = keys.clone();
                (self.reserve, self.moment) = (*reserve, *moment);
                (self.run, self.payer, self.intended_at) =
                    (entry.run, entry.run, entry.at);
                (self.anchor, self.doubt, self.adopted) = (anchor.clone(), None, false);
                (self.likely_miss, self.authorized, self.repeated) =
                    (false, false, false);
                self.tried.clear();
            }
            // It may have been charged when it was first asked, and is free for so long since then.
            Event::Repeated { .. } => {
                (self.run, self.payer) = (entry.run, entry.run);
                (self.repeated, self.doubt) = (true, None);
                self.likely_miss = false;
            }
            Event::Doubted { reason, likely_miss } => {
                self.likely_miss = *likely_miss;
                let job = self.job().filter(|_| self.adopted).cloned();
                self.tried.extend(job);
                (self.doubt, self.adopted) = (Some(reason.clone()), false);
            }
            Event::Adopted { .. } => (self.adopted, self.resolved) = (true, false),
            Event::Authorized { paid, .. } => {
                self.authorized = true;
                self.payer = if *paid { self.payer } else { entry.run };
            }
            Event::Reopened => {
                if let State::Settled { at, .. } = self.state {
                    self.reopened = Some((at, self.credits));
                }
                self.resolved = false;
            }
            Event::Settled { .. } => self.settled_by = Some(entry.run),
            Event::Resolved { .. } => self.resolved = true,
            Event::Accepted { .. } | Event::Refused { .. } | Event::Billed { .. } => {}
        }
        self.state = state;
        self.credits = credits.unwrap_or(self.credits);
    }

    /// How long ago it was intended, at the least.
    ///
    /// The wall clock may have been set forward since. The other clock tells where it reads more than it did then: it
    /// reads less after a restart or on another machine, and what it reads more by on one of those is no age, so that
    /// the shorter of both holds.
    pub fn age(&self, now: Timestamp, moment: Moment) -> Duration {
        let by_wall = now.since(self.intended_at);
        match self.moment.filter(|then| *then <= moment) {
            Some(then) => by_wall.min(moment.since(then)),
            None => by_wall,
        }
    }

    /// The provider's name for it, if that is known.
    pub const fn job(&self) -> Option<&JobId> {
        match &self.state {
            State::Accepted(job) | State::Settled { job: Some(job), .. } => Some(job),
            _ => None,
        }
    }

    /// Whether it is at the provider under the name that the reply to its submit gave, and was never settled, nor may
    /// have been charged by a fetch: how that job ends is how it ends.
    pub const fn is_own_job(&self) -> bool {
        matches!(self.state, State::Accepted(_))
            && !self.adopted
            && !self.authorized
            && self.reopened.is_none()
    }

    /// Whether it is a job whose charge nobody has authorised, and that was never settled.
    pub const fn is_undecided(&self) -> bool {
        matches!(self.lane, Lane::Bulk)
            && self.is_open()
            && !self.authorized
            && self.reopened.is_none()
    }

    /// Whether its credits are held: the provider has it, or may have it.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::InDoubt | State::Accepted(_))
    }

    /// How many of its questions were settled without an answer, and nobody has said what became of them.
    pub fn unanswered(&self) -> usize {
        match &self.state {
            State::Settled { statuses, .. } if !self.resolved => {
                statuses.iter().filter(|status| is_unknown(status)).count()
            }
            _ => 0,
        }
    }
}

fn illegal(line: Option<&Line>, entry: &Entry) -> IllegalEvent {
    IllegalEvent {
        batch: entry.batch,
        event: event_name(&entry.event),
        state: line.map_or("nothing", |line| state_name(&line.state)),
    }
}

/// Where a batch stands after an event, and what it then holds or has cost, if that changes. `None` if the
/// event cannot follow.
fn following(line: Option<&Line>, entry: &Entry) -> Option<(State, Option<Credits>)> {
    let before = line.map(|line| &line.state);
    Some(match (before, &entry.event) {
        (None, Event::Intended { reserve, .. }) => (State::InDoubt, Some(*reserve)),
        (
            Some(State::Refused { .. }),
            Event::Intended { account, lane, keys, reserve, .. },
        ) if line.is_some_and(|line| {
            (&line.account, line.lane, &*line.keys) == (account, *lane, &**keys)
        }) =>
        {
            (State::InDoubt, Some(*reserve))
        }
        (Some(State::InDoubt), Event::Repeated { reserve })
            if line.is_some_and(|line| line.lane == Lane::Single) =>
        {
            let held = line.map_or(Credits::ZERO, |line| line.credits);
            (State::InDoubt, Some(held.max(*reserve)))
        }
        (Some(State::InDoubt), Event::Accepted { job } | Event::Adopted { job }) => {
            (State::Accepted(job.clone()), None)
        }
        (Some(State::Accepted(job)), Event::Authorized { charge, .. })
            if line.is_some_and(|line| line.reopened.is_none()) =>
        {
            (State::Accepted(job.clone()), Some(*charge))
        }
        (Some(State::InDoubt), Event::Doubted { .. }) => (State::InDoubt, None),
        (Some(State::Accepted(_)), Event::Doubted { .. })
            if line.is_some_and(|line| {
                line.adopted && !line.authorized && line.reopened.is_none()
            }) =>
        {
            (State::InDoubt, None)
        }
        (Some(State::Settled { .. }), event) => {
            return line.and_then(|line| after_settlement(line, event));
        }
        (Some(before), Event::Refused { reason, again })
            if *before == State::InDoubt || line.is_some_and(Line::is_own_job) =>
        {
            let state = State::Refused { reason: reason.clone(), again: *again };
            (state, Some(Credits::ZERO))
        }
        (
            Some(before @ (State::InDoubt | State::Accepted(_))),
            Event::Settled { cost, statuses, part },
        ) => {
            let job = match before {
                State::Accepted(job) => Some(job.clone()),
                _ => None,
            };
            let (statuses, part) = (Arc::clone(statuses), part.clone());
            // What was fetched again is as old as it was, and cost no less.
            let first = line.and_then(|line| line.reopened);
            let (at, cost) =
                first.map_or((entry.at, *cost), |(at, paid)| (at, paid.max(*cost)));
            (State::Settled { at, statuses, part, job }, Some(cost))
        }
        _ => return None,
    })
}

/// The same for a batch that is settled.
fn after_settlement(line: &Line, event: &Event) -> Option<(State, Option<Credits>)> {
    let State::Settled { at, statuses, part, job } = &line.state else { return None };
    match event {
        Event::Reopened => Some((State::Accepted(job.clone()?), None)),
        // Nothing of it is here: somebody has found its job after all.
        Event::Adopted { job } if statuses.iter().all(is_unknown) => {
            Some((State::Accepted(job.clone()), None))
        }
        Event::Billed { cost } if line.lane == Lane::Single => {
            let Part::Inline(answers) = part else { return None };
            let answer = answers.first().filter(|_| answers.len() == 1)?;
            let (at, statuses, job) = (*at, Arc::clone(statuses), job.clone());
            let answer = Answered { credits: Some(*cost), ..answer.clone() };
            let part = Part::Inline([answer].into());
            Some((State::Settled { at, statuses, part, job }, Some(*cost)))
        }
        Event::Resolved { cost, statuses: after }
            if may_resolve(statuses, after) && *cost <= line.credits =>
        {
            let (at, part, job) = (*at, part.clone(), job.clone());
            let statuses = Arc::clone(after);
            Some((State::Settled { at, statuses, part, job }, Some(*cost)))
        }
        _ => None,
    }
}

fn is_unknown(status: &Status) -> bool {
    *status == Status::UnknownCharged
}

/// Whether a person may say that of the questions: what was answered stays as it is.
fn may_resolve(before: &[Status], after: &[Status]) -> bool {
    let mut pairs = before.iter().zip(after);
    before.len() == after.len()
        && before.iter().any(is_unknown)
        && pairs.all(|(before, after)| is_unknown(before) || before == after)
}

const fn state_name(state: &State) -> &'static str {
    match state {
        State::InDoubt => "`in doubt`",
        State::Accepted(_) => "`accepted`",
        State::Refused { .. } => "`refused`",
        State::Settled { .. } => "`settled`",
    }
}

const fn event_name(event: &Event) -> &'static str {
    match event {
        Event::Intended { .. } => "`intended`",
        Event::Repeated { .. } => "`repeated`",
        Event::Accepted { .. } => "`accepted`",
        Event::Adopted { .. } => "`adopted`",
        Event::Authorized { .. } => "`authorized`",
        Event::Reopened => "`reopened`",
        Event::Refused { .. } => "`refused`",
        Event::Doubted { .. } => "`doubted`",
        Event::Settled { .. } => "`settled`",
        Event::Billed { .. } => "`billed`",
        Event::Resolved { .. } => "`resolved`",
    }
}

#[cfg(test)]
mod tests;
