//! The turn of the loop: what may leave, what a reply means, when it is over.

mod admission;
mod arriving;
mod authorising;
mod billing;
pub(crate) mod bounds;
mod charging;
mod exposure;
mod failures;
mod files;
mod free_calls;
mod leaving;
mod looks;
mod plan;
mod quota;
mod repeats;
mod resting;
mod settlement;
mod terms;
mod uncovered;
mod waiting;
mod writing;

use crate::{
    Book, Ending, Engine, Order, RunError, Snapshot, collection::Collection,
    limiter::Permit,
};
use arriving::Arrivals;
use bounds::Costs;
use charging::Charge;
use exposure::Exposure;
use leadmill_core::{
    Answered, Batch, BatchId, Bill, Credits, Estimate, Event, JobId, Keys, Launch, Line,
    Operation, Page, Progress, ProviderError, Query, Reply, StagingError, State, Status,
    Timestamp, pack::Offer, schedule::JobTimes,
};
use looks::Looks;
use plan::Plan;
use repeats::Repeats;
use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io,
    sync::Arc,
    time::Duration,
};
use terms::Agreed;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use writing::Kept;

/// Everything that one call to [`Engine::buy`] keeps in its hands.
pub(crate) struct Drive<'a> {
    engine: &'a mut Engine,
    book: &'a mut Book,
    order: &'a Order,
    offer: Offer,
    /// What the team has agreed on about it.
    agreed: Option<Agreed>,
    /// Why nothing is bought: what is paid for is fetched first.
    unwanted: Option<RunError>,
    questions: &'a mut (dyn Iterator<Item = io::Result<Query>> + Send),
    exhausted: bool,
    /// Questions that were read.
    read: u64,
    arrivals: Arrivals,
    repeats: Repeats,
    plan: Plan,
    looks: Looks,
    backlog: VecDeque<Query>,
    /// Batches that were refused without a charge and go again as they are.
    again: VecDeque<Batch>,
    /// Free calls by the time at which they are due.
    errands: BTreeMap<(Instant, u64), Errand>,
    errand_count: u64,
    jobs: HashMap<BatchId, Work>,
    /// Ended jobs whose results wait until others are staged.
    ready: VecDeque<BatchId>,
    calls: JoinSet<Ended>,
    /// Whether a file of a job was read, where its fetch is what charges.
    has_read_file: bool,
    /// Turns to stage.
    stagers: Arc<Semaphore>,
    /// Calls in flight whose reply decides about money, and answers being staged.
    weighty: usize,
    costs: Costs,
    /// Paid calls do not leave before this: the provider could not be reached.
    paid_not_before: Option<Instant>,
    unsent: u32,
    /// Submits in a row that were told to wait, and until when none is made for that.
    submits_throttled: u32,
    no_jobs_until: Option<Timestamp>,
    /// Lost replies to paid calls in a row.
    lost: u32,
    /// What is in doubt in all.
    exposure: Exposure,
    /// Batches refused in a row, each with all its questions.
    refused: u32,
    /// Whether the wallet has been read since it last seemed empty.
    wallet_read: bool,
    /// Times in a row that it could not be read.
    wallet_failures: u32,
    /// When a call was last answered as it should be.
    passed_at: Option<Instant>,
    /// When a free call was last made for its headers alone.
    probed_at: Option<Instant>,
    /// When the book is to be read again for job slots, and since when there was none.
    look_at: Option<Instant>,
    slotless_since: Option<Instant>,
    /// Since when paid calls wait until none is in flight.
    drains_since: Option<Instant>,
    /// When this drive began.
    began_at: Timestamp,
    /// It ended although jobs are open: nothing may leave for long.
    is_put_off: bool,
    stopped: Option<Ending>,
    fatal: Option<RunError>,
    deadline: Option<Instant>,
    snapshot: Snapshot,
    /// What is to be written down with the next replies.
    unwritten: Vec<(BatchId, Event)>,
    /// What has happened and could not be written down.
    kept: Kept,
}

/// Most answers that are in memory at once, of jobs that are being fetched.
const MOST_HARVESTED: usize = 80_000;

