//! Answers that are too old to be reused, as far as they can be read and are good enough.

use crate::prepared::{PreparedAttempt, PreparedStep};
use leadmill_core::{
    Ledger, Line, Part, QueryKey, State,
    older::{Older, Said},
};
use leadmill_tables::{Results, TableError};

/// Looks for older answers of the questions that `is_unanswered` names. Hits that are turned down are none, nor are
/// those that can no longer be read.
pub(crate) async fn older(
    step: &PreparedStep,
    ledger: &Ledger,
    results: &Results,
    is_unanswered: &(dyn Fn(&QueryKey) -> bool + Sync),
) -> Result<Older, TableError> {
    let mut all = Vec::with_capacity(step.attempts.len());
    for attempt in &step.attempts {
        let purse = attempt.account.purse.as_str();
        let mut said = Said::by(ledger, purse, step.operation, is_unanswered);
        forget_unreadable(&mut said, ledger, results).await;
        forget_rejected(&mut said, attempt, ledger, results).await?;
        all.push(said);
    }
    Ok(Older::standing(&all))
}

/// The batches that hits are from.
fn batches<'l>(said: &Said, ledger: &'l Ledger) -> Vec<(usize, &'l Line, &'l Part)> {
    let batch = |index: usize| {
        let line = ledger.lines().get(index)?;
        match &line.state {
            State::Settled { part, .. } => Some((index, line, part)),
            _ => None,
        }
    };
    said.batches().into_iter().filter_map(batch).collect()
}

/// What cannot be read is as good as unknown: nobody is to miss their newer answers for it.
async fn forget_unreadable(said: &mut Said, ledger: &Ledger, results: &Results) {
    for (index, line, part) in batches(said, ledger) {
        let Part::File(name) = part else { continue };
        if !results.holds(name).await {
            said.forget(index, line.keys.iter());
        }
    }
}

/// A hit that is not good enough has no value.
async fn forget_rejected(
    said: &mut Said,
    attempt: &PreparedAttempt,
    ledger: &Ledger,
    results: &Results,
) -> Result<(), TableError> {
    let Some(accept) = &attempt.accept else { return Ok(()) };
    let batches = batches(said, ledger);
    let parts: Vec<&Part> = batches.iter().map(|(.., part)| *part).collect();
    let rejected = {
        let said = &*said;
        let is_judged = |batch: usize, key: &QueryKey| {
            batches.get(batch).is_some_and(|(index, ..)| said.is_from(key, *index))
        };
        accept.rejected(results, &parts, &is_judged).await?
    };
    for (index, ..) in batches {
        said.forget(index, rejected.iter());
    }
    Ok(())
}
