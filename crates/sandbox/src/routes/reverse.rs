//! Reverse lookup: a person's profile from an e-mail address.

use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use serde::{Deserialize, Serialize};

use super::body::check_email;
use super::counted::{results, status};
use super::lookup::lookup;
use super::submit::submit;
use crate::answers::SYNTHETIC;
use crate::answers::ending::Ending;
use crate::answers::profile::Profile;
use crate::answers::reverse::{self, NAME, STRANGER, answer_reverse};
use crate::gate::BASE;
use crate::lookups::ReverseMiss;
use crate::options::Options;
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::sandbox::Sandbox;

/// The product.
pub(crate) struct ReverseLookup;

#[derive(Debug, Deserialize)]
pub(crate) struct LookupRequest {
    email: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BulkLookupRequest {
    emails: Vec<String>,
    webhook_url: Option<String>,
}

/// A profile, or in a single lookup that there is none. It does not tell what was asked.
#[derive(Debug, Serialize)]
pub(crate) struct ReverseLookupResult {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<bool>,
    #[serde(flatten)]
    pub(crate) profile: Option<Profile>,
    #[serde(skip)]
    pub(crate) email: String,
    #[serde(skip)]
    pub(crate) ending: Ending,
}

/// The endpoints.
pub(crate) fn routes() -> Router<Sandbox> {
    let bulk = format!("{BASE}/reverse-lookup/bulk-lookup");
    Router::new()
        .route(&format!("{BASE}/{NAME}"), post(lookup::<ReverseLookup>))
        .route(&bulk, post(submit::<ReverseLookup>))
        .route(&format!("{bulk}/{{id}}"), get(status::<ReverseLookup>))
        .route(&format!("{bulk}/{{id}}/results"), get(results::<ReverseLookup>))
}

impl Product for ReverseLookup {
    const NAME: &'static str = NAME;
    const TITLE: &'static str = "Reverse lookup";
    const ITEM: &'static str = "email";
    const UNCHARGED: &'static str = "unknown email";
    const PRICE: u64 = reverse::PRICE;
    const MAX_ITEMS: usize = 100_000;
    const SUBMITTED: Option<&'static str> = Some("Bulk lookup job created");
    const OMITS_MISSES: bool = true;
    const KEPT: Option<Duration> = Some(Duration::from_secs(7 * 24 * 60 * 60));
    const ITEMS: &'static str = "emails";
    const STRANGER: &'static [&'static str] = &[STRANGER];

    type Question = LookupRequest;
    type Item = String;
    type Batch = BulkLookupRequest;
    type Answer = ReverseLookupResult;

    fn unpack(batch: Self::Batch) -> (Vec<String>, Option<String>) {
        (batch.emails, batch.webhook_url)
    }

    fn check(email: &String, at: impl Fn() -> String) -> Result<(), Problem> {
        check_email(email, at)
    }

    fn single(question: LookupRequest) -> Result<String, Problem> {
        check_email(&question.email, || "body/email".to_owned())?;
        Ok(question.email)
    }

    fn fields(email: &String) -> impl AsRef<[&str]> {
        [email.as_str()]
    }

    fn answer(seed: u64, fields: &[&str]) -> ReverseLookupResult {
        let email = fields.first().copied().unwrap_or_default();
        let profile = answer_reverse(seed, email);
        ReverseLookupResult {
            found: profile.is_none().then_some(false),
            profile,
            email: email.to_owned(),
            ending: reverse::ending(seed, email),
        }
    }

    /// Nothing is given back.
    fn spell_plainly(_: &mut ReverseLookupResult) {}

    fn alone(
        answer: ReverseLookupResult,
        options: &Options,
    ) -> Result<ReverseLookupResult, Problem> {
        match options.lookups.reverse_miss {
            _ if answer.profile.is_some() => Ok(answer),
            ReverseMiss::Flagged => Ok(answer),
            ReverseMiss::Error => Err(Problem::internal()),
            ReverseMiss::NotFound => {
                Err(Problem::not_found(format!("No profile found{SYNTHETIC}")))
            }
        }
    }

    fn outcome(seed: u64, fields: &[&str]) -> Outcome {
        match reverse::ending(seed, fields.first().copied().unwrap_or_default()) {
            Ending::Success => Outcome::Hit,
            Ending::NoMatch | Ending::Error => Outcome::Miss,
        }
    }

    fn subject(answer: &ReverseLookupResult) -> &str {
        &answer.email
    }
}
