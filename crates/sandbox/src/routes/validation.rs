//! Email validation: whether an address takes mail.

use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::body::{check_length, page_query};
use super::{flat, polls};
use crate::answers::fold::plain;
use crate::answers::validation::{
    Mailbox, NAME, answer_validation, looks_like_email, mailbox,
};
use crate::options::Options;
use crate::page::PageQuery;
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::sandbox::Sandbox;

/// The product.
pub(crate) struct EmailValidation;

#[derive(Debug, Deserialize)]
pub(crate) struct EmailValidationRequest {
    email: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchEmailValidationRequest {
    emails: Vec<String>,
    webhook_url: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EmailValidationResult {
    pub(crate) email: String,
    pub(crate) result: &'static str,
    pub(crate) message: String,
    pub(crate) is_catch_all: bool,
    pub(crate) is_federated: bool,
    #[serde(rename = "hasSEG")]
    pub(crate) has_seg: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seg_provider: Option<&'static str>,
    pub(crate) provider: &'static str,
    pub(crate) confidence: &'static str,
}

impl Product for EmailValidation {
    const NAME: &'static str = NAME;
    const TITLE: &'static str = "Email validation";
    const ITEM: &'static str = "email";
    const UNCHARGED: &'static str = "uncharged email";
    const PRICE: u64 = 1;
    const MAX_ITEMS: usize = 500_000;
    const SUBMITTED: Option<&'static str> = None;
    const OMITS_MISSES: bool = false;
    const KEPT: Option<Duration> = None;
    const ITEMS: &'static str = "emails";
    const STRANGER: &'static [&'static str] = &["stranger@unasked.example"];

    type Question = EmailValidationRequest;
    type Item = String;
    type Batch = BatchEmailValidationRequest;
    type Answer = EmailValidationResult;

    fn unpack(batch: Self::Batch) -> (Vec<String>, Option<String>) {
        (batch.emails, batch.webhook_url)
    }

    fn check(email: &String, at: impl Fn() -> String) -> Result<(), Problem> {
        check_length(email, usize::MAX, at)
    }

    /// The schema bounds only the length; the documented 400 nevertheless reads `Invalid email`.
    fn single(question: EmailValidationRequest) -> Result<String, Problem> {
        let email = question.email;
        if email.chars().count() > 254 || !looks_like_email(email.trim()) {
            return Err(Problem::validation("body/email Invalid email"));
        }
        Ok(email)
    }

    fn fields(email: &String) -> impl AsRef<[&str]> {
        [email.as_str()]
    }

    fn answer(seed: u64, fields: &[&str]) -> EmailValidationResult {
        let email = fields.first().copied().unwrap_or_default();
        let verdict = answer_validation(seed, email);
        EmailValidationResult {
            email: email.to_owned(),
            result: verdict.result,
            message: verdict.message,
            is_catch_all: verdict.is_catch_all,
            is_federated: verdict.is_federated,
            has_seg: verdict.seg_provider.is_some(),
            seg_provider: verdict.seg_provider,
            provider: verdict.provider,
            confidence: verdict.confidence,
        }
    }

    fn spell_plainly(answer: &mut EmailValidationResult) {
        answer.email = plain(&answer.email);
    }

    fn alone(
        answer: EmailValidationResult,
        _: &Options,
    ) -> Result<EmailValidationResult, Problem> {
        Ok(answer)
    }

    fn outcome(seed: u64, fields: &[&str]) -> Outcome {
        match mailbox(seed, fields.first().copied().unwrap_or_default()) {
            Mailbox::Valid => Outcome::Hit,
            Mailbox::Invalid => Outcome::Disputed,
            Mailbox::Risky => Outcome::Miss,
        }
    }

    fn subject(answer: &EmailValidationResult) -> &str {
        &answer.email
    }
}

/// `GET /email-validation/batch/{id}`
pub(crate) async fn validation_status(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Response {
    if sandbox.options().flat_validation {
        return flat::status::<EmailValidation>(&sandbox, id).into_response();
    }
    polls::status::<EmailValidation>(&sandbox, id).into_response()
}

/// `GET /email-validation/batch/{id}/results`
pub(crate) async fn validation_results(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
    query: Result<Query<PageQuery>, QueryRejection>,
) -> Response {
    let query = match page_query(query) {
        Ok(query) => query,
        Err(problem) => return problem.into_response(),
    };
    if sandbox.options().flat_validation {
        return flat::results::<EmailValidation>(&sandbox, id, &query).into_response();
    }
    polls::results::<EmailValidation>(&sandbox, id, &query).into_response()
}
