//! Tomba, API version 1: single questions, jobs of many, and the account.

pub mod account;
mod bulk;
mod families;
mod pools;
mod reading;
mod refusal;
mod wire;

#[cfg(test)]
mod tests;

use crate::{
    between,
    form::{self, Foreign, Form, Stake},
    hidden::Hidden,
    rate,
    transport::{Connection, Transport, TransportError},
};
use async_trait::async_trait;
use bytes::Bytes;
use families::NotAsked;
use http::{HeaderValue, Method, Request, Response, header};
use leadmill_core::{
    Account, AccountLimits, Answered, Batch, BatchId, Bill, Credits, ErrorKind, Estimate,
    Finding, JobId, KeepsLog, Keys, Lane, Launch, Operation, Page, Progress, Provider,
    ProviderError, Query, Reply, Signals, Terms, Transactions, pack::Offer,
};
use pools::Pool;
use refusal::Refusal;
use std::{collections::BTreeSet, fmt, sync::Arc};
use wire::{Envelope, Me, Part};

/// The facts, compiled in.
pub(crate) const PACK: &str = include_str!("tomba/pack.yaml");

/// The path under which the documented endpoints stand.
const API: &str = "/v1";

/// The media type of what is sent and of most that is answered.
const JSON: &str = "application/json";

/// What is sent.
#[derive(Debug)]
struct Sent {
    method: Method,
    /// Under the address of the API, with its query.
    path: String,
    /// JSON; empty where nothing is sent.
    body: Bytes,
    accepted: &'static str,
    /// What is answered.
    form: Form,
    stake: Stake,
    connection: Connection,
}

impl Sent {
    /// A request for what stands under a path.
    fn get(path: String) -> Self {
        Self {
            method: Method::GET,
            path,
            body: Bytes::new(),
            accepted: JSON,
            form: Form::Json,
            stake: Stake::Nothing,
            connection: Connection::Pooled,
        }
    }

    /// A question that travels in a body.
    fn post(path: String, body: Bytes) -> Self {
        Self { method: Method::POST, body, ..Self::get(path) }
    }
}

/// Tomba as one pipeline uses it.
pub struct Tomba {
    account: Account,
    base_url: String,
    key: HeaderValue,
    secret: HeaderValue,
    hidden: Hidden,
    pools: Vec<Pool>,
    transport: Arc<dyn Transport>,
}

impl fmt::Debug for Tomba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tomba")
            .field("account", &self.account.name)
            .finish_non_exhaustive()
    }
}

