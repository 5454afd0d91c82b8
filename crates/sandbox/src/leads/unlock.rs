//! `POST /lead-finder/unlock-names`: whole last names, at once.

use axum::extract::{Request, State};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::field::Field;
use super::replies::request_id;
use super::reveal::{LeadId, ids};
use crate::batches::counted;
use crate::envelope::Envelope;
use crate::refusal::{NoCredit, Refusal};
use crate::routes::paid::paid;
use crate::sandbox::Sandbox;
use crate::wallet::NotCovered;

#[derive(Debug, Deserialize)]
struct UnlockNamesRequest {
    leads: Vec<LeadId>,
}

#[derive(Debug, Serialize)]
struct UnlockData {
    results: Vec<UnlockedName>,
}

/// A stranger has no name, and costs nothing.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnlockedName {
    id: String,
    last_name: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct UnlockMeta {
    request_id: String,
    credits_used: u64,
}

/// The most leads of one request.
const MOST: usize = 100;

/// One credit for each distinct lead.
pub(crate) async fn unlock_names(
    State(sandbox): State<Sandbox>,
    request: Request,
) -> Response {
    paid(&sandbox, request, |body, _| unlock(&sandbox, body)).await
}

fn unlock(
    sandbox: &Sandbox,
    body: UnlockNamesRequest,
) -> Result<Envelope<UnlockData, UnlockMeta>, Refusal> {
    let options = sandbox.options();
    let ids = ids(body.leads, MOST)?;
    let account = &mut *sandbox.account();
    let population = account.leads.population(options);
    let named = |id: String| {
        let person = population.find(&id).and_then(|at| population.people.get(at));
        UnlockedName { last_name: person.map(|person| person.last), id }
    };
    let results: Vec<UnlockedName> = ids.into_iter().map(named).collect();
    let items = results.iter().filter(|name| name.last_name.is_some()).count();
    let (balance, price) = (account.wallet.balance(), Field::Name.price());
    let credits_used = price * items as u64;
    let description = format!("Lead names: {}", counted(items as u64, "lead"));
    let note = sandbox.note(description, None, Instant::now());
    account.wallet.charge(credits_used, note).map_err(|NotCovered| {
        let body = options.no_credit_body;
        Refusal::NoCredit(NoCredit { balance, items, price, body })
    })?;
    for name in results.iter().filter(|name| name.last_name.is_some()) {
        let fields = [name.id.as_str(), Field::Name.name()];
        sandbox.note_asked(account, "lead-finder", || fields);
    }
    let request_id = request_id(sandbox, account);
    Ok(Envelope::new(UnlockData { results }, UnlockMeta { request_id, credits_used }))
}
