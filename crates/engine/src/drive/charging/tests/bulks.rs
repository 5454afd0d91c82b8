//! A provider of the tests: jobs are handed over, launched, and charge when their results are first fetched.

use crate::{
    limiter::tests::account,
    reconciliation::tests::{Called, reply},
};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, Batch, BatchId, Bill, Credits, Entry, ErrorKind,
    Estimate, Event, Finding, JobId, Journal, JournalError, Keys, Lane, Launch,
    Operation, Page, Progress, Provider, ProviderError, Query, QueryKey, Signals,
    Staging, StagingError, Status, Terms, Transactions,
    pack::{Daily, Offer, PaidAct},
};
use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::time::Instant;

pub(in crate::drive) const PRICE: Credits = Credits(2);
pub(in crate::drive) const DAY: Duration = Duration::from_secs(86_400);

/// The provider and its own books.
#[derive(Debug)]
pub(in crate::drive) struct Bulks {
    pub(in crate::drive) account: Account,
    /// What the journal holds: what may be fetched is looked up there.
    journal: Mutex<Written>,
    pub(in crate::drive) books: Mutex<Books>,
}

#[derive(Debug)]
pub(in crate::drive) struct Books {
    pub(in crate::drive) jobs: Vec<Job>,
    pub(in crate::drive) left: Credits,
    pub(in crate::drive) charged: Credits,
    /// What was asked and charged for, and how often.
    pub(in crate::drive) sold: HashMap<QueryKey, u32>,
    /// Slots that others hold, until then.
    pub(in crate::drive) others: (usize, Instant),
    /// How long a launched job waits for its turn, and says the same as one that was not.
    pub(in crate::drive) queued: Duration,
    pub(in crate::drive) launches: u32,
    /// Launches that end as failures.
    pub(in crate::drive) failures: u32,
    /// Files of results that lack a record.
    pub(in crate::drive) short: u32,
    /// Questions of each job that it fails at.
    pub(in crate::drive) fails_at: u64,
    /// What it says will be charged beyond what it sells.
    pub(in crate::drive) surcharge: Credits,
    /// Replies to fetches that are lost.
    pub(in crate::drive) lost: u32,
    pub(in crate::drive) most_at_once: usize,
    pub(in crate::drive) downloads: u32,
    /// Downloads that it grants; more are refused for the day.
    pub(in crate::drive) most_downloads: u32,
    /// Whether its files do not say which question each record answers.
    pub(in crate::drive) is_untied: bool,
    /// Whether it says nothing of what was paid, and whether its bill is nothing before.
    pub(in crate::drive) is_silent: bool,
    pub(in crate::drive) bills_late: bool,
}

#[derive(Debug)]
pub(in crate::drive) struct Job {
    pub(in crate::drive) batch: BatchId,
    pub(in crate::drive) keys: Keys,
    pub(in crate::drive) created: Instant,
    launched: Option<Instant>,
    queued: Duration,
    fails: bool,
    pub(in crate::drive) paid: bool,
}

impl Job {
    const TAKES: Duration = Duration::from_secs(300);

    fn has_ended(&self) -> bool {
        self.launched.is_some_and(|at| at.elapsed() >= Self::TAKES + self.queued)
    }

    fn runs(&self) -> bool {
        self.launched.is_some() && !self.has_ended()
    }

    fn found(&self) -> impl Iterator<Item = QueryKey> {
        self.keys.iter().copied().filter(is_known)
    }
}

/// Two of three questions have an answer.
pub(in crate::drive) fn is_known(key: &QueryKey) -> bool {
    !key.0[0].is_multiple_of(3)
}

pub(in crate::drive) fn query(n: usize) -> Query {
    let mail = format!("{n}@x.io");
    Query::read(Operation::VerifyEmail, [Some(mail.as_str())]).unwrap()
}

/// What a journal holds, whoever writes it.
#[derive(Clone, Debug, Default)]
pub(in crate::drive) struct Written(Arc<Mutex<Vec<Entry>>>);

impl Written {
    pub(in crate::drive) fn entries(&self) -> Vec<Entry> {
        self.0.lock().unwrap().clone()
    }

    /// Adds a record that somebody else has written.
    pub(in crate::drive) fn add(&self, entry: Entry) {
        self.0.lock().unwrap().push(entry);
    }

    /// What a process leaves behind that ends after so many records.
    pub(in crate::drive) fn cut(&self, records: usize) -> Self {
        Self(Arc::new(Mutex::new(self.entries()[..records].to_vec())))
    }

    fn has_authorized(&self, batch: BatchId) -> Option<Credits> {
        let entries = self.0.lock().unwrap();
        entries.iter().rev().find_map(|entry| match entry.event {
            Event::Authorized { charge, .. } if entry.batch == batch => Some(charge),
            _ => None,
        })
    }
}

