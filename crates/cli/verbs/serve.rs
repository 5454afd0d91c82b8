//! `leadmill serve`: hears the callbacks of all runs on a state, for as long as it lives.

use crate::{
    args::ServeArgs,
    exit::{Exit, Failure},
    hearing, prepared, signals,
    terminal::Terminal,
};
use leadmill_providers::Receiver;
use leadmill_state::Store;
use serde_json::json;
use std::collections::HashSet;

/// Serves until it is told to stop.
pub(crate) async fn serve(
    args: &ServeArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let place = match (&args.state, &args.file) {
        (Some(state), _) => prepared::named(state, terminal)?,
        (None, Some(file)) => prepared::state_of(&args.file_args(file), terminal)?,
        (None, None) => {
            return Err(Failure::invalid("whose callbacks?")
                .hint("name the pipeline file, or the state with --state"));
        }
    };
    let store = Store::open(&place).await?;
    let (receiver, mut heard) = Receiver::new(hearing::tags(&store).await?);
    let (listener, here) = hearing::bind(args.listen).await?;
    let (mut stopped, interruption) = signals::listen(false)
        .map_err(|error| Failure::failed(format!("signals: {error}")))?;
    terminal.print(&format!("http://{here}\n"));
    terminal.talk(&format!(
        "hears callbacks for the runs on {place}: they need --webhook-url with the address by which the provider \
         reaches this one\n"
    ));
    let mut batches = HashSet::new();
    tokio::select! {
        () = receiver.serve(listener) => {
            return Err(Failure::failed("the receiver has ended"));
        }
        kept = hearing::keep(&store, &mut heard, &mut batches) => match kept? {},
        _ = stopped.wait_for(|stop| *stop) => {}
    }
    terminal.last_line(&json!({ "address": here.to_string(), "batches": batches.len() }));
    Ok(interruption.number().map_or(Exit::Done, Exit::Signal))
}
