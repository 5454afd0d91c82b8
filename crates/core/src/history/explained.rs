//! Rows of each amount against the lines that were surely charged as much.

use std::collections::{BTreeMap, BTreeSet};

/// The sums so far.
#[derive(Debug, Default)]
pub(super) struct Sums {
    amounts: BTreeMap<u64, Amount>,
    /// Amounts of which there are more rows than lines.
    left: BTreeSet<u64>,
    /// Amounts that were looked at beside those of rows and lines.
    #[cfg(test)]
    pub(super) steps: usize,
}

#[derive(Debug, Default)]
struct Amount {
    rows: usize,
    lines: usize,
    /// The least that any job among the lines may have been charged instead.
    least: Option<u64>,
}

impl Sums {
    /// A row of this amount.
    pub(super) fn row(&mut self, amount: u64) {
        self.change(amount, |sum| sum.rows += 1);
    }

    /// A line that was charged this amount; a job perhaps less.
    pub(super) fn line(&mut self, amount: u64, least: Option<u64>) {
        self.change(amount, |sum| {
            sum.lines += 1;
            sum.least = sum.least.into_iter().chain(least).min();
        });
    }

    fn change(&mut self, amount: u64, change: impl FnOnce(&mut Amount)) {
        let sum = self.amounts.entry(amount).or_default();
        change(sum);
        match sum.rows > sum.lines {
            true => self.left.insert(amount),
            false => self.left.remove(&amount),
        };
    }

    /// The greatest amount that is not explained; 0 if all are.
    pub(super) fn greatest_left(&mut self) -> u64 {
        let Some(mut left) = self.left.last().copied() else { return 0 };
        // What is left may be the charge of a job that was taken to have cost more: then that explains none of these.
        for (amount, sum) in self.amounts.range(left + 1..) {
            #[cfg(test)]
            {
                self.steps += 1;
            }
            if sum.rows > 0 && sum.least.is_some_and(|least| least <= left) {
                left = *amount;
            }
        }
        left
    }
}
