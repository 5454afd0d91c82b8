//! What a job has to tell, and when. It knows no receiver: how those behave changes nothing here.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::chaos::{Chance, Trouble};
use crate::job::{Job, JobState};
use crate::options::Options;

/// What a callback is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The item at this position.
    Item(usize),
    /// The end of the job.
    End,
}

/// What becomes of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is sent.
    Sent,
    /// It is not.
    Lost,
    /// It is somebody else's, and names a job that there is not.
    Forged,
}

/// One callback.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callback {
    /// When what it tells happened. It may be sent later.
    pub(crate) at: Instant,
    /// What it is about.
    pub(crate) subject: Subject,
    /// What becomes of it.
    pub(crate) fate: Fate,
}

/// The callbacks of a job in the order in which they are due.
#[derive(Debug)]
pub(crate) struct Schedule {
    job: Job,
    chance: Chance,
    /// The first item that has not been drawn.
    item: usize,
    /// When the completion happens, until it has been drawn.
    end: Option<Instant>,
    /// What has been drawn, by when it is due and in which order it was drawn.
    held: BTreeMap<(Instant, u64), Callback>,
    drawn: u64,
}

impl Schedule {
    /// All callbacks of a job.
    pub(crate) fn new(job: Job, options: &Options, chance: Chance) -> Self {
        let ahead = options.callbacks.completion_ahead;
        let length = job.ends_at(options) - job.submitted;
        let end = job.submitted + length.saturating_sub(ahead);
        let told = job.end() != JobState::Failed || options.callbacks.failed_completion;
        Self {
            end: told.then_some(end),
            job,
            chance,
            item: 0,
            held: BTreeMap::new(),
            drawn: 0,
        }
    }

    /// Takes the callback of the first item out, before it happens.
    pub(crate) fn first_at_once(&mut self, now: Instant) -> Option<Callback> {
        let some = self.job.work() > 0 && self.item == 0;
        some.then(|| {
            self.item = 1;
            Callback { at: now, subject: Subject::Item(0), fate: Fate::Sent }
        })
    }

    /// The next callback and when it is due.
    pub(crate) fn next(&mut self, options: &Options) -> Option<(Instant, Callback)> {
        loop {
            let event = self.event(options);
            let held = self.held.first_entry();
            match (held, event) {
                (Some(held), event) if event.is_none_or(|(at, _)| held.key().0 <= at) => {
                    let (due, _) = *held.key();
                    return Some((due, held.remove()));
                }
                (_, Some((at, subject))) => self.draw(at, subject, options),
                (_, None) => return None,
            }
        }
    }

    /// What happens next and has not been drawn.
    fn event(&self, options: &Options) -> Option<(Instant, Subject)> {
        let item = (self.item < self.job.work()).then(|| {
            (self.job.finishes_at(options, self.item), Subject::Item(self.item))
        });
        let end = self.end.map(|at| (at, Subject::End));
        match (item, end) {
            (Some(item), Some(end)) => Some(if end.0 < item.0 { end } else { item }),
            (item, end) => item.or(end),
        }
    }

    /// Decides what becomes of the callback of an event.
    fn draw(&mut self, at: Instant, subject: Subject, options: &Options) {
        match subject {
            Subject::Item(index) => self.item = index + 1,
            Subject::End => self.end = None,
        }
        let knobs = &options.callbacks;
        let lost = self.chance.strikes(Trouble::WebhookLost);
        let twice = self.chance.strikes(Trouble::WebhookTwice);
        let late = self.chance.strikes(Trouble::WebhookLate);
        let forged = self.chance.strikes(Trouble::WebhookForged);
        let lateness = if late { knobs.lateness } else { Duration::ZERO };
        let due = at + lateness + self.chance.part_of(knobs.jitter);
        let fate = if lost { Fate::Lost } else { Fate::Sent };
        let copies = [(true, fate), (twice && !lost, fate), (forged, Fate::Forged)];
        for (_, fate) in copies.into_iter().filter(|(happens, _)| *happens) {
            self.held.insert((due, self.drawn), Callback { at, subject, fate });
            self.drawn += 1;
        }
    }
}
