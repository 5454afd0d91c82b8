//! How many single calls a second a run makes whose state is in a Postgres that is far away.
//!
//! `cargo bench -p leadmill-providers --bench postgres` buys answers through the real engine, provider, journal and
//! shared windows from a provider in the same process, on a real server behind a relay that delays all bytes by half a
//! round trip each way. `-- QUESTIONS` buys another number of them. `tests/support/install-postgres` installs the server.
//! Everything is in one process and on one machine, which the table's last column says how busy it was.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "what tests of the state use too has more to it, and fails loudly"
)]

#[path = "../requests/client.rs"]
mod client;
mod provider;
#[path = "../../tests/support/postgres.rs"]
mod server;
#[path = "../../tests/support/wire.rs"]
mod wire;

use client::Bought;
use leadmill_core::{Lane, Window};
use leadmill_state::Place;
use mimalloc::MiMalloc;
use provider::AtHand;
use std::{
    error::Error,
    fs,
    io::{self, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Builder;
use wire::Wire;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const QUESTIONS: u64 = 10_000;

/// Round trips to the server, and what the provider takes to answer.
const CELLS: [(Duration, Duration); 4] =
    [(ms(0), ms(0)), (ms(40), ms(0)), (ms(0), ms(300)), (ms(40), ms(300))];

/// A window of a second and one of a minute, as plans have them, that keep nothing waiting.
const WINDOWS: [&str; 2] = ["10000/1s", "600000/60s"];

const HEAD: &str = "\
| round trip | a call takes | questions a second | round trips | writes | client CPU µs each | load |
| --- | --- | --- | --- | --- | --- | --- |
";

const fn ms(count: u64) -> Duration {
    Duration::from_millis(count)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let mut numbers = typed.iter().filter(|word| *word != "--bench");
    let questions = numbers.next().map_or(Ok(QUESTIONS), |word| word.parse())?;
    let Some(server) = server::Postgres::start()? else { return Ok(()) };
    let mut out = io::stdout();
    write!(out, "{questions} questions\n\n{HEAD}")?;
    for (place, (round_trip, takes)) in CELLS.into_iter().enumerate() {
        let state = server.schema(&format!("cell_{place}"));
        let row = measure(questions, &state, round_trip, takes)?;
        writeln!(out, "{row}")?;
    }
    Ok(())
}

/// A row of the table.
fn measure(
    questions: u64,
    state: &str,
    round_trip: Duration,
    takes: Duration,
) -> Result<String, Box<dyn Error>> {
    let wire = Wire::to(state, round_trip / 2);
    let place = Place::read(wire.address(), Path::new(""))?;
    let windows = WINDOWS.iter().map(|window| window.parse());
    let windows = windows.collect::<Result<Vec<Window>, _>>()?;
    let account = client::account("http://at.hand".to_owned(), windows)?;
    let provider = Arc::new(AtHand { takes });
    // As the binary does.
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let buying = client::buy(Lane::Single, questions, account, provider, &place);
    let Bought { seconds, cpu, writes } = runtime.block_on(buying)?;
    let (rate, each) = (questions as f64 / seconds, cpu / questions as f64 * 1e6);
    Ok(format!(
        "| {round_trip:?} | {takes:?} | {rate:.0} | {} | {writes} | {each:.0} | {} |",
        wire.round_trips(),
        load()?,
    ))
}

/// Processes that ran or waited to, on average over the last minute.
fn load() -> io::Result<String> {
    let text = fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}
