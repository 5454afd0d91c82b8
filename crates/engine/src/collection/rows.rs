//! The rows of one long answer, page by page: all of a job that holds one question.

use super::Next;
use leadmill_core::{Answered, Finding, Page, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Pages that are asked for at a time.
const AT_A_TIME: u64 = 8;

/// What has come of it.
#[derive(Debug)]
pub(super) struct Rows {
    /// The place of the list among the answer's values.
    place: usize,
    /// Most rows that were asked for.
    most: u64,
    /// Most rows that a page was asked to hold.
    limit: u64,
    /// The answer without its rows, from the first page that held one.
    answer: Option<Answered>,
    pages: BTreeMap<u32, Vec<Value>>,
    /// What tells rows apart that are here.
    seen: HashSet<Box<str>>,
    count: u64,
    /// Most rows that a page has held.
    largest: u64,
    /// Rows in all, as the provider said last.
    told: Option<u64>,
    awaited: BTreeSet<u32>,
    asked_up_to: u32,
    /// A page after the first brought nothing new.
    ended: bool,
    /// All pages are read once more: what is missing may have been late.
    again: bool,
    pub(super) duplicated: u64,
}

impl Rows {
    /// Nothing yet of an answer of at most so many rows, to be read in pages of `limit`.
    pub(super) fn new(place: usize, most: u64, limit: u64) -> Self {
        Self {
            place,
            most,
            limit,
            answer: None,
            pages: BTreeMap::new(),
            seen: HashSet::new(),
            count: 0,
            largest: 0,
            told: None,
            awaited: [1].into(),
            asked_up_to: 1,
            ended: false,
            again: false,
            duplicated: 0,
        }
    }

    pub(super) fn take(&mut self, number: u32, page: Page) -> Next {
        self.awaited.remove(&number);
        self.told = page.total.or(self.told);
        self.largest = self.largest.max(page.items);
        let before = self.count;
        for answer in page.answers {
            self.enter(number, answer);
        }
        self.ended |= number > 1 && self.count == before;
        if self.again {
            return self.once_more();
        }
        match self.next() {
            Next::Done if self.missing() > 0 => self.once_more(),
            next => next,
        }
    }

    fn enter(&mut self, number: u32, mut answer: Answered) {
        let mut rows = Vec::new();
        if let Finding::Hit(values) = &mut answer.finding
            && let Some(list) = values.get_mut(self.place)
            && let Value::Values(items) = std::mem::replace(list, Value::Null)
        {
            rows = items.into_vec();
        }
        let came = rows.len();
        // Rows shift between pages where the list grows meanwhile.
        rows.retain(|row| match name(row) {
            Some(name) => self.seen.insert(name.into()),
            None => true,
        });
        self.duplicated += if self.again { 0 } else { (came - rows.len()) as u64 };
        self.count += rows.len() as u64;
        self.pages.entry(number).or_default().append(&mut rows);
        let is_hit = |answer: &Answered| matches!(answer.finding, Finding::Hit(_));
        match &self.answer {
            Some(known) if is_hit(known) || !is_hit(&answer) => {}
            _ => self.answer = Some(answer),
        }
    }

    fn next(&mut self) -> Next {
        if !self.awaited.is_empty() {
            return Next::Wait;
        }
        let left = match self.told {
            Some(told) => told.min(self.most).saturating_sub(self.count),
            // A page that is not full is the last.
            None => u64::from(self.count == u64::from(self.asked_up_to) * self.limit),
        };
        if self.ended || left == 0 || self.count >= self.most {
            return Next::Done;
        }
        let size = if self.largest == 0 { self.limit } else { self.largest };
        let more = left.div_ceil(size.max(1)).min(AT_A_TIME);
        let last = self.asked_up_to.saturating_add(u32::try_from(more).unwrap_or(1));
        let new: Vec<u32> = (self.asked_up_to + 1..=last).collect();
        self.asked_up_to = last;
        self.awaited.extend(&new);
        Next::Pages(new)
    }

    /// Reads all pages once more, if that was not done.
    fn once_more(&mut self) -> Next {
        if !self.again {
            self.again = true;
            self.awaited = (1..=self.asked_up_to).collect();
            return Next::Pages(self.awaited.iter().copied().collect());
        }
        if self.awaited.is_empty() { Next::Done } else { Next::Wait }
    }

    /// Rows that there are, as the provider says, and that did not come.
    pub(super) fn missing(&self) -> u64 {
        self.told.unwrap_or_default().min(self.most).saturating_sub(self.count)
    }

    /// The answer with all of its rows, in the order of the pages; none where no page held one, or where none of the
    /// rows came that there are.
    pub(super) fn whole(&mut self) -> Option<Answered> {
        let missing = self.missing();
        let mut answer = self.answer.take().filter(|_| self.count > 0 || missing == 0)?;
        let rows: Vec<Value> =
            std::mem::take(&mut self.pages).into_values().flatten().collect();
        if let Finding::Hit(values) = &mut answer.finding
            && let Some(list) = values.get_mut(self.place)
        {
            *list = Value::Values(rows.into());
        }
        Some(answer)
    }
}

/// The first value of a row is what names it, where there is one.
fn name(row: &Value) -> Option<&str> {
    let Value::Values(values) = row else { return None };
    match values.first() {
        Some(Value::Text(name)) => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leadmill_core::QueryKey;

    fn row(n: u64) -> Value {
        Value::Values([Value::Text(format!("row {n}").into())].into())
    }

    fn page(total: Option<u64>, rows: impl IntoIterator<Item = u64>) -> Page {
        let rows: Vec<Value> = rows.into_iter().map(row).collect();
        let items = rows.len() as u64;
        let values = [Value::Values(rows.into()), Value::integer(Some(7))];
        let finding = Finding::Hit(Box::new(values));
        let answer = Answered { key: QueryKey([1; 16]), finding, credits: None };
        Page {
            ready: true,
            failed: false,
            total,
            items,
            answers: vec![answer],
            cost: None,
        }
    }

    fn names(rows: &mut Rows) -> Vec<u64> {
        let Some(Answered { finding: Finding::Hit(values), .. }) = rows.whole() else {
            panic!("no answer")
        };
        let Some(Value::Values(rows)) = values.first() else { panic!("no rows") };
        assert_eq!(values.get(1), Some(&Value::Integer(7)));
        let number = |row: &Value| name(row).unwrap()[4..].parse().unwrap();
        rows.iter().map(number).collect()
    }

    #[test]
    fn pages_come_in_any_order_and_stand_in_theirs() {
        let mut rows = Rows::new(0, 100, 3);
        assert_eq!(rows.take(1, page(Some(8), 0..3)), Next::Pages(vec![2, 3]));
        assert_eq!(rows.take(3, page(Some(8), 6..8)), Next::Wait);
        assert_eq!(rows.take(2, page(Some(8), 3..6)), Next::Done);
        assert_eq!(names(&mut rows), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn a_row_that_shifts_to_the_next_page_counts_once() {
        let mut rows = Rows::new(0, 100, 3);
        assert_eq!(rows.take(1, page(Some(5), 0..3)), Next::Pages(vec![2]));
        assert_eq!(rows.take(2, page(Some(5), 2..4)), Next::Pages(vec![3]));
        assert_eq!(rows.take(3, page(Some(5), 4..5)), Next::Done);
        assert_eq!((names(&mut rows), rows.duplicated), ((0..5).collect(), 1));
    }

    #[test]
    fn smaller_pages_are_followed_up_to_the_end() {
        let mut rows = Rows::new(0, 100, 500);
        assert_eq!(rows.take(1, page(Some(5), 0..2)), Next::Pages(vec![2, 3]));
        assert_eq!(rows.take(2, page(Some(5), 2..4)), Next::Wait);
        assert_eq!(rows.take(3, page(Some(5), 4..5)), Next::Done);
    }

    /// What is told and does not come is looked for once more, and counted.
    #[test]
    fn a_total_that_is_too_high_ends_at_the_first_page_without_anything_new() {
        for last in [0..0, 2..4] {
            let mut rows = Rows::new(0, 1_000_000, 2);
            let told = Some(1_000_000);
            assert!(matches!(rows.take(1, page(told, 0..2)), Next::Pages(_)));
            assert_eq!(rows.take(2, page(told, 2..4)), Next::Wait);
            for number in 3..9 {
                assert_eq!(rows.take(number, page(told, last.clone())), Next::Wait);
            }
            let all = Next::Pages((1..=9).collect());
            assert_eq!(rows.take(9, page(told, last.clone())), all);
            for number in 2..=9 {
                assert_eq!(rows.take(number, page(told, last.clone())), Next::Wait);
            }
            assert_eq!(rows.take(1, page(told, 0..2)), Next::Done);
            assert_eq!(rows.missing(), 999_996);
            assert_eq!(names(&mut rows), [0, 1, 2, 3]);
        }
    }

    #[test]
    fn a_page_that_was_empty_is_read_again() {
        let mut rows = Rows::new(0, 100, 3);
        let empty = || Page { answers: Vec::new(), ..page(Some(8), 0..0) };
        assert_eq!(rows.take(1, page(Some(8), 0..3)), Next::Pages(vec![2, 3]));
        assert_eq!(rows.take(2, empty()), Next::Wait);
        assert_eq!(rows.take(3, page(Some(8), 6..8)), Next::Pages(vec![1, 2, 3]));
        assert_eq!(rows.take(1, page(Some(8), 0..3)), Next::Wait);
        assert_eq!(rows.take(2, page(Some(8), 3..6)), Next::Wait);
        assert_eq!(rows.take(3, page(Some(8), 6..8)), Next::Done);
        assert_eq!((rows.missing(), rows.duplicated), (0, 0));
        assert_eq!(names(&mut rows), (0..8).collect::<Vec<_>>());
    }

    #[test]
    fn rows_of_which_none_come_are_no_miss() {
        let mut rows = Rows::new(0, 100, 3);
        let none = || {
            let key = QueryKey([1; 16]);
            let miss = Answered { key, finding: Finding::Miss, credits: None };
            Page { answers: vec![miss], ..page(Some(2), 0..0) }
        };
        assert_eq!(rows.take(1, none()), Next::Pages(vec![2]));
        assert_eq!(rows.take(2, none()), Next::Pages(vec![1, 2]));
        assert_eq!(rows.take(2, none()), Next::Wait);
        assert_eq!(rows.take(1, none()), Next::Done);
        assert_eq!((rows.missing(), rows.whole()), (2, None));
    }

    #[test]
    fn without_a_total_a_page_that_is_not_full_is_the_last() {
        let mut rows = Rows::new(0, 100, 2);
        assert_eq!(rows.take(1, page(None, 0..2)), Next::Pages(vec![2]));
        assert_eq!(rows.take(2, page(None, 2..3)), Next::Done);
        assert_eq!(names(&mut rows), [0, 1, 2]);
    }

    #[test]
    fn no_more_is_read_than_was_asked_for() {
        let mut rows = Rows::new(0, 2, 2);
        assert_eq!(rows.take(1, page(Some(9), 0..2)), Next::Done);
    }

    /// Where the first page only says how the job ended.
    #[test]
    fn the_rows_may_begin_on_the_second_page() {
        let mut rows = Rows::new(0, 100, 100);
        let first = Page { answers: Vec::new(), ..page(Some(3), 0..0) };
        assert_eq!(rows.take(1, first), Next::Pages(vec![2]));
        assert_eq!(rows.take(2, page(Some(3), 0..3)), Next::Done);
        assert_eq!(names(&mut rows), [0, 1, 2]);
    }

    #[test]
    fn nothing_found_is_a_miss() {
        let mut rows = Rows::new(0, 100, 2);
        let miss = Answered {
            key: QueryKey([1; 16]),
            finding: Finding::Miss,
            credits: Some(leadmill_core::Credits::ZERO),
        };
        let empty = Page { answers: vec![miss.clone()], ..page(Some(0), 0..0) };
        assert_eq!(rows.take(1, empty), Next::Done);
        assert_eq!(rows.whole(), Some(miss));
    }
}
