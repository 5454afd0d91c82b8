//! A provider that takes every job, and tells at its end whether the wallet covered it.

use crate::{
    Book, Ending, Engine, Hints, Order, Parts, limiter::tests::account,
    reconciliation::tests::Memory,
};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Batch, BatchId, Bill, Credits, Entry, ErrorKind, Estimate, Event,
    Finding, JobId, Keys, Lane, Launch, Ledger, Operation, Page, Progress, Provider,
    ProviderError, Query, QueryKey, Reply, RunId, Signals, Staging, StagingError, State,
    Terms, Timestamp, Transactions, pack::Offer, slots::Slots,
};
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
};
use tokio::sync::watch;

/// Its first jobs are covered, so many of them.
#[derive(Debug)]
struct Late {
    account: Account,
    covered: usize,
    /// The questions of each job.
    jobs: Mutex<Vec<Keys>>,
}

type Called<T> = Result<Reply<T>, ProviderError>;

fn reply<T>(value: T) -> Called<T> {
    Ok(Reply { value, signals: Signals::default() })
}

impl Late {
    /// The keys of a job, if it was covered.
    fn seen(&self, job: &JobId) -> Result<Keys, ProviderError> {
        let number: usize = job.0.parse().unwrap();
        if number < self.covered {
            return Ok(self.jobs.lock().unwrap()[number].clone());
        }
        Err(ProviderError {
            provider: "p".into(),
            action: format!("progress of job {job}"),
            kind: ErrorKind::NoCredit,
            status: None,
            detail: "Insufficient credits (balance: 3, required: 4)".into(),
            signals: Box::default(),
        })
    }
}

#[async_trait]
impl Provider for Late {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Called<Credits> {
        reply(Credits(1_000))
    }

    async fn transactions(&self, _: u32) -> Called<Transactions> {
        reply(Transactions::default())
    }

    async fn find(&self, _: Operation, _: BatchId) -> Called<Option<JobId>> {
        panic!("no jobs are listed")
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        panic!("it has none")
    }

    async fn ask(&self, _: &Query) -> Called<Answered> {
        panic!("it takes jobs only")
    }

    async fn submit(&self, batch: &Batch) -> Called<JobId> {
        let mut jobs = self.jobs.lock().unwrap();
        jobs.push(batch.keys.clone());
        reply(JobId((jobs.len() - 1).to_string()))
    }

    async fn launch(&self, _: Operation, _: &JobId, _: bool) -> Called<Launch> {
        panic!("its jobs start by themselves")
    }

    async fn estimate(&self, _: Operation, _: &JobId) -> Called<Estimate> {
        panic!("its submits charge")
    }

    async fn bill(&self, _: Operation, _: &JobId) -> Called<Bill> {
        panic!("its submits charge")
    }

    async fn poll(&self, _: Operation, job: &JobId) -> Called<Progress> {
        self.seen(job).and_then(|_| reply(Progress::Ready))
    }

    async fn fetch(
        &self,
        _: Operation,
        job: &JobId,
        _: &Keys,
        _: u32,
        _: u32,
    ) -> Called<Page> {
        let miss = |key: &QueryKey| Answered {
            key: *key,
            finding: Finding::Miss,
            credits: Some(Credits(1)),
        };
        let answers: Vec<Answered> = self.seen(job)?.iter().map(miss).collect();
        let items = answers.len() as u64;
        reply(Page {
            ready: true,
            failed: false,
            total: Some(items),
            items,
            answers,
            cost: Some(Credits(items)),
        })
    }
}

#[derive(Debug)]
struct Shelf;

#[async_trait]
impl Staging for Shelf {
    async fn stage(
        &self,
        batch: BatchId,
        _: Operation,
        _: Vec<Answered>,
    ) -> Result<String, StagingError> {
        Ok(batch.to_string())
    }
}