/// Most jobs whose answers are encoded at once: each takes some megabytes and a core.
const MOST_STAGED: usize = 4;

/// A job at the provider.
#[derive(Debug)]
struct Work {
    job: JobId,
    operation: Operation,
    keys: Keys,
    reserve: Credits,
    /// What the wallet still holds for it: less, where it was settled before.
    held: Credits,
    /// When it was submitted.
    since: Instant,
    /// Whether an earlier process submitted it.
    resumed: bool,
    /// Whether somebody else than the reply to its submit has named it: it may be another's.
    adopted: bool,
    /// Whether a callback has woken a look at it.
    hastened: bool,
    /// How many of its items were done when it was last looked at.
    progress: Option<(Instant, u64)>,
    /// When it was last seen not to have ended.
    running_at: Option<Instant>,
    end_seen: bool,
    collection: Option<Collection>,
    /// Its results are being fetched or staged.
    harvested: bool,
    page_limit: u32,
    /// The place of the list whose items are rows, and most of them, where answers have rows.
    rows: Option<(usize, u64)>,
    failures: u32,
    failing_since: Instant,
    gone: u32,
    /// Times in a row that it had ended, and its results were not there.
    unready: u32,
    told_balance: bool,
    /// How far it is on the way to its charge, where its first fetch is what charges.
    charge: Charge,
    /// Its results are one file, whose first fetch charges.
    is_file: bool,
    /// It has found less than there is, as the provider says.
    is_partial: bool,
}

impl Work {
    /// Most answers of it that are in memory at once, in rows.
    fn size(&self) -> usize {
        // Long answers come alone.
        if self.rows.is_some() { MOST_HARVESTED } else { self.keys.len() }
    }

    /// Nothing yet of its results.
    fn collection(&self) -> Collection {
        let keys = self.keys.clone();
        match self.rows {
            _ if self.is_file => Collection::of_file(keys),
            Some((place, most)) => {
                Collection::of_rows(keys, self.page_limit, place, most)
            }
            None => Collection::new(keys, self.page_limit),
        }
    }
}

/// A free call to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errand {
    /// The job has probably ended. No call by itself.
    Ripe(BatchId),
    Poll(BatchId),
    Page(BatchId, u32),
    Balance,
    /// Starts a job, for the second time where it has failed.
    Launch(BatchId, bool),
    /// What a job says of itself.
    Bill(BatchId),
    /// What the fetch of a job will charge.
    Estimate(BatchId),
}

impl Errand {
    /// The job that it is about.
    const fn about(self) -> Option<BatchId> {
        match self {
            Self::Ripe(batch)
            | Self::Poll(batch)
            | Self::Page(batch, _)
            | Self::Launch(batch, _)
            | Self::Bill(batch)
            | Self::Estimate(batch) => Some(batch),
            Self::Balance => None,
        }
    }
}

/// A call that has ended.
pub(crate) enum Ended {
    Submitted(Permit, Batch, Result<Reply<JobId>, ProviderError>),
    Asked(Permit, Batch, Result<Reply<Answered>, ProviderError>),
    Balance(Permit, Result<Reply<Credits>, ProviderError>),
    Polled(Permit, BatchId, Result<Reply<Progress>, ProviderError>),
    Launched(Permit, BatchId, bool, Result<Reply<Launch>, ProviderError>),
    Billed(Permit, BatchId, Result<Reply<Bill>, ProviderError>),
    Estimated(Permit, BatchId, Result<Reply<Estimate>, ProviderError>),
    Fetched(Permit, BatchId, u32, Result<Reply<Page>, ProviderError>),
    Staged(BatchId, Credits, Arc<[Status]>, Result<String, StagingError>),
}

