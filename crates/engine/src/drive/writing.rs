//! What has happened is written down before anything follows from it. What cannot be written is kept until a write
//! succeeds; where none does, the error that ends the run says it.

use super::{Drive, settlement::Events};
use crate::{Recorded, RunError};
use leadmill_core::{
    Answered, BatchId, Entry, Event, Finding, Lane, Operation, Part, Query, State, Value,
};
use std::{collections::HashMap, fmt::Write, mem, time::Duration};
use tokio::time::sleep;

/// Tries to write down what is left once nothing is in flight, and the time between two: a disk may have room again.
const TRIES: u32 = 4;
const APART: Duration = Duration::from_secs(1);

/// What has happened and is not written down.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// In the order in which it happened.
    entries: Vec<Entry>,
    /// Misses among it, of which somebody is to be told.
    misses: Vec<Query>,
    /// The questions of single calls among them: an answer without its question says nothing.
    questions: HashMap<BatchId, Query>,
}

impl Kept {
    /// A single call was answered: its question, until the answer is written down.
    pub(super) fn answers(&mut self, batch: BatchId, question: Option<&Query>) {
        if let Some(question) = question {
            self.questions.insert(batch, question.clone());
        }
    }

    /// Whether something waits to be written down.
    pub(super) const fn is_some(&self) -> bool {
        !self.entries.is_empty()
    }
}

impl Drive<'_> {
    fn entries(&self, events: Events) -> Vec<Entry> {
        let (at, run) = (self.engine.clock.now(), self.engine.run);
        let entry = |(batch, event)| Entry { at, run, batch, event };
        events.into_iter().map(entry).collect()
    }

    /// Writes down what is about to happen, and with it what waits to be written. Where that fails it does not happen.
    pub(super) async fn record(&mut self, events: Events) -> Result<Recorded, RunError> {
        let mut entries = mem::take(&mut self.kept.entries);
        let happened = entries.len();
        entries.extend(self.entries(events));
        match self.book.record(&entries).await {
            Ok(Recorded::Written) => {
                self.has_written();
                Ok(Recorded::Written)
            }
            Ok(Recorded::Collides) => {
                // Others have claimed what was about to leave: what has happened has happened.
                entries.truncate(happened);
                self.kept.entries = entries;
                self.write_what_waits().await;
                Ok(Recorded::Collides)
            }
            Err(error) => {
                entries.truncate(happened);
                self.kept.entries = entries;
                Err(error.into())
            }
        }
    }

    /// Whether what has happened may be written down a moment later, with what leaves next: answers to single calls,
    /// where nothing else goes on. What they give back is not counted on before.
    pub(super) fn may_wait(&self, events: &Events) -> bool {
        let is_answer = |(batch, event): &(BatchId, Event)| {
            matches!(event, Event::Settled { part: Part::Inline(_), .. })
                && self.book.ledger().line(*batch).is_some_and(|line| {
                    line.lane == Lane::Single && line.state == State::InDoubt
                })
        };
        let goes_on = self.fatal.is_none() && self.stopped.is_none();
        let is_alone = self.jobs.is_empty()
            && self.again.is_empty()
            && self.wanted(Lane::Bulk).is_none();
        goes_on && is_alone && self.drains_since.is_none() && events.iter().all(is_answer)
    }

    /// Lets what has happened wait for what leaves next.
    pub(super) fn keep_back(&mut self, events: Events) {
        let misses = self.misses(&events);
        self.kept.misses.extend(misses);
        let entries = self.entries(events);
        self.kept.entries.extend(entries);
    }

    /// Writes down what waits to be. Tells whether there was anything.
    pub(super) async fn write_what_waits(&mut self) -> bool {
        let waits = self.kept.is_some() && self.fatal.is_none();
        if waits {
            self.keep(Events::new()).await;
        }
        waits
    }

    /// What was to be written is.
    fn has_written(&mut self) {
        let kept = mem::take(&mut self.kept);
        self.tell(kept.misses);
        self.show_committed();
    }

    /// Writes down what has happened, after what could not be written before. Where that fails it is kept for the next
    /// time, and nothing leaves any more. Tells whether it is written.
    pub(super) async fn keep(&mut self, events: Events) -> bool {
        self.keep_back(events);
        let mut entries = mem::take(&mut self.kept.entries);
        let error = match self.book.record_left(&mut entries).await {
            Ok(Recorded::Written) => {
                self.has_written();
                return true;
            }
            Ok(Recorded::Collides) => {
                RunError::Broken("the journal refused what has happened".into())
            }
            Err(error) => error.into(),
        };
        self.kept.entries = entries;
        self.fail(error);
        false
    }

    fn show_committed(&mut self) {
        let ledger = self.book.ledger();
        self.snapshot.committed = ledger.committed(self.engine.run, &self.engine.purse);
    }

    /// Tries for a while to write down what is left. After an interruption there is no time to wait.
    pub(super) async fn write_what_is_left(&mut self) {
        let mut tries = if self.deadline.is_some() { 1 } else { TRIES };
        loop {
            let events = mem::take(&mut self.unwritten);
            if events.is_empty() && self.kept.entries.is_empty() {
                return;
            }
            if self.keep(events).await {
                return;
            }
            tries -= 1;
            if tries == 0 {
                break;
            }
            sleep(APART).await;
        }
        // What cannot follow what is written must not keep the rest from being written.
        let mut batches: Vec<(BatchId, Vec<Entry>)> = Vec::new();
        for entry in mem::take(&mut self.kept.entries) {
            match batches.iter_mut().find(|(batch, _)| *batch == entry.batch) {
                Some((_, entries)) => entries.push(entry),
                None => batches.push((entry.batch, vec![entry])),
            }
        }
        for (_, mut entries) in batches {
            let recorded = self.book.record_left(&mut entries).await;
            if !matches!(recorded, Ok(Recorded::Written)) {
                self.kept.entries.extend(entries);
            }
        }
    }

    /// What stands nowhere but in the error that ends the run: `batch … is job …`, for people. `None` if all is written.
    pub(super) fn unwritten_text(&self) -> Option<String> {
        let Kept { entries, questions, .. } = &self.kept;
        let ledger = self.book.ledger();
        let line = |entry: &Entry| {
            let operation = ledger.line(entry.batch).map(|line| line.operation);
            happened(entry, operation, questions.get(&entry.batch))
        };
        let lines: Vec<String> = entries.iter().filter_map(line).collect();
        (!lines.is_empty()).then(|| lines.join("\n  "))
    }
}

