//! One row of the table, and whether its cell has reached what it must.

use crate::{
    bound::Bound,
    cells::Cell,
    world::{Outcome, Weather},
};
use std::error::Error;

/// Columns.
pub(crate) const HEAD: &str = "\
| plan | leads | makespan | bound | ratio | target | 429s | over quota | polls | pages | submits | singles | binds | verdict |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |
";

/// Where colleagues use a part: refused calls in a thousand, and bounds of what they leave.
const SHARED_429S: f64 = 2.0;
const SHARED_TARGET: f64 = 1.3;

/// The row of a cell, and whether it is as it must be.
pub(crate) fn row(
    cell: &Cell,
    bound: Bound,
    outcome: &Outcome,
    weather: &Weather,
) -> (String, bool) {
    let counts = outcome.counts;
    let ratio = outcome.takes.as_secs_f64() / bound.time;
    let alone = weather.options.foreign == leadmill_sandbox::Percent::ZERO;
    let target = match alone {
        true => cell.target(bound.uses_jobs),
        false => Some(SHARED_TARGET),
    };
    let refused = counts.throttled + counts.over_quota;
    let per_mille = refused as f64 * 1_000.0 / counts.calls.max(1) as f64;
    let too_many = if alone { refused > 0 } else { per_mille > SHARED_429S };
    let verdict = match () {
        () if outcome.answered != cell.questions => "answers are missing",
        () if too_many => "429s",
        () if target.is_some_and(|target| ratio > target) => "slow",
        () => "ok",
    };
    let target = target.map_or("-".into(), |target| format!("{target:.2}"));
    let row = format!(
        "| {} | {} | {} | {} | {ratio:.3} | {target} | {} | {} | {} | {} | {} | {} | {} | {verdict} |\n",
        cell.service.plan,
        cell.size(),
        time(outcome.takes.as_secs_f64()),
        time(bound.time),
        counts.throttled,
        counts.over_quota,
        counts.polls,
        counts.pages,
        counts.submits,
        counts.singles,
        bound.binds,
    );
    (row, verdict == "ok")
}

/// The row of a cell whose run ended with an error.
pub(crate) fn failed(cell: &Cell, error: &dyn Error) -> String {
    format!("| {} | {} | {error} |\n", cell.service.plan, cell.size())
}

/// A time as people say it.
fn time(seconds: f64) -> String {
    match seconds {
        ..100.0 => format!("{seconds:.2} s"),
        ..6_000.0 => format!("{:.2} min", seconds / 60.0),
        ..172_800.0 => format!("{:.2} h", seconds / 3_600.0),
        _ => format!("{:.2} d", seconds / 86_400.0),
    }
}
