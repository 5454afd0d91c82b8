//! `leadmill resolve`: a person knows what became of a batch whose reply was lost.

use crate::{
    args::{FileArgs, ResolveArgs, Verdict},
    clock::SystemClock,
    exit::{Exit, Failure},
    prepared,
    terminal::Terminal,
};
use leadmill_core::{
    BatchId, Clock, Entry, Event, JobId, Lane, Ledger, Line, State, Status,
};
use leadmill_engine::{Book, Recorded, written_off};
use leadmill_state::{Place, StateError, Store};
use serde_json::json;
use std::path::PathBuf;

/// Writes down what became of the batch.
pub(crate) async fn resolve(
    args: &ResolveArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let (place, batch) = target(args, terminal)?;
    let none = || {
        Failure::invalid(format!("{place} holds no batch {batch}"))
            .hint("`leadmill status` shows those in doubt")
    };
    if Store::look(&place).await?.is_none() {
        return Err(none());
    }
    let store = Store::open(&place).await?;
    let (ledger, journal) = store.book().await?;
    let line = ledger.line(batch).cloned().ok_or_else(none)?;
    if !store.others([line.run]).await?.is_empty() {
        return Err(StateError::Locked(place.to_string()).into());
    }
    // Whoever was at work until now may have written on.
    let mut book = Book::new(journal, ledger);
    book.refresh().await.map_err(|error| Failure::failed(error.to_string()))?;
    let line = book.ledger().line(batch).cloned().unwrap_or(line);
    let has_job = matches!(line.state, State::Accepted(_));
    let gives_up_job = args.verdict.give_up && has_job;
    // Whoever named its job may have been wrong.
    let renames_job =
        has_job && args.verdict.job.is_some() && line.adopted && line.reopened.is_none();
    if line.state != State::InDoubt && !gives_up_job && !renames_job {
        let state = match line.state {
            State::Accepted(job) => {
                format!("the provider has it as job {}: the next run fetches it", job.0)
            }
            State::Refused { .. } => "it was not charged".into(),
            State::Settled { .. } | State::InDoubt => "it is settled".into(),
        };
        return Err(Failure::invalid(format!("batch {batch} is not in doubt: {state}")));
    }
    if let Some(job) = &args.verdict.job {
        fits(job, &line, book.ledger())?;
    }
    let (event, told) = concluded(&args.verdict, &line);
    let entry = |event| Entry { at: SystemClock.now(), run: line.run, batch, event };
    let mut entries = Vec::new();
    if renames_job {
        let reason =
            "the job that was named for it is not its, by `leadmill resolve`".into();
        entries.push(entry(Event::Doubted { reason, likely_miss: false }));
    }
    entries.push(entry(event));
    match book.record(&entries).await {
        Ok(Recorded::Written) => {}
        Ok(Recorded::Collides) => return Err(Failure::failed("the journal has changed")),
        Err(error) => return Err(Failure::failed(error.to_string())),
    }
    terminal.print(&format!("batch {batch}: {told}\n"));
    terminal.last_line(&json!({ "batch": batch.to_string(), "resolved": told }));
    Ok(Exit::Done)
}

/// What is written down for a verdict, and what is told of it.
fn concluded(verdict: &Verdict, line: &Line) -> (Event, String) {
    match (&verdict.job, verdict.give_up) {
        (Some(job), _) => {
            let told =
                format!("job {job}: the next run, or `leadmill fetch`, fetches it");
            (Event::Adopted { job: JobId(job.clone()) }, told)
        }
        (None, true) => {
            let told =
                format!("{} credits count as spent, its answers as lost", line.credits);
            (written_off(line, Status::UnknownCharged), told)
        }
        (None, false) => {
            let reason = "not charged, by `leadmill resolve`".to_owned();
            let told = "not charged: the next run asks its questions".to_owned();
            (Event::Refused { reason, again: true }, told)
        }
    }
}

/// Whether a job may be a batch's.
fn fits(job: &str, line: &Line, ledger: &Ledger) -> Result<(), Failure> {
    if line.lane == Lane::Single {
        return Err(Failure::invalid("a single call has no job")
            .hint("`--not-charged` or `--give-up` ends its doubt"));
    }
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if job.is_empty() || !job.chars().all(is_plain) {
        return Err(Failure::invalid(format!("`{job}` is no name of a job")));
    }
    let is_taken = |other: &&Line| {
        let is_named = other.job().is_some_and(|named| *named.0 == *job);
        *other.account == *line.account && is_named
    };
    match ledger.lines().iter().find(is_taken) {
        Some(other) => {
            Err(Failure::invalid(format!("job {job} is that of batch {}", other.batch)))
        }
        None => Ok(()),
    }
}

/// The state, and the batch in it.
fn target(args: &ResolveArgs, terminal: &Terminal) -> Result<(Place, BatchId), Failure> {
    let (file, batch) = match args.target.as_slice() {
        [file, batch] => (Some(PathBuf::from(file)), batch),
        [batch] => (std::env::var_os("LEADMILL_FILE").map(PathBuf::from), batch),
        _ => return Err(Failure::invalid("name one batch")),
    };
    let batch = batch.parse().map_err(Failure::invalid)?;
    let place = match (&args.state, file) {
        (Some(state), _) => prepared::named(state, terminal)?,
        (None, Some(file)) => {
            let vars = args.vars.clone();
            prepared::state_of(
                &FileArgs { file, vars, state: None, run_key: None },
                terminal,
            )?
        }
        (None, None) => {
            return Err(Failure::invalid("whose batch?")
                .hint("name the pipeline file before it, or the state with --state"));
        }
    };
    Ok((place, batch))
}