impl<'a> Drive<'a> {
    pub(crate) fn new(
        engine: &'a mut Engine,
        book: &'a mut Book,
        order: &'a Order,
        questions: &'a mut (dyn Iterator<Item = io::Result<Query>> + Send),
        agreed: Result<Option<Agreed>, RunError>,
    ) -> Result<Self, RunError> {
        let account = engine.provider.account();
        let (offer, agreed, unwanted) = terms::offered(account, order, agreed)?;
        let typical = JobTimes::typical(account);
        let plan = Self::plan(engine, order, &offer, order.questions, typical);
        let repeats = Repeats::of(book.ledger(), engine, order.operation);
        let exposure = Exposure::of(book.ledger(), &engine.purse);
        let began_at = engine.clock.now();
        let snapshot = Snapshot { questions: order.questions, ..Snapshot::default() };
        let mut drive = Self {
            engine,
            book,
            order,
            offer,
            agreed,
            questions,
            exhausted: false,
            read: 0,
            arrivals: Arrivals::default(),
            repeats,
            looks: Looks::new(typical, plan.is_short_of_pages),
            plan,
            backlog: VecDeque::new(),
            again: VecDeque::new(),
            errands: BTreeMap::new(),
            errand_count: 0,
            jobs: HashMap::new(),
            ready: VecDeque::new(),
            calls: JoinSet::new(),
            has_read_file: false,
            stagers: Arc::new(Semaphore::new(MOST_STAGED)),
            weighty: 0,
            costs: Costs::default(),
            paid_not_before: None,
            unsent: 0,
            submits_throttled: 0,
            no_jobs_until: None,
            lost: exposure.lost(),
            exposure,
            refused: 0,
            wallet_read: false,
            wallet_failures: 0,
            passed_at: None,
            probed_at: None,
            look_at: None,
            slotless_since: None,
            drains_since: None,
            began_at,
            is_put_off: false,
            stopped: unwanted.is_some().then_some(Ending::GaveUp),
            unwanted,
            fatal: None,
            deadline: None,
            snapshot,
            unwritten: Vec::new(),
            kept: Kept::default(),
        };
        drive.resume();
        Ok(drive)
    }

    /// Takes up every job that the journal left open at this account, but for those of other processes
    /// that are at work.
    fn resume(&mut self) {
        // Nothing is to leave any more.
        if self.engine.is_closed() {
            self.is_put_off = true;
            self.stopped.get_or_insert(Ending::Throttled);
        }
        self.learn_costs();
        let purse = Arc::clone(&self.engine.purse);
        let open = self.book.ledger().open(&purse);
        let ours = open.filter(|line| self.order.ours.holds(line));
        let open: Vec<Line> = ours.cloned().collect();
        let (now, here) = (self.engine.clock.now(), Instant::now());
        for line in open {
            if let State::Accepted(job) = &line.state {
                self.work(
                    line.batch,
                    job.clone(),
                    line.operation,
                    line.keys,
                    line.reserve,
                );
                if let Some(work) = self.jobs.get_mut(&line.batch) {
                    work.resumed = true;
                    work.held = line.credits;
                    // One that is found by the name that we gave it is ours.
                    work.adopted =
                        line.adopted && line.reopened.is_none() && !work.is_file;
                    work.charge.authorized = line.authorized;
                    work.charge.is_foreign = work.is_file
                        && line.run != self.engine.run
                        && !self.order.siblings.contains(&line.run);
                    // Nothing has been taken for it yet.
                    if work.is_file && line.reopened.is_none() {
                        self.engine.wallet.intend(line.batch, line.credits);
                    }
                    let age = now.since(line.intended_at);
                    work.since = here.checked_sub(age).unwrap_or(here);
                }
                self.errand(Duration::ZERO, Errand::Ripe(line.batch));
            }
        }
    }

