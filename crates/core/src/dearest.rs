//! What single calls have cost beyond what was reserved for them: what they may cost at most is known no better where no
//! source bounds it.

use crate::{Credits, Lane, Ledger, Operation, State, Timestamp, pack::Offer};

/// What the single calls of one operation have come to at an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dearest {
    /// How many were answered.
    pub answered: u64,
    /// The dearest of those that cost more than was reserved for them.
    most: Credits,
    /// By how much one was dearer than its reserve at most.
    beyond: Credits,
}

impl Dearest {
    /// Reads the book.
    pub fn of(
        ledger: &Ledger,
        account: &str,
        operation: Operation,
        since: Timestamp,
    ) -> Self {
        let mut dearest = Self::default();
        let lines = ledger.lines().iter().filter(|line| {
            line.lane == Lane::Single
                && line.operation == operation
                && *line.account == *account
                && line.intended_at > since
                && matches!(line.state, State::Settled { .. })
        });
        for line in lines {
            dearest.take(line.reserve, line.credits);
        }
        dearest
    }

    /// One more was answered. Tells whether that was dearer than any before.
    pub fn take(&mut self, reserve: Credits, cost: Credits) -> bool {
        self.answered += 1;
        let before = (self.most, self.beyond);
        if cost > reserve {
            self.most = self.most.max(cost);
            self.beyond = self.beyond.max(cost.less(reserve));
        }
        before != (self.most, self.beyond)
    }

    /// What one may cost at most, as far as is known.
    pub fn bound(&self, offer: &Offer) -> Credits {
        match offer.rows {
            // The dearest may have asked for more rows.
            Some(_) => offer.price + self.beyond,
            None => offer.price.max(self.most),
        }
    }
}
