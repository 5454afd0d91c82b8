//! What can still be read of a damaged state, as the beginning of a new one.

use crate::{exit::Failure, terminal::Terminal};
use leadmill_core::{Appended, Entry, Ledger, Part, State};
use leadmill_state::{Salvaged, Store};
use leadmill_tables::{Parts, Results};
use std::path::Path;

/// Entries that are written together.
const CHUNK: usize = 1_000;

/// Takes over every record that can be read and fits, and the answers that are what was written. Those that
/// are not are fetched again. Questions of records that are lost are not known, and may be asked again.
pub(super) async fn salvage(
    store: &Store,
    damaged: &Path,
    results: &Results,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let (ledger, mut journal) = store.book().await?;
    if !ledger.lines().is_empty() {
        return Err(Failure::invalid("the state of this run is not new")
            .hint("name a new one, such as --state .leadmill-new"));
    }
    let Salvaged { entries, mut lost, last_run, secrets } = Store::salvage(damaged)?;
    let (mut book, mut kept) = (Ledger::default(), Vec::<Entry>::new());
    for entry in entries {
        match book.apply(&entry) {
            Ok(()) => kept.push(entry),
            Err(_) => lost += 1,
        }
    }
    store.begin_after(last_run).await?;
    for (name, value) in &secrets {
        store.inherit(name, value).await?;
    }
    for chunk in kept.chunks(CHUNK) {
        match journal.append(chunk).await? {
            Appended::Written { .. } => {}
            Appended::Collides { .. } => {
                return Err(Failure::failed("another process uses the new state"));
            }
        }
    }
    // It is ready for writing then.
    Parts::open(results.clone())?;
    let from = Results::folder(damaged.join("answers"));
    let mut copied = 0;
    for line in book.lines() {
        if let State::Settled { part: Part::File(name), .. } = &line.state
            && results.adopt(name, &from).await?
        {
            copied += 1;
        }
    }
    terminal.error(&format!(
        "{} records and {copied} files of answers were taken over from {}; {lost} records were lost, and what they \
         asked may be asked again by the next `leadmill run`\n",
        kept.len(),
        damaged.display()
    ));
    Ok(())
}