fn late(covered: usize, most: u32) -> Late {
    let most = NonZeroU32::new(most).unwrap();
    let offer = Offer {
        price: Credits(1),
        least_price: None,
        free: String::new(),
        least: Credits(0),
        most_items: most,
        batch: most,
        page: most,
        most_bytes: 10_000,
        only: Some(Lane::Bulk),
        rows: None,
        each: NonZeroU32::MIN,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        running: NonZeroU32::new(1),
        daily: Default::default(),
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: None,
        poll: None,
        early_results: None,
        terms: false,
        free_a_month: None,
    };
    let mut account = account(&[], &[]);
    account.pack.operations = [(Operation::VerifyEmail, offer)].into();
    Late { account, covered, jobs: Mutex::default() }
}

/// Asks twelve questions where the book holds these entries.
async fn bought(provider: Late, book: &[Entry]) -> (Ending, Engine, Book, Arc<Late>) {
    let provider = Arc::new(provider);
    let (_keep, stop) = watch::channel(false);
    let memory = || Memory(Slots::default());
    let mut engine = Engine::new(
        RunId(1),
        Parts {
            provider: Arc::clone(&provider) as _,
            staging: Arc::new(Shelf),
            clock: Arc::new(memory()),
            leases: Box::new(memory()),
            budget: Credits::MAX,
            stop,
            hints: Hints::default(),
        },
    );
    let mut ledger = Ledger::default();
    book.iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
    let mut book = Book::new(Box::new(memory()), ledger);
    let order =
        Order { lane: Some(Lane::Bulk), ..Order::new("s", Operation::VerifyEmail, 12) };
    let question = |n: u32| {
        let mail = format!("{n}@x.io");
        Query::read(Operation::VerifyEmail, [Some(mail.as_str())])
            .map_err(std::io::Error::other)
    };
    let mut questions = (0..12).map(question);
    engine.open_wallet().await.unwrap();
    let ending = engine.buy(&mut book, &order, &mut questions, None).await.unwrap();
    (ending, engine, book, provider)
}

#[tokio::test(start_paused = true)]
async fn a_job_that_the_wallet_did_not_cover_ends_the_buying_and_loses_nothing() {
    let (ending, engine, book, provider) = bought(late(1, 4), &[]).await;
    assert_eq!(ending, Ending::NoCredit);
    assert_eq!(provider.jobs.lock().unwrap().len(), 2, "nothing was begun after it");
    let [paid, unpaid] = book.ledger().lines() else { panic!("two batches") };
    assert!(matches!(paid.state, State::Settled { .. }), "{paid:?}");
    assert!(matches!(unpaid.state, State::Refused { again: true, .. }), "{unpaid:?}");
    assert_eq!(book.ledger().committed(RunId(1), &"test".into()), Credits(4));
    let report = engine.report();
    assert_eq!((report.asked, report.misses, report.failed), (4, 4, 0));
    assert!(report.trouble.unwrap().contains("Insufficient credits"));
}

fn entry(event: Event) -> Entry {
    Entry { at: Timestamp(1), run: RunId(0), batch: BatchId(7), event }
}

fn begun() -> [Entry; 2] {
    let intended = Event::Intended {
        account: "test".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane: Lane::Bulk,
        reserve: Credits(1),
        anchor: None,
        moment: None,
        keys: [QueryKey([9; 16])].into(),
    };
    [intended, Event::Accepted { job: JobId("99".into()) }].map(entry)
}

#[tokio::test(start_paused = true)]
async fn one_of_an_earlier_process_is_let_go_and_stops_nothing() {
    let (ending, engine, book, _) = bought(late(1, 12), &begun()).await;
    assert_eq!(ending, Ending::Complete);
    let line = book.ledger().line(BatchId(7)).unwrap();
    assert!(matches!(line.state, State::Refused { again: true, .. }), "{line:?}");
    assert_eq!((engine.report().asked, engine.report().misses), (12, 12));
}

/// The job that somebody has named for a batch may be another's.
#[tokio::test(start_paused = true)]
async fn one_that_was_named_by_somebody_proves_nothing() {
    let [intended, _] = begun();
    let adopted = entry(Event::Adopted { job: JobId("99".into()) });
    let (_, _, book, _) = bought(late(1, 12), &[intended, adopted]).await;
    assert_eq!(book.ledger().line(BatchId(7)).unwrap().state, State::InDoubt);
}
