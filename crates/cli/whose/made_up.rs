//! Whether a sandbox has made up what an earlier version has bought: what it calls things shows.

use leadmill_core::{Ledger, Line, identity::provider_of};
use std::collections::{BTreeMap, BTreeSet};

/// Which batches of earlier versions a sandbox has made up: they name no account, and what a sandbox calls things shows.
pub(super) struct MadeUp {
    /// Providers all of whose names that are known are a sandbox's.
    all: BTreeSet<String>,
}

impl MadeUp {
    pub(super) fn of(ledger: &Ledger) -> Self {
        let mut all: BTreeMap<&str, bool> = BTreeMap::new();
        for line in ledger.lines().iter().filter(|line| is_bare(line)) {
            if let Some(made_up) = is_made_up(line) {
                *all.entry(&line.account).or_insert(true) &= made_up;
            }
        }
        let all = all.into_iter().filter(|(_, all)| *all);
        Self { all: all.map(|(account, _)| account.to_owned()).collect() }
    }

    pub(super) fn is(&self, line: &Line) -> bool {
        let as_the_others = || self.all.contains(&*line.account);
        is_bare(line) && is_made_up(line).unwrap_or_else(as_the_others)
    }
}

/// Whether a batch names its provider and nothing else.
fn is_bare(line: &Line) -> bool {
    provider_of(&line.account) == &*line.account
}

/// Whether what the provider has named of a batch was named by a sandbox; none where that does not tell.
pub(super) fn is_made_up(line: &Line) -> Option<bool> {
    let named = [line.anchor.as_deref(), line.job().map(|job| job.0.as_str())];
    named.into_iter().flatten().find_map(leadmill_sandbox::is_made_up)
}
