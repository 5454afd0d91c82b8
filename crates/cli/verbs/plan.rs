//! `leadmill plan`: what a run would ask, cost and take. Nothing is asked that costs anything.

mod bought;
mod forecast;
mod telling;

use crate::{
    args::FileArgs,
    cheapest,
    clock::{self, SystemClock},
    enriching::{At, Finished},
    exit::{Exit, Failure},
    own_limits::OwnLimits,
    prepared,
    terminal::Terminal,
    whose,
};
use bought::Outlook;
use forecast::Forecast;
use leadmill_core::{Clock, Credits, Ledger, Ours};
use leadmill_state::{RunRecord, Store};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Tells rows, questions, calls, credits and time of every step.
pub(crate) async fn plan(args: &FileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut prepared = prepared::whole(args, terminal).await?;
    let store = Store::look(&prepared.state).await?;
    let (ledger, run, now) = match &store {
        Some(store) => {
            let now = clock::of_state(store, terminal).await?.now();
            let run = store.unfinished(&prepared.run_key).await?;
            (whose::ledger(store).await?, run, now)
        }
        None => (Ledger::default(), None, SystemClock.now()),
    };
    whose::guess_all(&mut prepared, store.as_ref(), &ledger).await?;
    let at = At { run, now, ours: &Ours::All };
    let outlook = bought::look(&mut prepared, &ledger, &at).await?;
    let runs = match &store {
        Some(store) => store.runs().await?,
        None => Vec::new(),
    };
    let wallets = wallets(&runs);
    let limits = OwnLimits::of(&runs);
    let attempts = prepared.steps.iter_mut().flat_map(|step| step.attempts.iter_mut());
    let mut accounts: Vec<String> = Vec::new();
    for attempt in attempts {
        limits.narrow(&mut attempt.account);
        accounts.push(attempt.provider.clone());
    }
    let opened_at = runs.iter().find(|known| Some(known.id) == run);
    let opened_at = opened_at.map_or(now, |run| run.opened_at);
    terminal.talk(&cheapest::put_in_order(&mut prepared, &ledger, opened_at));
    let mut finished: Vec<Finished<'_>> = Vec::new();
    let mut forecasts: Vec<Forecast> = Vec::new();
    for place in 0..prepared.steps.len() {
        let looked = forecast::look(&prepared, place, &finished, &ledger, &at).await?;
        let Some((needs, loaded)) = looked else { break };
        forecasts
            .push(forecast::forecast(&prepared, place, &forecasts, &needs, &wallets));
        finished.push(loaded);
    }
    let told = telling::text(&prepared, &forecasts, &ledger, run);
    let source = outlook.as_ref().map(Outlook::text).unwrap_or_default();
    let told_limits = limits.text(&accounts);
    terminal.print(&format!("{source}{told}{told_limits}"));
    terminal.last_line(&json!({
        "status": "planned",
        "exit_code": 0,
        "pipeline": prepared.pipeline.name,
        "resumes": run.map(|run| run.0),
        "source": outlook.as_ref().map(Outlook::json),
        "limits": limits.json(&accounts),
        "steps": forecasts.iter().map(telling::step_json).collect::<Vec<_>>(),
        "credits": telling::totals(&forecasts).into_iter().map(|(provider, (least, most))| {
            (provider, json!({ "least": least.0, "most": most.0 }))
        }).collect::<BTreeMap<_, _>>(),
    }));
    Ok(Exit::Done)
}

/// What was in each provider's wallet when it was last heard of.
fn wallets(runs: &[RunRecord]) -> BTreeMap<String, Credits> {
    let mut wallets = BTreeMap::new();
    for summary in runs.iter().filter_map(|run| run.summary.as_deref()) {
        let summary: Value = serde_json::from_str(summary).unwrap_or_default();
        let accounts = summary.get("accounts").and_then(Value::as_object);
        for (name, account) in accounts.into_iter().flatten() {
            let balance = account.get("balance").and_then(Value::as_u64);
            wallets.extend(balance.map(|balance| (name.clone(), Credits(balance))));
        }
    }
    wallets
}
