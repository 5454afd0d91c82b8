//! `leadmill plan`: what a run would ask, cost and take. Nothing is asked that costs anything.

mod bought;

use crate::{
    args::FileArgs,
    clock::SystemClock,
    enriching::{At, Finished, each_batch},
    exit::{Exit, Failure},
    needs::{Counts, Known, Needs},
    pipeline::Provider,
    prepared::{self, Prepared, PreparedStep},
    progress::duration,
    terminal::Terminal,
};
use bought::Outlook;
use leadmill_core::{
    Account, Clock, Credits, Ledger, Pack, RunId, Window,
    pack::Risk,
    schedule::{self, Schedule, Task},
};
use leadmill_state::Store;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    time::Duration,
};

/// What one step would come to.
struct Forecast {
    name: String,
    operation: &'static str,
    provider: String,
    plan: Option<String>,
    counts: Counts,
    /// Questions that depend on answers which are not here yet: at most so many more.
    depends: u64,
    /// Whether there may be more yet, since nobody knows how long the lists are that become rows.
    unbounded: bool,
    least: Credits,
    most: Credits,
    /// Most questions in one batch.
    batch: u32,
    batch_risk: Risk,
    /// What the limits alone allow.
    shortest: Duration,
    likely: Schedule,
    /// The next higher plan, and how long it would likely take under it.
    next: Option<(String, Duration)>,
}

/// Tells rows, questions, calls, credits and time of every step.
pub(crate) async fn plan(args: &FileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let mut prepared = prepared::whole(args, terminal).await?;
    let store = Store::look(&prepared.state).await?;
    let (ledger, run) = match &store {
        Some(store) => {
            (store.ledger().await?, store.unfinished(&prepared.run_key).await?)
        }
        None => (Ledger::default(), None),
    };
    let outlook = bought::look(&mut prepared, &ledger).await?;
    let wallets = wallets(store.as_ref()).await?;
    let mut finished: Vec<Finished<'_>> = Vec::new();
    let mut forecasts: Vec<Forecast> = Vec::new();
    for (place, step) in prepared.steps.iter().enumerate() {
        let (counts, loaded) =
            look(&prepared, place, step, &finished, &ledger, run).await?;
        let depends = depends(&prepared, place, &forecasts, counts.no_input);
        let provider = prepared.pipeline.providers.get(&step.provider);
        let wallet = wallets.get(&step.provider).copied();
        forecasts.push(forecast(step, provider, counts, depends, wallet));
        finished.push(loaded);
    }
    let told = text(&prepared, &forecasts, &ledger, run);
    let source = outlook.as_ref().map(Outlook::text).unwrap_or_default();
    terminal.print(&format!("{source}{told}"));
    terminal.last_line(&json!({
        "status": "planned",
        "exit_code": 0,
        "pipeline": prepared.pipeline.name,
        "resumes": run.map(|run| run.0),
        "source": outlook.as_ref().map(Outlook::json),
        "steps": forecasts.iter().map(step_json).collect::<Vec<_>>(),
        "credits": totals(&forecasts).into_iter().map(|(provider, (least, most))| {
            (provider, json!({ "least": least.0, "most": most.0 }))
        }).collect::<BTreeMap<_, _>>(),
    }));
    Ok(Exit::Done)
}

async fn look<'a>(
    prepared: &'a Prepared,
    place: usize,
    step: &'a PreparedStep,
    finished: &[Finished<'a>],
    ledger: &Ledger,
    run: Option<RunId>,
) -> Result<(Counts, Finished<'a>), Failure> {
    let others = BTreeSet::new();
    let at = At { run, now: SystemClock.now(), others: &others };
    let known = Known::new(ledger, step, &at);
    let mut needs = Needs::default();
    let mut key = prepared.source.key_check()?;
    let act = async |batch| {
        if place == 0 {
            key.check(&batch).map_err(|error| prepared.misfit(error))?;
        }
        let asked = step.questions.read(&batch);
        let asked = asked.map_err(|error| prepared.misfit_in(place, error))?;
        needs
            .take(&asked, &known, |_| Ok(()))
            .map_err(|error| Failure::failed(error.to_string()))
    };
    each_batch(prepared, finished, act).await?;
    let results = &prepared.results;
    let loaded = Finished::load(place, step, ledger, results, &at, &needs.seen).await?;
    Ok((needs.counts, loaded))
}