    fn work(
        &mut self,
        batch: BatchId,
        job: JobId,
        operation: Operation,
        keys: Keys,
        reserve: Credits,
    ) {
        let account = self.engine.provider.account();
        let offer = account.offer(operation);
        let page_limit = offer.map_or(100, |offer| offer.page.get());
        // What was paid for may be more than this pipeline would ask for.
        let rows = offer.and_then(|offer| offer.rows).and_then(|usual| {
            let (list, _) = operation.rows()?;
            let most = operation.most_rows().unwrap_or(usual.get());
            Some((operation.field(list.name)?, u64::from(most)))
        });
        let work = Work {
            job,
            operation,
            keys,
            reserve,
            held: reserve,
            since: Instant::now(),
            resumed: false,
            adopted: false,
            hastened: false,
            progress: None,
            running_at: None,
            end_seen: false,
            collection: None,
            harvested: false,
            page_limit,
            rows,
            failures: 0,
            failing_since: Instant::now(),
            gone: 0,
            unready: 0,
            told_balance: false,
            charge: Charge::default(),
            is_file: self.pays_by_fetch(),
            is_partial: false,
        };
        self.jobs.insert(batch, work);
    }

    /// Puts a free call on the list.
    fn errand(&mut self, wait: Duration, errand: Errand) {
        self.errand_at(Instant::now() + wait, errand);
    }

    fn errand_at(&mut self, due: Instant, errand: Errand) {
        self.errand_count += 1;
        self.errands.insert((due, self.errand_count), errand);
    }

    /// Waits for a reply, and takes all that are there.
    pub(crate) async fn replies(&mut self) -> Vec<Ended> {
        let mut replies = Vec::new();
        let Some(first) = self.calls.join_next().await else {
            return std::future::pending().await;
        };
        let mut next = Some(first);
        while let Some(reply) = next {
            match reply {
                Ok(reply) => replies.push(reply),
                Err(error) => {
                    // It may have been a paid call, so that nobody will ever reply to it.
                    self.deadline.get_or_insert(Instant::now() + self.engine.grace);
                    // What it said may hold what it was working on.
                    let what = match error.is_panic() {
                        true => "it panicked",
                        false => "it was cancelled",
                    };
                    self.fail(RunError::Broken(what.to_owned()));
                }
            }
            next = self.calls.try_join_next();
        }
        replies
    }

    /// Until when last replies are waited for, once buying was interrupted.
    pub(crate) const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// Whether buying was interrupted already.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.stopped == Some(Ending::Interrupted)
    }

    /// Ends the drive with an error, once the replies to paid calls have come.
    fn fail(&mut self, error: RunError) {
        self.fatal.get_or_insert(error);
    }

    /// Stops buying at once; when the deadline has come also waiting.
    pub(crate) fn interrupt(&mut self) {
        let now = Instant::now();
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.weighty = 0;
        }
        self.stopped = Some(Ending::Interrupted);
        self.deadline.get_or_insert(now + self.engine.grace);
    }

    /// Whether there is nothing left to do, or nothing more may be done.
    pub(crate) fn is_over(&self) -> bool {
        if self.fatal.is_some() || self.stopped == Some(Ending::Interrupted) {
            return self.weighty == 0;
        }
        // Once buying has stopped, what was refused is left to the next run.
        let bought = self.stopped.is_some() || self.is_bought();
        bought && (self.jobs.is_empty() || self.is_put_off) && self.calls.is_empty()
    }

    /// Whether no question is left to ask.
    fn is_bought(&self) -> bool {
        self.exhausted
            && !self.expects_more()
            && self.backlog.is_empty()
            && self.again.is_empty()
    }

    /// How it ended, once what has happened is written down, or said by the error.
    pub(crate) async fn end(mut self) -> Result<Ending, RunError> {
        self.write_what_is_left().await;
        self.last_bills().await;
        let unwritten = self.unwritten_text();
        match self.fatal.take().or(self.unwanted.take()) {
            Some(error) => Err(match unwritten {
                Some(said) => RunError::Unwritten { error: Box::new(error), said },
                None => error,
            }),
            None => Ok(self.stopped.unwrap_or(Ending::Complete)),
        }
    }

    fn show(&mut self) {
        let frozen = self.engine.limiter.frozen();
        self.snapshot.jobs = self.jobs.len();
        self.snapshot.frozen = frozen.map(|until| (until - Instant::now()).as_secs());
        let snapshot = self.snapshot;
        self.engine.progress.send_if_modified(|shown| {
            let changed = *shown != snapshot;
            *shown = snapshot;
            changed
        });
    }
}
