//! Jobs whose one answer is long: scrapes of followers and exports of leads; and estimates, which go like them.

use super::{
    Action, Enrich,
    families::{Estimate, Export, Followers, Scrape, read_export},
    reading::{is_failure, is_terminal},
    wire::{Envelope, Meta},
};
use crate::rate;
use bytes::Bytes;
use http::{HeaderMap, Response};
use leadmill_core::{
    Answered, Credits, ErrorKind, Finding, Keys, Operation, Page, Progress,
    ProviderError, Reply, Signals, pack::Offer,
};

/// Whether it is answered by such a job.
pub(super) const fn is_list(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::FindFollowers | Operation::CountFollowers | Operation::ExportLeads
    )
}

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) operation: Operation,
    pub(super) offer: &'a Offer,
    /// Questions of the job: one.
    pub(super) keys: &'a Keys,
    pub(super) page: u32,
}

impl Enrich {
    /// Whether a job has ended. How far it is counts rows, which nobody knows the number of before.
    pub(super) fn list_progress(
        &self,
        action: &Action,
        operation: Operation,
        response: &Response<Bytes>,
    ) -> Result<Reply<Progress>, ProviderError> {
        let (has_ended, is_partial) = match operation {
            Operation::FindFollowers => {
                let scrape = self.read::<Envelope<Scrape>>(action, response)?.data;
                (scrape.done, scrape.partial == Some(true))
            }
            operation => {
                let status = match operation {
                    Operation::CountFollowers => {
                        self.read::<Envelope<Estimate>>(action, response)?.data.status
                    }
                    _ => self.read::<Envelope<Export>>(action, response)?.data.status,
                };
                let status = status.ok_or_else(|| {
                    let detail = "the reply names no status".to_owned();
                    self.failed(action, ErrorKind::InDoubt, detail)
                })?;
                (is_terminal(&status), false)
            }
        };
        let value = match has_ended {
            true if is_partial => Progress::Partial,
            true => Progress::Ready,
            false => Progress::Running { done: None, total: None },
        };
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value, signals })
    }

    /// A page of a job that has ended.
    pub(super) fn list_page(
        &self,
        action: &Action,
        asked: Asked<'_>,
        response: &Response<Bytes>,
    ) -> Result<Reply<Page>, ProviderError> {
        let page = match (asked.operation, asked.page) {
            (Operation::FindFollowers, _) => self.followers(action, asked, response)?,
            (Operation::CountFollowers, _) => self.estimate(action, asked, response)?,
            (_, 1) => self.export(action, response)?,
            _ => (self.export_file(action, asked, response)?, Meta::default()),
        };
        let (value, meta) = page;
        let signals = Signals {
            balance: meta.credits_remaining,
            rates: rate::signals(response.headers()),
        };
        Ok(Reply { value, signals })
    }

    fn followers(
        &self,
        action: &Action,
        asked: Asked<'_>,
        response: &Response<Bytes>,
    ) -> Result<(Page, Meta), ProviderError> {
        let envelope: Envelope<Followers> = self.read(action, response)?;
        let meta = envelope.meta.unwrap_or_default();
        let (total, items) = (envelope.data.total(), envelope.data.count());
        let answers = asked.answer(envelope.data.finding());
        let cost = meta.credits_used;
        Ok((Page { ready: true, failed: false, total, items, answers, cost }, meta))
    }

    /// An estimate that failed gives its price back with a look at it. What one has cost that came from the
    /// provider's cache, which is nothing, is not said here: then its price stands.
    fn estimate(
        &self,
        action: &Action,
        asked: Asked<'_>,
        response: &Response<Bytes>,
    ) -> Result<(Page, Meta), ProviderError> {
        let envelope: Envelope<Estimate> = self.read(action, response)?;
        let meta = envelope.meta.unwrap_or_default();
        let status = envelope.data.status.clone().unwrap_or_default();
        let (ready, failed) = (is_terminal(&status), is_failure(&status));
        let price = asked.offer.price;
        let owed = match failed {
            true => price.less(meta.credits_refunded.unwrap_or_default()),
            false => price,
        };
        let cost = ready.then(|| meta.credits_used.unwrap_or(owed));
        let finding = envelope.data.finding().filter(|_| ready && !failed);
        let answers = finding.map(|finding| asked.answer(finding));
        let answers = answers.unwrap_or_default();
        let items = answers.len() as u64;
        let page = Page { ready, failed, total: Some(items), items, answers, cost };
        Ok((page, meta))
    }

    /// How an export has ended stands on its first page, and its file is the second.
    fn export(
        &self,
        action: &Action,
        response: &Response<Bytes>,
    ) -> Result<(Page, Meta), ProviderError> {
        let envelope: Envelope<Export> = self.read(action, response)?;
        let status = envelope.data.status.as_deref().unwrap_or_default();
        let (ready, failed) = (is_terminal(status), is_failure(status));
        // Whatever it says of its size, there is a file.
        let total = (!failed).then(|| envelope.data.total().unwrap_or(1).max(1));
        let cost = failed.then_some(Credits::ZERO);
        let (items, answers) = (0, Vec::new());
        let total = total.or(Some(0));
        let page = Page { ready, failed, total, items, answers, cost };
        Ok((page, envelope.meta.unwrap_or_default()))
    }

    fn export_file(
        &self,
        action: &Action,
        asked: Asked<'_>,
        response: &Response<Bytes>,
    ) -> Result<Page, ProviderError> {
        let (items, finding) = read_export(response.body()).map_err(|error| {
            let detail = format!("the file cannot be read: {error}");
            self.failed(action, ErrorKind::InDoubt, detail)
        })?;
        let cost = bill(response.headers());
        let answers = asked.answer(finding);
        let (ready, failed, total) = (true, false, Some(items));
        Ok(Page { ready, failed, total, items, answers, cost })
    }
}

impl Asked<'_> {
    /// The answer to the job's question, or a part of it. What it costs is what the job does.
    fn answer(&self, finding: Finding) -> Vec<Answered> {
        let [key] = **self.keys else { return Vec::new() };
        vec![Answered { key, finding, credits: None }]
    }
}

/// What an export has cost. Whether what was refunded is taken off already is not said: what we owe is never
/// understated.
fn bill(headers: &HeaderMap) -> Option<Credits> {
    headers.get("x-credits-used")?.to_str().ok()?.trim().parse().ok().map(Credits)
}

#[cfg(test)]
mod tests;
