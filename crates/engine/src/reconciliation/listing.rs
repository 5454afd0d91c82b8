//! The wallet's transactions as far as they were read. The list grows while it is read, so that its pages shift.

use leadmill_core::{Credits, History, Transaction, Transactions};
use std::{collections::HashMap, sync::Arc};

/// Pages in a row that bring nothing new: then the list does not go on as it says.
const MOST_BARREN: u32 = 3;

/// What was read, kept for the next time: then only what is newer is read.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    history: History,
    /// Rows by a number: the newest has the greatest, and the others follow downwards.
    numbers: HashMap<Arc<str>, i64>,
    newest: i64,
    /// Rows newer than those, until the pages meet them.
    fresh: Option<Vec<Transaction>>,
    /// Rows on a page.
    page: usize,
    barren: u32,
    /// Whether reading ended before what was looked for.
    is_cut: bool,
}

/// What to read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This page.
    Page(u32),
    /// Nothing: this was the last.
    End,
    /// Nothing: the pages do not go on as they say.
    Stuck,
}

impl Listing {
    /// Begins to read, with the first page.
    pub(crate) fn begin(&mut self) {
        self.fresh = (!self.history.rows.is_empty()).then(Vec::new);
        // An empty list may have grown by more than a page.
        self.history.is_whole &= self.fresh.is_some();
        (self.barren, self.is_cut) = (0, false);
    }

    /// Takes a page in, by its number from 1.
    pub(crate) fn take(&mut self, number: u32, read: Transactions) -> Next {
        self.page = self.page.max(read.rows.len());
        match self.fresh.take() {
            Some(fresh) => self.take_newer(fresh, number, read),
            None => self.take_older(number, read),
        }
    }

    /// Down to what was read before.
    fn take_newer(
        &mut self,
        mut fresh: Vec<Transaction>,
        number: u32,
        read: Transactions,
    ) -> Next {
        let (before, length) = (fresh.len(), read.rows.len());
        for row in read.rows {
            if self.numbers.contains_key(&row.id) {
                fresh.into_iter().rev().for_each(|row| self.put_first(row));
                // What is older begins behind what is known.
                let next = self.history.rows.len() / self.page.max(1);
                let next = u32::try_from(next).unwrap_or(u32::MAX);
                return Next::Page(next.saturating_add(1));
            }
            // The list grew while it was read.
            let overlap = fresh.get(before.saturating_sub(self.page)..before);
            if overlap.is_none_or(|rows| rows.iter().all(|other| other.id != row.id)) {
                fresh.push(row);
            }
        }
        if number < read.pages {
            self.fresh = Some(fresh);
            return Next::Page(number + 1);
        }
        // It is another list than before.
        *self = Self { page: self.page, ..Self::default() };
        let is_whole = self.is_last(number, length, fresh.len());
        fresh.into_iter().rev().for_each(|row| self.put_first(row));
        self.history.is_whole = is_whole;
        Next::End
    }

    fn take_older(&mut self, number: u32, read: Transactions) -> Next {
        let (length, before) = (read.rows.len(), self.history.rows.len());
        let last = read.rows.last().map(|row| Arc::clone(&row.id));
        for row in read.rows {
            if !self.numbers.contains_key(&row.id) {
                let number = self.newest - self.history.rows.len() as i64;
                self.numbers.insert(Arc::clone(&row.id), number);
                self.history.rows.push_back(row);
            }
        }
        let count = self.history.rows.len();
        self.barren = if count > before { 0 } else { self.barren + 1 };
        if number >= read.pages {
            let oldest = self.history.rows.back().map(|row| &row.id);
            let is_oldest = length == 0
                || last.as_ref() == oldest && self.is_last(number, length, count);
            self.history.is_whole |= is_oldest;
            return Next::End;
        }
        match self.barren > MOST_BARREN {
            true => Next::Stuck,
            false => Next::Page(number + 1),
        }
    }

    /// Whether the last page of so many rows ends the list, with so many known. Rows have come since the first page was
    /// read; more than every second is no growth: the same page came again.
    const fn is_last(&self, number: u32, length: usize, count: usize) -> bool {
        let above = self.page * (number as usize - 1);
        2 * (above + length).saturating_sub(count) <= above
    }

    fn put_first(&mut self, row: Transaction) {
        self.newest += 1;
        self.numbers.insert(Arc::clone(&row.id), self.newest);
        self.history.rows.push_front(row);
    }

    /// How many rows are after an anchor, if it was read. An empty one is the list's beginning.
    pub(crate) fn rows_after(&self, anchor: &str) -> Option<usize> {
        let count = self.history.rows.len();
        match self.numbers.get(anchor) {
            Some(number) => usize::try_from(self.newest - number).ok(),
            None => (anchor.is_empty() && self.history.is_whole).then_some(count),
        }
    }

    /// Whether the pages have met what was read before.
    pub(crate) const fn is_joined(&self) -> bool {
        self.fresh.is_none()
    }

    /// Reading ends before what is looked for.
    pub(crate) const fn cut(&mut self) {
        self.is_cut = true;
    }

    /// Whether it did.
    pub(crate) const fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The newest row.
    pub(crate) fn newest(&self) -> Option<&Transaction> {
        self.history.rows.front()
    }

