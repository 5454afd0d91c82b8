//! `leadmill run`: starts a run, or goes on where an earlier one ended. It is the same thing.

mod asking;
mod doubts;
mod loading;
mod overtaken;
mod salvage;
mod session;
mod taking;
mod together;
mod turning;

use crate::{
    accounts::{Accounts, Waits},
    args::{Empty, RunArgs},
    bug, cheapest,
    clock::{self, SystemClock},
    counting,
    exit::{Exit, Failure},
    hearing::Hearing,
    prepared::{self, Prepared},
    remedy::Remedy,
    signals::{self, Interruption},
    summary::Summary,
    terminal::Terminal,
    whose::{self, Beginning},
};
use futures::FutureExt;
use leadmill_core::{Clock, Ledger, Line, Ours, Part, State, limits::Written};
use leadmill_engine::{Book, Ending};
use leadmill_state::{Run, Store};
use overtaken::unless_overtaken;
use serde_json::{Value, json};
use session::Session;
use std::{
    collections::BTreeSet,
    fs, io,
    panic::AssertUnwindSafe,
    path::{Path, PathBuf},
};
use tokio::{sync::watch, time::Instant};

/// Whether a run may ask, or only fetches what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// It asks what is left to ask.
    Buy,
    /// It fetches what is paid for, and buys nothing.
    Fetch {
        /// A damaged state from which it begins.
        salvage: Option<PathBuf>,
    },
}

/// Runs the pipeline and tells what came of it, in the result file too, however it ends.
pub(crate) async fn run(
    args: &RunArgs,
    purpose: &Purpose,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let Some(file) = &args.result_file else { return go(args, purpose, terminal).await };
    let keep = |json: &Value| {
        replace(file, &terminal.clean(&format!("{json}\n"))).map_err(|error| {
            Failure::invalid(format!("result file {}: {error}", file.display()))
        })
    };
    // Found out before anything is spent; and nobody takes an earlier run's result for this one's.
    keep(&json!({ "status": "running" }))?;
    let going = AssertUnwindSafe(go(args, purpose, terminal)).catch_unwind();
    let ended = going.await.unwrap_or_else(|_| Err(Failure::bug()));
    let ended = Failure::unless_bug(ended, terminal);
    if let Err(failure) = &ended {
        keep(&failure.json())?;
    }
    ended
}

async fn go(
    args: &RunArgs,
    purpose: &Purpose,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let start = Instant::now();
    let (stop, interruption) = listen(args)?;
    let mut prepared = prepared::whole(&args.file, terminal).await?;
    let grace = args.grace.or(prepared.pipeline.grace.map(|Written(grace)| grace));
    grace.into_iter().for_each(|grace| interruption.grant(grace));
    let waits = Waits { patience: args.patience, grace };
    let store = Store::open(&prepared.state).await?;
    let clock = clock::of_state(&store, terminal).await?;
    if let Purpose::Fetch { salvage: Some(damaged) } = purpose {
        salvage::salvage(&store, damaged, &prepared.results, terminal).await?;
    }
    let name = &prepared.pipeline.name;
    let run = store.begin(&prepared.run_key, name, clock.now()).await?;
    if run.resumed {
        terminal.talk(&format!("goes on with run {}\n", run.id.0));
    }
    let (stopped, patience, buys) =
        (stop.clone(), args.patience, *purpose == Purpose::Buy);
    let beginning = Beginning { store: &store, terminal, stop: stopped, patience, buys };
    let (book, asked) = open_book(&mut prepared, &beginning).await?;
    let runs = store.runs().await?;
    let opened_at = runs.iter().find(|known| known.id == run.id);
    let opened_at = opened_at.map_or_else(|| clock.now(), |run| run.opened_at);
    terminal.talk(&cheapest::put_in_order(&mut prepared, book.ledger(), opened_at));
    let mut hearing = Hearing::begin(&args.webhooks, &store, terminal).await?;
    let accounts = Accounts::new(hearing.callbacks.clone(), hearing.hints.clone(), waits)
        .with_known(asked);
    let session = Session {
        prepared: &prepared,
        store: &store,
        run,
        purpose,
        pipelines: runs.into_iter().map(|run| (run.id, run.pipeline)).collect(),
        ours: Ours::All,
        book,
        accounts,
        waits,
        stop,
        terminal,
        now: clock.now(),
        steps: Vec::new(),
        turned: None,
        remedy: Remedy::of(&args.file),
    };
    let going = async {
        let mut summary = tokio::select! {
            summary = session.whole(start) => summary?,
            never = hearing.listen(&store) => match never {},
        };
        // It ended as if it had been interrupted, and is not closed.
        if bug::seen().is_some() {
            return Err(Failure::bug());
        }
        summary.exit = exit(&summary, args, interruption);
        close(&store, (run, &*clock), &summary, args, terminal).await
    };
    unless_overtaken(going.await, (&store, run), args, terminal).await
}

