//! `leadmill plan`: what a run would ask, cost and take. Nothing is asked.

use crate::{
    args::FileArgs,
    clock::SystemClock,
    enriching::{Finished, each_batch},
    exit::{Exit, Failure},
    needs::{Counts, Known, Needs},
    prepared::{self, Prepared, PreparedStep},
    progress::duration,
    summary::lane_name,
    terminal::Terminal,
};
use leadmill_core::{Clock, Credits, Lane, Ledger, RunId, lane};
use leadmill_state::Store;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// What one step would come to.
struct Forecast {
    name: String,
    operation: &'static str,
    provider: String,
    counts: Counts,
    /// Questions that depend on answers which are not here yet: at most so many more.
    depends: u64,
    lane: Lane,
    calls: u64,
    batches: u64,
    least: Credits,
    most: Credits,
    shortest: Duration,
    likely: Duration,
}

/// Tells rows, questions, calls, credits and time of every step.
pub(crate) async fn plan(args: &FileArgs, terminal: &Terminal) -> Result<Exit, Failure> {
    let prepared = prepared::whole(args, terminal).await?;
    let store = Store::look(&prepared.state)?;
    let (ledger, run) = match &store {
        Some(store) => (store.ledger()?, store.unfinished(&prepared.run_key)?),
        None => (Ledger::default(), None),
    };
    let answers =
        store.map_or_else(|| prepared.state.join("answers"), |store| store.answers());
    let mut finished: Vec<Finished<'_>> = Vec::new();
    let mut forecasts: Vec<Forecast> = Vec::new();
    for (place, step) in prepared.steps.iter().enumerate() {
        let (counts, loaded) =
            look(&prepared, place, step, &finished, &ledger, run, &answers).await?;
        // Only rows that ask nothing yet can come to ask something.
        let depends = depends(&prepared, place, &forecasts).min(counts.no_input);
        forecasts.push(forecast(step, counts, depends));
        finished.push(loaded);
    }
    terminal.print(&text(&prepared, &forecasts, &ledger, run));
    terminal.last_line(&json!({
        "status": "planned",
        "exit_code": 0,
        "pipeline": prepared.pipeline.name,
        "resumes": run.map(|run| run.0),
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
    answers: &std::path::Path,
) -> Result<(Counts, Finished<'a>), Failure> {
    let now = SystemClock.now();
    let known = Known::new(ledger, &step.account.purse, step.reuse, run, now);
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
    let loaded = Finished::load(place, step, ledger, answers, run, now, &needs.seen)?;
    Ok((needs.counts, loaded))
}

/// How many questions may come of answers that are not here yet: those of the earlier steps whose columns
/// this one looks at.
fn depends(prepared: &Prepared, place: usize, earlier: &[Forecast]) -> u64 {
    let Some(step) = prepared.steps.get(place) else { return 0 };
    let columns = step.questions.columns();
    let looks_at = |other: &PreparedStep| {
        columns.iter().any(|column| {
            let name = step.input.field(*column).name();
            other.spec.status_column() == *name
                || other.spec.output.iter().any(|(out, _)| out == name)
        })
    };
    let before = prepared.steps.iter().zip(earlier);
    before
        .filter(|(other, _)| looks_at(other))
        .map(|(_, f)| f.counts.to_buy + f.depends)
        .sum()
}

fn forecast(step: &PreparedStep, counts: Counts, depends: u64) -> Forecast {
    let questions = counts.to_buy + depends;
    let lane = step
        .lane
        .unwrap_or_else(|| lane::faster(&step.account, step.operation, questions));
    let offer = step.account.offer(step.operation);
    let (batches, pages) = match (lane, offer) {
        (Lane::Bulk, Some(offer)) => {
            let size = u64::from(offer.batch.get());
            let page = u64::from(offer.page.get());
            let rest = questions % size;
            let pages = questions / size * size.div_ceil(page) + rest.div_ceil(page);
            (questions.div_ceil(size), pages)
        }
        _ => (0, 0),
    };
    let calls = match lane {
        Lane::Single => questions,
        // One submit and at least one look at each job, and its pages.
        Lane::Bulk => batches * 2 + pages,
    };
    Forecast {
        name: step.spec.name.clone(),
        operation: step.operation.name(),
        provider: step.provider.clone(),
        counts,
        depends,
        lane,
        calls,
        batches,
        least: offer.map_or(Credits::ZERO, |offer| offer.least * counts.to_buy),
        most: offer.map_or(Credits::ZERO, |offer| offer.price * questions),
        shortest: lane::shortest(&step.account, step.operation, lane, questions),
        likely: lane::estimate(&step.account, step.operation, lane, questions),
    }
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
        let Forecast {
            name, operation, provider, lane, calls, batches, least, most, ..
        } = forecast;
        _ = writeln!(
            text,
            "{name} ({operation} at {provider}, {} lane)",
            lane_name(*lane)
        );
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
        _ = writeln!(text, "  {calls:>12} calls, {batches} batches");
        _ = writeln!(
            text,
            "  {:>12} credits ({least} at least, {most} at most)",
            format!("{least}..{most}")
        );
        _ = writeln!(
            text,
            "  {:>12} at the shortest under the limits",
            duration(forecast.shortest)
        );
        _ = writeln!(text, "  {:>12} likely", duration(forecast.likely));
    }
    budgets(&mut text, prepared, forecasts, ledger, run);
    text
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
        "lane": lane_name(forecast.lane),
        "rows": rows,
        "no_input": no_input,
        "duplicates": duplicates,
        "reused": reused,
        "held": held,
        "to_buy": to_buy,
        "depends": forecast.depends,
        "calls": forecast.calls,
        "batches": forecast.batches,
        "credits_least": forecast.least.0,
        "credits_most": forecast.most.0,
        "seconds_shortest": forecast.shortest.as_secs_f64(),
        "seconds_likely": forecast.likely.as_secs_f64(),
    })
}
