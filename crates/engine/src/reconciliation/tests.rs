//! The rungs that Enrich.so does not have, at a provider of the tests.

use super::*;
use crate::{Hints, Parts, limiter::tests::account};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Appended, Batch, Bill, Clock, Endpoint, ErrorKind, Estimate,
    JobId, Journal, JournalError, Keys, Lane, Launch, Leases, Ledger, Moment, Operation,
    Page, Progress, Provider, Query, QueryKey, RunId, Sent, Signals, Staging,
    StagingError, Terms, Timestamp, Transactions,
    pack::Offer,
    slots::{Agreement, Noted, ProcessId, Slots, Trade},
};
use std::{
    num::NonZeroU32,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{Instant, sleep},
};

/// Lists one job, and knows of nothing else.
#[derive(Debug)]
pub(crate) struct Lister {
    pub(crate) account: Account,
    lists: Option<(BatchId, JobId)>,
    fails: bool,
    begun: Instant,
    found_after: Mutex<Vec<Duration>>,
}

pub(crate) type Called<T> = Result<Reply<T>, ProviderError>;

pub(crate) fn reply<T>(value: T) -> Called<T> {
    Ok(Reply { value, signals: Signals::default() })
}

#[async_trait]
impl Provider for Lister {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Called<Credits> {
        reply(Credits(100))
    }

    async fn transactions(&self, _: u32) -> Called<Transactions> {
        panic!("it has none")
    }

    async fn find(&self, _: Operation, batch: BatchId) -> Called<Option<JobId>> {
        self.found_after.lock().unwrap().push(self.begun.elapsed());
        if self.fails {
            return Err(ProviderError {
                provider: "p".into(),
                action: "find".into(),
                kind: ErrorKind::Refused,
                status: Some(500),
                detail: String::new(),
                signals: Box::default(),
            });
        }
        let listed = self.lists.as_ref().filter(|(listed, _)| *listed == batch);
        reply(listed.map(|(_, job)| job.clone()))
    }

    async fn terms(&self, _: Operation) -> Called<Terms> {
        panic!("it has none")
    }

    async fn ask(&self, _: &Query) -> Called<Answered> {
        panic!("nothing is bought here")
    }

    async fn submit(&self, _: &Batch) -> Called<JobId> {
        panic!("nothing is bought here")
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

    async fn poll(&self, _: Operation, _: &JobId) -> Called<Progress> {
        panic!("nothing is fetched here")
    }

    async fn fetch(
        &self,
        _: Operation,
        _: &JobId,
        _: &Keys,
        _: u32,
        _: u32,
    ) -> Called<Page> {
        panic!("nothing is fetched here")
    }
}

/// Keeps nothing.
#[derive(Debug)]
pub(crate) struct Memory(pub(crate) Slots);

#[async_trait]
impl Journal for Memory {
    async fn append(&mut self, _: &[Entry]) -> Result<Appended, JournalError> {
        Ok(Appended::Written { before: Vec::new() })
    }
}

#[async_trait]
impl Staging for Memory {
    async fn stage(
        &self,
        _: BatchId,
        _: Operation,
        _: Vec<Answered>,
    ) -> Result<String, StagingError> {
        panic!("nothing is staged here")
    }
}

impl Clock for Memory {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn moment(&self) -> Moment {
        Moment(NOW.0)
    }
}

impl Leases for Memory {
    fn note(&mut self, _: &[Sent]) -> Result<Noted, JournalError> {
        Ok(Noted::Written)
    }

    fn heard(&mut self, _: Moment, _: Endpoint) -> Result<(), JournalError> {
        Ok(())
    }

    fn freeze(&mut self, _: Moment, _: Moment) -> Result<(), JournalError> {
        Ok(())
    }

    fn close(&mut self, _: Moment, _: Endpoint, _: Moment) -> Result<(), JournalError> {
        Ok(())
    }