#[async_trait]
impl Journal for Written {
    async fn append(&mut self, entries: &[Entry]) -> Result<Appended, JournalError> {
        self.0.lock().unwrap().extend_from_slice(entries);
        Ok(Appended::Written { before: Vec::new() })
    }
}

/// Keeps what is staged.
#[derive(Clone, Debug, Default)]
pub(in crate::drive) struct Shelf(
    pub(in crate::drive) Arc<Mutex<BTreeMap<BatchId, Vec<Answered>>>>,
);

#[async_trait]
impl Staging for Shelf {
    async fn stage(
        &self,
        batch: BatchId,
        _: Operation,
        answers: Vec<Answered>,
    ) -> Result<String, StagingError> {
        self.0.lock().unwrap().insert(batch, answers);
        Ok(batch.to_string())
    }
}

impl Shelf {
    /// How many answers became of each kind.
    pub(in crate::drive) fn count(&self, status: Status) -> usize {
        let shelf = self.0.lock().unwrap();
        let answers = shelf.values().flatten();
        answers.filter(|answer| answer.finding.status() == status).count()
    }
}

impl Bulks {
    /// Jobs of `most` questions at most, of which two run at once and `daily` are begun a day.
    pub(in crate::drive) fn new(journal: &Written, most: u32, daily: u32) -> Self {
        let mut account = account(&["5/1s"], &["5/1s"]);
        account.pack.jobs.paid = PaidAct::Fetch;
        account.pack.jobs.launched = true;
        account.pack.jobs.early_results = false;
        account.pack.operations = [(Operation::VerifyEmail, offer(most, daily))].into();
        let books = Books {
            jobs: Vec::new(),
            left: Credits(1_000_000),
            charged: Credits::ZERO,
            sold: HashMap::new(),
            others: (0, Instant::now()),
            queued: Duration::ZERO,
            launches: 0,
            failures: 0,
            short: 0,
            fails_at: 0,
            surcharge: Credits::ZERO,
            lost: 0,
            most_at_once: 0,
            downloads: 0,
            most_downloads: 100,
            is_untied: false,
            is_silent: false,
            bills_late: false,
        };
        Self { account, journal: Mutex::new(journal.clone()), books: Mutex::new(books) }
    }

    /// Looks into another journal from here on.
    pub(in crate::drive) fn follow(&self, journal: &Written) {
        *self.journal.lock().unwrap() = journal.clone();
    }

    fn job<T>(
        &self,
        job: &JobId,
        see: impl FnOnce(&mut Job) -> T,
    ) -> Result<T, ProviderError> {
        let number: usize = job.0.parse().unwrap();
        let mut books = self.books.lock().unwrap();
        let gone = || error(ErrorKind::Gone, "unknown_record");
        books.jobs.get_mut(number).map(see).ok_or_else(gone)
    }
}

impl Bulks {
    /// The file of what was not found, but for what it has failed at.
    fn not_found(&self, books: &Books, job: &JobId) -> Called<Page> {
        let job = &books.jobs[job.0.parse::<usize>().unwrap()];
        let unknown = job.keys.iter().filter(|key| !is_known(key));
        let miss = |key: &QueryKey| Answered {
            key: *key,
            finding: Finding::Miss,
            credits: Some(Credits::ZERO),
        };
        let failed = usize::try_from(books.fails_at).unwrap();
        let answers: Vec<Answered> = unknown.skip(failed).map(miss).collect();
        let items = answers.len() as u64;
        let total = Some(items);
        reply(Page { ready: true, failed: false, total, items, answers, cost: None })
    }
}

fn offer(most: u32, daily: u32) -> Offer {
    let most = NonZeroU32::new(most).unwrap();
    Offer {
        price: PRICE,
        least_price: None,
        free: String::new(),
        least: Credits(0),
        most_items: most,
        batch: most,
        page: most,
        most_bytes: 1 << 20,
        only: Some(Lane::Bulk),
        rows: None,
        each: NonZeroU32::MIN,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        running: NonZeroU32::new(2),
        daily: Daily { jobs: NonZeroU32::new(daily), questions: None },
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: None,
        poll: None,
        early_results: None,
        terms: false,
        free_a_month: None,
    }
}

pub(in crate::drive) fn error(kind: ErrorKind, detail: &str) -> ProviderError {
    ProviderError {
        provider: "p".into(),
        action: "a call".into(),
        kind,
        status: None,
        detail: detail.into(),
        signals: Box::new(Signals::default()),
    }
}

#[async_trait]
impl Provider for Bulks {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Called<Credits> {
        reply(self.books.lock().unwrap().left)
    }

    async fn transactions(&self, _: u32) -> Called<Transactions> {
        panic!("it has none")
    }

    async fn find(&self, _: Operation, _: BatchId) -> Called<Option<JobId>> {
        panic!("no reply to a submit is lost")
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        panic!("it has none")
    }

    async fn ask(&self, _: &Query) -> Called<Answered> {
        panic!("it takes jobs only")
    }

