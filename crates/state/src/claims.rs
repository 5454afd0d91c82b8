//! Who works on which open batch: the run that began it, until another takes it up. Jobs are claimed, not runs.

use leadmill_core::{BatchId, Ours, RunId};
use std::collections::{BTreeMap, BTreeSet};

/// Open batches, each with the run that began it.
pub(crate) type Open = BTreeMap<BatchId, RunId>;

/// Who has taken up which batch last.
pub(crate) type Claims = BTreeMap<BatchId, RunId>;

/// No run: runs are counted from 1.
pub(crate) const NOBODY: RunId = RunId(0);

/// The runs but this one that work on these batches, and the batches of each.
pub(crate) fn workers(
    run: RunId,
    open: &Open,
    claims: &Claims,
) -> BTreeMap<RunId, BTreeSet<BatchId>> {
    let mut workers: BTreeMap<RunId, BTreeSet<BatchId>> = BTreeMap::new();
    for (batch, begun_by) in open {
        let worker = *claims.get(batch).unwrap_or(begun_by);
        if worker != run {
            workers.entry(worker).or_default().insert(*batch);
        }
    }
    workers
}

/// What a run works on.
pub(crate) fn ours(run: RunId, open: &Open, claims: &Claims) -> Ours {
    let (mut taken, mut left) = (BTreeSet::new(), BTreeSet::new());
    for (batch, begun_by) in open {
        let worker = *claims.get(batch).unwrap_or(begun_by);
        match (worker == run, *begun_by == run) {
            (true, false) => taken.insert(*batch),
            (false, true) => left.insert(*batch),
            _ => false,
        };
    }
    Ours::Of { run, taken, left }
}
