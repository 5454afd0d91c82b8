//! Which batches a person means, in which state.

use crate::{
    args::{FileArgs, ResolveArgs},
    exit::Failure,
    prepared,
    terminal::Terminal,
};
use leadmill_core::{BatchId, Ledger, Line, State};
use leadmill_state::Place;
use std::path::{Path, PathBuf};

/// Batches that are named when several have a name that begins as was written.
const MOST_NAMED: usize = 5;

/// A state, and what was written for its batches.
pub(super) struct Choice {
    pub(super) place: Place,
    /// Names of batches, or their beginnings. None where all are meant.
    pub(super) names: Vec<String>,
}

/// Whether a person may end the doubt about a batch.
pub(super) fn waits(line: &Line) -> bool {
    line.state == State::InDoubt || line.unanswered() > 0
}

impl Choice {
    /// Reads the arguments: the file, unless the environment or `--state` say whose batches they are, and the batches.
    pub(super) fn of(args: &ResolveArgs, terminal: &Terminal) -> Result<Self, Failure> {
        let mut names = args.target.clone();
        let is_name = |text: &String| is_hex(text) && !Path::new(text).exists();
        let file = match names.first() {
            Some(first) if !is_name(first) && (args.all || names.len() > 1) => {
                Some(PathBuf::from(names.remove(0)))
            }
            _ => std::env::var_os("LEADMILL_FILE").map(PathBuf::from),
        };
        if args.all && !names.is_empty() {
            return Err(Failure::invalid("`--all` means every batch: name none"));
        }
        if args.verdict.job.is_some() && names.len() != 1 {
            return Err(Failure::invalid("a job is that of one batch: name it"));
        }
        if let Some(name) = names.iter().find(|name| !is_hex(name)) {
            let message = format!("`{name}` is no batch");
            return Err(Failure::invalid(message).hint(
                "`leadmill status` shows them, such as 00f1e2d3c4b5a697; the beginning of one is enough",
            ));
        }
        let place = match (&args.state, file) {
            (Some(state), _) => prepared::named(state, terminal)?,
            (None, Some(file)) => {
                let vars = args.vars.clone();
                let file = FileArgs { file, vars, state: None, run_key: None };
                prepared::state_of(&file, terminal)?
            }
            (None, None) => {
                return Err(Failure::invalid("whose batch?").hint(
                    "name the pipeline file before it, or the state with --state",
                ));
            }
        };
        Ok(Self { place, names })
    }

    /// The batches, in the order in which they were named; all that wait for a person where none is.
    pub(super) fn batches(&self, ledger: &Ledger) -> Result<Vec<BatchId>, Failure> {
        if self.names.is_empty() {
            let waiting = ledger.lines().iter().filter(|line| waits(line));
            return Ok(waiting.map(|line| line.batch).collect());
        }
        let mut batches = Vec::new();
        for name in &self.names {
            let batch = self.batch(name, ledger)?;
            if !batches.contains(&batch) {
                batches.push(batch);
            }
        }
        Ok(batches)
    }

    fn batch(&self, name: &str, ledger: &Ledger) -> Result<BatchId, Failure> {
        let begins = name.to_ascii_lowercase();
        let is_meant = |line: &&Line| line.batch.to_string().starts_with(&begins);
        let meant: Vec<&Line> = ledger.lines().iter().filter(is_meant).collect();
        let waiting: Vec<&Line> =
            meant.iter().copied().filter(|line| waits(line)).collect();
        // One that has ended is meant by its beginning only where no other is.
        let meant = if waiting.is_empty() { meant } else { waiting };
        match meant.as_slice() {
            [] => Err(self.none(name)),
            [line] => Ok(line.batch),
            several => {
                let names: Vec<String> =
                    several.iter().map(|line| line.batch.to_string()).collect();
                let shown = names.get(..MOST_NAMED).unwrap_or(&names);
                let message = format!("{} batches begin with `{name}`", names.len());
                Err(Failure::invalid(message)
                    .hint(format!("such as {}", shown.join(", "))))
            }
        }
    }

    pub(super) fn none(&self, name: &str) -> Failure {
        Failure::invalid(format!("{} holds no batch {name}", self.place))
            .hint("`leadmill status` shows those in doubt")
    }
}

/// Whether a text may be a batch's name, or its beginning.
fn is_hex(text: &str) -> bool {
    (1..=16).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit())
}
