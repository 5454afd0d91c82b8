//! How close the engine comes to the least time that the limits allow.
//!
//! The real engine on paused time against a model of a provider in the same process, whose windows are the
//! sandbox's: `cargo bench -p leadmill-engine --bench makespan`, see [`arguments::HELP`]. A cell's makespan
//! stands beside the bound of [`bound`]. The same seed gives the same table; wall seconds go to stderr.
//! Ends with 1 if a call was refused with 429 or a cell misses its target.

mod arguments;
mod bound;
mod cells;
mod network;
mod provider;
mod random;
mod row;
mod server;
mod service;
mod windows;
mod world;

use arguments::{Arguments, HELP};
use cells::Cell;
use std::{
    error::Error,
    io::{self, Write},
    num::NonZeroU32,
    process::ExitCode,
};

/// The page size of performance.md's headline table.
const PUBLISHED_PAGE: NonZeroU32 = NonZeroU32::new(100).unwrap();

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, Box<dyn Error>> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let mut out = io::stdout();
    if arguments.help {
        out.write_all(HELP.as_bytes())?;
        return Ok(true);
    }
    if arguments.check {
        let (table, agree) = bound::check(&service::all(PUBLISHED_PAGE)?);
        out.write_all(table.as_bytes())?;
        return Ok(agree);
    }
    let (mut good, mut table) = (true, String::new());
    for cell in cells::chosen(&arguments.words)? {
        if cell.table != table {
            table.clone_from(&cell.table);
            write!(out, "\n{}, {table}\n\n{}", cell.service.provider, row::HEAD)?;
        }
        good &= measure(&cell, &arguments, &mut out)?;
    }
    Ok(good)
}

/// Measures one cell and writes its row.
fn measure(
    cell: &Cell,
    arguments: &Arguments,
    out: &mut impl Write,
) -> Result<bool, Box<dyn Error>> {
    let started = wall();
    let bound = cell.service.model(cell.questions, arguments.foreign).bound();
    let outcome = world::run(&cell.service, cell.questions, &arguments.weather);
    let (row, good) = match &outcome {
        Ok(outcome) => row::row(cell, bound, outcome, &arguments.weather),
        Err(error) => (row::failed(cell, &**error), false),
    };
    out.write_all(row.as_bytes())?;
    out.flush()?;
    let took = started.elapsed().as_secs_f64();
    writeln!(io::stderr(), "{} {}: {took:.1} wall s", cell.service.plan, cell.size())?;
    Ok(good)
}

#[expect(clippy::disallowed_methods, reason = "what the bench itself takes is wall time")]
fn wall() -> std::time::Instant {
    std::time::Instant::now()
}
