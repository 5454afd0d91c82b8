//! The answers of one job, page by page, until all are here.

mod rows;

use leadmill_core::{
    Answered, Bill, Credits, Finding, KeyMap, KeySet, Keys, Page, QueryKey, Status,
    keys::Namesakes,
};
use rows::Rows;
use std::{collections::BTreeSet, sync::Arc};

/// What has come of a job's results.
#[derive(Debug)]
pub(crate) struct Collection {
    keys: Keys,
    places: KeyMap<usize>,
    /// In the order of the keys.
    answers: Vec<Option<Answered>>,
    answered: usize,
    /// Most items that a page was asked to hold.
    limit: u64,
    /// Most items that a page has held.
    largest: u64,
    total: u64,
    /// Items of the whole job, as the provider said last.
    told: Option<u64>,
    /// Pages asked for and not here yet.
    awaited: BTreeSet<u32>,
    asked_up_to: u32,
    cost: Option<Credits>,
    failed: bool,
    pass: Pass,
    /// Its results are one file.
    is_file: bool,
    /// Records of the file, and those that are tied to no question.
    records: Option<u64>,
    untied: Option<u64>,
    /// The rows of the only question's answer, where answers have rows.
    rows: Option<Rows>,
    pub(crate) duplicated: u64,
    pub(crate) foreign: u64,
    /// Rows that there are and that did not come.
    pub(crate) missing_rows: u64,
}

/// Pages that are asked for at a time where their size is a guess.
const AT_A_TIME: u32 = 8;

/// What the pages are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// By the page size that was asked for.
    First,
    /// By the page size that the provider seems to keep, up to the first empty page.
    Smaller,
    /// All once more: they may have shifted while they were read.
    Again,
}

/// What is known of the questions that a file leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judged {
    /// What became of each.
    Whole,
    /// It was to hold more.
    Short,
    /// Nothing: neither that they were found nor that they were not.
    Unproved,
}

/// What a page leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Fetch these pages.
    Pages(Vec<u32>),
    /// Others are still on their way.
    Wait,
    /// Everything is here, or will never be.
    Done,
}

/// A whole job, ready to be staged.
#[derive(Debug)]
pub(crate) struct Harvest {
    /// One answer a question, in the order of the batch's keys.
    pub(crate) answers: Vec<Answered>,
    pub(crate) cost: Credits,
    pub(crate) missing: u64,
    /// Questions whose rows cannot be told from those of others.
    pub(crate) unclear: u64,
}

impl Collection {
    /// Nothing yet of a job that holds `keys`, to be read in pages of `limit` items.
    pub(crate) fn new(keys: Keys, limit: u32) -> Self {
        Self {
            total: keys.len() as u64,
            told: None,
            places: keys.iter().copied().zip(0..).collect(),
            answers: vec![None; keys.len()],
            answered: 0,
            keys,
            limit: u64::from(limit.max(1)),
            largest: 0,
            awaited: [1].into(),
            asked_up_to: 1,
            cost: None,
            failed: false,
            pass: Pass::First,
            is_file: false,
            records: None,
            untied: None,
            rows: None,
            duplicated: 0,
            foreign: 0,
            missing_rows: 0,
        }
    }

    /// Nothing yet of a job whose one answer is at most so many rows, a list at `place` of its values.
    pub(crate) fn of_rows(keys: Keys, limit: u32, place: usize, most: u64) -> Self {
        let rows = Rows::new(place, most, u64::from(limit.max(1)));
        Self { rows: Some(rows), ..Self::new(keys, limit) }
    }

    /// Nothing yet of a job whose results are one file, which leaves out what nothing was found for.
    pub(crate) fn of_file(keys: Keys) -> Self {
        Self { is_file: true, ..Self::new(keys, u32::MAX) }
    }

    /// Takes in a file: that of what was found, or once more, or that of what was not.
    fn take_file(&mut self, number: u32, page: Page) -> Next {
        if number == 1 {
            self.records = self.records.max(page.total);
            let untied = page.items.saturating_sub(page.answers.len() as u64);
            self.untied = Some(self.untied.map_or(untied, |before| before.min(untied)));
        }
        for answer in page.answers {
            self.enter(answer);
        }
        // What comes again was here before.
        self.pass = Pass::Again;
        Next::Done
    }

