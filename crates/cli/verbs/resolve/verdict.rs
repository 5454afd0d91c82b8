//! What is written down for a person's word on one batch.

use crate::{args::Verdict, exit::Failure};
use leadmill_core::{Credits, Event, JobId, Lane, Ledger, Line, State, Status};
use leadmill_engine::written_off;
use std::sync::Arc;

/// Events, and what is told of them.
type Concluded = (Vec<Event>, String);

/// What becomes of a batch.
pub(super) fn concluded(
    verdict: &Verdict,
    line: &Line,
    ledger: &Ledger,
) -> Result<Concluded, Failure> {
    match (&line.state, &verdict.job) {
        (State::InDoubt, Some(job)) => {
            fits(job, line, ledger)?;
            Ok((vec![adopted(job)], fetched(job)))
        }
        (State::InDoubt, None) => Ok(doubt_ends(verdict, line)),
        // Whoever named its job may have been wrong.
        (State::Accepted(_), Some(job)) if line.adopted && line.reopened.is_none() => {
            fits(job, line, ledger)?;
            let reason =
                "the job that was named for it is not its, by `leadmill resolve`".into();
            let doubted = Event::Doubted { reason, likely_miss: false };
            Ok((vec![doubted, adopted(job)], fetched(job)))
        }
        (State::Accepted(_), None) if verdict.give_up => Ok(doubt_ends(verdict, line)),
        // Its results are paid for, and may be of no use.
        (State::Accepted(_), None) if verdict.ask_again && line.authorized => {
            Ok(doubt_ends(verdict, line))
        }
        (State::Settled { statuses, .. }, job)
            if statuses.contains(&Status::UnknownCharged) =>
        {
            match job {
                Some(job) => found(job, line, statuses, ledger),
                None => Ok(answered(verdict, line, statuses)),
            }
        }
        (state, _) => Err(not_in_doubt(line, state)),
    }
}

fn not_in_doubt(line: &Line, state: &State) -> Failure {
    let state = match state {
        State::Accepted(job) => {
            format!("the provider has it as job {job}: the next run fetches it")
        }
        State::Refused { .. } => "it was not charged".into(),
        State::Settled { .. } | State::InDoubt => "it is settled".into(),
    };
    Failure::invalid(format!("batch {} is not in doubt: {state}", line.batch))
}

fn adopted(job: &str) -> Event {
    Event::Adopted { job: JobId(job.to_owned()) }
}

fn fetched(job: &str) -> String {
    format!("job {job}: the next run, or `leadmill fetch`, fetches it")
}

/// A reply was lost, and a person says whether it was charged.
fn doubt_ends(verdict: &Verdict, line: &Line) -> Concluded {
    if verdict.not_charged {
        let reason = "not charged, by `leadmill resolve`".to_owned();
        return (vec![Event::Refused { reason, again: true }], not_charged());
    }
    let statuses: Arc<[Status]> =
        line.keys.iter().map(|_| Status::UnknownCharged).collect();
    let written_off = written_off(line, Status::UnknownCharged);
    let (events, told) = answered(verdict, line, &statuses);
    (std::iter::once(written_off).chain(events).collect(), told)
}

fn not_charged() -> String {
    "not charged: the next run asks its questions".to_owned()
}

/// A batch is settled, and a person says what becomes of its questions without an answer. What the others cost stays.
fn answered(verdict: &Verdict, line: &Line, statuses: &[Status]) -> Concluded {
    let is_open = |status: &Status| *status == Status::UnknownCharged;
    let holds_none = statuses.iter().all(is_open);
    let cost = match verdict.not_charged && holds_none {
        true => Credits::ZERO,
        false => line.credits,
    };
    let after = if verdict.give_up { Status::UnknownCharged } else { Status::Deferred };
    let after = |status: &Status| if is_open(status) { after } else { *status };
    let told = match (verdict.not_charged, verdict.give_up) {
        (true, _) if holds_none => not_charged(),
        (true, _) => format!(
            "the next run asks its questions without an answer; {cost} credits stay counted as spent for all of them"
        ),
        (false, true) => format!("{cost} credits count as spent, its answers as lost"),
        (false, false) => {
            format!(
                "{cost} credits count as spent, and the next run asks its questions again"
            )
        }
    };
    let statuses = statuses.iter().map(after).collect();
    (vec![Event::Resolved { cost, statuses }], told)
}

/// The job of a batch is named that was settled without an answer.
fn found(
    job: &str,
    line: &Line,
    statuses: &[Status],
    ledger: &Ledger,
) -> Result<Concluded, Failure> {
    let holds_none = statuses.iter().all(|status| *status == Status::UnknownCharged);
    match line.job() {
        // It is paid for, or answered in part: what it holds by now is fetched once more.
        Some(own) if *own.0 == *job && (!holds_none || line.authorized) => {
            Ok((vec![Event::Reopened], fetched(job)))
        }
        Some(own) if !holds_none => Err(Failure::invalid(format!(
            "batch {} is job {own}, which has answered some of its questions",
            line.batch
        ))),
        own => {
            if own.is_none_or(|own| *own.0 != *job) {
                fits(job, line, ledger)?;
            }
            Ok((vec![adopted(job)], fetched(job)))
        }
    }
}

/// Whether a job may be a batch's.
fn fits(job: &str, line: &Line, ledger: &Ledger) -> Result<(), Failure> {
    if line.lane == Lane::Single {
        return Err(Failure::invalid("a single call has no job")
            .hint("`--not-charged`, `--ask-again` or `--give-up` ends its doubt"));
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
