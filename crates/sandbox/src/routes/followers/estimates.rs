//! Count estimates: how many followers a search would find, and which.

use axum::extract::{Path, Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::account::Account;
use crate::envelope::Envelope;
use crate::faults::Fault;
use crate::followers::estimate::{
    CountEstimateResult, Estimate, EstimateState, PRICE, REFUNDED_WITHIN,
};
use crate::followers::filters::SentFilters;
use crate::followers::knobs::EstimateEnd;
use crate::followers::search::Search;
use crate::problem::Problem;
use crate::refusal::{NoCredit, Refusal};
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;
use crate::timestamp;
use crate::wallet::NotCovered;

pub(crate) const NAME: &str = "count-estimate";

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CountEstimateRequest {
    company_url: String,
    #[serde(flatten)]
    filters: SentFilters,
}

/// `cachedAt` and `data` come from the cache alone.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StartData {
    batch_id: String,
    status: EstimateState,
    message: &'static str,
    from_cache: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    cached_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<CountEstimateResult>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StartMeta {
    request_id: String,
    credits_used: u64,
    credits_remaining: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusData {
    batch_id: String,
    status: EstimateState,
    company_url: String,
    message: &'static str,
    created_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<CountEstimateResult>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StatusMeta {
    request_id: String,
    credits_refunded: u64,
    credits_remaining: u64,
}

/// `POST /count-estimate`
pub(crate) async fn start(State(sandbox): State<Sandbox>, request: Request) -> Response {
    paid(&sandbox, request, |sent, fault| accept(&sandbox, sent, fault)).await
}

fn accept(
    sandbox: &Sandbox,
    sent: CountEstimateRequest,
    fault: Fault,
) -> Result<Envelope<StartData, StartMeta>, Refusal> {
    let search = Search::read(&sent.company_url, &sent.filters)?;
    let (account, now) = (&mut *sandbox.account(), Instant::now());
    let (data, credits_used) = match cached(sandbox, account, &search, now) {
        Some(data) => (data, 0),
        None => {
            let company_url = sent.company_url;
            let id = begin(sandbox, account, company_url, search, fault)?;
            let data = StartData {
                batch_id: id,
                status: EstimateState::Pending,
                message: "Estimate started. Ask for its status with the batchId.",
                from_cache: false,
                cached_at: None,
                data: None,
            };
            (data, PRICE)
        }
    };
    let meta = StartMeta {
        request_id: sandbox.request_id(account),
        credits_used,
        credits_remaining: account.wallet.balance(),
    };
    Ok(Envelope::new(data, meta))
}

/// The free answer to a question that was answered a short while ago, under the id that it had.
fn cached(
    sandbox: &Sandbox,
    account: &Account,
    search: &Search,
    now: Instant,
) -> Option<StartData> {
    let (options, state) = (sandbox.options(), &account.followers);
    let id = state.estimated.get(search)?;
    let estimate = state.estimates.get(id)?;
    estimate.is_cached(options, now).then(|| StartData {
        batch_id: id.clone(),
        status: EstimateState::Completed,
        message: "Estimate found in the cache.",
        from_cache: true,
        cached_at: Some(timestamp::format(sandbox.wall_time(estimate.ends_at(options)))),
        data: Some(estimate.count(options)),
    })
}

/// Charges an estimate and begins it; answers with its id.
fn begin(
    sandbox: &Sandbox,
    account: &mut Account,
    company_url: String,
    search: Search,
    fault: Fault,
) -> Result<String, Refusal> {
    let (options, now) = (sandbox.options(), Instant::now());
    let id = sandbox.id('e', account.next_number());
    let named = options.deductions_name_batch.then(|| id.clone());
    let note = sandbox.note(format!("Count estimate: {}", search.slug), named, now);
    let (balance, body) = (account.wallet.balance(), options.no_credit_body);
    account.wallet.charge(PRICE, note).map_err(|NotCovered| {
        Refusal::NoCredit(NoCredit { balance, items: 1, price: PRICE, body })
    })?;
    let fields = search.fields();
    sandbox.note_asked(account, NAME, || fields.each_ref().map(String::as_str));
    let fault = if fault == Fault::None { account.chance.job_fault(1) } else { fault };
    let ends = match fault.fails_after() {
        Some(_) => EstimateEnd::Failed,
        None => options.followers.estimate_ends,
    };
    let estimate = Estimate {
        search: search.clone(),
        company_url,
        created: now,
        delay: fault.delays_by(),
        ends,
        refunded: false,
    };
    account.followers.estimates.insert(id.clone(), estimate);
    account.followers.estimated.insert(search, id.clone());
    Ok(id)
}

/// `GET /count-estimate/{id}`. The first one after a failure gives the credits back.
pub(crate) async fn status(
    State(sandbox): State<Sandbox>,
    Path(id): Path<String>,
) -> Result<Envelope<StatusData, StatusMeta>, Problem> {
    let (options, now) = (sandbox.options(), Instant::now());
    let account = &mut *sandbox.account();
    let credits_refunded = refund(&sandbox, account, &id, now);
    let estimate = account.followers.estimates.get(&id);
    let estimate =
        estimate.ok_or_else(|| Problem::not_found("No batch found with that ID"))?;
    let (state, time) = (estimate.state(options, now), |at: Instant| {
        timestamp::format(sandbox.wall_time(at))
    });
    let (ended, completed) =
        (now >= estimate.ends_at(options), state == EstimateState::Completed);
    let data = StatusData {
        batch_id: id,
        status: state,
        company_url: estimate.company_url.clone(),
        message: message(state),
        created_at: time(estimate.created),
        completed_at: ended.then(|| time(estimate.ends_at(options))),
        data: completed.then(|| estimate.count(options)),
    };
    let meta = StatusMeta {
        request_id: sandbox.request_id(account),
        credits_refunded,
        credits_remaining: account.wallet.balance(),
    };
    Ok(Envelope::new(data, meta))
}

/// What an estimate has given back, now or before.
fn refund(sandbox: &Sandbox, account: &mut Account, id: &str, now: Instant) -> u64 {
    let Account { wallet, followers, .. } = account;
    let Some(estimate) = followers.estimates.get_mut(id) else { return 0 };
    let failed = estimate.state(sandbox.options(), now) == EstimateState::Failed;
    if failed && !estimate.refunded && now - estimate.created < REFUNDED_WITHIN {
        estimate.refunded = true;
        let description = format!("Count estimate refund: {}", estimate.search.slug);
        wallet.give_back(PRICE, sandbox.note(description, Some(id.to_owned()), now));
    }
    if estimate.refunded { PRICE } else { 0 }
}

fn message(state: EstimateState) -> &'static str {
    match state {
        EstimateState::Pending => "Estimate is waiting",
        EstimateState::InProgress => "Estimate is being made",
        EstimateState::Completed => "Estimate is complete",
        EstimateState::Failed => "Estimate failed",
        EstimateState::Cancelled => "Estimate was cancelled",
    }
}
