//! `leadmill resolve`: a person knows what became of batches whose reply was lost, or that were settled without an
//! answer.

mod choice;
mod verdict;

use crate::{
    args::ResolveArgs,
    clock,
    exit::{Exit, Failure},
    terminal::Terminal,
    whose,
};
use choice::Choice;
use leadmill_core::{BatchId, Clock, Entry};
use leadmill_engine::{Book, Recorded};
use leadmill_state::{StateError, Store};
use serde_json::json;

/// Writes down what became of the batches: of all that are named, or of none.
pub(crate) async fn resolve(
    args: &ResolveArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let choice = Choice::of(args, terminal)?;
    if Store::look(&choice.place).await?.is_none() {
        return match choice.names.first() {
            Some(name) => Err(choice.none(name)),
            None => Ok(told(&[], terminal)),
        };
    }
    let store = Store::open(&choice.place).await?;
    let clock = clock::of_state(&store, terminal).await?;
    let (ledger, journal) = whose::book(&store).await?;
    let mut batches = choice.batches(&ledger)?;
    let lines = batches.iter().filter_map(|batch| ledger.line(*batch));
    let lines: Vec<_> = lines.map(|line| (line.batch, line.run)).collect();
    let at_work = store.at_work(lines).await?;
    if !at_work.is_empty() && !args.all {
        return Err(StateError::Locked(choice.place.to_string()).into());
    }
    // What is in flight in another process is none of the doubts that `--all` means.
    batches.retain(|batch| !at_work.contains(batch));
    // Whoever was at work until now may have written on.
    let mut book = Book::new(journal, ledger);
    book.refresh().await.map_err(|error| Failure::failed(error.to_string()))?;
    let (mut entries, mut ends) = (Vec::new(), Vec::new());
    for batch in batches {
        let Some(line) = book.ledger().line(batch) else { continue };
        // Of all that are meant, some may have ended meanwhile.
        if args.all && !choice::waits(line) {
            continue;
        }
        let (events, told) = verdict::concluded(&args.verdict, line, book.ledger())?;
        let (at, run) = (clock.now(), line.run);
        let entry = |event| Entry { at, run, batch, event };
        entries.extend(events.into_iter().map(entry));
        ends.push((batch, told));
    }
    match book.record(&entries).await {
        Ok(Recorded::Written) => Ok(told(&ends, terminal)),
        Ok(Recorded::Collides) => Err(Failure::failed("the journal has changed")),
        Err(error) => Err(Failure::failed(error.to_string())),
    }
}

fn told(ends: &[(BatchId, String)], terminal: &Terminal) -> Exit {
    for (batch, told) in ends {
        terminal.print(&format!("batch {batch}: {told}\n"));
    }
    if ends.is_empty() {
        terminal.print("no batch is in doubt, and none was settled without an answer\n");
    }
    let batches: Vec<_> = ends
        .iter()
        .map(|(batch, told)| json!({ "batch": batch.to_string(), "resolved": told }))
        .collect();
    let first = batches.first().filter(|_| batches.len() == 1);
    let mut json = first.cloned().unwrap_or_else(|| json!({}));
    if let Some(object) = json.as_object_mut() {
        object.insert("batches".to_owned(), batches.into());
    }
    terminal.last_line(&json);
    Exit::Done
}
