//! Enrich.so, API version 3.

pub mod account;
pub mod callback;
mod families;
mod lists;
mod reading;
mod refusal;
mod reveals;
mod ties;
mod wire;

use crate::{
    between,
    callbacks::Callbacks,
    form::{self, Foreign, Stake},
    hidden::Hidden,
    rate,
    transport::{Connection, Transport, TransportError},
};
use async_trait::async_trait;
use bytes::Bytes;
use families::Sent;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use leadmill_core::{
    Account, Answered, Batch, BatchId, Bill, Credits, ErrorKind, Estimate, Finding,
    JobId, Keys, Lane, Launch, Operation, Page, Progress, Provider, ProviderError, Query,
    Reply, Signals, Terms, Transaction, Transactions, pack::Offer,
};
use refusal::Route;
use reveals::Asked;
use serde::Deserialize;
use std::{fmt, sync::Arc};
use wire::{Balance, Change, Envelope, History, Job, Submitted};

/// The facts, compiled in.
pub(crate) const PACK: &str = include_str!("enrich/pack.yaml");

/// The path under which the documented endpoints stand.
const API: &str = "/api/v3";

/// Enrich.so as one pipeline uses it.
pub struct Enrich {
    account: Account,
    base_url: String,
    key: HeaderValue,
    hidden: Hidden,
    callbacks: Option<Callbacks>,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Enrich {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrich")
            .field("account", &self.account.name)
            .finish_non_exhaustive()
    }
}

/// A key that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("the API key holds characters that no HTTP header can carry")]
pub struct UnsendableKey;

