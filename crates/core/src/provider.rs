//! The port through which money is spent and answers return.

use crate::{
    Account, Answered, Batch, BatchId, CallLog, CallName, Credits, JobId, Keys,
    Operation, Query, Scope, Window,
};
use async_trait::async_trait;
use std::{
    fmt::{self, Debug},
    sync::Arc,
    time::Duration,
};

/// An enrichment API that takes batches and answers later, or one question at once.
///
/// Every method that makes a call is required: a default that is right for one provider spends money at another.
/// No method repeats a call by itself, waits for a window, or keeps anything.
/// The paid acts are [`ask`](Self::ask) and, by what the pack says of jobs, [`submit`](Self::submit) or the first
/// [`fetch`](Self::fetch) of a job.
#[async_trait]
pub trait Provider: Debug + Send + Sync {
    /// The provider's facts.
    fn account(&self) -> &Account;

    /// Reads the wallet. Free.
    async fn balance(&self) -> Result<Reply<Credits>, ProviderError>;

    /// Reads a page of the wallet's transactions, newest first, counted from 1. Free. Only called where the
    /// pack says how long a charge takes to show.
    async fn transactions(&self, page: u32)
    -> Result<Reply<Transactions>, ProviderError>;

    /// Looks for the job that carries a batch's name. Free. Only called where the pack says how long a job takes
    /// to be listed. `None` means that the list is whole and holds none; a list that cannot be read to its
    /// end is an error.
    async fn find(
        &self,
        operation: Operation,
        batch: BatchId,
    ) -> Result<Reply<Option<JobId>>, ProviderError>;

    /// Reads the team's own terms for an operation. Free. Only called where the pack says that there are some. A team
    /// that may not ask at all is [`ErrorKind::Fatal`].
    async fn terms(&self, operation: Operation) -> Result<Reply<Terms>, ProviderError>;

    /// The port through which the account's own limits are read; none where the provider tells none.
    fn account_limits(&self) -> Option<&dyn AccountLimits> {
        None
    }

    /// The port through which it is read what each call has cost; none where the provider keeps no log of calls.
    fn call_log(&self) -> Option<&dyn KeepsLog> {
        None
    }

    /// Asks one question. **Paid.** The answer's cost is in its finding; only
    /// An error that [is in doubt](ProviderError::is_in_doubt) means that it may have been charged without an answer.
    async fn ask(&self, query: &Query) -> Result<Reply<Answered>, ProviderError>;

    /// Hands over a batch. **Paid**, and the reserve is taken at once, unless the pack says that the first fetch is
    /// the paid act. Only an error that [is in doubt](ProviderError::is_in_doubt) means that it may have been taken.
    async fn submit(&self, batch: &Batch) -> Result<Reply<JobId>, ProviderError>;

    /// Starts a job that was handed over, or, where it has [failed](Progress::Failed), starts it `again` from its
    /// questions. Free, may be repeated. Only called where the pack says that jobs are launched.
    /// [`ErrorKind::NoCredit`] means that it could not be covered; it stays, and may be launched later.
    async fn launch(
        &self,
        operation: Operation,
        job: &JobId,
        again: bool,
    ) -> Result<Reply<Launch>, ProviderError>;