/// A key or a secret that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("the API {0} holds characters that no HTTP header can carry")]
pub struct UnsendableCredential(&'static str);

impl Tomba {
    /// Calls the API at the account's `base_url` with a key (`ta_…`) and a secret (`ts_…`). An address without a path
    /// gets the documented one. Neither is ever in what an error or an answer says.
    pub fn new(
        account: Account,
        key: &str,
        secret: &str,
        transport: Arc<dyn Transport>,
    ) -> Result<Self, UnsendableCredential> {
        let mut base_url = account.pack.base_url.trim_end_matches('/').to_owned();
        if base_url.splitn(4, '/').count() < 4 {
            base_url.push_str(API);
        }
        Ok(Self {
            account,
            base_url,
            key: header(key, "key")?,
            secret: header(secret, "secret")?,
            hidden: Hidden::of([secret, key].map(str::to_owned)),
            pools: vec![Pool::Searches],
            transport,
        })
    }

    /// Takes these texts too out of whatever the provider says: other forms in which the credentials could come back.
    #[must_use]
    pub fn hiding(mut self, hidden: Vec<String>) -> Self {
        self.hidden.add(hidden);
        self
    }

    /// Takes for the wallet the quotas that these operations draw on, and not that of searches alone.
    #[must_use]
    pub fn drawing_for(self, operations: impl IntoIterator<Item = Operation>) -> Self {
        let pools = operations.into_iter().flat_map(Pool::of).copied();
        let pools: BTreeSet<Pool> = pools.collect();
        match pools.is_empty() {
            true => self,
            false => Self { pools: pools.into_iter().collect(), ..self },
        }
    }

    /// Sends a request, and gives whatever the provider answers.
    async fn exchange(
        &self,
        action: &str,
        sent: Sent,
    ) -> Result<Response<Bytes>, ProviderError> {
        let Sent { method, path, body, accepted, form, stake, connection } = sent;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base_url))
            .header("x-tomba-key", self.key.clone())
            .header("x-tomba-secret", self.secret.clone())
            .header(header::ACCEPT, accepted);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, JSON);
        }
        let request = request
            .body(body)
            .map_err(|error| self.failed(action, ErrorKind::Fatal, error.to_string()))?;
        let sent = self.transport.send(request, connection).await;
        let response = sent.map_err(|error| match error {
            TransportError::Unsent(detail) => {
                self.failed(action, ErrorKind::Unsent, detail)
            }
            TransportError::Lost(detail) => {
                self.failed(action, ErrorKind::InDoubt, detail)
            }
        })?;
        let response = form::without_mark(response);
        let is_error = !response.status().is_success();
        let foreign = form::foreign(form, &response).or_else(|| {
            let is_paid = stake == Stake::Money;
            let is_ours = || refusal::is_of_provider(response.body());
            let is_foreign = is_error && is_paid && !is_ours();
            is_foreign.then(|| Foreign::body(response.body()))
        });
        match foreign {
            None => Ok(response),
            Some(foreign) => Err(self.not_ours(action, stake, &foreign, &response)),
        }
    }

    /// Somebody in between has answered.
    fn not_ours(
        &self,
        action: &str,
        stake: Stake,
        foreign: &Foreign,
        response: &Response<Bytes>,
    ) -> ProviderError {
        let detail = between::words("Tomba", foreign, |text| self.hidden.out_of(text));
        let kind = form::meaning(response.status(), refusal::wait(response), stake);
        let mut error = self.failed(action, kind, detail);
        error.status = Some(response.status().as_u16());
        // Nobody else's windows are ours; but a wait is one.
        if matches!(kind, ErrorKind::Throttled(_)) {
            error.signals.rates = rate::signals(response.headers());
        }
        error
    }

    /// Asks for what stands under a path; what is answered is no error.
    async fn get(
        &self,
        action: &str,
        path: &str,
    ) -> Result<Response<Bytes>, ProviderError> {
        let response = self.exchange(action, Sent::get(path.to_owned())).await?;
        match refusal::judge(&response, &self.account.pack.exhausted) {
            None => Ok(response),
            Some(refusal) => Err(self.refused(action, refusal, &response)),
        }
    }

    fn offer(&self, action: &str, operation: Operation) -> Result<&Offer, ProviderError> {
        let offer = self.account.offer(operation);
        let offer = offer.filter(|offer| offer.only.is_none_or(|l| l == Lane::Single));
        offer.ok_or_else(|| self.failed(action, ErrorKind::Fatal, "not offered".into()))
    }

    /// A reply in no known shape is in doubt: something was done.
    fn unreadable(
        &self,
        action: &str,
        error: &serde_json::Error,
        response: &Response<Bytes>,
    ) -> ProviderError {
        let detail = format!("the reply cannot be read: {error}");
        let mut error = self.failed(action, ErrorKind::InDoubt, detail);
        error.status = Some(response.status().as_u16());
        error.signals.rates = rate::signals(response.headers());
        error
    }

    fn refused(
        &self,
        action: &str,
        refusal: Refusal,
        response: &Response<Bytes>,
    ) -> ProviderError {
        let mut error = self.failed(action, refusal.kind, refusal.detail);
        error.status = Some(response.status().as_u16());
        error.signals.rates = rate::signals(response.headers());
        error
    }

    fn failed(&self, action: &str, kind: ErrorKind, detail: String) -> ProviderError {
        ProviderError {
            provider: self.account.name.clone(),
            action: action.to_owned(),
            kind,
            status: None,
            detail: self.hidden.out_of(detail),
            signals: Box::default(),
        }
    }
}

fn header(text: &str, what: &'static str) -> Result<HeaderValue, UnsendableCredential> {
    let mut value =
        HeaderValue::from_str(text).map_err(|_| UnsendableCredential(what))?;
    value.set_sensitive(true);
    Ok(value)
}