/// How many questions may come of answers that are not here yet: those of the earlier steps whose columns
/// this one looks at, and the rows that lists in them become. Tells whether there is a bound at all.
fn depends(
    prepared: &Prepared,
    place: usize,
    earlier: &[Forecast],
    no_input: u64,
) -> (u64, bool) {
    let Some(step) = prepared.steps.get(place) else { return (0, true) };
    let columns = step.questions.columns();
    let looks_at = |other: &PreparedStep| {
        columns.iter().any(|column| {
            let name = step.input.field(*column).name();
            other.spec.status_column() == *name
                || other.spec.output.iter().any(|(out, _)| out == name)
        })
    };
    let asks = |forecast: &Forecast| forecast.counts.to_buy + forecast.depends;
    let (mut more, mut is_bound, mut multiplies) = (0, true, false);
    let mut most_rows = earlier.first().map_or(0, |forecast| forecast.counts.rows);
    for (other, forecast) in prepared.steps.iter().zip(earlier) {
        let fans_out = other.spec.output.iter().any(|(_, way)| way.fan_out().is_some());
        let fans_out = fans_out && asks(forecast) > 0;
        multiplies |= fans_out;
        let rows = other.account.offer(other.operation).and_then(|offer| offer.rows);
        let each = rows.filter(|_| fans_out).map_or(1, |rows| u64::from(rows.get()));
        most_rows = match fans_out && rows.is_none() {
            true => u64::MAX,
            false => most_rows.saturating_mul(each),
        };
        if !looks_at(other) {
            continue;
        }
        is_bound &= !forecast.unbounded && (!fans_out || rows.is_some());
        more += asks(forecast) * each;
    }
    // Only rows that ask nothing yet can come to ask something, unless they become more.
    (if multiplies { more.min(most_rows) } else { more.min(no_input) }, is_bound)
}

fn forecast(
    step: &PreparedStep,
    provider: Option<&Provider>,
    counts: Counts,
    (depends, is_bound): (u64, bool),
    wallet: Option<Credits>,
) -> Forecast {
    let questions = counts.to_buy + depends;
    let offer = step.account.offer(step.operation);
    let price = offer.map_or(Credits::ZERO, |offer| offer.price);
    let risk = step.account.batch_risk.bound(wallet);
    let usual = Task::new(&step.account, step.operation, questions);
    let bound = u32::try_from(risk.items_at(price).max(1)).unwrap_or(u32::MAX);
    let task = Task { lane: step.lane, most: usual.most.min(bound), ..usual };
    let likely = schedule::best(&task);
    let next = provider.and_then(|provider| {
        let plan = higher(&step.account.pack, provider.plan()?)?;
        let windows = provider.windows(&step.account.pack, Some(plan));
        let account = Account { windows, ..step.account.clone() };
        let takes = schedule::best(&Task { account: &account, ..task }).takes;
        Some((plan.to_owned(), takes))
    });
    Forecast {
        name: step.spec.name.clone(),
        operation: step.operation.name(),
        provider: step.provider.clone(),
        plan: provider.and_then(Provider::plan).map(str::to_owned),
        counts,
        depends,
        unbounded: !is_bound,
        least: offer.map_or(Credits::ZERO, |offer| offer.least * counts.to_buy),
        most: price * questions,
        batch: task.most,
        batch_risk: step.account.batch_risk,
        shortest: schedule::best(&task.at_the_shortest()).takes,
        likely,
        next,
    }
}

/// The plan above another: the next one that lets more calls through.
fn higher<'a>(pack: &'a Pack, plan: &str) -> Option<&'a str> {
    let pace = |window: &Window| f64::from(window.limit.get()) / window.per.as_secs_f64();
    // The widest scope's narrowest window: what all calls share.
    let capacity = |plan: &str| {
        let scopes = pack.plans.get(plan)?.values();
        let narrowest =
            scopes.map(|windows| windows.iter().map(pace).fold(f64::MAX, f64::min));
        narrowest.max_by(f64::total_cmp)
    };
    let known = capacity(plan)?;
    let above = pack.plans.keys().filter_map(|plan| Some((plan, capacity(plan)?)));
    let above = above.filter(|(_, capacity)| *capacity > known);
    above.min_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(plan, _)| plan.as_str())
}

/// What was in each provider's wallet when it was last heard of.
async fn wallets(store: Option<&Store>) -> Result<BTreeMap<String, Credits>, Failure> {
    let Some(store) = store else { return Ok(BTreeMap::new()) };
    let mut wallets = BTreeMap::new();
    for summary in store.runs().await?.into_iter().filter_map(|run| run.summary) {
        let summary: Value = serde_json::from_str(&summary).unwrap_or_default();
        let accounts = summary.get("accounts").and_then(Value::as_object);
        for (name, account) in accounts.into_iter().flatten() {
            let balance = account.get("balance").and_then(Value::as_u64);
            wallets.extend(balance.map(|balance| (name.clone(), Credits(balance))));
        }
    }
    Ok(wallets)
}

fn totals(forecasts: &[Forecast]) -> BTreeMap<&str, (Credits, Credits)> {
    let mut totals: BTreeMap<&str, (Credits, Credits)> = BTreeMap::new();
    for forecast in forecasts {
        let (least, most) = totals.entry(&forecast.provider).or_default();
        *least += forecast.least;
        *most += forecast.most;
    }
    totals
}

