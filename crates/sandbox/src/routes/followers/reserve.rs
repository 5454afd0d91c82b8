//! The reserve of a start or a continuation: the whole of it or nothing.

use std::sync::Arc;

use tokio::time::Instant;

use super::declined::Declined;
use super::quota;
use crate::account::Account;
use crate::answers::followers::NAME;
use crate::batches::counted;
use crate::envelope::BatchSubmitMeta;
use crate::faults::Fault;
use crate::followers::scrape::Leg;
use crate::items::Items;
use crate::job::Job;
use crate::knobs::NoCreditBody;
use crate::refusal::{NoCredit, Refusal};
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// What is to be reserved.
#[derive(Debug)]
pub(crate) struct Order<'a> {
    /// The scrape.
    pub(crate) id: &'a str,
    /// The company's name.
    pub(crate) slug: &'a str,
    /// Profiles asked for.
    pub(crate) asked: u64,
    /// The followers that will be found.
    pub(crate) items: Items,
    /// What goes wrong.
    pub(crate) fault: Fault,
    /// The form of a 402.
    pub(crate) no_credit_body: NoCreditBody,
}

/// Takes the reserve of a leg and begins it.
pub(crate) fn reserve(
    sandbox: &Sandbox,
    account: &mut Account,
    order: Order<'_>,
) -> Result<(Leg, BatchSubmitMeta), Declined> {
    let (now, options) = (Instant::now(), sandbox.options());
    let Order { id, slug, asked, items, fault, no_credit_body: body } = order;
    quota::check(sandbox, account, asked, now)?;
    let price = options.followers.price;
    let reserved = price.saturating_mul(asked);
    let named = options.deductions_name_batch.then(|| id.to_owned());
    let description = format!("Company followers: {slug}, {}", counted(asked, "profile"));
    let note = sandbox.note(description, named, now);
    let balance = account.wallet.balance();
    account.wallet.reserve(reserved, note).map_err(|NotCovered| {
        let items = usize::try_from(asked).unwrap_or(usize::MAX);
        Refusal::NoCredit(NoCredit { balance, items, price, body })
    })?;
    let fault = match fault {
        Fault::None => account.chance.job_fault(items.len()),
        planned => planned,
    };
    let job = Job {
        product: NAME,
        quirks: account.chance.job_quirks(options.quirks, items.len()),
        items: Arc::new(items),
        reserved,
        submitted: now,
        fails_after: fault.fails_after(),
        delay: fault.delays_by(),
        settlement: None,
    };
    let meta = BatchSubmitMeta {
        request_id: sandbox.request_id(account),
        credits_reserved: reserved,
        credits_per_item: price,
        estimated_credits: reserved,
    };
    Ok((Leg { job, asked }, meta))
}
