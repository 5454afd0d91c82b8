//! A single paid lookup: only a hit is charged.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep};

use super::body;
use crate::chaos::Trouble;
use crate::envelope::{EnrichmentMeta, Envelope};
use crate::problem::Problem;
use crate::product::{Outcome, Product};
use crate::refusal::{NoCredit, Refusal};
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

/// Answers one question.
pub(crate) async fn lookup<P: Product>(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Response {
    let fault = sandbox.account().next_fault();
    if let Some(refused) = fault.refusal() {
        body::drain(request).await;
        return refused;
    }
    let answered = answer::<P>(&sandbox, request).await;
    let latency = sandbox.options().single_latency;
    if !latency.is_zero() {
        sleep(latency).await;
    }
    fault.strike(answered.into_response()).await
}

async fn answer<P: Product>(
    sandbox: &Sandbox,
    request: Request,
) -> Result<Envelope<P::Answer, EnrichmentMeta>, Refusal> {
    let options = sandbox.options();
    let item = P::single(body::read::<P::Question>(request, options).await?)?;
    let fields = P::fields(&item);
    let answer = P::answer(options.seed, fields.as_ref());
    let hit = P::outcome(options.seed, fields.as_ref()) != Outcome::Miss;
    let account = &mut *sandbox.account();
    let balance = account.wallet.balance();
    let credits_used = if hit { P::PRICE } else { 0 };
    let description = format!("{}: {}", P::TITLE, P::subject(&answer));
    let note = sandbox.note(description, None, Instant::now());
    // The price must be there before the answer is known, also for a miss.
    if !hit && account.chance.strikes(Trouble::MissAsError) {
        return Err(Problem::internal().into());
    }
    let covered = if balance < P::PRICE { Err(NotCovered) } else { Ok(()) };
    covered.and_then(|()| account.wallet.charge(credits_used, note)).map_err(
        |NotCovered| {
            let body = options.no_credit_body;
            Refusal::NoCredit(NoCredit { balance, items: 1, price: P::PRICE, body })
        },
    )?;
    sandbox.note_asked(account, P::NAME, || fields);
    let meta = EnrichmentMeta {
        request_id: sandbox.request_id(account),
        credits_used,
        credits_remaining: account.wallet.balance(),
        processing_time_ms: u64::try_from(options.single_latency.as_millis())
            .unwrap_or(u64::MAX),
    };
    Ok(Envelope::new(answer, meta))
}
