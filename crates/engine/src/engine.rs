//! One account at work for one run.

use crate::{
    Book, BookError, Ending, Hints, Limiter, Report, Snapshot,
    bills::Bills,
    drive::Drive,
    limiter::{Permit, Wait},
    patience::{GRACE, PATIENCE},
    reconciliation::Listing,
    suspects::Suspects,
    wallet::Wallet,
};
use leadmill_core::{
    Account, BatchId, Call, Clock, Credits, Endpoint, ErrorKind, JobId, JournalError,
    Lane, Leases, Moment, Operation, Ours, Provider, ProviderError, Query, RunId, Sent,
    Staging, StagingError,
    pack::Risk,
    slots::{Noted, ON_ITS_WAY},
};
use std::{
    collections::{BTreeSet, HashSet},
    io,
    sync::Arc,
    time::Duration,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, sleep_until},
};

/// A run that cannot go on. What was journalled stays true, and the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The journal failed: nothing may be spent that cannot be recorded.
    #[error(transparent)]
    Book(#[from] BookError),
    /// What replies to paid calls have said could not be written down: it stands here, and nowhere else.
    #[error("{error}; not written down:\n  {said}")]
    Unwritten {
        /// What went wrong first.
        error: Box<Self>,
        /// A line for each batch, such as `batch … is job …`, for people.
        said: String,
    },
    /// The store of the shared windows failed.
    #[error(transparent)]
    Leases(#[from] JournalError),
    /// Answers could not be kept. They stay at the provider.
    #[error(transparent)]
    Staging(#[from] StagingError),
    /// The provider ended it, or could not be reached for too long.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The results of a job are paid for and of no use: nothing in them says which question each answers, or the provider
    /// refuses them. The job stays as it is, and nothing more is paid for.
    #[error("{error}")]
    Unusable {
        /// What the provider, or what is in its file, says.
        error: ProviderError,
        /// The batch whose job it is.
        batch: BatchId,
    },
    /// What is asked for is more than the provider ever sells.
    #[error("{0}")]
    TooMuch(String),
    /// The waiting questions could not be read.
    #[error("questions: {0}")]
    Questions(#[from] io::Error),
    /// A part of the program failed.
    #[error("a call ended without an answer: {0}")]
    Broken(String),
}

/// What a step wants asked.
#[derive(Clone, Debug)]
pub struct Order {
    /// The step's name.
    pub step: Arc<str>,
    /// What is asked.
    pub operation: Operation,
    /// How it must travel; by default the engine chooses, and may use both lanes.
    pub lane: Option<Lane>,
    /// How many questions there are.
    pub questions: u64,
    /// Whether anything is to be bought: also not the results of a job that has ended, where fetching them is what
    /// charges.
    pub buys: bool,
    /// Fewest questions of a job: with fewer it is not worth its slot, and they travel alone.
    pub min_rows: Option<u32>,
    /// The open batches that are this process's to work on.
    pub ours: Ours,
    /// Earlier runs of the same pipeline: their jobs are paid for like its own. Where fetching a job is what charges,
    /// those of other pipelines are fetched if they are paid for, and never paid for.
    pub siblings: BTreeSet<RunId>,
    /// Who is told of questions that the provider provably knows nothing about, as soon as that is durable. Where
    /// there is no room for one, it is left out: the journal knows it.
    pub missed: Option<mpsc::Sender<Query>>,
}

impl Order {
    /// So many questions, bought in whichever lane ends sooner.
    pub fn new(step: &str, operation: Operation, questions: u64) -> Self {
        Self {
            step: step.into(),
            operation,
            lane: None,
            questions,
            buys: true,
            min_rows: None,
            ours: Ours::All,
            siblings: BTreeSet::new(),
            missed: None,
        }
    }
}

/// Buys answers from one account: within its limits, its wallet and the run's budget.
#[derive(Debug)]
pub struct Engine {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) staging: Arc<dyn Staging>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) leases: Box<dyn Leases>,
    pub(crate) limiter: Limiter,
    pub(crate) wallet: Wallet,
    /// The wallet's newest transaction when no paid call was last in flight.
    pub(crate) anchor: Option<Arc<str>>,
    pub(crate) listing: Listing,
    pub(crate) suspects: Suspects,
    /// Doubts that this session has judged.
    pub(crate) judged: HashSet<(BatchId, u64)>,
    /// When it began.
    pub(crate) begun: Moment,
    pub(crate) run: RunId,
    pub(crate) purse: Arc<str>,
    pub(crate) budget: Credits,
    /// The most that one batch may put at risk, and the most that may be in doubt in all.
    pub(crate) batch_risk: Credits,
    pub(crate) in_doubt_limit: Credits,
    pub(crate) report: Report,
    pub(crate) progress: watch::Sender<Snapshot>,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) hints: Hints,
    /// Jobs that were named for a batch and are another's.
    pub(crate) refuted: HashSet<(BatchId, JobId)>,
    /// How long it waits where nothing is let through.
    pub(crate) patience: Duration,
    /// How long it waits for replies to paid calls once it is interrupted.
    pub(crate) grace: Duration,
    /// Somebody sits and waits for each call.
    pub(crate) is_visit: bool,
    /// It has waited for as long as that: nothing leaves before this.
    pub(crate) closed_until: Option<Instant>,
    /// When the account's own limits were read.
    pub(crate) limits_read: Option<Instant>,
    /// What the provider's log of calls tells.
    pub(crate) bills: Bills,
}