impl Enrich {
    /// Calls the API at the account's `base_url`. An address without a path gets the documented one. The key is never in
    /// what an error or an answer says.
    pub fn new(
        account: Account,
        key: &str,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, UnsendableKey> {
        let hidden = Hidden::of([key.to_owned()]);
        let mut key = HeaderValue::from_str(key).map_err(|_| UnsendableKey)?;
        key.set_sensitive(true);
        let mut base_url = account.pack.base_url.trim_end_matches('/').to_owned();
        if base_url.splitn(4, '/').count() < 4 {
            base_url.push_str(API);
        }
        Ok(Self { account, base_url, key, hidden, callbacks: None, transport })
    }

    /// Takes these texts too out of whatever the provider says: other forms in which the key could come back.
    #[must_use]
    pub fn hiding(mut self, hidden: Vec<String>) -> Self {
        self.hidden.add(hidden);
        self
    }

    /// Lets the provider call back at the address of each batch.
    #[must_use]
    pub fn calling_back(self, callbacks: Option<Callbacks>) -> Self {
        Self { callbacks, ..self }
    }

    async fn get(
        &self,
        action: &Action,
        path: &str,
    ) -> Result<Response<Bytes>, ProviderError> {
        self.call(action, Method::GET, path, Bytes::new(), Connection::Pooled).await
    }

    /// Sends what a family asks.
    async fn send(
        &self,
        action: &Action,
        sent: Result<Sent, serde_json::Error>,
        connection: Connection,
    ) -> Result<Response<Bytes>, ProviderError> {
        let Sent { method, path, body } = sent
            .map_err(|error| self.failed(action, ErrorKind::Unsent, error.to_string()))?;
        self.call(action, method, &path, body.into(), connection).await
    }

    async fn call(
        &self,
        action: &Action,
        method: Method,
        path: &str,
        body: Bytes,
        connection: Connection,
    ) -> Result<Response<Bytes>, ProviderError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base_url))
            .header("x-api-key", self.key.clone())
            .header(header::ACCEPT, families::accepted(path));
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let request = request
            .body(body)
            .map_err(|error| self.failed(action, ErrorKind::Fatal, error.to_string()))?;
        let response = self.transport.send(request, connection).await.map_err(
            |error| match error {
                TransportError::Unsent(detail) => {
                    self.failed(action, ErrorKind::Unsent, detail)
                }
                TransportError::Lost(detail) => {
                    self.failed(action, ErrorKind::InDoubt, detail)
                }
            },
        )?;
        let response = form::without_mark(response);
        if let Some(foreign) = form::foreign(families::form(path), &response) {
            return Err(self.not_ours(action, &foreign, &response));
        }
        if response.status().is_success() {
            return Ok(response);
        }
        if action.stake == Stake::Money && !refusal::is_of_provider(response.body()) {
            let foreign = Foreign::body(response.body());
            return Err(self.not_ours(action, &foreign, &response));
        }
        let (status, headers) = (response.status(), response.headers());
        let (kind, detail) =
            refusal::judge(action.route, status, headers, response.body());
        let mut error = self.failed(action, kind, detail);
        error.status = Some(status.as_u16());
        error.signals.rates = rate::signals(headers);
        Err(error)
    }

    /// Somebody in between has answered.
    fn not_ours(
        &self,
        action: &Action,
        foreign: &Foreign,
        response: &Response<Bytes>,
    ) -> ProviderError {
        let (status, headers) = (response.status(), response.headers());
        let hide = |text| self.hidden.out_of(text);
        let detail = between::words("Enrich.so", foreign, hide);
        let wait = refusal::wait_of(headers, response.body());
        let kind = form::meaning(status, wait, action.stake);
        let mut error = self.failed(action, kind, detail);
        error.status = Some(status.as_u16());
        // Nobody else's windows are ours; but a wait is one.
        if matches!(kind, ErrorKind::Throttled(_)) {
            error.signals.rates = rate::signals(headers);
        }
        error
    }

    /// Hands over a batch.
    async fn submitted(
        &self,
        action: &Action,
        sent: Result<Sent, serde_json::Error>,
    ) -> Result<Reply<JobId>, ProviderError> {
        let response = self.send(action, sent, Connection::Fresh).await?;
        let envelope: Envelope<Submitted> = self.read(action, &response)?;
        let Submitted { batch_id, job_id } = envelope.data;
        let is_usable = |job: &JobId| is_plain(job) && !self.hidden.is_in(&job.0);
        let job = batch_id.or(job_id).map(JobId).filter(is_usable).ok_or_else(|| {
            let detail = "the reply names no usable job".to_owned();
            self.failed(action, ErrorKind::InDoubt, detail)
        })?;
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value: job, signals })
    }

    /// A successful reply in a known shape. One that cannot be read is in doubt: something was done.
    fn read<'a, T: Deserialize<'a>>(
        &self,
        action: &Action,
        response: &'a Response<Bytes>,
    ) -> Result<T, ProviderError> {
        serde_json::from_slice(response.body())
            .map_err(|error| self.unreadable(action, &error))
    }

    fn offer(
        &self,
        action: &Action,
        operation: Operation,
        lane: Lane,
    ) -> Result<&Offer, ProviderError> {
        let offer = self.account.offer(operation);
        let offer = offer.filter(|offer| offer.only.is_none_or(|only| only == lane));
        offer.ok_or_else(|| self.failed(action, ErrorKind::Fatal, "not offered".into()))
    }

    fn unreadable(&self, action: &Action, error: &serde_json::Error) -> ProviderError {
        self.failed(
            action,
            ErrorKind::InDoubt,
            format!("the reply cannot be read: {error}"),
        )
    }

    /// Jobs start by themselves, and their submits charge.
    fn not_so(&self, action: String) -> ProviderError {
        let action = Action::fixed(action);
        self.failed(&action, ErrorKind::Refused, "jobs have none here".into())
    }

    fn failed(&self, action: &Action, kind: ErrorKind, detail: String) -> ProviderError {
        ProviderError {
            provider: self.account.name.clone(),
            action: action.name.clone(),
            kind,
            status: None,
            detail: self.hidden.out_of(detail),
            signals: Box::default(),
        }
    }
}

/// What is being done, for messages, the kind of route that it uses, and what it may cost.
struct Action {
    name: String,
    route: Route,
    stake: Stake,
}

impl Action {
    fn fixed(name: impl Into<String>) -> Self {
        Self { name: name.into(), route: Route::Fixed, stake: Stake::Nothing }
    }

    fn job(name: impl Into<String>) -> Self {
        Self { name: name.into(), route: Route::Job, stake: Stake::Nothing }
    }

    fn lookup(name: impl Into<String>) -> Self {
        Self { name: name.into(), route: Route::Lookup, stake: Stake::Money }
    }

