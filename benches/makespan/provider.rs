//! The provider as the engine sees it: the model server behind the model network.

use crate::{
    network::Network,
    server::{Counts, Job, Server, Verdict, look_up},
    service::OPERATION,
};
use async_trait::async_trait;
use leadmill_core::{
    Account, Answered, Batch, BatchId, Bill, Call, Credits, ErrorKind, Estimate, Finding,
    JobId, Keys, Launch, Operation, Page, Progress, Provider, ProviderError, Query,
    QueryKey, Reply, Signals, Terms, Transactions,
};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A wallet without end.
pub(crate) const BALANCE: Credits = Credits(1_000_000_000_000);

/// A provider in the same process.
#[derive(Debug)]
pub(crate) struct Model {
    account: Account,
    price: Credits,
    network: Network,
    server: Mutex<Server>,
}

type Answer<T> = Result<Reply<T>, ProviderError>;

impl Model {
    pub(crate) const fn new(
        account: Account,
        price: Credits,
        network: Network,
        server: Server,
    ) -> Self {
        Self { account, price, network, server: Mutex::new(server) }
    }

    /// Calls so far.
    pub(crate) fn counts(&self) -> Counts {
        self.server().counts
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a call to the server, past its limits. What is refused is told on the way back.
    async fn arrive(&self, call: Call) -> Result<Signals, ProviderError> {
        self.network.pass().await;
        let verdict = self.server().arrive(call);
        match verdict {
            Verdict::Accepted(signals) => Ok(signals),
            Verdict::Throttled(signals, wait) => {
                self.network.pass().await;
                let kind = ErrorKind::Throttled(Some(wait));
                Err(self.error(call, kind, 429, signals))
            }
        }
    }

    async fn reply<T>(&self, value: T, signals: Signals) -> Answer<T> {
        self.network.pass().await;
        Ok(Reply { value, signals })
    }

    fn job(&self, job: &JobId) -> Option<Job> {
        self.server().job(job.0.parse().ok()?).cloned()
    }

    fn error(
        &self,
        call: Call,
        kind: ErrorKind,
        status: u16,
        signals: Signals,
    ) -> ProviderError {
        ProviderError {
            provider: self.account.name.clone(),
            action: call.name().into(),
            kind,
            status: Some(status),
            detail: "the model says no".into(),
            signals: Box::new(signals),
        }
    }

    fn answer(&self, key: QueryKey) -> Answered {
        Answered { key, finding: Finding::Miss, credits: Some(self.price) }
    }

    fn page(&self, job: &Job, page: u32, limit: u32) -> Page {
        let (_, ready) = job.progress();
        let most = self.account.offer(OPERATION).map_or(1, |offer| offer.page.get());
        let limit = limit.min(most) as usize;
        let before = (page.max(1) as usize - 1).saturating_mul(limit);
        let keys = job.keys.iter().skip(before).take(if ready { limit } else { 0 });
        let answers: Vec<Answered> = keys.map(|key| self.answer(*key)).collect();
        Page {
            ready,
            failed: false,
            total: Some(job.keys.len() as u64),
            items: answers.len() as u64,
            answers,
            cost: ready.then(|| self.price * job.keys.len() as u64),
        }
    }
}

#[async_trait]
impl Provider for Model {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Answer<Credits> {
        let signals = self.arrive(Call::Balance).await?;
        self.reply(BALANCE, signals).await
    }

    async fn transactions(&self, _: u32) -> Answer<Transactions> {
        let signals = self.arrive(Call::Transactions).await?;
        self.reply(Transactions::default(), signals).await
    }

    async fn find(&self, _: Operation, _: BatchId) -> Answer<Option<JobId>> {
        let signals = self.arrive(Call::Find).await?;
        Err(self.error(Call::Find, ErrorKind::Refused, 404, signals))
    }

    async fn terms(&self, _: Operation) -> Answer<Terms> {
        let signals = self.arrive(Call::Terms).await?;
        self.reply(Terms::default(), signals).await
    }

    async fn ask(&self, query: &Query) -> Answer<Answered> {
        let signals = self.arrive(Call::Ask).await?;
        self.server().counts.singles += 1;
        look_up().await;
        self.reply(self.answer(query.key()), signals).await
    }

    async fn submit(&self, batch: &Batch) -> Answer<JobId> {
        let signals = self.arrive(Call::Submit).await?;
        let place = self.server().begin(batch.keys.iter().copied().collect());
        self.reply(JobId(place.to_string()), signals).await
    }

    async fn launch(&self, _: Operation, _: &JobId, _: bool) -> Answer<Launch> {
        let signals = self.arrive(Call::Launch).await?;
        Err(self.error(Call::Launch, ErrorKind::Refused, 404, signals))
    }

    async fn estimate(&self, _: Operation, _: &JobId) -> Answer<Estimate> {
        let signals = self.arrive(Call::Estimate).await?;
        Err(self.error(Call::Estimate, ErrorKind::Refused, 404, signals))
    }

    async fn bill(&self, _: Operation, _: &JobId) -> Answer<Bill> {
        let signals = self.arrive(Call::Estimate).await?;
        Err(self.error(Call::Estimate, ErrorKind::Refused, 404, signals))
    }

    async fn poll(&self, _: Operation, job: &JobId) -> Answer<Progress> {
        let signals = self.arrive(Call::Poll).await?;
        self.server().counts.polls += 1;
        let Some(job) = self.job(job) else {
            return Err(self.error(Call::Poll, ErrorKind::Gone, 404, signals));
        };
        let progress = match job.progress() {
            (_, true) => Progress::Ready,
            (done, false) => {
                Progress::Running { done: Some(done), total: Some(job.keys.len() as u64) }
            }
        };
        self.reply(progress, signals).await
    }

    async fn fetch(
        &self,
        _: Operation,
        job: &JobId,
        _: &Keys,
        page: u32,
        limit: u32,
    ) -> Answer<Page> {
        let signals = self.arrive(Call::Page).await?;
        let Some(job) = self.job(job) else {
            return Err(self.error(Call::Page, ErrorKind::Gone, 404, signals));
        };
        let page = self.page(&job, page, limit);
        {
            let counts = &mut self.server().counts;
            let kind = if page.ready { &mut counts.pages } else { &mut counts.polls };
            *kind += 1;
        }
        self.reply(page, signals).await
    }
}
