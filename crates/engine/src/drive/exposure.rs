//! What is in doubt in all: over all runs, with what is in flight, since each reply may be lost.

use super::{Drive, admission::Next, waiting::Wake};
use crate::{Ending, patience::MOST_LOST};
use leadmill_core::{Credits, Doubts, Ledger, Line, State};
use std::mem;
use tokio::time::Instant;

/// What the book says of doubts, and how it was read.
#[derive(Debug)]
pub(super) struct Exposure {
    /// What likely misses held when buying began. A provider that answers so is healthy, and most of them will prove to
    /// be free: those of this session do not count.
    likely_misses: Credits,
    /// Replies that were lost in a row when buying began.
    lost: u32,
    /// Whether the book was read again since something last left: what others had in flight may have come back.
    is_fresh: bool,
}

impl Exposure {
    pub(super) fn of(ledger: &Ledger, account: &str) -> Self {
        let Doubts { likely_misses, in_a_row, .. } = ledger.doubts(account);
        Self { likely_misses, lost: in_a_row, is_fresh: false }
    }

    /// Lost replies to begin with: where the last ones were lost, one more is enough to show that they still are.
    pub(super) fn lost(&self) -> u32 {
        self.lost.min(MOST_LOST - 1)
    }
}

impl Drive<'_> {
    /// What is in doubt or in flight, by the sums of the book: what others have in flight counts.
    fn exposure(&self) -> Credits {
        let doubts = self.book.ledger().doubts(&self.engine.purse);
        doubts.lost + doubts.likely_misses.min(self.exposure.likely_misses)
    }

    /// The same without what others have in flight, whose replies are theirs to wait for.
    fn own_exposure(&self) -> Credits {
        let in_flight = |line: &&Line| {
            line.state == State::InDoubt
                && line.doubt.is_none()
                && self.is_of_others(line)
        };
        let others = self.book.ledger().open(&self.engine.purse).filter(in_flight);
        self.exposure().less(others.map(|line| line.credits).sum())
    }

    /// What one more batch may put in doubt, beside `leaving`, which is about to leave. Where nothing is in doubt one
    /// question, which costs `each` at most, may always be asked.
    fn room_for_doubt(
        &self,
        each: Credits,
        leaving: Credits,
        exposure: Credits,
    ) -> Credits {
        let exposed = exposure + leaving;
        let room = self.engine.in_doubt_limit.less(exposed);
        match exposed == Credits::ZERO {
            true => room.max(each),
            false => room,
        }
    }

    /// How much of what the money allows may be put in doubt: `wanted` credits, or less of them, `each` at least, where
    /// nothing is in flight whose reply would make room. Else what is to be done instead.
    pub(super) fn within_doubt(
        &mut self,
        each: Credits,
        wanted: Credits,
        leaving: Credits,
    ) -> Result<Credits, Next> {
        if wanted <= self.room_for_doubt(each, leaving, self.exposure()) {
            self.exposure.is_fresh = false;
            return Ok(wanted);
        }
        if leaving > Credits::ZERO || self.weighty > 0 || self.kept.is_some() {
            return Err(Next::Wait);
        }
        let exposure = self.own_exposure();
        let room = self.room_for_doubt(each, leaving, exposure);
        if room >= each {
            return Ok(wanted.min(room));
        }
        // What others have written meanwhile is read once.
        if !mem::replace(&mut self.exposure.is_fresh, true) {
            self.look_at = Some(Instant::now());
            return Err(Next::Until(Wake::at(Instant::now())));
        }
        self.engine.report.in_doubt = Some((exposure, self.engine.in_doubt_limit));
        self.stopped = Some(Ending::TooMuchInDoubt);
        self.again.clear();
        Err(Next::Nothing)
    }
}

#[cfg(test)]
mod tests;
