//! `leadmill status`: the runs of a state, what they cost, and what is held.

use crate::{
    args::FileArgs,
    calendar::time,
    exit::{Exit, Failure},
    own_limits::OwnLimits,
    prepared,
    remedy::Remedy,
    stale,
    terminal::Terminal,
    whose,
};
use leadmill_core::{Credits, Ledger, Line, State, Status};
use leadmill_state::{RunRecord, Store};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write};

/// Shows the state of a pipeline. A state folder may be given in place of the file's.
pub(crate) async fn status(
    args: &FileArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let place = prepared::state_of(args, terminal)?;
    let Some(store) = Store::look(&place).await? else {
        terminal.print(&format!("{place} holds no state yet\n"));
        terminal.last_line(&json!({
            "state": place.to_string(),
            "runs": [],
            "open": [],
            "unanswered": [],
            "resolve": null,
        }));
        return Ok(Exit::Done);
    };
    let (runs, ledger) = (store.runs().await?, whose::ledger(&store).await?);
    let mut text = String::new();
    runs.iter().for_each(|run| run_text(&mut text, run, &ledger));
    let open: Vec<&Line> = ledger.lines().iter().filter(|line| line.is_open()).collect();
    for line in &open {
        _ = writeln!(
            text,
            "  {} batch {}: {} {} questions of step {} at {}, at most {} credits, since {}",
            standing(line),
            line.batch,
            line.keys.len(),
            line.operation,
            line.step,
            line.account,
            line.credits,
            time(line.intended_at)
        );
        if let Some(reason) = &line.doubt {
            _ = writeln!(text, "    {reason}");
        }
    }
    let lines = ledger.lines().iter();
    let unanswered: Vec<&Line> = lines.filter(|line| is_unanswered(line)).collect();
    unanswered.iter().for_each(|line| unanswered_text(&mut text, line));
    let is_idle = open.is_empty() && unanswered.is_empty();
    text.push_str(if is_idle { "nothing is open and nothing is held\n" } else { "" });
    let limits = OwnLimits::of(&runs);
    text += &limits.text(&limits.accounts());
    let in_doubt = open.iter().filter(|line| line.state == State::InDoubt);
    let waiting = in_doubt.chain(unanswered.iter().filter(|line| !line.resolved));
    let waiting: Vec<String> = waiting.map(|line| line.batch.to_string()).collect();
    let remedy = Remedy::of(args);
    text.extend(remedy.line(&waiting));
    terminal.print(&text);
    terminal.last_line(&json!({
        "state": place.to_string(),
        "runs": runs.iter().map(|run| run_json(run, &ledger)).collect::<Vec<_>>(),
        "open": open.iter().map(|line| line_json(line)).collect::<Vec<_>>(),
        "unanswered": unanswered.iter().map(|line| line_json(line)).collect::<Vec<_>>(),
        "limits": limits.json(&limits.accounts()),
        "resolve": remedy.json(&waiting),
    }));
    Ok(Exit::Done)
}

/// Whether questions of a batch were settled without an answer, also where a person has given them up.
fn is_unanswered(line: &Line) -> bool {
    unanswered(line) > 0
}

fn unanswered(line: &Line) -> usize {
    match &line.state {
        State::Settled { statuses, .. } => {
            statuses.iter().filter(|status| **status == Status::UnknownCharged).count()
        }
        _ => 0,
    }
}

fn unanswered_text(text: &mut String, line: &Line) {
    let given_up = if line.resolved { ", given up" } else { "" };
    _ = writeln!(
        text,
        "  without an answer{given_up}: {} of {} {} questions of batch {} of step {} at {}, {} credits, since {}",
        unanswered(line),
        line.keys.len(),
        line.operation,
        line.batch,
        line.step,
        line.account,
        line.credits,
        time(line.intended_at)
    );
    if let Some(reason) = &line.doubt {
        _ = writeln!(text, "    {reason}");
    }
}

/// What a run has spent and what it holds, by account.
fn credits(run: &RunRecord, ledger: &Ledger) -> BTreeMap<String, (Credits, Credits)> {
    let mut credits: BTreeMap<String, (Credits, Credits)> = BTreeMap::new();
    for line in ledger.lines().iter().filter(|line| line.payer == run.id) {
        let (spent, held) = credits.entry(line.account.to_string()).or_default();
        *(if line.is_open() { held } else { spent }) += line.credits;
    }
    credits
}

fn run_text(text: &mut String, run: &RunRecord, ledger: &Ledger) {
    let end = run
        .closed_at
        .map_or_else(|| "unfinished".to_owned(), |at| format!("done {}", time(at)));
    _ = writeln!(
        text,
        "run {} of {}: begun {}, {end}",
        run.id.0,
        run.pipeline,
        time(run.opened_at)
    );
    for (account, (spent, held)) in credits(run, ledger) {
        _ = writeln!(text, "  {account}: {spent} credits spent, {held} held");
    }
    for (step, rows) in stale::of(run) {
        _ = writeln!(text, "  {}", stale::told(&step, rows));
    }
}

fn run_json(run: &RunRecord, ledger: &Ledger) -> Value {
    let credits: BTreeMap<String, Value> = credits(run, ledger)
        .into_iter()
        .map(|(account, (spent, held))| {
            (account, json!({ "spent": spent.0, "held": held.0 }))
        })
        .collect();
    let summary =
        run.summary.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    json!({
        "run": run.id.0,
        "pipeline": run.pipeline,
        "opened_at": time(run.opened_at),
        "closed_at": run.closed_at.map(time),
        "credits": credits,
        "stale": stale::of(run).into_values().sum::<u64>(),
        "summary": summary,
    })
}

fn line_json(line: &Line) -> Value {
    let job = match &line.state {
        State::Accepted(job) | State::Settled { job: Some(job), .. } => {
            Some(job.0.as_str())
        }
        _ => None,
    };
    json!({
        "batch": line.batch.to_string(),
        "state": standing(line),
        "job": job,
        "run": line.run.0,
        "step": &*line.step,
        "account": &*line.account,
        "operation": line.operation.name(),
        "questions": line.keys.len(),
        "credits": line.credits.0,
        "since": time(line.intended_at),
        "reason": line.doubt,
    })
}

const fn standing(line: &Line) -> &'static str {
    match line.state {
        State::Accepted(_) => "running",
        State::Settled { .. } if line.resolved => "given_up",
        State::Settled { .. } => "unanswered",
        _ => "in_doubt",
    }
}
