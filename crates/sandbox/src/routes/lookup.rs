//! A single paid lookup: only a hit is charged.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use tokio::time::{Instant, sleep};

use super::body;
use crate::account::Account;
use crate::canonical::question;
use crate::chaos::Trouble;
use crate::envelope::{EnrichmentMeta, Envelope};
use crate::options::Options;
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
    let item = P::single(body::read_question::<P::Question>(request, options).await?)?;
    let fields = P::fields(&item);
    let mut answer = P::answer(options.seed, fields.as_ref());
    let hit = P::outcome(options.seed, fields.as_ref()) != Outcome::Miss;
    let account = &mut *sandbox.account();
    if !hit && account.chance.strikes(Trouble::MissAsError) {
        return Err(Problem::internal().into());
    }
    if account.chance.strikes(Trouble::PlainEcho) {
        P::spell_plainly(&mut answer);
    }
    let credits_used = match is_kept::<P>(options, account, fields.as_ref()) {
        true => 0,
        false => charge::<P>(sandbox, account, &answer, hit)?,
    };
    if credits_used > 0 && P::KEPT.is_some() {
        account.kept.insert(question(P::NAME, fields.as_ref()), Instant::now());
    }
    sandbox.note_asked(account, P::NAME, || fields.as_ref());
    if credits_used == 0 {
        sandbox.note_free(account, P::NAME, || fields.as_ref());
    }
    let answer = P::alone(answer, options)?;
    let meta = EnrichmentMeta {
        request_id: sandbox.request_id(account),
        credits_used,
        credits_remaining: account.wallet.balance(),
        processing_time_ms: u64::try_from(options.single_latency.as_millis())
            .unwrap_or(u64::MAX),
    };
    Ok(Envelope::new(answer, meta))
}

/// Takes the price of a hit. It must be there before the answer is known, also for a miss.
fn charge<P: Product>(
    sandbox: &Sandbox,
    account: &mut Account,
    answer: &P::Answer,
    hit: bool,
) -> Result<u64, Refusal> {
    let balance = account.wallet.balance();
    let credits = if hit { P::PRICE } else { 0 };
    let description = format!("{}: {}", P::TITLE, P::subject(answer));
    let note = sandbox.note(description, None, Instant::now());
    let covered = if balance < P::PRICE { Err(NotCovered) } else { Ok(()) };
    covered.and_then(|()| account.wallet.charge(credits, note)).map_err(
        |NotCovered| {
            let body = sandbox.options().no_credit_body;
            Refusal::NoCredit(NoCredit { balance, items: 1, price: P::PRICE, body })
        },
    )?;
    Ok(credits)
}

/// Whether the answer to a question is kept, and a repeat of it free.
fn is_kept<P: Product>(options: &Options, account: &Account, fields: &[&str]) -> bool {
    let kept = P::KEPT.filter(|_| options.lookups.repeats_free);
    kept.is_some_and(|kept| {
        let since = account.kept.get(&question(P::NAME, fields));
        since.is_some_and(|since| since.elapsed() < kept)
    })
}