    /// Asks what the first fetch of a job that has ended will charge. Free, may be repeated. Only called where the
    /// pack says that this is the paid act.
    async fn estimate(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Estimate>, ProviderError>;

    /// Asks what a job that has ended says of itself and of its bill. Free, may be repeated. Only called where the
    /// pack says that the first fetch is the paid act.
    async fn bill(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Bill>, ProviderError>;

    /// Asks how far a job is. Free, may be repeated. [`ErrorKind::NoCredit`] means that the job has ended
    /// because the wallet could not cover it: nothing was charged, and there is nothing to fetch.
    async fn poll(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Progress>, ProviderError>;

    /// Fetches a page of results, counted from 1, with at most `limit` items. The first fetch after the
    /// job's end settles its bill, or, where the pack says so, is the **paid** act; it may be repeated and never pays
    /// twice. `keys`: the job's questions; an answer is tied to the one that it is about, and to none where it could be
    /// about several. [`ErrorKind::NoCredit`] means the same as of [`poll`](Self::poll).
    async fn fetch(
        &self,
        operation: Operation,
        job: &JobId,
        keys: &Keys,
        page: u32,
        limit: u32,
    ) -> Result<Reply<Page>, ProviderError>;
}

/// A provider that tells an account what it may do at most, whatever is published.
#[async_trait]
pub trait AccountLimits: Debug + Send + Sync {
    /// Reads the account's own limits. Free. What is not told is not limited beyond what the pack says.
    async fn limits(&self) -> Result<Reply<Vec<OwnLimit>>, ProviderError>;
}

/// A provider that keeps a log of an account's calls, with what each has cost.
#[async_trait]
pub trait KeepsLog: Debug + Send + Sync {
    /// Reads the newest calls. Free, and in no log. Nothing of what was asked is kept of it.
    async fn calls(&self) -> Result<Reply<CallLog>, ProviderError>;

    /// The name that the call has in the log which asks this question; none where it leaves nothing in it that could be
    /// told from other calls.
    fn name_of(&self, query: &Query) -> Option<CallName>;

    /// Whether calls of an operation can be found in the log at all.
    fn tells_of(&self, operation: Operation) -> bool;
}

/// A window of one account, as the provider tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLimit {
    /// The calls that it counts.
    pub scope: Scope,
    /// How many, and in which time.
    pub window: Window,
    /// How many the provider counts in it now, where it says.
    pub used: Option<u32>,
}

/// What a call returned, with what the provider said beside it.
#[derive(Clone, Debug)]
pub struct Reply<T> {
    /// The answer to the call.
    pub value: T,
    /// What every reply tells.
    pub signals: Signals,
}

/// What a reply tells about the account, whatever it was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signals {
    /// The wallet after this call.
    pub balance: Option<Credits>,
    /// The provider's rate-limit headers: one entry for each window that they speak of.
    pub rates: Vec<RateSignal>,
}

/// What the headers say of one window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateSignal {
    /// The window's length, where the headers name it.
    pub per: Option<Duration>,
    /// Most calls in the window.
    pub limit: Option<u64>,
    /// Calls left in the window, after this one.
    pub remaining: Option<u64>,
    /// Time until the window resets. Never one that lies in the past.
    pub reset: Option<Duration>,
}

/// What a team has agreed on with the provider about one operation. What is not told is as the pack says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Credits for a row of an answer.
    pub price: Option<Credits>,
    /// Most rows of a day, for all of the team.
    pub daily: Option<u64>,
    /// Rows that are left of this day.
    pub left: Option<u64>,
    /// Most questions of one job.
    pub most_items: Option<u64>,
    /// Most jobs of a day, for all of the team.
    pub jobs: Option<u64>,
}

/// How long the reply to any call is waited for.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(120);

/// A page of the wallet's transactions, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transactions {
    /// What is on the page.
    pub rows: Vec<Transaction>,
    /// Pages in all.
    pub pages: u32,
}

/// One change of the balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    /// The provider's name for it.
    pub id: Arc<str>,
    /// Credits that came; negative where they went.
    pub amount: i64,
    /// The balance after it.
    pub balance_after: Credits,
    /// What the provider says about it, such as which job it is for, as it says it.
    pub about: Arc<str>,
}

/// What came of launching a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Launch {
    /// It runs, or has ended already.
    Begun,
    /// Every job slot is taken: it stays as it is, to be launched later, after this time if the provider says.
    Busy(Option<Duration>),
}

