//! The account's credits: reserved at a submit, settled once, and every change written down.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// Why a balance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TransactionKind {
    /// Credits spent or reserved.
    Deduction,
    /// Credits bought.
    Topup,
    /// Credits taken or given by hand.
    Adjustment,
    /// The unused part of a reservation.
    Refund,
}

/// One change of the balance.
#[derive(Clone, Debug)]
pub(crate) struct Transaction {
    /// Why.
    pub(crate) kind: TransactionKind,
    /// By how much; negative if the balance fell.
    pub(crate) amount: i64,
    /// What was left.
    pub(crate) balance_after: u64,
    /// For a person to read.
    pub(crate) description: String,
    /// The batch, where the row names one in its metadata.
    pub(crate) batch: Option<String>,
    /// When.
    pub(crate) at: SystemTime,
}

/// What a transaction says beside its amount.
#[derive(Clone, Debug)]
pub(crate) struct Note {
    /// For a person to read.
    pub(crate) description: String,
    /// The batch, where the row names one in its metadata.
    pub(crate) batch: Option<String>,
    /// When.
    pub(crate) at: SystemTime,
}

/// The balance does not cover the whole of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NotCovered;

/// The credits of one account. At all times `balance + charged + reserved` is what was ever put in.
#[derive(Debug)]
pub(crate) struct Wallet {
    balance: u64,
    charged: u64,
    reserved: u64,
    transactions: Vec<Transaction>,
}

impl Wallet {
    /// A wallet that starts with some credits and no transactions.
    pub(crate) fn new(balance: u64) -> Self {
        Self { balance, charged: 0, reserved: 0, transactions: Vec::new() }
    }

    /// What can be spent.
    pub(crate) fn balance(&self) -> u64 {
        self.balance
    }

    /// What has been spent for good.
    pub(crate) fn charged(&self) -> u64 {
        self.charged
    }

    /// What is taken by batches that are not settled.
    pub(crate) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// Every change of the balance, oldest first.
    pub(crate) fn transactions(&self) -> &[Transaction] {
        &self.transactions
    }

    /// Spends for good. Nothing is written for 0.
    pub(crate) fn charge(&mut self, credits: u64, note: Note) -> Result<(), NotCovered> {
        self.take(credits, note)?;
        self.charged += credits;
        Ok(())
    }

    /// Takes credits until they are settled.
    pub(crate) fn reserve(&mut self, credits: u64, note: Note) -> Result<(), NotCovered> {
        self.take(credits, note)?;
        self.reserved += credits;
        Ok(())
    }

    /// Closes a reservation: `used` of it is spent, the rest comes back.
    pub(crate) fn settle(&mut self, reserved: u64, used: u64, note: Note) {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.charged += used;
        let refund = reserved.saturating_sub(used);
        self.balance += refund;
        self.write(TransactionKind::Refund, signed(refund), note);
    }

    /// Undoes what was spent for good, as far as that was so much.
    pub(crate) fn give_back(&mut self, credits: u64, note: Note) {
        let credits = credits.min(self.charged);
        self.charged -= credits;
        self.balance += credits;
        self.write(TransactionKind::Refund, signed(credits), note);
    }

    /// Puts credits in, or by hand takes some out, down to an empty wallet.
    pub(crate) fn top_up(&mut self, credits: i64, at: SystemTime) {
        let before = self.balance;
        self.balance = self.balance.saturating_add_signed(credits);
        let (kind, description) = if credits < 0 {
            (TransactionKind::Adjustment, "Manual adjustment")
        } else {
            (TransactionKind::Topup, "Credit purchase")
        };
        let amount = signed(self.balance) - signed(before);
        self.write(
            kind,
            amount,
            Note { description: description.into(), batch: None, at },
        );
    }

    fn take(&mut self, credits: u64, note: Note) -> Result<(), NotCovered> {
        self.balance = self.balance.checked_sub(credits).ok_or(NotCovered)?;
        self.write(TransactionKind::Deduction, -signed(credits), note);
        Ok(())
    }

    fn write(&mut self, kind: TransactionKind, amount: i64, note: Note) {
        if amount != 0 {
            let Note { description, batch, at } = note;
            let balance_after = self.balance;
            let row = Transaction { kind, amount, balance_after, description, batch, at };
            self.transactions.push(row);
        }
    }
}

fn signed(credits: u64) -> i64 {
    i64::try_from(credits).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note() -> Note {
        Note { description: String::new(), batch: None, at: SystemTime::UNIX_EPOCH }
    }

    fn amounts(wallet: &Wallet) -> Vec<i64> {
        wallet.transactions().iter().map(|row| row.amount).collect()
    }

    #[test]
    fn a_reserve_is_taken_at_once_and_its_unused_part_comes_back() {
        let mut wallet = Wallet::new(100);
        assert_eq!(wallet.reserve(30, note()), Ok(()));
        assert_eq!((wallet.balance(), wallet.reserved(), wallet.charged()), (70, 30, 0));
        wallet.settle(30, 20, note());
        assert_eq!((wallet.balance(), wallet.reserved(), wallet.charged()), (80, 0, 20));
        assert_eq!(amounts(&wallet), [-30, 10]);
    }

    #[test]
    fn what_does_not_fit_as_a_whole_is_not_taken_at_all() {
        let mut wallet = Wallet::new(29);
        assert_eq!(wallet.reserve(30, note()), Err(NotCovered));
        assert_eq!((wallet.balance(), wallet.reserved()), (29, 0));
        assert!(wallet.transactions().is_empty());
    }

    #[test]
    fn what_was_spent_may_be_given_back_and_no_more() {
        let mut wallet = Wallet::new(100);
        wallet.charge(60, note()).unwrap();
        wallet.give_back(50, note());
        assert_eq!((wallet.balance(), wallet.charged()), (90, 10));
        wallet.give_back(50, note());
        assert_eq!((wallet.balance(), wallet.charged()), (100, 0));
        assert_eq!(amounts(&wallet), [-60, 50, 10]);
    }

    #[test]
    fn a_refund_of_nothing_is_not_written() {
        let mut wallet = Wallet::new(30);
        wallet.reserve(30, note()).unwrap();
        wallet.settle(30, 30, note());
        assert_eq!(amounts(&wallet), [-30]);
    }

    #[test]
    fn a_wallet_cannot_be_adjusted_below_empty() {
        let mut wallet = Wallet::new(10);
        wallet.top_up(5, SystemTime::UNIX_EPOCH);
        wallet.top_up(-100, SystemTime::UNIX_EPOCH);
        assert_eq!(wallet.balance(), 0);
        assert_eq!(amounts(&wallet), [5, -15]);
    }
}
