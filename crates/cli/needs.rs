//! What a step still has to ask: its rows, less what cannot be asked, what was asked and what is held.

use crate::chain::Chain;
use leadmill_core::{KeySet, Query, chain::Turn, index::Need};
use leadmill_tables::Asked as Row;
use std::io;

/// Counts of one pass over a step's rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Rows of the source.
    pub(crate) rows: u64,
    /// Rows that make no question: `when:` is not true, or an input is empty or malformed.
    pub(crate) no_input: u64,
    /// Rows whose question an earlier row asks.
    pub(crate) duplicates: u64,
    /// Questions whose answer is known.
    pub(crate) reused: u64,
    /// Questions that are open or in doubt at the provider.
    pub(crate) held: u64,
    /// Questions to ask.
    pub(crate) to_buy: u64,
}

impl Counts {
    /// The same, where so many of the answers that are known were to be bought a moment ago.
    pub(crate) fn with_bought(self, bought: u64) -> Self {
        let bought = bought.min(self.reused);
        Self { reused: self.reused - bought, to_buy: self.to_buy + bought, ..self }
    }
}

/// Sorts out the questions of a step, each key once.
#[derive(Default)]
pub(crate) struct Needs {
    pub(crate) counts: Counts,
    pub(crate) seen: KeySet,
}

impl Needs {
    /// Takes in the rows of a batch; each question goes to `act` once, with whose turn it is.
    pub(crate) fn take(
        &mut self,
        asked: &[Row],
        chain: &Chain<'_>,
        mut act: impl FnMut(Turn, &Query) -> io::Result<()>,
    ) -> io::Result<()> {
        for row in asked {
            self.counts.rows += 1;
            let Ok(query) = row else {
                self.counts.no_input += 1;
                continue;
            };
            let key = query.key();
            if !self.seen.insert(key) {
                self.counts.duplicates += 1;
                continue;
            }
            let turn = chain.judge(&key);
            match turn {
                Turn::Over(_) | Turn::At(_, Need::Reuse) => self.counts.reused += 1,
                Turn::At(_, Need::Held) => self.counts.held += 1,
                Turn::At(_, Need::Buy) => self.counts.to_buy += 1,
            }
            act(turn, query)?;
        }
        Ok(())
    }
}
