//! Contacts of the lead finder's people: reference §9.4. The results of a job stand beside its progress.

use super::{
    super::{
        reading::is_failure,
        wire::{Text, rounded_down, rounded_up, said, whole},
    },
    key,
    unlock::LeadId,
};
use leadmill_core::{Credits, Finding, Operation, Query, QueryKey, Value, Wish};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

/// A batch. What is wanted is always sent: left out, everything would be revealed, and paid for.
#[derive(Serialize)]
pub(super) struct Leads<'a> {
    leads: Vec<LeadId<'a>>,
    fields: Vec<&'static str>,
}

impl<'a> Leads<'a> {
    pub(super) fn of(operation: Operation, queries: &'a [Query]) -> Self {
        let fields = operation.wishes().iter().map(|wish| wish.name());
        Self { leads: queries.iter().map(LeadId::of).collect(), fields: fields.collect() }
    }
}

/// A job.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Reveal<I> {
    pub(in super::super) status: Option<String>,
    pub(in super::super) progress: Option<Processed>,
    /// Only of a job that is completed.
    pub(in super::super) results: Option<Revealed<I>>,
    /// Why it failed; text, as far as is known.
    error: Option<Json>,
    /// Only of a job that failed.
    #[serde(default, deserialize_with = "rounded_down")]
    pub(in super::super) credits_refunded: Option<Credits>,
}

/// How far a job is.
#[derive(Debug, Deserialize)]
pub(in super::super) struct Processed {
    #[serde(default, deserialize_with = "whole")]
    pub(in super::super) processed: Option<u64>,
    #[serde(default, deserialize_with = "whole")]
    pub(in super::super) total: Option<u64>,
}

/// What was revealed, and the bill.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Revealed<I> {
    pub(in super::super) revealed: Vec<I>,
    /// Leads that were free, since they had been revealed before.
    #[serde(default, deserialize_with = "whole")]
    pub(in super::super) already_revealed: Option<u64>,
    #[serde(default, deserialize_with = "rounded_up")]
    credits_used: Option<Credits>,
    #[serde(default, deserialize_with = "rounded_down")]
    credits_refunded: Option<Credits>,
}

/// One person. What is not on file is null, and what was not asked for is missing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Contact<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    first_name: Option<Text<'a>>,
    #[serde(borrow)]
    last_name: Option<Text<'a>>,
    #[serde(borrow)]
    job_title: Option<Text<'a>>,
    #[serde(borrow)]
    company_name: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "said")]
    email_address: Option<Option<Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "said")]
    phone: Option<Option<Text<'a>>>,
    #[serde(borrow, default, deserialize_with = "said")]
    cellphone: Option<Option<Text<'a>>>,
    #[serde(borrow)]
    linkedin_url: Option<Text<'a>>,
    #[serde(borrow)]
    domain: Option<Text<'a>>,
}

impl<I> Reveal<I> {
    /// The same, with each contact read by `read`.
    pub(in super::super) fn map<J>(self, read: impl FnMut(I) -> J) -> Reveal<J> {
        let Self { status, progress, results, error, credits_refunded } = self;
        let results = results.map(|results| Revealed {
            revealed: results.revealed.into_iter().map(read).collect(),
            already_revealed: results.already_revealed,
            credits_used: results.credits_used,
            credits_refunded: results.credits_refunded,
        });
        Reveal { status, progress, results, error, credits_refunded }
    }

    /// Why nothing was done, if that is because the wallet could not cover it: told by the job's error alone.
    pub(in super::super) fn uncovered(&self) -> Option<String> {
        let error = match self.error.as_ref()? {
            Json::String(error) => error.clone(),
            error => error.to_string(),
        };
        let is_uncovered = self.status.as_deref().is_some_and(is_failure)
            && error.to_lowercase().contains("insufficient credit");
        is_uncovered.then_some(error)
    }
}

impl<I> Revealed<I> {
    /// What was paid: the part that came back is a part of what was used.
    pub(in super::super) fn cost(&self) -> Option<Credits> {
        Some(self.credits_used?.less(self.credits_refunded.unwrap_or_default()))
    }
}

impl Contact<'_> {
    /// The key of the question that it answers.
    pub(in super::super) fn asked(&self, operation: Operation) -> Option<QueryKey> {
        key(operation, &[self.id.as_deref()])
    }

    /// What it says: a hit if anything is there of what was asked for. No word about all of that is no
    /// answer.
    pub(in super::super) fn finding(self, operation: Operation) -> Option<Finding> {
        let (email, phone) = (self.email_address, [self.phone, self.cellphone]);
        let is_there = |said: &Option<Option<Text<'_>>>| {
            said.as_ref().and_then(Option::as_ref).is_some_and(|text| !text.is_empty())
        };
        let of = |wish: &Wish| match wish {
            Wish::Email => (is_there(&email), email.is_some()),
            Wish::Phone => {
                (phone.iter().any(is_there), phone.iter().any(Option::is_some))
            }
        };
        let wishes: Vec<(bool, bool)> = operation.wishes().iter().map(of).collect();
        if !wishes.iter().any(|(is_there, _)| *is_there) {
            return wishes.iter().all(|(_, is_said)| *is_said).then_some(Finding::Miss);
        }
        let text = |text: Option<Text<'_>>| Value::text(text.filter(|t| !t.is_empty()));
        let [phone, cellphone] = phone;
        Some(Finding::Hit(Box::new([
            text(email.flatten()),
            text(phone.flatten()),
            text(cellphone.flatten()),
            text(self.first_name),
            text(self.last_name),
            text(self.job_title),
            text(self.company_name),
            text(self.linkedin_url),
            text(self.domain),
        ])))
    }
}