/// The book of the accounts that are asked, and the providers that have said in this session whose they are.
async fn open_book(
    prepared: &mut Prepared,
    beginning: &Beginning<'_>,
) -> Result<(Book, BTreeSet<String>), Failure> {
    let store = beginning.store;
    let (mut ledger, journal) = whose::book(store).await?;
    claim_results(prepared, store, &ledger).await?;
    let asked = whose::identify_all(prepared, &mut ledger, beginning).await?;
    look_ahead(prepared, store, &ledger).await?;
    Ok((Book::new(journal, ledger), asked))
}

/// Counts leads that are to be searched on several pages. Where that fails, all pages are asked for.
async fn look_ahead(
    prepared: &mut Prepared,
    store: &Store,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let bought = prepared.pipeline.source.bought.as_ref();
    if bought.is_none_or(|bought| bought.pages() < 2) {
        return Ok(());
    }
    match counting::count(prepared, store).await? {
        Some(Ok(count)) => counting::narrow(prepared, ledger, &count).await,
        Some(Err(_)) | None => Ok(()),
    }
}

/// Before anything is bought: the answers can be kept, and are where the state's others are.
async fn claim_results<'a>(
    prepared: &Prepared,
    store: &Store,
    ledger: &'a Ledger,
) -> Result<(), Failure> {
    // The folder in the state's own needs no name.
    if prepared.pipeline.results.is_none() {
        return Ok(());
    }
    let identity = store.secret("identity").await?;
    let owner: String =
        identity.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let part = |line: &'a Line| match &line.state {
        State::Settled { part: Part::File(name), .. } => Some(name.as_str()),
        _ => None,
    };
    let parts: Vec<&str> = ledger.lines().iter().rev().filter_map(part).take(1).collect();
    let probe = format!("{}-{}", std::process::id(), SystemClock.now().0);
    let claimed = prepared.results.claim(&owner, &probe, &parts).await;
    claimed.map_err(|error| match error.hint {
        // The place is the wrong one; without a hint it could not be reached, and may be back.
        Some(hint) => Failure::invalid(error.message).hint(hint),
        None => error.into(),
    })
}

/// What may end the run from outside.
fn listen(
    args: &RunArgs,
) -> Result<(watch::Receiver<bool>, &'static Interruption), Failure> {
    let wrong = |error| Failure::failed(format!("signals: {error}"));
    // Airflow kills its task runner, and leaves what that has started alone.
    let in_airflow = || std::env::var_os("AIRFLOW_CTX_DAG_RUN_ID").is_some();
    if args.end_with_parent.unwrap_or_else(in_airflow)
        && signals::end_with_parent().map_err(wrong)?
    {
        return Err(Failure::new(
            Exit::Later,
            "the process that started this one is gone",
        ));
    }
    signals::listen(true).map_err(wrong)
}

fn exit(summary: &Summary, args: &RunArgs, interruption: &Interruption) -> Exit {
    match summary.ending {
        Ending::Fetched if summary.unfinished() > args.tolerance => Exit::Partial,
        Ending::Fetched => Exit::Done,
        Ending::Interrupted => interruption.number().map_or(Exit::Later, Exit::Signal),
        Ending::NoCredit | Ending::Intercepted | Ending::TooMuchInDoubt => {
            Exit::NeedsPerson
        }
        // What was not asked may have no row: leads that were not bought.
        Ending::AtLimit if summary.is_closed() => Exit::Partial,
        Ending::AtLimit => Exit::Later,
        Ending::DailyQuota | Ending::NoJobSlot | Ending::AtOthers | Ending::Throttled => {
            Exit::Later
        }
        Ending::GaveUp => Exit::Failed,
        Ending::Complete if summary.unfinished() > args.tolerance => Exit::Partial,
        Ending::Complete if args.empty == Empty::Skip && summary.did_nothing() => {
            Exit::NothingToDo
        }
        Ending::Complete => Exit::Done,
    }
}

/// Keeps the summary, closes the run if nothing is left to do in it, and tells.
async fn close(
    store: &Store,
    (run, clock): (Run, &dyn Clock),
    summary: &Summary,
    args: &RunArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let json = summary.json();
    let closed = summary.is_closed().then(|| clock.now());
    store.end(run.id, closed, &terminal.clean(&json.to_string())).await?;
    terminal.talk(&summary.text());
    keep_result(args, &json, terminal)?;
    terminal.last_line(&json);
    Ok(summary.exit)
}

/// Writes what came of the run into the result file, if there is one.
fn keep_result(args: &RunArgs, json: &Value, terminal: &Terminal) -> Result<(), Failure> {
    let Some(file) = &args.result_file else { return Ok(()) };
    replace(file, &terminal.clean(&format!("{json}\n")))
        .map_err(|error| Failure::failed(format!("{}: {error}", file.display())))
}

/// Writes a small file whole: a reader sees the old or the new one.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let temporary = file.with_file_name(format!(".{name}.tmp-{}", std::process::id()));
    fs::write(&temporary, text)?;
    fs::rename(temporary, file)
}
