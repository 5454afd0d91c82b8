//! Phone finder: a person's numbers from an e-mail address or the address of a profile.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::body::{check_email, check_length};
use super::counted::{results, status};
use super::lookup::lookup;
use super::submit::submit;
use crate::answers::SYNTHETIC;
use crate::answers::ending::Ending;
use crate::answers::fold::plain;
use crate::answers::phones::{NAME, answer_phones, ending};
use crate::gate::BASE;
use crate::lookups::PhoneMiss;
use crate::options::Options;
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::sandbox::Sandbox;

/// The product.
pub(crate) struct PhoneFinder;

#[derive(Debug, Deserialize)]
pub(crate) struct PhoneQuery {
    email: Option<String>,
    linkedin: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneBatchRequest {
    #[serde(default)]
    emails: Vec<String>,
    #[serde(default)]
    linkedins: Vec<String>,
    webhook_url: Option<String>,
}

/// By what a person is known. A single lookup may have both, an item of a batch has one.
#[derive(Debug)]
pub(crate) struct Contact {
    email: Option<String>,
    linkedin: Option<String>,
    /// The place in its list of the batch, if it is in one.
    nth: Option<usize>,
}

/// An item of a batch. A single lookup gives `phones` only.
#[derive(Debug, Serialize)]
pub(crate) struct PhoneBulkResultItem {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) linkedin: Option<String>,
    pub(crate) phones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(skip)]
    pub(crate) ending: Ending,
}

/// The endpoints.
pub(crate) fn routes() -> Router<Sandbox> {
    let path = format!("{BASE}/{NAME}");
    Router::new()
        .route(&path, get(lookup::<PhoneFinder>))
        .route(&format!("{path}/bulk"), post(submit::<PhoneFinder>))
        .route(&format!("{path}/bulk/{{id}}"), get(status::<PhoneFinder>))
        .route(&format!("{path}/bulk/{{id}}/results"), get(results::<PhoneFinder>))
}

impl Product for PhoneFinder {
    const NAME: &'static str = NAME;
    const TITLE: &'static str = "Phone finder";
    const ITEM: &'static str = "contact";
    const UNCHARGED: &'static str = "unreached contact";
    const PRICE: u64 = 500;
    const MAX_ITEMS: usize = 500_000;
    const SUBMITTED: Option<&'static str> = Some("Bulk phone lookup job created");
    const OMITS_MISSES: bool = false;
    const KEPT: Option<Duration> = None;
    const ITEMS: &'static str = "emails+linkedins";
    const STRANGER: &'static [&'static str] = &["stranger@unasked.example", ""];

    type Question = PhoneQuery;
    type Item = Contact;
    type Batch = PhoneBatchRequest;
    type Answer = PhoneBulkResultItem;

    /// The e-mail addresses come first.
    fn unpack(batch: Self::Batch) -> (Vec<Contact>, Option<String>) {
        let emails = batch.emails.into_iter().enumerate().map(|(nth, email)| Contact {
            email: Some(email),
            linkedin: None,
            nth: Some(nth),
        });
        let linkedins = batch.linkedins.into_iter().enumerate().map(|(nth, linkedin)| {
            Contact { email: None, linkedin: Some(linkedin), nth: Some(nth) }
        });
        (emails.chain(linkedins).collect(), batch.webhook_url)
    }

    /// A contact knows its own place.
    fn check(contact: &Contact, _: impl Fn() -> String) -> Result<(), Problem> {
        let at = |name: &str| match contact.nth {
            Some(nth) => format!("body/{name}s/{nth}"),
            None => format!("querystring/{name}"),
        };
        if let Some(email) = &contact.email {
            check_email(email, || at("email"))?;
        }
        if let Some(linkedin) = &contact.linkedin {
            check_length(linkedin, 500, || at("linkedin"))?;
        }
        Ok(())
    }

    fn single(question: PhoneQuery) -> Result<Contact, Problem> {
        let PhoneQuery { email, linkedin } = question;
        if email.is_none() && linkedin.is_none() {
            let detail = "querystring At least one of email and linkedin is required";
            return Err(Problem::validation(detail));
        }
        let contact = Contact { email, linkedin, nth: None };
        Self::check(&contact, String::new)?;
        Ok(contact)
    }

    fn fields(contact: &Contact) -> impl AsRef<[&str]> {
        [&contact.email, &contact.linkedin]
            .map(|field| field.as_deref().unwrap_or_default())
    }

    fn answer(seed: u64, fields: &[&str]) -> PhoneBulkResultItem {
        let [email, linkedin] = both(fields);
        let ending = ending(seed, email, linkedin);
        let given = |field: &str| (!field.is_empty()).then(|| field.to_owned());
        let error = match ending {
            Ending::Success => None,
            Ending::NoMatch => Some("No phone numbers found for this profile"),
            Ending::Error => Some("The sources could not be asked at this time"),
        };
        PhoneBulkResultItem {
            email: given(email),
            linkedin: given(linkedin),
            phones: answer_phones(seed, email, linkedin),
            error: error.map(|error| format!("{error}{SYNTHETIC}")),
            ending,
        }
    }

    fn spell_plainly(answer: &mut PhoneBulkResultItem) {
        for name in [&mut answer.email, &mut answer.linkedin].into_iter().flatten() {
            *name = plain(name);
        }
    }

    fn alone(
        answer: PhoneBulkResultItem,
        options: &Options,
    ) -> Result<PhoneBulkResultItem, Problem> {
        match options.lookups.phone_miss {
            PhoneMiss::NotFound if answer.phones.is_empty() => {
                Err(Problem::not_found(format!("No phone numbers found{SYNTHETIC}")))
            }
            _ => Ok(PhoneBulkResultItem {
                email: None,
                linkedin: None,
                error: None,
                ..answer
            }),
        }
    }

    fn outcome(seed: u64, fields: &[&str]) -> Outcome {
        let [email, linkedin] = both(fields);
        match ending(seed, email, linkedin) {
            Ending::Success => Outcome::Hit,
            Ending::NoMatch | Ending::Error => Outcome::Miss,
        }
    }

    fn subject(answer: &PhoneBulkResultItem) -> &str {
        let known = answer.email.as_deref().or(answer.linkedin.as_deref());
        known.unwrap_or_default()
    }
}

/// The e-mail address and the address of the profile; empty if there is none.
fn both<'a>(fields: &[&'a str]) -> [&'a str; 2] {
    [0, 1].map(|at| fields.get(at).copied().unwrap_or_default())
}