/// What happened to a batch, for people; `None` where the next run sees it by itself.
fn happened(
    entry: &Entry,
    operation: Option<Operation>,
    question: Option<&Query>,
) -> Option<String> {
    let batch = entry.batch;
    Some(match &entry.event {
        Event::Accepted { job } => format!("batch {batch} is job {job}"),
        Event::Refused { reason, .. } => {
            format!("batch {batch} was not charged: {reason}")
        }
        Event::Settled { cost, part: Part::File(name), .. } => {
            format!("batch {batch} cost {cost} credits; its answers are kept as {name}")
        }
        Event::Settled { cost, part: Part::Inline(answers), .. } => {
            let mut text = format!("batch {batch} cost {cost} credits");
            for answered in &**answers {
                _ = write!(text, "; {}", answer(answered, operation, question));
            }
            text
        }
        _ => return None,
    })
}

/// `find_email of Ada, Lovelace: email = ada@x.io, confidence = 90`.
fn answer(
    answered: &Answered,
    operation: Option<Operation>,
    question: Option<&Query>,
) -> String {
    let asked: Vec<&str> =
        question.iter().flat_map(|question| question.values()).collect();
    let name = operation.map_or("the answer", Operation::name);
    let text = match &answered.finding {
        Finding::Hit(values) => {
            let fields = operation.map_or(&[][..], Operation::fields);
            let known = fields.iter().zip(&**values);
            let known = known.filter(|(_, value)| **value != Value::Null);
            let known =
                known.map(|(field, value)| format!("{} = {}", field.name, shown(value)));
            known.collect::<Vec<_>>().join(", ")
        }
        Finding::Miss => "nothing is known".to_owned(),
        Finding::Failed(reason) | Finding::Unknown(reason) => reason.to_string(),
    };
    format!("{name} of {}: {text}", asked.join(", "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Flag(flag) => flag.to_string(),
        Value::Integer(number) => number.to_string(),
        Value::Text(text) => text.to_string(),
        Value::Values(values) => {
            let values: Vec<String> = values.iter().map(shown).collect();
            format!("[{}]", values.join(", "))
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
