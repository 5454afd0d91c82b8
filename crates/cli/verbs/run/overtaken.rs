//! A process that was cut off, and comes back: another may have taken over its run, and even finished it.

use super::keep_result;
use crate::{
    args::RunArgs,
    bug,
    exit::{Exit, Failure},
    terminal::Terminal,
};
use leadmill_state::{Run, RunRecord, Store};
use serde_json::Value;

/// An end as it is, but for a failure where another process has taken over the run: that is why nothing could be
/// written any more. Where the other has finished it, its result is this process's too.
pub(super) async fn unless_overtaken(
    ended: Result<Exit, Failure>,
    (store, run): (&Store, Run),
    args: &RunArgs,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    let Err(failure) = ended else { return ended };
    if bug::seen().is_some() {
        return Err(failure);
    }
    // Where the state does not answer, the failure is all that is known.
    let Ok(Some(record)) = store.overtaken(run.id).await else { return Err(failure) };
    failure.show_if_it_stands_alone(terminal);
    let Some((summary, exit)) = finished(&record) else {
        let message = format!("another process has taken over run {}", run.id.0);
        return Err(Failure::new(Exit::Later, message)
            .hint("run again when it has ended: what was paid for is remembered"));
    };
    terminal.talk(&format!(
        "another process has taken over run {} and finished it: this is its result\n",
        run.id.0
    ));
    keep_result(args, &summary, terminal)?;
    terminal.last_line(&summary);
    Ok(exit)
}

/// What came of a run that is closed.
fn finished(record: &RunRecord) -> Option<(Value, Exit)> {
    record.closed_at?;
    let summary: Value = serde_json::from_str(record.summary.as_deref()?).ok()?;
    let exit = Exit::of(summary.get("exit_code")?.as_u64()?)?;
    Some((summary, exit))
}
