//! What both searches check, charge and say of it.

use serde::Serialize;
use tokio::time::Instant;

use crate::account::Account;
use crate::batches::counted;
use crate::leads::company_slug;
use crate::problem::Problem;
use crate::random::Random;
use crate::refusal::{NoCredit, Refusal};
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// In camel case, unlike the rest.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PeopleMeta {
    request_id: String,
    credits_used: u64,
    credits_remaining: u64,
}

/// One credit for each person returned.
pub(crate) fn charge(
    sandbox: &Sandbox,
    account: &mut Account,
    question: &[&str],
    returned: usize,
) -> Result<PeopleMeta, Refusal> {
    let (balance, credits_used) = (account.wallet.balance(), returned as u64);
    let description = format!("People search: {}", counted(credits_used, "profile"));
    let note = sandbox.note(description, None, Instant::now());
    account.wallet.charge(credits_used, note).map_err(|NotCovered| {
        let body = sandbox.options().no_credit_body;
        Refusal::NoCredit(NoCredit { balance, items: returned, price: 1, body })
    })?;
    if returned > 0 {
        sandbox.note_asked(account, "people-search", || question);
    }
    Ok(PeopleMeta {
        request_id: uuid(sandbox, account),
        credits_used,
        credits_remaining: account.wallet.balance(),
    })
}

/// Refuses what is no page of a company.
pub(crate) fn check_company(address: &str) -> Result<(), Problem> {
    match company_slug(address) {
        Some(_) => Ok(()),
        None => Err(Problem::validation(
            "company_linkedin_url: Must be a LinkedIn company URL (e.g. https://www.linkedin.com/company/google/)",
        )),
    }
}

/// How many people to return: 1 to 100.
pub(crate) fn most(sent: Option<i64>, usual: usize) -> Result<usize, Problem> {
    match sent.map(usize::try_from) {
        None => Ok(usual),
        Some(Ok(most @ 1..=100)) => Ok(most),
        Some(_) => {
            Err(Problem::validation("body/max_results Number must be from 1 to 100"))
        }
    }
}

/// An id of the form of a version 4 UUID.
fn uuid(sandbox: &Sandbox, account: &mut Account) -> String {
    let mut random = Random::new(sandbox.options().seed, account.next_number());
    let (high, low) = (random.number(), random.number());
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xfff,
        low >> 48 & 0x3fff | 0x8000,
        low & 0xffff_ffff_ffff,
    )
}