    /// Judges what a file leaves out by what the job says of itself. It is a miss only where all that was found has
    /// come, by each count that is told and by the bill, and where nothing was failed at, passed over or left untied.
    pub(crate) fn judge_absent(&mut self, bill: &Bill) -> Judged {
        self.cost = bill.cost;
        if self.answered == self.keys.len() {
            return Judged::Whole;
        }
        let is_hit = |answer: &&Answered| matches!(answer.finding, Finding::Hit(_));
        let here = || self.answers.iter().flatten();
        let hits = here().filter(is_hit).count() as u64;
        let explained: Credits = here().filter_map(|answer| answer.credits).sum();
        let untied = self.untied.unwrap_or_default();
        // Some count records where others count questions.
        let records = self.records.filter(|_| untied == 0);
        let lacks_some =
            bill.found.is_some_and(|found| found > hits && Some(found) != records)
                || bill.records.is_some_and(|told| Some(told) > self.records)
                || bill.cost.is_some_and(|cost| cost > explained);
        let is_told = bill.found.is_some() || bill.cost.is_some();
        match (lacks_some, is_told && untied == 0 && bill.failed.unwrap_or_default() == 0)
        {
            (true, _) => Judged::Short,
            (false, false) => Judged::Unproved,
            (false, true) => {
                self.miss_the_rest();
                Judged::Whole
            }
        }
    }

    /// Takes what a file leaves out for misses where the job says nothing at all of itself, and nothing else speaks
    /// against it: each record was about a question, and there were some.
    ///
    /// # Source
    /// The reference's assumption A18.
    pub(crate) fn believe(&mut self, bill: &Bill) {
        let is_told =
            bill.found.is_some() || bill.cost.is_some() || bill.failed.is_some();
        if !is_told && self.untied == Some(0) && self.answered > 0 {
            self.miss_the_rest();
        }
    }

    fn miss_the_rest(&mut self) {
        for (key, answer) in self.keys.iter().zip(&mut self.answers) {
            let (finding, credits) = (Finding::Miss, Some(Credits::ZERO));
            answer.get_or_insert(Answered { key: *key, finding, credits });
        }
        self.answered = self.keys.len();
    }

    /// Takes in a page. Answers are tied to questions by key, never by their order.
    pub(crate) fn take(&mut self, number: u32, page: Page) -> Next {
        self.awaited.remove(&number);
        self.cost = page.cost.or(self.cost);
        self.failed |= page.failed;
        if self.is_file {
            return self.take_file(number, page);
        }
        if let Some(rows) = &mut self.rows {
            let next = rows.take(number, page);
            if next == Next::Done {
                self.duplicated = rows.duplicated;
                self.missing_rows = rows.missing();
                let whole = rows.whole();
                whole.into_iter().for_each(|answer| self.enter(answer));
            }
            return next;
        }
        if self.pass != Pass::Again {
            self.foreign += page.items.saturating_sub(page.answers.len() as u64);
        }
        // A total beyond the questions would be somebody else's items: some slack, not trust.
        let most = self.keys.len() as u64 * 2;
        self.told = page.total.or(self.told);
        self.total = page.total.map_or(self.total, |total| total.min(most));
        self.largest = self.largest.max(page.items);
        for answer in page.answers {
            self.enter(answer);
        }
        if self.pass == Pass::Smaller && page.items == 0 {
            self.awaited.clear();
            self.total = self.total.min(u64::from(number - 1) * self.largest);
        }
        self.next()
    }

    fn enter(&mut self, answer: Answered) {
        let fresh = self.pass != Pass::Again;
        let place = self.places.get(&answer.key);
        match place.and_then(|place| self.answers.get_mut(*place)) {
            None => self.foreign += u64::from(fresh),
            Some(Some(_)) => self.duplicated += u64::from(fresh),
            Some(empty) => {
                *empty = Some(answer);
                self.answered += 1;
            }
        }
    }

    fn next(&mut self) -> Next {
        let size = match self.pass {
            Pass::First => self.limit,
            Pass::Smaller | Pass::Again => self.largest.max(1),
        };
        let pages = u32::try_from(self.total.div_ceil(size).max(1)).unwrap_or(u32::MAX);
        // What seems a smaller page may have been the last: then the next one is empty.
        let (most, may_ask) = match self.pass {
            Pass::Smaller => {
                (self.asked_up_to.saturating_add(AT_A_TIME), self.awaited.is_empty())
            }
            Pass::First | Pass::Again => (u32::MAX, true),
        };
        let new: Vec<u32> = (self.asked_up_to + 1..=pages.min(most)).collect();
        if self.answered < self.keys.len() && may_ask && !new.is_empty() {
            self.asked_up_to = pages.min(most);
            self.awaited.extend(&new);
            return Next::Pages(new);
        }
        if !self.awaited.is_empty() {
            return Next::Wait;
        }
        if self.answered == self.keys.len() {
            return Next::Done;
        }
        match self.pass {
            Pass::First if 0 < self.largest && self.largest < self.limit => {
                self.pass = Pass::Smaller;
                self.next()
            }
            Pass::First | Pass::Smaller if !self.failed => {
                self.pass = Pass::Again;
                self.awaited = (1..=self.asked_up_to).collect();
                Next::Pages(self.awaited.iter().copied().collect())
            }
            _ => Next::Done,
        }
    }

