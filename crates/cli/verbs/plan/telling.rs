//! A plan, for people and for programs.

use super::forecast::{Forecast, Share, Tally};
use crate::{needs::Counts, prepared::Prepared, progress::duration};
use leadmill_core::{Credits, Ledger, RunId};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt::Write, time::Duration};

/// Credits at least and at most, by provider.
pub(super) fn totals(forecasts: &[Forecast]) -> BTreeMap<&str, (Credits, Credits)> {
    let mut totals: BTreeMap<&str, (Credits, Credits)> = BTreeMap::new();
    for share in forecasts.iter().flat_map(|forecast| &forecast.shares) {
        let (least, most) = totals.entry(&share.provider).or_default();
        *least += share.least;
        *most += share.most;
    }
    totals
}

pub(super) fn text(
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
        forecast_text(&mut text, forecast);
    }
    budgets(&mut text, prepared, forecasts, ledger, run);
    text
}

fn forecast_text(text: &mut String, forecast: &Forecast) {
    let Counts { rows, no_input, duplicates, reused, held, to_buy } = forecast.counts;
    let Forecast { name, operation, .. } = forecast;
    let (providers, lanes) = (forecast.providers(), forecast.lanes());
    _ = writeln!(text, "{name} ({operation} at {providers}, {lanes})");
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
        let line = "more at most, as earlier steps answer";
        _ = writeln!(text, "  {:>12} {line}", forecast.depends);
    }
    if forecast.unbounded {
        let line = "and more, by how long the lists are that become rows";
        _ = writeln!(text, "  {:>12} {line}", "");
    }
    let is_waterfall = forecast.shares.len() > 1;
    for (place, share) in forecast.shares.iter().enumerate() {
        let Share { provider, tally, depends, least, most, .. } = share;
        if is_waterfall {
            let then = if place == 0 { "first" } else { "then" };
            _ = writeln!(text, "  {then} at {provider}:");
            _ = writeln!(
                text,
                "  {:>12} to ask, {} known, {} held",
                tally.to_buy, tally.known, tally.held
            );
            if *depends > 0 {
                let line = "more at most, as those before it miss";
                let line = if place == 0 {
                    "more at most, as earlier steps answer"
                } else {
                    line
                };
                _ = writeln!(text, "  {depends:>12} {line}");
            }
        }
        if tally.free_repeats > 0 {
            let line =
                "of them are free: the same was asked before, and is not charged again";
            _ = writeln!(text, "  {:>12} {line}", tally.free_repeats);
        }
        calls_text(text, share);
        _ = writeln!(
            text,
            "  {:>12} credits ({least} at least, {most} at most)",
            format!("{least}..{most}")
        );
        bound_text(text, share);
        times_text(text, share);
    }
}

fn calls_text(text: &mut String, share: &Share) {
    let Share { likely, batch, batch_risk, .. } = share;
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

/// What a single call may cost, where its price does not bound that.
fn bound_text(text: &mut String, share: &Share) {
    if let Some(single) = share.single {
        _ = writeln!(
            text,
            "  {single:>12} credits are reserved for each single call: one has cost more than its price"
        );
    } else if share.is_unbounded {
        _ = writeln!(
            text,
            "  {:>12} what comes unasked with an answer may cost more: the dearest that is seen is reserved from then on",
            ""
        );
    }
}

fn times_text(text: &mut String, share: &Share) {
    let Share { plan, shortest, likely, next, .. } = share;
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
        let purse = prepared.attempts().find(|attempt| attempt.provider == *provider);
        let purse = purse.map(|attempt| attempt.account.purse.as_str().into());
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

/// A step for programs: what its providers come to together, and each by itself. They are at work at the same time.
pub(super) fn step_json(forecast: &Forecast) -> Value {
    let Counts { rows, no_input, duplicates, reused, held, to_buy } = forecast.counts;
    let shares = &forecast.shares;
    let first = shares.first();
    let sum = |of: fn(&Share) -> u64| shares.iter().map(of).sum::<u64>();
    let takes = |of: fn(&Share) -> Duration| {
        shares.iter().map(of).max().unwrap_or_default().as_secs_f64()
    };
    json!({
        "name": forecast.name,
        "operation": forecast.operation,
        "provider": forecast.providers(),
        "providers": shares.iter().map(share_json).collect::<Vec<_>>(),
        "order": forecast.order.name(),
        "lane": forecast.lanes(),
        "plan": first.and_then(|share| share.plan.as_ref()),
        "rows": rows,
        "no_input": no_input,
        "duplicates": duplicates,
        "reused": reused,
        "held": held,
        "to_buy": to_buy,
        "depends": forecast.depends,
        "depends_unbounded": forecast.unbounded,
        "free_repeats": sum(|share| share.tally.free_repeats),
        "calls": sum(|share| share.likely.calls()),
        "batches": sum(|share| share.likely.batches.len() as u64),
        "largest_batch": shares.iter().flat_map(|share| share.likely.batches.iter()).max(),
        "batch_risk": first.map(|share| share.batch_risk.to_string()),
        "pages": sum(|share| share.likely.pages),
        "singles": sum(|share| share.likely.singles),
        "credits_least": sum(|share| share.least.0),
        "credits_most": sum(|share| share.most.0),
        "seconds_shortest": takes(|share| share.shortest),
        "seconds_likely": takes(|share| share.likely.takes),
        "binds": first.map(|share| share.likely.binds.to_string()),
        "next_plan": first.map(next_json),
    })
}

/// What one provider would be asked.
fn share_json(share: &Share) -> Value {
    let Tally { known, held, to_buy, free_repeats, .. } = share.tally;
    json!({
        "provider": share.provider,
        "plan": share.plan,
        "lane": share.likely.lanes().to_string(),
        "min_rows": share.min_rows,
        "known": known,
        "held": held,
        "to_buy": to_buy,
        "depends": share.depends,
        "free_repeats": free_repeats,
        "credits_least": share.least.0,
        "credits_most": share.most.0,
        "reserved_for_one": share.single.map(|single| single.0),
        "calls": share.likely.calls(),
        "seconds_shortest": share.shortest.as_secs_f64(),
        "seconds_likely": share.likely.takes.as_secs_f64(),
        "binds": share.likely.binds.to_string(),
        "next_plan": next_json(share),
    })
}

fn next_json(share: &Share) -> Value {
    share.next.as_ref().map_or(
        Value::Null,
        |(plan, takes)| json!({ "plan": plan, "seconds_likely": takes.as_secs_f64() }),
    )
}

impl Forecast {
    fn providers(&self) -> String {
        let names = self.shares.iter().map(|share| share.provider.as_str());
        names.collect::<Vec<_>>().join(", ")
    }

    /// How the questions travel at the first provider.
    fn lanes(&self) -> String {
        let first = self.shares.first();
        first.map(|share| share.likely.lanes().to_string()).unwrap_or_default()
    }
}
