//! The calls of jobs. Each sends one request.

use super::{
    super::{
        Sent, Tomba,
        families::NotAsked,
        refusal::{self, Refusal},
        signals,
        wire::{Envelope, Many},
    },
    Generation, draft, launch, name,
    refusal::judge,
    results::{self, Unread},
    tool,
    wire::{self, Job, List, Quote},
};
use crate::{
    form::{Form, Stake},
    transport::Connection,
};
use bytes::Bytes;
use http::{Method, Response};
use leadmill_core::{
    Batch, BatchId, Bill, Credits, ErrorKind, Estimate, JobId, Keys, Lane, Launch,
    Operation, Page, Progress, ProviderError, Reply, Terms, pack::Offer,
};
use std::cmp::Reverse;

/// The most rows of a list of jobs.
///
/// # Source
/// Reference 11.5.
const ROWS: usize = 50;

/// A call about a job: what it is called, and where the job stands.
struct AboutJob {
    action: String,
    path: String,
}

impl Tomba {
    /// Creates a job, which is not launched. That costs nothing but one of the day's jobs.
    pub(in super::super) async fn create(
        &self,
        batch: &Batch,
    ) -> Result<Reply<JobId>, ProviderError> {
        let (operation, count) = (batch.operation, batch.queries.len());
        let action = format!("submit of {count} {operation} questions");
        let (tool, offer) = self.jobs_of(&action, operation, ErrorKind::Fatal)?;
        let refused = |why| self.failed(&action, ErrorKind::Refused, why);
        let body = draft::write(batch, self.generation())
            .map_err(|NotAsked(why)| refused(why))?;
        if body.len() > offer.most_bytes {
            let (size, most) = (body.len(), offer.most_bytes);
            return Err(refused(format!("the body has {size} bytes, of {most} at most")));
        }
        let sent = Sent {
            method: Method::POST,
            body: body.into(),
            connection: Connection::Fresh,
            // The day has few of them.
            stake: Stake::Money,
            ..Sent::get(format!("/bulk/{tool}"))
        };
        let response = self.exchange(&action, sent).await?;
        let signals = signals(None, &response);
        let created: Option<Job> = wire::data(response.body());
        // Whatever else is said: what has a name was created.
        if let Some(job) = created.and_then(|job| job.id())
            && response.status().is_success()
        {
            return Ok(Reply { value: job, signals });
        }
        match refusal::judge(&response, &self.account.pack.exhausted) {
            Some(refusal) if response.status() != 201 => {
                Err(self.refused(&action, refusal, &response))
            }
            _ => Err(self.in_doubt(&action, "the reply names no job", &response)),
        }
    }

    /// Looks for the job of a batch. Its name is searched for, so that one page holds all that there can be.
    ///
    /// # Source
    /// Reference 11.5. The search is of the second generation; the first has archived jobs in the same list.
    pub(in super::super) async fn look_for(
        &self,
        operation: Operation,
        batch: BatchId,
    ) -> Result<Reply<Option<JobId>>, ProviderError> {
        let action = format!("looking for batch {batch}");
        let (tool, _) = self.jobs_of(&action, operation, ErrorKind::Refused)?;
        let name = name(batch);
        let archived = match self.generation() {
            Generation::First => "&filter=all",
            Generation::Second => "",
        };
        let path = format!("/bulk/{tool}?q={name}&limit={ROWS}&page=1{archived}");
        let response = self.get(&action, &path).await?;
        let list = List::read(response.body(), ROWS)
            .ok_or_else(|| self.in_doubt(&action, "the reply is no list", &response))?;
        let is_ours = |job: &&Job| {
            job.name.0.as_deref() == Some(name.as_str()) && !job.is_deleted()
        };
        let ours = list.jobs.iter().filter(is_ours);
        let ours = ours.filter_map(|job| Some((job.is_paid() == Some(true), job.id()?)));
        // Of several the one that is paid, else the first one.
        let age = |id: &JobId| Reverse(id.0.parse::<i64>().unwrap_or(i64::MAX));
        let job = ours.max_by_key(|(is_paid, id)| (*is_paid, age(id))).map(|(_, id)| id);
        if job.is_none() && !list.is_whole {
            let detail = "the list is not whole: the job may stand beyond its end";
            return Err(self.in_doubt(&action, detail, &response));
        }
        Ok(Reply { value: job, signals: signals(None, &response) })
    }