    /// Whether the provider says that the job holds as many items as there are questions, if it says so.
    pub(crate) fn is_whole(&self) -> bool {
        match self.told {
            Some(told) => told == self.keys.len() as u64,
            None => self.foreign == 0,
        }
    }

    /// Whether the provider calls the job failed.
    pub(crate) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Takes the answer of a question back whose spelling is the plain one of others, unless each of those has a row of its
    /// own: providers may spell all of them so, and then nobody knows whose it is. A file is told apart by its reader.
    fn leave_namesakes(&mut self) -> KeySet {
        let mut unclear = KeySet::default();
        if self.is_file {
            return unclear;
        }
        for Namesakes { plain, others } in self.keys.namesakes() {
            let is_here = |key: &QueryKey| {
                let place = self.places.get(key).and_then(|at| self.answers.get(*at));
                place.is_some_and(Option::is_some)
            };
            let missing: Vec<_> =
                others.into_iter().filter(|other| !is_here(other)).collect();
            let Some(plain) = plain.filter(|plain| !missing.is_empty() && is_here(plain))
            else {
                continue;
            };
            if let Some(answer) =
                self.places.get(&plain).and_then(|at| self.answers.get_mut(*at))
            {
                *answer = None;
                self.answered -= 1;
            }
            unclear.extend(missing.into_iter().chain([plain]));
        }
        unclear
    }

    /// Closes the job: one answer a question, and the bill, where one question was reserved `price` for.
    ///
    /// A question without an item was provably not charged if the answers that came explain the whole
    /// bill by what they certainly cost. If they do not, or if there is no bill, it may have been.
    pub(crate) fn harvest(mut self, price: Credits) -> Harvest {
        let unclear = self.leave_namesakes();
        let here = || self.answers.iter().flatten();
        let certain: Credits = here().filter_map(|answer| answer.credits).sum();
        let uncertain = here().filter(|answer| answer.credits.is_none()).count() as u64;
        let missing = (self.keys.len() - self.answered) as u64;
        let cost = self.cost.unwrap_or(certain + price * (uncertain + missing));
        let unpaid = self.cost.is_some_and(|cost| cost <= certain);
        let settled = move |credits: Option<Credits>| match credits {
            // Such as where all was asked before, and asking again is free.
            _ if cost == Credits::ZERO => Some(Credits::ZERO),
            _ if cost == certain && unpaid => Some(credits.unwrap_or_default()),
            _ if missing == 0 && cost == certain + price * uncertain => {
                Some(credits.unwrap_or(price))
            }
            _ => None,
        };
        let reason = match self.failed {
            true => "the job failed at the provider",
            false => "the results leave it out",
        };
        let reason = |key: &QueryKey| match unclear.contains(key) {
            true => "its row cannot be told from that of a namesake",
            false => reason,
        };
        let close = |(key, answer): (&QueryKey, Option<Answered>)| match answer {
            Some(answer) => Answered { credits: settled(answer.credits), ..answer },
            None if unpaid => {
                let finding = Finding::Failed(reason(key).into());
                Answered { key: *key, finding, credits: Some(Credits::ZERO) }
            }
            None => Answered {
                key: *key,
                finding: Finding::Unknown(reason(key).into()),
                credits: None,
            },
        };
        let answers = self.keys.iter().zip(self.answers).map(close).collect();
        let unclear = unclear.len() as u64;
        Harvest { answers, cost, missing, unclear }
    }
}

impl Harvest {
    /// Whether nothing in it is about any of the questions. Rows of namesakes are, though nobody knows about which.
    pub(crate) fn holds_none(&self) -> bool {
        self.unclear == 0 && self.missing == self.answers.len() as u64
    }

    /// What became of each question, in the order of the batch's keys.
    pub(crate) fn statuses(&self) -> Arc<[Status]> {
        self.answers.iter().map(|answer| answer.finding.status()).collect()
    }
}

#[cfg(test)]
mod tests;