    fn trade(
        &mut self,
        now: Moment,
        trades: &[Trade],
    ) -> Result<Agreement, JournalError> {
        Ok(self.0.trade(ProcessId(1), now, trades))
    }
}

const NOW: Timestamp = Timestamp(1_000_000_000);

pub(crate) fn lister(lists: Option<(BatchId, JobId)>) -> Lister {
    let mut account = account(&[], &[]);
    account.pack.listing = Some("60s".parse().unwrap());
    let offer = Offer {
        price: Credits(1),
        least_price: None,
        free: String::new(),
        least: Credits(0),
        most_items: NonZeroU32::MIN,
        batch: NonZeroU32::MIN,
        page: NonZeroU32::MIN,
        most_bytes: 1,
        running: None,
        daily: Default::default(),
        only: None,
        rows: None,
        each: NonZeroU32::MIN,
        fewest: None,
        unbounded: false,
        job_answers: NonZeroU32::MIN,
        echo: true,
        misses: Vec::new(),
        likely_misses: Vec::new(),
        repeats: Some("100s".parse().unwrap()),
        poll: None,
        early_results: None,
        terms: false,
        free_a_month: None,
    };
    account.pack.operations = [(Operation::VerifyEmail, offer)].into();
    let (begun, found_after) = (Instant::now(), Mutex::default());
    Lister { account, lists, fails: false, begun, found_after }
}

fn lost(batch: u64, lane: Lane, age: i64) -> Entry {
    let event = Event::Intended {
        account: "test".into(),
        step: "s".into(),
        operation: Operation::VerifyEmail,
        lane,
        reserve: Credits(1),
        anchor: None,
        moment: None,
        keys: [QueryKey([u8::try_from(batch).unwrap(); 16])].into(),
    };
    let at = Timestamp(NOW.0 - age);
    Entry { at, run: RunId(1), batch: BatchId(batch), event }
}

async fn reconcile(
    provider: Lister,
    lost: &[Entry],
    hints: &Hints,
) -> (Reconciled, Book, Vec<Duration>) {
    let provider = Arc::new(provider);
    let (_keep, stop) = watch::channel(false);
    let memory = || Memory(Slots::default());
    let parts = Parts {
        provider: Arc::clone(&provider) as _,
        staging: Arc::new(memory()),
        clock: Arc::new(memory()),
        leases: Box::new(memory()),
        budget: Credits::MAX,
        stop,
        hints: hints.clone(),
    };
    let mut ledger = Ledger::default();
    lost.iter().try_for_each(|entry| ledger.apply(entry)).unwrap();
    let mut book = Book::new(Box::new(memory()), ledger);
    let mut engine = Engine::new(RunId(1), parts);
    let (ours, policy) = (Ours::All, Doubtful::default());
    let reconciled = engine.reconcile(&mut book, &ours, &policy).await.unwrap();
    let found_after = provider.found_after.lock().unwrap().clone();
    (reconciled, book, found_after)
}

#[tokio::test(start_paused = true)]
async fn a_job_that_the_provider_lists_is_adopted_and_one_that_it_does_not_was_never_begun()
 {
    let job = JobId("j1".into());
    let provider = lister(Some((BatchId(1), job.clone())));
    let doubts = [lost(1, Lane::Bulk, 0), lost(2, Lane::Bulk, 0)];
    let (reconciled, book, found_after) =
        reconcile(provider, &doubts, &Hints::default()).await;
    assert_eq!(reconciled.adopted, [(BatchId(1), job.clone())]);
    assert_eq!(reconciled.free, [BatchId(2)]);
    assert!(book.ledger().line(BatchId(1)).unwrap().adopted);
    assert!(matches!(
        book.ledger().line(BatchId(2)).unwrap().state,
        State::Refused { again: true, .. }
    ));
    // Not before it would have to be listed.
    assert!(found_after.iter().all(|after| *after >= Duration::from_secs(60)));
    assert_eq!(found_after.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_proves_nothing() {
    let provider = Lister { fails: true, ..lister(None) };
    let doubts = [lost(1, Lane::Bulk, 0)];
    let (reconciled, book, _) = reconcile(provider, &doubts, &Hints::default()).await;
    assert!(!reconciled.frees());
    assert_eq!(reconciled.held.len(), 1);
    assert_eq!(book.ledger().line(BatchId(1)).unwrap().state, State::InDoubt);
}

#[tokio::test(start_paused = true)]
async fn a_single_question_that_is_free_to_repeat_is_asked_again_while_it_is() {
    let doubts = [
        lost(1, Lane::Single, 20_000),
        lost(2, Lane::Single, 90_000),
        lost(3, Lane::Bulk, 0),
    ];
    let (reconciled, book, found_after) =
        reconcile(lister(None), &doubts, &Hints::default()).await;
    // What the first call holds stays held until the repeat is answered.
    assert_eq!(
        (reconciled.repeats, reconciled.free),
        (vec![BatchId(1)], vec![BatchId(3)])
    );
    for batch in [BatchId(1), BatchId(2)] {
        let line = book.ledger().line(batch).unwrap();
        assert_eq!((&line.state, line.credits), (&State::InDoubt, Credits(1)));
    }
    assert_eq!(found_after.len(), 1, "singles have no names");
}

/// While it settles, a callback names the job: nothing else is waited for.
#[tokio::test(start_paused = true)]
async fn a_callback_ends_the_wait() {
    let hints = Hints::default();
    let told = hints.clone();
    tokio::spawn(async move {
        sleep(Duration::from_secs(5)).await;
        let (batch, job) = (BatchId(1), JobId("j1".into()));
        told.tell(leadmill_core::Hint {
            batch,
            job,
            kind: leadmill_core::HintKind::Item,
        });
    });
    let start = Instant::now();
    let doubts = [lost(1, Lane::Bulk, 0)];
    let (reconciled, _, found_after) = reconcile(lister(None), &doubts, &hints).await;
    assert_eq!(reconciled.adopted, [(BatchId(1), JobId("j1".into()))]);
    assert!(start.elapsed() < Duration::from_secs(6), "{:?}", start.elapsed());
    assert!(found_after.is_empty());
}

/// A run takes for charged what other runs have lost, too: its later sessions remember, and another run has a budget
/// of its own.
#[tokio::test(start_paused = true)]
async fn what_a_run_has_written_off_for_others_counts_in_its_later_sessions() {
    let mut ledger = Ledger::default();
    for batch in [1, 2] {
        ledger.apply(&lost(batch, Lane::Single, 200_000)).unwrap();
    }
    let memory = || Memory(Slots::default());
    let mut book = Book::new(Box::new(memory()), ledger);
    for (run, retried, held) in [(2, 1, 1), (2, 0, 1), (3, 1, 0)] {
        let (_keep, stop) = watch::channel(false);
        let parts = Parts {
            provider: Arc::new(lister(None)),
            staging: Arc::new(memory()),
            clock: Arc::new(memory()),
            leases: Box::new(memory()),
            budget: Credits::MAX,
            stop,
            hints: Hints::default(),
        };
        let mut engine = Engine::new(RunId(run), parts);
        let policy = Doubtful { act: InDoubt::Retry, budget: Credits(1) };
        let ours = Ours::All;
        let reconciled = engine.reconcile(&mut book, &ours, &policy).await.unwrap();
        let counts = (reconciled.retried.len(), reconciled.held.len());
        assert_eq!(counts, (retried, held), "run {run}");
    }
    assert!(book.ledger().adds_up());
}