/// What an engine works with.
#[derive(Debug)]
pub struct Parts {
    /// The provider, with its account.
    pub provider: Arc<dyn Provider>,
    /// Where answers are kept.
    pub staging: Arc<dyn Staging>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// The windows, as they are shared with other processes.
    pub leases: Box<dyn Leases>,
    /// The most that the run may spend or hold at this account.
    pub budget: Credits,
    /// Turns true when buying must stop.
    pub stop: watch::Receiver<bool>,
    /// What callbacks say.
    pub hints: Hints,
}

impl Engine {
    /// An engine for a run.
    pub fn new(run: RunId, parts: Parts) -> Self {
        let account = parts.provider.account();
        let limiter = Limiter::new(account);
        let (batch_risk, in_doubt_limit) = risks(account, None);
        let purse = account.purse.as_str().into();
        let begun = parts.clock.moment();
        Self {
            limiter,
            purse,
            run,
            provider: parts.provider,
            staging: parts.staging,
            clock: parts.clock,
            leases: parts.leases,
            batch_risk,
            in_doubt_limit,
            wallet: Wallet::default(),
            anchor: None,
            listing: Listing::default(),
            suspects: Suspects::default(),
            judged: HashSet::new(),
            begun,
            budget: parts.budget,
            report: Report::default(),
            progress: watch::Sender::new(Snapshot::default()),
            stop: parts.stop,
            hints: parts.hints,
            refuted: HashSet::new(),
            patience: PATIENCE,
            grace: GRACE,
            is_visit: false,
            closed_until: None,
            limits_read: None,
            bills: Bills::default(),
        }
    }

    /// The same, which waits no longer than this where nothing is let through.
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// The same, which waits for so long for replies to paid calls once it is interrupted.
    #[must_use]
    pub fn with_grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Where the step stands, whenever that changes.
    pub fn progress(&self) -> watch::Receiver<Snapshot> {
        self.progress.subscribe()
    }

    /// Whether doubts were ended while the run went on whose questions may be asked again.
    pub const fn has_freed(&self) -> bool {
        self.suspects.has_freed()
    }

    /// What was done so far.
    pub fn report(&self) -> Report {
        Report {
            balance: self.wallet.balance(),
            learnt: self.limiter.learnt().cloned().collect(),
            ..self.report.clone()
        }
    }

    /// Reads the wallet, so that nothing is asked for that it cannot pay. A provider that cannot be
    /// reached at all is an error here, before anything is at stake. Ends early when told to stop.
    pub async fn open_wallet(&mut self) -> Result<(), RunError> {
        if self.wallet.balance().is_some() {
            return Ok(());
        }
        let mut stop = self.stop.clone();
        tokio::select! { biased;
            () = stopped(&mut stop, None) => Ok(()),
            read = async {
                self.read_wallet().await?;
                self.drop_anchor().await
            } => read,
        }
    }