fn text(
    prepared: &Prepared,
    forecasts: &[Forecast],
    ledger: &Ledger,
    run: Option<RunId>,
) -> String {
    let mut text = String::new();
    if let Some(run) = run {
        _ = writeln!(text, "goes on with run {}", run.0);
    }
    for forecast in forecasts {
        let Counts { rows, no_input, duplicates, reused, held, to_buy } = forecast.counts;
        let Forecast { name, operation, provider, least, most, likely, .. } = forecast;
        let lanes = likely.lanes();
        _ = writeln!(text, "{name} ({operation} at {provider}, {lanes})");
        for (count, what) in [
            (rows, "rows"),
            (no_input, "without a question"),
            (duplicates, "duplicates"),
            (reused, "known"),
            (held, "held"),
            (to_buy, "to buy"),
        ] {
            _ = writeln!(text, "  {count:>12} {what}");
        }
        if forecast.depends > 0 {
            _ = writeln!(
                text,
                "  {:>12} more at most, as earlier steps answer",
                forecast.depends
            );
        }
        if forecast.unbounded {
            let line = "and more, by how long the lists are that become rows";
            _ = writeln!(text, "  {:>12} {line}", "");
        }
        calls_text(&mut text, forecast);
        _ = writeln!(
            text,
            "  {:>12} credits ({least} at least, {most} at most)",
            format!("{least}..{most}")
        );
        times_text(&mut text, forecast);
    }
    budgets(&mut text, prepared, forecasts, ledger, run);
    text
}

fn calls_text(text: &mut String, forecast: &Forecast) {
    let Forecast { likely, batch, batch_risk, .. } = forecast;
    _ = writeln!(
        text,
        "  {:>12} calls: {} submits, {} result pages, {} single calls",
        likely.calls(),
        likely.batches.len(),
        likely.pages,
        likely.singles
    );
    if let Some(largest) = likely.batches.iter().max() {
        _ = writeln!(
            text,
            "  {largest:>12} questions in the largest batch: a lost reply puts a whole batch in doubt (at most {batch}; batch_risk: {batch_risk})"
        );
    }
}

fn times_text(text: &mut String, forecast: &Forecast) {
    let Forecast { plan, shortest, likely, next, .. } = forecast;
    let under = plan.as_ref().map_or_else(String::new, |plan| format!(" of plan {plan}"));
    _ = writeln!(
        text,
        "  {:>12} at the shortest under the limits{under}",
        duration(*shortest)
    );
    _ = writeln!(
        text,
        "  {:>12} likely; what binds: {}",
        duration(likely.takes),
        likely.binds
    );
    if let Some((plan, takes)) = next {
        _ = writeln!(
            text,
            "  {:>12} likely under the next higher plan, {plan}",
            duration(*takes)
        );
    }
}

/// Whether the run's budgets cover what may be asked.
fn budgets(
    text: &mut String,
    prepared: &Prepared,
    forecasts: &[Forecast],
    ledger: &Ledger,
    run: Option<RunId>,
) {
    for (provider, (_, most)) in totals(forecasts) {
        let Some(budget) = prepared.pipeline.budget.run.get(provider) else { continue };
        let purse = prepared.steps.iter().find(|step| step.provider == *provider);
        let purse = purse.map(|step| step.account.purse.as_str().into());
        let spent = match (run, purse) {
            (Some(run), Some(purse)) => ledger.committed(run, &purse),
            _ => Credits::ZERO,
        };
        let left = budget.less(spent);
        let verdict = match most <= left {
            true => "covers it",
            false => "may end it before all is asked",
        };
        _ = writeln!(
            text,
            "budget at {provider}: {left} of {budget} credits left, which {verdict}"
        );
    }
}

fn step_json(forecast: &Forecast) -> Value {
    let Counts { rows, no_input, duplicates, reused, held, to_buy } = forecast.counts;
    json!({
        "name": forecast.name,
        "operation": forecast.operation,
        "provider": forecast.provider,
        "lane": forecast.likely.lanes().to_string(),
        "plan": forecast.plan,
        "rows": rows,
        "no_input": no_input,
        "duplicates": duplicates,
        "reused": reused,
        "held": held,
        "to_buy": to_buy,
        "depends": forecast.depends,
        "depends_unbounded": forecast.unbounded,
        "calls": forecast.likely.calls(),
        "batches": forecast.likely.batches.len(),
        "largest_batch": forecast.likely.batches.iter().max(),
        "batch_risk": forecast.batch_risk.to_string(),
        "pages": forecast.likely.pages,
        "singles": forecast.likely.singles,
        "credits_least": forecast.least.0,
        "credits_most": forecast.most.0,
        "seconds_shortest": forecast.shortest.as_secs_f64(),
        "seconds_likely": forecast.likely.takes.as_secs_f64(),
        "binds": forecast.likely.binds.to_string(),
        "next_plan": forecast.next.as_ref().map(|(plan, takes)| json!({
            "plan": plan,
            "seconds_likely": takes.as_secs_f64(),
        })),
    })
}