    /// Reads what the team may ask of a tool. Where that is not to be had it is as the pack says: of a team that may not
    /// ask for jobs nothing else follows.
    pub(in super::super) async fn tool_terms(
        &self,
        operation: Operation,
    ) -> Result<Reply<Terms>, ProviderError> {
        let action = format!("reading the terms of {operation}");
        let (tool, _) = self.jobs_of(&action, operation, ErrorKind::Refused)?;
        let sent = Sent::get("/bulk/types".to_owned());
        let response = self.exchange(&action, sent).await?;
        let signals = signals(None, &response);
        let value = match refusal::judge(&response, &self.account.pack.exhausted) {
            None => wire::terms(tool, response.body()),
            Some(refusal) => match (response.status().as_u16(), refusal.kind) {
                (403..=405, ErrorKind::Fatal)
                | (_, ErrorKind::Refused | ErrorKind::NoCredit) => Terms::default(),
                _ => return Err(self.refused(&action, refusal, &response)),
            },
        };
        Ok(Reply { value, signals })
    }

    /// Launches a job, or one that has failed again.
    pub(in super::super) async fn start(
        &self,
        operation: Operation,
        job: &JobId,
        again: bool,
    ) -> Result<Reply<Launch>, ProviderError> {
        let AboutJob { action, path } = self.about_job("launch", operation, job)?;
        let (method, path) = match (again, self.generation()) {
            (false, _) => (Method::PUT, path),
            (true, Generation::Second) => (Method::POST, path + "/retry"),
            (true, Generation::First) => {
                let why = "jobs of the first generation are not run again".to_owned();
                return Err(self.failed(&action, ErrorKind::Refused, why));
            }
        };
        let body = Bytes::from_static(b"{}");
        let sent = Sent { method, body, form: Form::JsonOrNothing, ..Sent::get(path) };
        let response = self.exchange(&action, sent).await?;
        let read = launch::read(&response, again, &self.account.pack.exhausted);
        let value = read.map_err(|refusal| self.refused(&action, refusal, &response))?;
        Ok(Reply { value, signals: signals(None, &response) })
    }