    async fn read_wallet(&mut self) -> Result<(), RunError> {
        const TRIES: u32 = 3;
        let mut tries = 0;
        loop {
            let Some(permit) = self.admitted(Call::Balance.into()).await? else {
                // Nothing is let through for long: `buy` tells until when.
                return Ok(());
            };
            if self.note(&[Call::Balance.into()])? == Noted::SlotsAreGone {
                self.limiter.withdraw(&permit);
                continue;
            }
            match self.provider.balance().await {
                Ok(reply) => {
                    self.limiter.hear(&permit, &reply.signals.rates);
                    self.heard_of(&permit, true)?;
                    self.limiter.passed(&permit);
                    self.wallet.report(reply.value, permit.sent, None);
                    (self.batch_risk, self.in_doubt_limit) =
                        risks(self.provider.account(), Some(reply.value));
                    return Ok(());
                }
                Err(error) => {
                    self.limiter.hear(&permit, &error.signals.rates);
                    if matches!(error.kind, ErrorKind::Throttled(_)) {
                        self.limiter.throttled(&permit, &error.signals.rates);
                    }
                    self.heard_of(&permit, error.status.is_some())?;
                    tries += 1;
                    match error.kind {
                        ErrorKind::Throttled(wait) => {
                            self.freeze(permit.endpoint, wait)?;
                            tries -= 1;
                            if self.gives_up(permit.endpoint)? {
                                return Ok(());
                            }
                        }
                        ErrorKind::Unsent | ErrorKind::InDoubt if tries < TRIES => {
                            sleep(Duration::from_millis(500) * tries).await;
                        }
                        _ => return Err(error.into()),
                    }
                }
            }
        }
    }

    /// Waits until a call may leave. `None` if that is too long to be waited for.
    pub(crate) async fn admitted(
        &mut self,
        endpoint: Endpoint,
    ) -> Result<Option<Permit>, RunError> {
        loop {
            if self.is_closed() {
                return Ok(None);
            }
            self.trade()?;
            let until = match self.limiter.admit(endpoint) {
                Ok(permit) => return Ok(Some(permit)),
                Err(Wait::Until(until)) => until,
                Err(Wait::ForReply) => Instant::now() + Duration::from_millis(10),
            };
            let left = until.saturating_duration_since(Instant::now());
            if left > self.patience {
                return Ok(None);
            }
            let frozen = self.limiter.frozen().map(|_| left.as_secs());
            self.progress.send_modify(|shown| shown.frozen = frozen);
            sleep_until(until.min(self.limiter.next_trade())).await;
        }
    }

    /// Renews the lease of the windows' slots, gives back and asks for some, when that is due.
    pub(crate) fn trade(&mut self) -> Result<(), RunError> {
        if self.limiter.next_trade() > Instant::now() {
            return Ok(());
        }
        // In this order: slots must not be given back as if they were free sooner.
        let here = Instant::now();
        let now = self.clock.moment();
        for (endpoint, until) in self.limiter.take_closings() {
            let left = until.saturating_duration_since(here);
            self.leases.close(now, endpoint, now.after(left))?;
        }
        let trades = self.limiter.trades(here, now);
        let agreement = self.leases.trade(now, &trades)?;
        self.limiter.take(here, now, &agreement);
        Ok(())
    }

    /// Asks the questions of one step, and settles every job that the journal left open at this account.
    ///
    /// Returns when all are answered, or when budget, wallet or an interruption ends it. `questions` must
    /// hold no question twice, and none that the journal knows as open. The same holds of those that are `arriving`
    /// meanwhile, and that are not among [`Order::questions`]: they are waited for until nobody can send any more.
    pub async fn buy(
        &mut self,
        book: &mut Book,
        order: &Order,
        questions: &mut (dyn Iterator<Item = io::Result<Query>> + Send),
        mut arriving: Option<mpsc::Receiver<Query>>,
    ) -> Result<Ending, RunError> {
        /// Questions that are taken in at a time.
        const AT_A_TIME: usize = 1_000;
        let mut stop = self.stop.clone();
        let mut told = self.hints.listen();
        let least = u64::from(arriving.is_some());
        if order.questions.max(least) > 0 {
            self.read_own_limits().await?;
        }
        let agreed = self.agree(order.operation, order.questions.max(least)).await;
        let mut drive = Drive::new(self, book, order, questions, agreed)?;
        let mut arrived = Vec::new();
        if arriving.is_some() {
            drive.expect_more();
        }
        if order.questions.max(least) > 0 {
            drive.open_bills().await;
        }
        loop {
            if *stop.borrow() && !drive.is_interrupted() {
                drive.interrupt();
            }
            let wake = drive.admit().await;
            if drive.is_over() {
                return drive.end().await;
            }
            let deadline = drive.deadline();
            tokio::select! { biased;
                replies = drive.replies() => drive.settle(replies).await,
                () = stopped(&mut stop, deadline) => drive.interrupt(),
                () = told.heard() => drive.hasten(),
                more = receive(&mut arriving, &mut arrived, AT_A_TIME) => match more {
                    0 => {
                        arriving = None;
                        drive.expect_no_more();
                    }
                    _ => drive.take_in(arrived.drain(..)),
                },
                () = sleep_until(wake.unwrap_or_else(Instant::now)), if wake.is_some() => {}
            }
        }
    }

