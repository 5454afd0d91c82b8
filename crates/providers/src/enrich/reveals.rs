//! Reveal jobs of the lead finder: progress and results come in one reply, and so does the bill.

use super::{
    Action, Enrich,
    families::{Contact, Reveal},
    reading::{is_failure, is_terminal},
    wire::{Envelope, Meta},
};
use crate::rate;
use bytes::Bytes;
use http::Response;
use leadmill_core::{
    Answered, Credits, ErrorKind, Finding, Operation, Page, Progress, ProviderError,
    Reply, Signals, pack::Offer,
};
use serde::de::{Error, IgnoredAny};
use serde_json::value::RawValue;

/// What was asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) operation: Operation,
    /// Questions of the job.
    pub(super) questions: usize,
    /// The page; all stands on the first.
    pub(super) page: u32,
}

impl Enrich {
    /// How far a job is.
    pub(super) fn reveal_progress(
        &self,
        action: &Action,
        response: &Response<Bytes>,
    ) -> Result<Reply<Progress>, ProviderError> {
        let envelope: Envelope<Reveal<IgnoredAny>> = self.read(action, response)?;
        let job = envelope.data;
        self.covered(action, response, &job)?;
        let value = match job.status.as_deref() {
            None => {
                let detail = "the reply names no status".to_owned();
                return Err(self.failed(action, ErrorKind::InDoubt, detail));
            }
            Some(status) if is_terminal(status) => Progress::Ready,
            Some(_) => Progress::Running {
                done: job.progress.as_ref().and_then(|progress| progress.processed),
                total: job.progress.as_ref().and_then(|progress| progress.total),
            },
        };
        let signals = Signals { balance: None, rates: rate::signals(response.headers()) };
        Ok(Reply { value, signals })
    }

    /// What a job has revealed.
    pub(super) fn reveal_page(
        &self,
        action: &Action,
        offer: &Offer,
        asked: Asked,
        response: &Response<Bytes>,
    ) -> Result<Reply<Page>, ProviderError> {
        let read = str::from_utf8(response.body()).map_err(serde_json::Error::custom);
        let read = read.and_then(contacts);
        let (job, meta) = read.map_err(|error| self.unreadable(action, &error))?;
        self.covered(action, response, &job)?;
        let value = page(offer, asked, job);
        let value = value.map_err(|error| self.unreadable(action, &error))?;
        let signals = Signals {
            balance: meta.credits_remaining,
            rates: rate::signals(response.headers()),
        };
        Ok(Reply { value, signals })
    }

    /// A job whose leads the wallet did not cover is taken all the same, and fails.
    ///
    /// # Source
    /// Reference §5.5: no 402 at the submit; the job's `error` tells.
    fn covered<I>(
        &self,
        action: &Action,
        response: &Response<Bytes>,
        job: &Reveal<I>,
    ) -> Result<(), ProviderError> {
        let Some(why) = job.uncovered() else { return Ok(()) };
        let mut error = self.failed(action, ErrorKind::NoCredit, why);
        error.status = Some(response.status().as_u16());
        error.signals.rates = rate::signals(response.headers());
        Err(error)
    }
}

/// A job with the contacts that can be read. One that cannot does not cost the others.
fn contacts(
    body: &str,
) -> Result<(Reveal<Option<Contact<'_>>>, Meta), serde_json::Error> {
    let envelope: Envelope<Reveal<&RawValue>> = serde_json::from_str(body)?;
    let job = envelope.data.map(|raw| serde_json::from_str(raw.get()).ok());
    Ok((job, envelope.meta.unwrap_or_default()))
}

fn page(
    offer: &Offer,
    asked: Asked,
    job: Reveal<Option<Contact<'_>>>,
) -> Result<Page, serde_json::Error> {
    let Asked { operation, questions, page } = asked;
    let status = job.status.as_deref().unwrap_or_default();
    let (ready, failed) = (is_terminal(status), is_failure(status));
    if ready && !failed && job.results.is_none() {
        return Err(Error::custom("the job is completed and has no results"));
    }
    // All that was reserved and did not come back may have been charged.
    let most = offer.price * questions as u64;
    let lost = job.credits_refunded.filter(|_| failed).map(|refund| most.less(refund));
    let Some(results) = job.results.filter(|_| ready) else {
        let (items, answers, cost) = (0, Vec::new(), lost);
        return Ok(Page { ready, failed, total: None, items, answers, cost });
    };
    let cost = results.cost().or(lost);
    let items = results.revealed.len() as u64;
    // The price of one field is paid or not. Of several, or where some were free, only the bill tells.
    let certain = results.already_revealed == Some(0) && operation.wishes().len() == 1;
    let answer = |contact: Contact<'_>| {
        let key = contact.asked(operation)?;
        let finding = contact.finding(operation)?;
        let credits = match finding {
            Finding::Hit(_) => certain.then_some(offer.price),
            _ => Some(Credits::ZERO),
        };
        Some(Answered { key, finding, credits })
    };
    let answers = results.revealed.into_iter().flatten().filter_map(answer).collect();
    let total = Some(items);
    Ok(match page {
        1 => Page { ready, failed, total, items, answers, cost },
        _ => Page { ready, failed, total, items: 0, answers: Vec::new(), cost },
    })
}

#[cfg(test)]
pub(super) mod calls;
#[cfg(test)]
mod tests;