fn signals(balance: Option<Credits>, response: &Response<Bytes>) -> Signals {
    Signals { balance, rates: rate::signals(response.headers()) }
}

#[async_trait]
impl Provider for Tomba {
    fn account(&self) -> &Account {
        &self.account
    }

    /// What is left of the quotas that questions draw on, of several the least: so it is never overstated. Which they
    /// are [`drawing_for`](Tomba::drawing_for) says; without it they are the searches. What a member of a team may use
    /// of them at most is not known here: more is refused, at no charge.
    async fn balance(&self) -> Result<Reply<Credits>, ProviderError> {
        let action = "reading the quotas";
        let response = self.get(action, "/me").await?;
        let unreadable = |error| self.unreadable(action, &error, &response);
        let envelope = Envelope::read(response.body()).map_err(unreadable)?;
        let me = Part::<Me>::of(envelope.data.unwrap_or_default()).whole();
        let left = Pool::least(&self.pools, &me.requests.whole(), &self.account);
        let balance = left.ok_or_else(|| {
            self.failed(action, ErrorKind::InDoubt, "the reply names no quota".into())
        })?;
        Ok(Reply { value: balance, signals: signals(Some(balance), &response) })
    }

    /// There is a log of requests and no list of charges that could be told apart.
    async fn transactions(&self, _: u32) -> Result<Reply<Transactions>, ProviderError> {
        let action = "reading the wallet's transactions";
        Err(self.failed(action, ErrorKind::Refused, "there are none".into()))
    }

    async fn find(
        &self,
        operation: Operation,
        batch: BatchId,
    ) -> Result<Reply<Option<JobId>>, ProviderError> {
        self.look_for(operation, batch).await
    }

    /// What the provider says of its tools: how many questions a job takes, and how many jobs a day has.
    async fn terms(&self, operation: Operation) -> Result<Reply<Terms>, ProviderError> {
        self.tool_terms(operation).await
    }

    fn account_limits(&self) -> Option<&dyn AccountLimits> {
        Some(self)
    }

    fn call_log(&self) -> Option<&dyn KeepsLog> {
        Some(self)
    }

    async fn ask(&self, query: &Query) -> Result<Reply<Answered>, ProviderError> {
        let operation = query.operation();
        let action = format!("single {operation}");
        let offer = self.offer(&action, operation)?;
        let sent = families::single(query)
            .map_err(|NotAsked(why)| self.failed(&action, ErrorKind::Refused, why))?;
        let sent = Sent { stake: Stake::Money, ..sent };
        let response = self.exchange(&action, sent).await?;
        if let Some(refusal) = refusal::judge(&response, &self.account.pack.exhausted) {
            let is_miss =
                refusal.unknown.is_some_and(|status| offer.misses.contains(&status));
            if !is_miss {
                return Err(self.refused(&action, refusal, &response));
            }
            let (finding, credits) = (Finding::Miss, Some(Credits::ZERO));
            let value = Answered { key: query.key(), finding, credits };
            return Ok(Reply { value, signals: signals(None, &response) });
        }
        let read = reading::single(query, offer, response.body());
        let value = read.map_err(|error| self.unreadable(&action, &error, &response))?;
        let value = self.hidden.out_of_answer(value);
        Ok(Reply { value, signals: signals(None, &response) })
    }

    async fn submit(&self, batch: &Batch) -> Result<Reply<JobId>, ProviderError> {
        self.create(batch).await
    }

    async fn launch(
        &self,
        operation: Operation,
        job: &JobId,
        again: bool,
    ) -> Result<Reply<Launch>, ProviderError> {
        self.start(operation, job, again).await
    }

    async fn estimate(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Estimate>, ProviderError> {
        self.quote(operation, job).await
    }

    async fn bill(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Bill>, ProviderError> {
        self.billed(operation, job).await
    }

    async fn poll(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Progress>, ProviderError> {
        self.progress(operation, job).await
    }

    /// All results at once: there is one page, whatever its limit.
    async fn fetch(
        &self,
        operation: Operation,
        job: &JobId,
        keys: &Keys,
        page: u32,
        _: u32,
    ) -> Result<Reply<Page>, ProviderError> {
        self.download(operation, job, keys, page).await
    }
}
