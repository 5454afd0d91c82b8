//! How many calls and leads a second the client itself allows, with limits off.
//!
//! `requests serve` is the local server; `requests single|bulk ADDRESS QUESTIONS` buys from it through the
//! real engine, provider, transport and journal, and prints what came of it as one line of JSON.
//! `benches/requests/run` runs all of it beside `wrk` and holds it against the gate.

mod client;
mod server;

use client::Bought;
use leadmill_core::Lane;
use leadmill_providers::Network;
use leadmill_state::Place;
use mimalloc::MiMalloc;
use std::{
    error::Error,
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};
use tokio::runtime::Builder;

/// As the binary has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments).and_then(|said| Ok(writeln!(io::stdout(), "{said}")?)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            _ = writeln!(io::stderr(), "{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let (lane, address, questions) = match arguments {
        ["serve"] => {
            let runtime = Builder::new_current_thread().enable_all().build()?;
            return Ok(runtime.block_on(server::serve())?);
        }
        ["single", address, questions] => (Lane::Single, address, questions),
        ["bulk", address, questions] => (Lane::Bulk, address, questions),
        // Cargo runs every bench that it knows: without a runner there is nothing to measure.
        _ => return Ok("use benches/requests/run".to_owned()),
    };
    // As the binary does.
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let questions: u64 = questions.parse()?;
    let account = client::account(format!("http://{address}"), Vec::new())?;
    let network = Arc::new(Network::new(Duration::from_secs(10))?);
    let folder = tempfile::tempdir()?;
    let place = Place::Folder(folder.path().to_owned());
    let bought =
        runtime.block_on(client::buy(lane, questions, account, network, &place))?;
    let Bought { seconds, cpu, writes } = bought;
    Ok(format!(
        r#"{{"questions":{questions},"seconds":{seconds},"cpu":{cpu},"writes":{writes}}}"#
    ))
}