    /// The provider said 429 to a call: this process stops, and so does one that comes after it.
    pub(crate) fn freeze(
        &mut self,
        endpoint: Endpoint,
        wait: Option<Duration>,
    ) -> Result<(), RunError> {
        self.report.throttled += 1;
        self.limiter.refuse(endpoint, wait);
        self.limiter.freeze(wait);
        let Some(until) = self.limiter.frozen() else { return Ok(()) };
        let left =
            i64::try_from((until - Instant::now()).as_millis()).unwrap_or(i64::MAX);
        let now = self.clock.moment();
        Ok(self.leases.freeze(now, Moment(now.0.saturating_add(left)))?)
    }

    /// Whether calls to an endpoint, beside which nothing goes on, were refused for as long as that is borne.
    pub(crate) fn gives_up(&mut self, endpoint: Endpoint) -> Result<bool, RunError> {
        match self.limiter.refused_until(endpoint, self.patience) {
            Some(until) => self.close(until).map(|()| true),
            None => Ok(false),
        }
    }

    /// Nothing leaves any more before this, here and from processes to come.
    pub(crate) fn close(&mut self, until: Instant) -> Result<(), RunError> {
        let left = until.saturating_duration_since(Instant::now());
        self.report.resume_at = Some(self.clock.now().after(left));
        self.closed_until = Some(until);
        self.limiter.freeze_until(until);
        let now = self.clock.moment();
        Ok(self.leases.freeze(now, now.after(left))?)
    }

    /// Whether it has been given up that anything leaves.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed_until.is_some_and(|until| until > Instant::now())
    }

    /// A call has ended, with a whole reply or without: it has arrived, and this is written down too.
    pub(crate) fn heard_of(
        &mut self,
        permit: &Permit,
        whole: bool,
    ) -> Result<(), RunError> {
        self.limiter.replied(permit, whole);
        Ok(self.leases.heard(self.clock.moment(), permit.endpoint)?)
    }

    /// Writes calls down before they leave. Where their slots went to other processes meanwhile, by the store's word or
    /// since it took longer than the lease lasts, they must not leave.
    pub(crate) fn note(&mut self, endpoints: &[Endpoint]) -> Result<Noted, RunError> {
        /// Times that calls are written down whose times were old when it was done.
        const TRIES: u32 = 3;
        let mut tries = 0;
        let noted = loop {
            let at = self.clock.moment();
            let leaving = |endpoint: &Endpoint| Sent::leaving(at, *endpoint);
            let sends: Vec<Sent> = endpoints.iter().map(leaving).collect();
            let noted = self.leases.note(&sends)?;
            tries += 1;
            // Others take a call of an ended process to have been on its way for no longer than that.
            let is_old = self.clock.moment().since(at) > ON_ITS_WAY / 2;
            if !is_old || tries == TRIES || noted == Noted::SlotsAreGone {
                break noted;
            }
        };
        if noted == Noted::SlotsAreGone || !self.limiter.has_lease() {
            self.limiter.end_lease();
            return Ok(Noted::SlotsAreGone);
        }
        for endpoint in endpoints {
            *self.report.calls.entry(endpoint.call).or_default() += 1;
        }
        Ok(noted)
    }
}

/// The most in one batch, and the most in doubt in all, with this much in the wallet.
fn risks(account: &Account, wallet: Option<Credits>) -> (Credits, Credits) {
    let batch = account.batch_risk.bound(wallet);
    let usual = || Risk::IN_ALL.bound(wallet).max(batch);
    let in_all = account.in_doubt_limit.map_or_else(usual, |limit| limit.bound(wallet));
    (batch.min(in_all), in_all)
}

/// Receives at most so many; none once nobody sends any more. Never resolves where nothing arrives.
async fn receive(
    arriving: &mut Option<mpsc::Receiver<Query>>,
    into: &mut Vec<Query>,
    most: usize,
) -> usize {
    match arriving {
        Some(arriving) => arriving.recv_many(into, most).await,
        None => std::future::pending().await,
    }
}

/// Resolves when buying must stop, or when waiting for last replies has lasted long enough.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>, deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        return sleep_until(deadline).await;
    }
    if stop.wait_for(|stop| *stop).await.is_err() {
        std::future::pending().await
    }
}
