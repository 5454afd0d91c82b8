//! The answers of one job, page by page, until all are here.

use leadmill_core::{Answered, Credits, Finding, Page, QueryKey, Status};
use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

/// What has come of a job's results.
#[derive(Debug)]
pub(crate) struct Collection {
    keys: Arc<[QueryKey]>,
    places: HashMap<QueryKey, usize>,
    /// In the order of the keys.
    answers: Vec<Option<Answered>>,
    answered: usize,
    /// Items on the first page as it came: the page size that the provider really uses.
    page_items: Option<u64>,
    total: u64,
    /// Pages asked for and not here yet.
    awaited: BTreeSet<u32>,
    asked_up_to: u32,
    cost: Option<Credits>,
    failed: bool,
    /// Whether the pages are being read a second time, since items were missing.
    again: bool,
    pub(crate) duplicated: u64,
    pub(crate) foreign: u64,
}

/// What a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Fetch these pages.
    Pages(Vec<u32>),
    /// Others are still on their way.
    Wait,
    /// Everything is here.
    Done,
}

/// A whole job, ready to be staged.
#[derive(Debug)]
pub(crate) struct Harvest {
    /// One answer a question, in the order of the batch's keys.
    pub(crate) answers: Vec<Answered>,
    pub(crate) cost: Credits,
    pub(crate) missing: u64,
}

impl Collection {
    pub(crate) fn new(keys: Arc<[QueryKey]>) -> Self {
        Self {
            total: keys.len() as u64,
            places: keys.iter().copied().zip(0..).collect(),
            answers: vec![None; keys.len()],
            answered: 0,
            keys,
            page_items: None,
            awaited: [1].into(),
            asked_up_to: 1,
            cost: None,
            failed: false,
            again: false,
            duplicated: 0,
            foreign: 0,
        }
    }

    /// Takes in a page. Answers are tied to questions by key, never by their order.
    pub(crate) fn take(&mut self, number: u32, page: Page) -> Next {
        self.awaited.remove(&number);
        self.cost = page.cost.or(self.cost);
        self.failed |= page.failed;
        self.foreign += page.items.saturating_sub(page.answers.len() as u64);
        if let Some(total) = page.total {
            self.total = total;
        }
        if page.items > 0 && self.page_items.is_none_or(|items| page.items > items) {
            self.page_items = Some(page.items);
        }
        for answer in page.answers {
            let place = self
                .places
                .get(&answer.key)
                .and_then(|place| self.answers.get_mut(*place));
            match place {
                None => self.foreign += 1,
                Some(Some(_)) => self.duplicated += u64::from(!self.again),
                Some(empty) => {
                    *empty = Some(answer);
                    self.answered += 1;
                }
            }
        }
        self.next()
    }

    fn next(&mut self) -> Next {
        let pages = self.page_items.map_or(1, |items| self.total.div_ceil(items).max(1));
        let pages = u32::try_from(pages).unwrap_or(u32::MAX);
        let new: Vec<u32> = (self.asked_up_to + 1..=pages).collect();
        if !new.is_empty() {
            self.asked_up_to = pages;
            self.awaited.extend(&new);
            return Next::Pages(new);
        }
        if !self.awaited.is_empty() {
            return Next::Wait;
        }
        // Pages may have shifted while they were read: look once more before calling items missing.
        if self.answered < self.keys.len() && !self.again && !self.failed {
            self.again = true;
            self.awaited = (1..=self.asked_up_to).collect();
            return Next::Pages(self.awaited.iter().copied().collect());
        }
        Next::Done
    }

    /// Closes the job: one answer a question, and the bill.
    ///
    /// A question without an item was provably not charged if the items that came explain the whole
    /// bill. If they do not, it may have been.
    pub(crate) fn harvest(self) -> Harvest {
        let priced: Credits =
            self.answers.iter().flatten().filter_map(|answer| answer.credits).sum();
        let cost = self.cost.unwrap_or(priced);
        let reason = match self.failed {
            true => "the job failed at the provider",
            false => "the results leave it out",
        };
        let mut missing = 0;
        let close = |(key, answer): (&QueryKey, Option<Answered>)| match answer {
            Some(answer) if priced == cost => answer,
            Some(answer) => Answered { credits: None, ..answer },
            None => {
                missing += 1;
                let (finding, credits) = match cost <= priced {
                    true => (Finding::Failed(reason.into()), Some(Credits::ZERO)),
                    false => (Finding::Unknown(reason.into()), None),
                };
                Answered { key: *key, finding, credits }
            }
        };
        let answers = self.keys.iter().zip(self.answers).map(close).collect();
        Harvest { answers, cost, missing }
    }
}

impl Harvest {
    /// What became of each question, in the order of the batch's keys.
    pub(crate) fn statuses(&self) -> Arc<[Status]> {
        self.answers.iter().map(|answer| answer.finding.status()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> QueryKey {
        QueryKey([n; 16])
    }

    fn hit(n: u8) -> Answered {
        Answered {
            key: key(n),
            finding: Finding::Hit([].into()),
            credits: Some(Credits(10)),
        }
    }

    fn page(total: u64, cost: u64, answers: Vec<Answered>) -> Page {
        let items = answers.len() as u64;
        Page {
            ready: true,
            failed: false,
            total: Some(total),
            items,
            answers,
            cost: Some(Credits(cost)),
        }
    }

    fn keys(n: u8) -> Arc<[QueryKey]> {
        (0..n).map(key).collect()
    }

    #[test]
    fn pages_are_asked_for_until_the_total_is_covered_in_any_order() {
        let mut collection = Collection::new(keys(5));
        assert_eq!(
            collection.take(1, page(5, 50, vec![hit(1), hit(0)])),
            Next::Pages(vec![2, 3])
        );
        assert_eq!(collection.take(3, page(5, 50, vec![hit(4)])), Next::Wait);
        assert_eq!(collection.take(2, page(5, 50, vec![hit(3), hit(2)])), Next::Done);
        let harvest = collection.harvest();
        let order: Vec<_> = harvest.answers.iter().map(|answer| answer.key).collect();
        assert_eq!(order, (0..5).map(key).collect::<Vec<_>>());
        assert_eq!((harvest.cost, harvest.missing), (Credits(50), 0));
    }

    #[test]
    fn a_missing_item_is_looked_for_once_more_and_then_judged_by_the_bill() {
        for (cost, status) in [(20, Status::Failed), (30, Status::UnknownCharged)] {
            let mut collection = Collection::new(keys(3));
            let incomplete = || page(3, cost, vec![hit(0), hit(2)]);
            assert_eq!(collection.take(1, incomplete()), Next::Pages(vec![2]));
            assert_eq!(
                collection.take(2, page(3, cost, vec![])),
                Next::Pages(vec![1, 2])
            );
            assert_eq!(collection.take(1, incomplete()), Next::Wait);
            assert_eq!(collection.take(2, page(3, cost, vec![])), Next::Done);
            let harvest = collection.harvest();
            assert_eq!(*harvest.statuses(), [Status::Hit, status, Status::Hit]);
            assert_eq!(harvest.missing, 1);
        }
    }

    #[test]
    fn doubled_and_foreign_items_are_counted_and_change_nothing() {
        let mut collection = Collection::new(keys(2));
        let odd = page(2, 20, vec![hit(0), hit(0), hit(9), hit(1)]);
        assert_eq!(collection.take(1, odd), Next::Done);
        assert_eq!((collection.duplicated, collection.foreign), (1, 1));
        assert_eq!(collection.harvest().answers.len(), 2);
    }
}