    async fn submit(&self, batch: &Batch) -> Called<JobId> {
        let mut books = self.books.lock().unwrap();
        let job = Job {
            batch: batch.id,
            keys: batch.keys.clone(),
            created: Instant::now(),
            launched: None,
            queued: Duration::ZERO,
            fails: false,
            paid: false,
        };
        books.jobs.push(job);
        reply(JobId((books.jobs.len() - 1).to_string()))
    }

    async fn launch(&self, _: Operation, job: &JobId, again: bool) -> Called<Launch> {
        let mut books = self.books.lock().unwrap();
        let (others, until) = books.others;
        let others = if Instant::now() < until { others } else { 0 };
        let running = books.jobs.iter().filter(|job| job.runs()).count() + others;
        if running >= 2 {
            return reply(Launch::Busy(None));
        }
        books.most_at_once = books.most_at_once.max(running + 1);
        let fails = books.failures > 0;
        books.failures = books.failures.saturating_sub(1);
        let queued = books.queued;
        books.launches += 1;
        let job = &mut books.jobs[job.0.parse::<usize>().unwrap()];
        if job.launched.is_some() && !(again && job.fails) {
            // It was launched already.
            return reply(Launch::Begun);
        }
        (job.launched, job.fails, job.queued) = (Some(Instant::now()), fails, queued);
        reply(Launch::Begun)
    }

    async fn poll(&self, _: Operation, job: &JobId) -> Called<Progress> {
        let progress = self.job(job, |job| match (job.launched, job.has_ended()) {
            (None, _) => Progress::Waiting,
            (Some(at), _) if at.elapsed() < job.queued => Progress::Waiting,
            (Some(_), false) => Progress::Running { done: None, total: None },
            (Some(_), true) if job.fails => Progress::Failed,
            (Some(_), true) => Progress::Ready,
        });
        reply(progress?)
    }

    async fn estimate(&self, _: Operation, job: &JobId) -> Called<Estimate> {
        let (sold, is_paid) = self.job(job, |job| (job.found().count(), job.paid))?;
        let books = self.books.lock().unwrap();
        let cost = PRICE * sold as u64 + books.surcharge;
        let is_covered = Some(is_paid || books.left >= cost);
        let is_paid = is_paid && !books.is_silent;
        reply(Estimate { cost: Some(cost), is_exact: true, is_covered, is_paid })
    }

    async fn bill(&self, _: Operation, job: &JobId) -> Called<Bill> {
        let (found, is_paid) = self.job(job, |job| (job.found().count(), job.paid))?;
        let books = self.books.lock().unwrap();
        let late = if is_paid { PRICE * found as u64 } else { Credits::ZERO };
        reply(Bill {
            cost: books.bills_late.then_some(late),
            is_paid: (!books.is_silent).then_some(is_paid),
            found: Some(found as u64),
            failed: Some(books.fails_at),
            records: None,
        })
    }

    async fn fetch(
        &self,
        _: Operation,
        job: &JobId,
        _: &Keys,
        page: u32,
        _: u32,
    ) -> Called<Page> {
        let (batch, ended, was_paid) =
            self.job(job, |job| (job.batch, job.has_ended(), job.paid))?;
        assert!(ended, "nothing is fetched before the job has ended");
        let mut found: Vec<QueryKey> = self.job(job, |job| job.found().collect())?;
        let charge = PRICE * found.len() as u64;
        let authorized = self.journal.lock().unwrap().has_authorized(batch);
        assert!(was_paid || authorized >= Some(charge), "it was not authorized: {batch}");
        let mut books = self.books.lock().unwrap();
        if books.downloads >= books.most_downloads {
            let day = Some(Duration::from_secs(40_000));
            return Err(error(ErrorKind::Throttled(day), "the day's downloads"));
        }
        books.downloads += 1;
        if !was_paid {
            books.jobs[job.0.parse::<usize>().unwrap()].paid = true;
            assert!(books.left >= charge, "it is not covered");
            books.left = books.left.less(charge);
            books.charged += charge;
            for key in &found {
                *books.sold.entry(*key).or_default() += 1;
            }
        }
        if books.is_untied {
            return Err(error(ErrorKind::Refused, "the records say nothing"));
        }
        if books.lost > 0 {
            books.lost -= 1;
            return Err(error(ErrorKind::InDoubt, "reset"));
        }
        if page == 2 {
            return self.not_found(&books, job);
        }
        if books.short > 0 {
            books.short -= 1;
            found.pop();
        }
        let hit = |key: QueryKey| Answered {
            key,
            finding: Finding::Hit([].into()),
            credits: Some(PRICE),
        };
        let answers: Vec<Answered> = found.into_iter().map(hit).collect();
        let items = answers.len() as u64;
        reply(Page {
            ready: true,
            failed: false,
            total: Some(items),
            items,
            answers,
            cost: None,
        })
    }
}