/// What the first fetch of a job will charge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Credits, where the provider says.
    pub cost: Option<Credits>,
    /// Whether that is what it will be, and not a bound of it.
    pub is_exact: bool,
    /// Whether the wallet covers it, where the provider says.
    pub is_covered: Option<bool>,
    /// Whether it was charged already.
    pub is_paid: bool,
}

/// What a job that has ended says of itself. What is not told is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bill {
    /// Its bill.
    pub cost: Option<Credits>,
    /// Whether it was charged.
    pub is_paid: Option<bool>,
    /// Questions that something was found for.
    pub found: Option<u64>,
    /// Questions that the provider failed at, did not take or passed over: that they have no answer proves nothing.
    pub failed: Option<u64>,
    /// Records in its results.
    pub records: Option<u64>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It was handed over and never started: it is to be launched.
    Waiting,
    /// Not done: so many of so many items.
    Running {
        /// Items done, where the provider says.
        done: Option<u64>,
        /// Items in all, where the provider says.
        total: Option<u64>,
    },
    /// Ended; the results can be fetched.
    Ready,
    /// The same, and the provider says that it has found less than there is.
    Partial,
    /// Ended without results, at no charge: it failed, or somebody has cancelled it. Only where the first fetch is the
    /// paid act.
    Failed,
}

/// One page of results.
#[derive(Clone, Debug)]
pub struct Page {
    /// Whether the job had ended. If not, the page is a glimpse, and nothing was settled.
    pub ready: bool,
    /// Whether the provider calls the job failed. Its items may be incomplete.
    pub failed: bool,
    /// Items of the whole job, where the provider says.
    pub total: Option<u64>,
    /// Items on this page as they came, usable or not.
    pub items: u64,
    /// The items that could be tied to a question, in the order of the page.
    pub answers: Vec<Answered>,
    /// The bill of the whole job, once settled.
    pub cost: Option<Credits>,
}

/// What a failed call means: what to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Never reached the provider: not charged, safe to try again.
    Unsent,
    /// Told to slow down, for this long if the provider says: not charged.
    Throttled(Option<Duration>),
    /// The provider said no to what was asked, and charged nothing.
    Refused,
    /// The wallet cannot cover it: not charged.
    NoCredit,
    /// Sent, and no readable reply came: a paid call may have been charged.
    InDoubt,
    /// The reply to a single question is an error that also comes where the provider knows nothing: in doubt, and a
    /// miss if it proves not to have been charged.
    LikelyMiss,
    /// The provider does not know this job, or what else was named.
    Gone,
    /// Somebody in between has answered, such as a proxy, with a status that tells that the call was turned away: not
    /// charged, and no verdict of the provider's. No point in going on before a person has looked.
    Foreign,
    /// The same of a paid call that may have been passed on all the same: in doubt, since the provider may have served and
    /// charged it. No point in buying more before a person has looked.
    Intercepted,
    /// No point in going on: credentials, a suspended account, a wrong address. Not charged.
    Fatal,
}

/// A provider call that failed.
#[derive(Debug, Clone, thiserror::Error)]
pub struct ProviderError {
    /// Which provider, by its name in the pipeline.
    pub provider: String,
    /// What was being done, such as `submit of 5000 find_email questions`.
    pub action: String,
    /// What it means.
    pub kind: ErrorKind,
    /// The HTTP status, if there was one.
    pub status: Option<u16>,
    /// What the provider or the network said; never a secret.
    pub detail: String,
    /// What the reply told beside the error.
    pub signals: Box<Signals>,
}

impl ProviderError {
    /// Whether a paid call that failed so may have been charged.
    pub const fn is_in_doubt(&self) -> bool {
        use ErrorKind::{InDoubt, Intercepted, LikelyMiss};
        matches!(self.kind, InDoubt | Intercepted | LikelyMiss)
    }
}

impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.provider, self.action)?;
        if let Some(status) = self.status {
            write!(f, "HTTP {status}: ")?;
        }
        f.write_str(&self.detail)
    }
}
