//! `leadmill`: runs pipeline files that enrich leads through paid APIs.

mod accounts;
mod args;
mod bug;
mod calendar;
mod chain;
mod cheapest;
mod clock;
mod counting;
mod enriching;
mod exit;
mod hearing;
mod known;
mod needs;
mod older;
mod own_limits;
mod pages;
mod pipeline;
mod prepared;
mod progress;
mod remedy;
mod signals;
mod stale;
mod summary;
mod table;
mod terminal;
mod verbs;
mod whose;

use args::{Cli, Verb};
use clap::Parser;
use exit::Failure;
use futures::FutureExt;
use mimalloc::MiMalloc;
use std::{panic::AssertUnwindSafe, process::ExitCode};
use terminal::Terminal;
use verbs::run::Purpose;

/// Answers are many small texts: a tenth of the CPU time goes where the system allocates them.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    bug::watch();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and end well; wrong arguments end with status 2.
            _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let terminal = Terminal::new(&cli.manners);
    // With more than one provider linked in, rustls cannot choose by itself.
    _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let ended = match runtime {
        Ok(runtime) => {
            let acting = AssertUnwindSafe(act(cli.verb, &terminal)).catch_unwind();
            runtime.block_on(acting).unwrap_or_else(|_| Err(Failure::bug()))
        }
        Err(error) => {
            Err(Failure::failed(format!("the runtime does not start: {error}")))
        }
    };
    let exit = Failure::unless_bug(ended, &terminal);
    let exit = exit.unwrap_or_else(|failure| failure.tell(&terminal));
    ExitCode::from(exit.code())
}

async fn act(verb: Verb, terminal: &Terminal) -> Result<exit::Exit, Failure> {
    match verb {
        Verb::Init(args) => verbs::init::init(&args, terminal),
        Verb::Check(args) => verbs::check::check(&args, terminal).await,
        Verb::Plan(args) => verbs::plan::plan(&args, terminal).await,
        Verb::Run(args) => verbs::run::run(&args, &Purpose::Buy, terminal).await,
        Verb::Fetch(args) => {
            let purpose = Purpose::Fetch { salvage: args.salvage.clone() };
            verbs::run::run(&args.run, &purpose, terminal).await
        }
        Verb::Resolve(args) => verbs::resolve::resolve(&args, terminal).await,
        Verb::Status(args) => verbs::status::status(&args, terminal).await,
        Verb::Report(args) => verbs::report::report(&args, terminal).await,
        Verb::Account(args) => verbs::account::account(&args, terminal).await,
        Verb::Serve(args) => verbs::serve::serve(&args, terminal).await,
        Verb::Sandbox(args) => verbs::sandbox::sandbox(&args, terminal).await,
        Verb::Schema => verbs::schema::schema(terminal),
        Verb::Packs => verbs::packs::packs(terminal),
        Verb::Completions { shell } => verbs::completions::completions(shell, terminal),
    }
}
