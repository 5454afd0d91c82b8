//! How long a killed run takes until it knows again what it has bought: the journal is opened and folded, and the
//! questions that were asked are indexed.
//!
//! `cargo bench -p leadmill-state --bench resume` for ten million leads in jobs of 5,000 and a million single calls;
//! `-- LEADS CALLS` for others. The journal is written anew each time, which takes longer than what is measured.

#![allow(
    clippy::print_stdout,
    clippy::disallowed_macros,
    missing_docs,
    reason = "a bench tells what it measured"
)]

use leadmill_core::{
    Answered, BatchId, Credits, Entry, Event, Finding, Index, JobId, Keys, Lane,
    Operation, Part, QueryKey, RunId, Status, Timestamp,
};
use leadmill_state::{Place, Store};
use std::{env, error::Error, fs, time::Duration};
use tokio::time::Instant;

const PURSE: &str = "enrich.so";
const JOB: u64 = 5_000;

/// Entries that are written together: as many as replies come in at once.
const CHUNK: usize = 300;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let numbers: Vec<u64> = env::args().skip(1).filter_map(|n| n.parse().ok()).collect();
    let (leads, calls) = match numbers[..] {
        [leads, calls] => (leads, calls),
        _ => (10_000_000, 1_000_000),
    };
    println!("| journal | on disk | opened | folded | indexed | all |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let jobs = (0..leads / JOB).flat_map(job);
    measure(&format!("{leads} leads in jobs of {JOB}"), jobs).await?;
    measure(&format!("{calls} single calls"), (0..calls).flat_map(call)).await
}

async fn measure(
    name: &str,
    mut entries: impl Iterator<Item = Entry>,
) -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let place = Place::Folder(folder.path().join("state"));
    let store = Store::open(&place).await?;
    let (_, mut journal) = store.book().await?;
    loop {
        let chunk: Vec<Entry> = entries.by_ref().take(CHUNK).collect();
        if chunk.is_empty() {
            break;
        }
        journal.append(&chunk).await?;
    }
    drop((journal, store));
    let bytes = fs::metadata(folder.path().join("state/state.db"))?.len();
    let start = Instant::now();
    let store = Store::open(&place).await?;
    let opened = start.elapsed();
    let (ledger, _journal) = store.book().await?;
    let folded = start.elapsed() - opened;
    let index = Index::of(&ledger, PURSE);
    let all = start.elapsed();
    let shown = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    println!(
        "| {name} | {} MB | {} | {} | {} | {} |",
        bytes / 1_000_000,
        shown(opened),
        shown(folded),
        shown(all - opened - folded),
        shown(all),
    );
    drop(index);
    Ok(())
}

fn key(lead: u64) -> QueryKey {
    let noise = u128::from(lead).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    QueryKey(noise.to_be_bytes())
}

fn job(batch: u64) -> [Entry; 3] {
    let keys = (batch * JOB..(batch + 1) * JOB).map(key).collect();
    let statuses = (0..JOB).map(|n| if n % 3 == 0 { Status::Miss } else { Status::Hit });
    let job = JobId(format!("{batch:024x}"));
    let part = Part::File(format!("{batch:016x}-{batch:016x}.parquet"));
    let cost = Credits(10 * JOB);
    [
        intended(Lane::Bulk, keys, cost),
        Event::Accepted { job },
        Event::Settled { cost, statuses: statuses.collect(), part },
    ]
    .map(|event| entry(batch, event))
}

fn call(batch: u64) -> [Entry; 2] {
    let (key, finding) = (key(batch), Finding::Miss);
    let answers = [Answered { key, finding, credits: Some(Credits::ZERO) }];
    let (part, statuses) = (Part::Inline(answers.into()), [Status::Miss].into());
    [
        intended(Lane::Single, [key].into(), Credits(10)),
        Event::Settled { cost: Credits::ZERO, statuses, part },
    ]
    .map(|event| entry(batch, event))
}

fn intended(lane: Lane, keys: Keys, reserve: Credits) -> Event {
    Event::Intended {
        account: PURSE.into(),
        step: "work_email".into(),
        operation: Operation::FindEmail,
        lane,
        reserve,
        anchor: Some("65f000000000000000000001".into()),
        moment: None,
        keys,
    }
}

fn entry(batch: u64, event: Event) -> Entry {
    let at = Timestamp(1_767_225_600_000 + batch.cast_signed());
    Entry { at, run: RunId(1), batch: BatchId(batch), event }
}