    /// Asks how far a job is.
    pub(in super::super) async fn progress(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Progress>, ProviderError> {
        let generation = self.generation();
        let AboutJob { action, path } = self.about_job("progress", operation, job)?;
        let path = path + generation.progress_path();
        let response = self.look_at(&action, path).await?;
        let value = wire::progress(response.body());
        let value = value.ok_or_else(|| {
            self.in_doubt(&action, "the reply does not tell a status", &response)
        })?;
        Ok(Reply { value, signals: signals(None, &response) })
    }

    /// Asks what the first download will charge. The first generation has no such call: its jobs tell how many rows they
    /// have, and so what these cost at most.
    pub(in super::super) async fn quote(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Estimate>, ProviderError> {
        let generation = self.generation();
        let AboutJob { action, path } = self.about_job("estimate", operation, job)?;
        let path = match generation {
            Generation::First => path,
            Generation::Second => path + "/estimate",
        };
        let response = self.look_at(&action, path).await?;
        let body = response.body();
        let value = match generation {
            Generation::First => {
                let offer = self.account.offer(operation);
                let price = offer.map_or(Credits::ZERO, Offer::price_in_job);
                wire::data(body).map(|job: Job| job.bound(price))
            }
            Generation::Second => wire::data(body).map(Quote::estimate),
        };
        let none = || self.in_doubt(&action, "the reply holds no estimate", &response);
        let value = value.ok_or_else(none)?;
        Ok(Reply { value, signals: signals(None, &response) })
    }

    /// Asks what a job says of its bill.
    pub(in super::super) async fn billed(
        &self,
        operation: Operation,
        job: &JobId,
    ) -> Result<Reply<Bill>, ProviderError> {
        let AboutJob { action, path } = self.about_job("bill", operation, job)?;
        let response = self.look_at(&action, path).await?;
        let envelope = Envelope::read(response.body()).ok();
        let jobs =
            Many::<Job>::of(envelope.and_then(|body| body.data).unwrap_or_default());
        let none = || self.in_doubt(&action, "the reply holds no job", &response);
        let job = jobs.0.into_iter().next().ok_or_else(none)?;
        Ok(Reply { value: job.bill(), signals: signals(None, &response) })
    }

    /// Downloads a file of a job: the first time is what charges for it. The first page is the file of what was found,
    /// the second that of what was not. A page's total is the records of the file, its items are its answers and the
    /// records that are about no question of the job's.
    ///
    /// # Source
    /// Reference 11.9, assumption A20: a job that has not ended is a conflict.
    pub(in super::super) async fn download(
        &self,
        operation: Operation,
        job: &JobId,
        keys: &Keys,
        page: u32,
    ) -> Result<Reply<Page>, ProviderError> {
        let what = format!("results page {page}");
        let AboutJob { action, path } = self.about_job(&what, operation, job)?;
        let (_, offer) = self.jobs_of(&action, operation, ErrorKind::Refused)?;
        let kind = match page {
            1 => "full",
            2 => "not_found",
            _ => {
                let why = "there are two files".to_owned();
                return Err(self.failed(&action, ErrorKind::Refused, why));
            }
        };
        let path =
            format!("{path}/download?{}={kind}", self.generation().file_parameter());
        let sent = Sent {
            accepted: "text/csv, application/json;q=0.9",
            form: Form::File,
            stake: Stake::Money,
            connection: Connection::Fresh,
            ..Sent::get(path)
        };
        let response = match self.exchange(&action, sent).await {
            Err(error)
                if error.status == Some(409) && error.kind == ErrorKind::Refused =>
            {
                return Ok(Reply { value: not_ready(), signals: *error.signals });
            }
            other => other?,
        };
        let signals = signals(None, &response);
        if let Some(refusal) = judge(&response, &self.account.pack.exhausted) {
            if response.status() == 409 && refusal.kind == ErrorKind::Refused {
                return Ok(Reply { value: not_ready(), signals });
            }
            return Err(self.refused(&action, refusal, &response));
        }
        let read =
            results::read(operation, offer, self.generation(), keys, response.body());
        let read = read.map_err(|unread| {
            let (kind, why) = match unread {
                Unread::NoFile(why) => (ErrorKind::InDoubt, why),
                Unread::Untied(why) => (ErrorKind::Refused, why),
            };
            let detail = format!("the file cannot be read: {why}");
            self.refused(&action, Refusal { kind, detail, unknown: None }, &response)
        })?;
        let answers = read.answers;
        let (items, total) = (answers.len() as u64 + read.untied, Some(read.rows));
        let value = Page { ready: true, total, items, answers, ..not_ready() };
        Ok(Reply { value: self.hidden.out_of_page(value), signals })
    }

    fn generation(&self) -> Generation {
        Generation::of(&self.account.pack)
    }

    /// The tool of an operation, where it is offered in jobs.
    fn jobs_of(
        &self,
        action: &str,
        operation: Operation,
        kind: ErrorKind,
    ) -> Result<(&'static str, &Offer), ProviderError> {
        let offer = self.account.offer(operation);
        let offer =
            offer.filter(|offer| offer.only.is_none_or(|lane| lane == Lane::Bulk));
        let none = || self.failed(action, kind, "jobs are not offered".to_owned());
        tool(operation).zip(offer).ok_or_else(none)
    }

    fn about_job(
        &self,
        what: &str,
        operation: Operation,
        job: &JobId,
    ) -> Result<AboutJob, ProviderError> {
        let action = format!("{what} of job {job}");
        let (tool, _) = self.jobs_of(&action, operation, ErrorKind::Refused)?;
        if !wire::is_id(&job.0) {
            let why = "it is no job of this provider's".to_owned();
            return Err(self.failed(&action, ErrorKind::Refused, why));
        }
        Ok(AboutJob { action, path: format!("/bulk/{tool}/{job}") })
    }

    /// Asks for what stands under a job's path; what is answered is no error.
    async fn look_at(
        &self,
        action: &str,
        path: String,
    ) -> Result<Response<Bytes>, ProviderError> {
        let response = self.exchange(action, Sent::get(path)).await?;
        match judge(&response, &self.account.pack.exhausted) {
            None => Ok(response),
            Some(refusal) => Err(self.refused(action, refusal, &response)),
        }
    }

    fn in_doubt(
        &self,
        action: &str,
        detail: &str,
        response: &Response<Bytes>,
    ) -> ProviderError {
        let detail = detail.to_owned();
        let refusal = Refusal { kind: ErrorKind::InDoubt, detail, unknown: None };
        self.refused(action, refusal, response)
    }
}

fn not_ready() -> Page {
    Page {
        ready: false,
        failed: false,
        total: None,
        items: 0,
        answers: vec![],
        cost: None,
    }
}