    /// The wallet's balance, read after the newest row.
    pub(crate) const fn weigh(&mut self, balance: Credits) {
        self.history.balance = balance;
    }

    /// What was read.
    pub(crate) const fn history(&self) -> &History {
        &self.history
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wallet's list, of three rows a page.
    struct Wallet(Vec<Transaction>);

    impl Wallet {
        fn of(rows: i64) -> Self {
            let mut wallet = Self(Vec::new());
            wallet.grow(rows);
            wallet
        }

        fn grow(&mut self, rows: i64) {
            for _ in 0..rows {
                let number = self.0.len() as u64 + 1;
                let (id, about) = (format!("t{number}").into(), "".into());
                let balance_after = Credits(1_000 - number);
                self.0.push(Transaction { id, amount: -1, balance_after, about });
            }
        }

        fn page(&self, number: u32) -> Transactions {
            let pages = self.0.len().div_ceil(3) as u32;
            let rows = self.0.iter().rev().skip(3 * (number as usize - 1)).take(3);
            Transactions { rows: rows.cloned().collect(), pages }
        }
    }

    /// Reads until `anchor` is there; gives the pages that were read. `each`: what happens before each page.
    fn read(
        listing: &mut Listing,
        wallet: &mut Wallet,
        anchor: &str,
        each: impl Fn(&mut Wallet),
    ) -> Vec<u32> {
        let (mut number, mut pages) = (1, Vec::new());
        listing.begin();
        loop {
            each(wallet);
            pages.push(number);
            let next = listing.take(number, wallet.page(number));
            let reaches = listing.is_joined() && listing.rows_after(anchor).is_some();
            match next {
                Next::Page(next) if !reaches => number = next,
                _ => return pages,
            }
        }
    }

    fn ids(listing: &Listing) -> Vec<&str> {
        listing.history.rows.iter().map(|row| &*row.id).collect()
    }

    fn assert_in_order(listing: &Listing, newest: usize, oldest: usize) {
        let expected: Vec<String> =
            (oldest..=newest).rev().map(|number| format!("t{number}")).collect();
        assert_eq!(ids(listing), expected);
        for (place, row) in listing.history.rows.iter().enumerate() {
            assert_eq!(listing.rows_after(&row.id), Some(place));
        }
    }

    #[test]
    fn only_what_is_newer_is_read_again_and_only_what_is_older_is_read_on() {
        let (mut listing, mut wallet) = (Listing::default(), Wallet::of(20));
        assert_eq!(read(&mut listing, &mut wallet, "t13", |_| ()), [1, 2, 3]);
        assert_in_order(&listing, 20, 12);
        wallet.grow(4);
        assert_eq!(read(&mut listing, &mut wallet, "t13", |_| ()), [1, 2]);
        assert_in_order(&listing, 24, 12);
        assert_eq!(read(&mut listing, &mut wallet, "t5", |_| ()), [1, 5, 6, 7]);
        assert_in_order(&listing, 24, 4);
        assert!(!listing.history.is_whole);
        read(&mut listing, &mut wallet, "", |_| ());
        assert_in_order(&listing, 24, 1);
        assert_eq!(listing.rows_after(""), Some(24));
    }

    /// Rows come while pages are read: none is listed twice, and none is left out.
    #[test]
    fn pages_that_shift_while_they_are_read_lose_nothing() {
        let (mut listing, mut wallet) = (Listing::default(), Wallet::of(10));
        read(&mut listing, &mut wallet, "", |wallet| wallet.grow(1));
        assert!(listing.history.is_whole);
        assert_in_order(&listing, 11, 1);
        // What came meanwhile is read the next time.
        read(&mut listing, &mut wallet, "", |wallet| wallet.grow(2));
        let newest =
            listing.newest().unwrap().id.trim_start_matches('t').parse().unwrap();
        assert_in_order(&listing, newest, 1);
    }

    /// A provider that gives the first page for every page: what is not there is not taken for the beginning.
    #[test]
    fn pages_that_do_not_go_on_are_not_read_for_ever() {
        for count in [5, 50] {
            let (mut listing, wallet) = (Listing::default(), Wallet::of(count));
            listing.begin();
            let mut number = 1;
            let end = loop {
                let first =
                    Transactions { pages: wallet.page(1).pages, ..wallet.page(1) };
                match listing.take(number, first) {
                    Next::Page(next) => number = next,
                    end => break end,
                }
                assert!(number < 10);
            };
            assert!(!listing.history.is_whole, "{end:?}");
        }
    }

    #[test]
    fn an_empty_list_is_whole() {
        let mut listing = Listing::default();
        listing.begin();
        assert_eq!(listing.take(1, Wallet::of(0).page(1)), Next::End);
        assert_eq!(listing.rows_after(""), Some(0));
        // It has grown to several pages.
        let mut wallet = Wallet::of(7);
        read(&mut listing, &mut wallet, "t7", |_| ());
        assert_eq!(listing.rows_after(""), None);
        read(&mut listing, &mut wallet, "", |_| ());
        assert_eq!(listing.rows_after(""), Some(7));
    }
}