    fn submit(name: impl Into<String>, reserve: Credits) -> Self {
        let stake = match reserve {
            Credits::ZERO => Stake::Nothing,
            _ => Stake::Money,
        };
        Self { stake, ..Self::fixed(name) }
    }
}

#[async_trait]
impl Provider for Enrich {
    fn account(&self) -> &Account {
        &self.account
    }

    async fn balance(&self) -> Result<Reply<Credits>, ProviderError> {
        let action = Action::fixed("reading the wallet");
        let response = self.get(&action, "/wallets/balance").await?;
        let envelope: Envelope<Balance> = self.read(&action, &response)?;
        let balance = envelope.data.balance.ok_or_else(|| {
            self.failed(&action, ErrorKind::InDoubt, "the reply names no balance".into())
        })?;
        let signals =
            Signals { balance: Some(balance), rates: rate::signals(response.headers()) };
        Ok(Reply { value: balance, signals })
    }

    async fn transactions(
        &self,
        page: u32,
    ) -> Result<Reply<Transactions>, ProviderError> {
        let action = Action::fixed("reading the wallet's transactions");
        let path = format!("/wallets/transactions?page={page}&limit=100");
        let response = self.get(&action, &path).await?;
        let envelope: Envelope<History> = self.read(&action, &response)?;
        let History { transactions, pagination } = envelope.data;
        let row = |change: Change| {
            let told = [&change.description, &change.metadata];
            let told = told.into_iter().flatten().map(|told| told.get());
            Transaction {
                id: change.id.into(),
                amount: change.amount,
                balance_after: change.balance_after,
                about: told.collect::<Vec<_>>().join(" ").into(),
            }
        };
        let rows = transactions.into_iter().map(row);
        let rows = rows.map(|row| self.hidden.out_of_transaction(row)).collect();
        let value = Transactions { rows, pages: pagination.total_pages };
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value, signals })
    }

    /// Jobs have no names here. Only reveal jobs are listed, and nothing in the list tells whose they are.
    async fn find(
        &self,
        _: Operation,
        batch: BatchId,
    ) -> Result<Reply<Option<JobId>>, ProviderError> {
        let action = Action::fixed(format!("looking for batch {batch}"));
        Err(self.failed(&action, ErrorKind::Refused, "jobs have no names".into()))
    }

    async fn terms(&self, _: Operation) -> Result<Reply<Terms>, ProviderError> {
        let Reply { value: limit, signals } = self.follower_limit().await?;
        let terms = limit.terms().map_err(|detail| {
            let action = Action::fixed("reading the terms of company followers");
            self.failed(&action, ErrorKind::Fatal, detail)
        })?;
        Ok(Reply { value: terms, signals })
    }

    async fn ask(&self, query: &Query) -> Result<Reply<Answered>, ProviderError> {
        let operation = query.operation();
        let action = Action::lookup(format!("single {operation}"));
        let offer = self.offer(&action, operation, Lane::Single)?;
        let sent = families::single(query);
        let response = match self.send(&action, sent, Connection::Pooled).await {
            Err(error) if error.kind == ErrorKind::Gone => {
                if !error.status.is_some_and(|s| offer.misses.contains(&s)) {
                    return Err(ProviderError { kind: ErrorKind::Fatal, ..error });
                }
                let (finding, credits) = (Finding::Miss, Some(Credits::ZERO));
                let value = Answered { key: query.key(), finding, credits };
                return Ok(Reply { value, signals: *error.signals });
            }
            Err(error)
                if error.kind == ErrorKind::LikelyMiss
                    && !error
                        .status
                        .is_some_and(|s| offer.likely_misses.contains(&s)) =>
            {
                return Err(ProviderError { kind: ErrorKind::InDoubt, ..error });
            }
            other => other?,
        };
        let words = &self.account.pack.confidence;
        let read = reading::single(offer, words, query, response.body());
        let (value, meta) = read.map_err(|error| self.unreadable(&action, &error))?;
        let signals = Signals {
            balance: meta.credits_remaining,
            rates: rate::signals(response.headers()),
        };
        Ok(Reply { value: self.hidden.out_of_answer(value), signals })
    }

    async fn submit(&self, batch: &Batch) -> Result<Reply<JobId>, ProviderError> {
        let count = batch.queries.len();
        let action = format!("submit of {count} {} questions", batch.operation);
        let action = Action::submit(action, batch.reserve);
        self.offer(&action, batch.operation, Lane::Bulk)?;
        let webhook_url = self.callbacks.as_ref().map(|all| all.url(batch.id));
        let sent = families::batch(batch.operation, &batch.queries, webhook_url);
        let submitted = self.submitted(&action, sent).await;
        // What costs nothing may go again: nothing is at stake but a job that nobody fetches.
        submitted.map_err(|error| match error.kind {
            ErrorKind::InDoubt if batch.reserve == Credits::ZERO => {
                ProviderError { kind: ErrorKind::Unsent, ..error }
            }
            _ => error,
        })
    }

    async fn launch(
        &self,
        _: Operation,
        job: &JobId,
        _: bool,
    ) -> Result<Reply<Launch>, ProviderError> {
        Err(self.not_so(format!("launch of job {job}")))
    }

    async fn estimate(
        &self,
        _: Operation,
        job: &JobId,
    ) -> Result<Reply<Estimate>, ProviderError> {
        Err(self.not_so(format!("estimate of job {job}")))
    }

    async fn bill(
        &self,
        _: Operation,
        job: &JobId,
    ) -> Result<Reply<Bill>, ProviderError> {
        Err(self.not_so(format!("bill of job {job}")))
    }

    async fn poll(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Progress>, ProviderError> {
        let action = Action::job(format!("progress of job {job}"));
        let response = self.get(&action, &families::progress(operation, job)).await?;
        if families::is_reveal(operation) {
            return self.reveal_progress(&action, &response);
        }
        if lists::is_list(operation) {
            return self.list_progress(&action, operation, &response);
        }
        let (data, _) =
            self.read::<Job<serde::de::IgnoredAny>>(&action, &response)?.split();
        let (done, total) = (data.done(), data.total());
        let status = data.status.ok_or_else(|| {
            self.failed(&action, ErrorKind::InDoubt, "the reply names no status".into())
        })?;
        let value = match reading::is_terminal(&status) {
            true => Progress::Ready,
            false => Progress::Running { done, total },
        };
        Ok(Reply {
            value,
            signals: Signals { balance: None, rates: rate::signals(response.headers()) },
        })
    }

    async fn fetch(
        &self,
        operation: Operation,
        job: &JobId,
        keys: &Keys,
        page: u32,
        limit: u32,
    ) -> Result<Reply<Page>, ProviderError> {
        let action = Action::job(format!("results page {page} of job {job}"));
        let path = families::results(operation, job, page, limit);
        let response = match self.get(&action, &path).await {
            // Results may lag behind the status: the job is not ready.
            Err(error) if error.status == Some(StatusCode::CONFLICT.as_u16()) => {
                let page = Page {
                    ready: false,
                    failed: false,
                    total: None,
                    items: 0,
                    answers: Vec::new(),
                    cost: None,
                };
                return Ok(Reply { value: page, signals: *error.signals });
            }
            other => other?,
        };
        let offer = self.offer(&action, operation, Lane::Bulk)?;
        if families::is_reveal(operation) {
            let asked = Asked { operation, questions: keys.len(), page };
            let Reply { value, signals } =
                self.reveal_page(&action, offer, asked, &response)?;
            return Ok(Reply { value: self.hidden.out_of_page(value), signals });
        }
        if lists::is_list(operation) {
            let asked = lists::Asked { operation, offer, keys, page };
            let Reply { value, signals } = self.list_page(&action, asked, &response)?;
            return Ok(Reply { value: self.hidden.out_of_page(value), signals });
        }
        let words = &self.account.pack.confidence;
        let (value, meta) = reading::page(operation, offer, words, keys, response.body())
            .map_err(|error| self.unreadable(&action, &error))?;
        let signals = Signals {
            balance: meta.credits_remaining,
            rates: rate::signals(response.headers()),
        };
        Ok(Reply { value: self.hidden.out_of_page(value), signals })
    }
}

/// A job id becomes part of a path, so it must not be able to leave it.
pub(crate) fn is_plain(job: &JobId) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !job.0.is_empty() && job.0.chars().all(plain)
}
