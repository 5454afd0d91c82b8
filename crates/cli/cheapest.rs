//! The order of a waterfall that asks the cheapest first, by what a hit has cost so far.

use crate::{
    pipeline::{Order, Pipeline},
    prepared::{Prepared, PreparedAttempt, PreparedStep},
};
use leadmill_core::{Ledger, Operation, State, Status, Timestamp};

/// Answers by which a provider is known well enough to be compared.
const ENOUGH: u64 = 200;

/// What a provider's answers to one kind of question have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measured {
    /// Questions that were answered, by hits and by misses.
    answered: u64,
    hits: u64,
    credits: u64,
}

/// Puts the attempts of every step whose file wants it so in the order of their cost, by what was settled before a
/// moment: so that a run keeps its order. What is to be told of it.
pub(crate) fn put_in_order(
    prepared: &mut Prepared,
    ledger: &Ledger,
    before: Timestamp,
) -> String {
    let Prepared { pipeline, steps, .. } = prepared;
    let ordered = steps.iter_mut().filter(|step| step.order == Order::Cheapest);
    ordered.map(|step| put_step(pipeline, step, ledger, before)).collect()
}

fn put_step(
    pipeline: &Pipeline,
    step: &mut PreparedStep,
    ledger: &Ledger,
    before: Timestamp,
) -> String {
    let operation = step.operation;
    let attempts = std::mem::take(&mut step.attempts).into_iter();
    let mut measured: Vec<(PreparedAttempt, Measured)> = attempts
        .map(|attempt| {
            let purse = &attempt.account.purse;
            let measured = Measured::of(ledger, purse, operation, before);
            (attempt, measured)
        })
        .collect();
    // Without a price in money all are of one provider, and its credits are compared.
    let credit = |attempt: &PreparedAttempt| {
        let provider = pipeline.providers.get(&attempt.provider);
        provider.and_then(|provider| provider.credit).unwrap_or(1.0)
    };
    let is_known = measured.iter().all(|(_, measured)| measured.answered >= ENOUGH);
    let cost = |(attempt, measured): &(PreparedAttempt, Measured)| match measured.hits {
        0 => f64::INFINITY,
        hits => credit(attempt) * measured.credits as f64 / hits as f64,
    };
    if is_known {
        measured.sort_by(|a, b| cost(a).total_cmp(&cost(b)));
    }
    let told: Vec<String> = measured
        .iter()
        .map(|one| match is_known {
            true => format!("{} ({:.4} a hit)", one.0.provider, cost(one)),
            false => format!("{} ({} answers so far)", one.0.provider, one.1.answered),
        })
        .collect();
    let told = told.join(", then ");
    let name = &step.spec.name;
    step.attempts = measured.into_iter().map(|(attempt, _)| attempt).collect();
    match is_known {
        true => format!("{name} asks the cheapest first: {told}\n"),
        false => format!(
            "{name} asks in the order of the file, until {ENOUGH} questions are answered by each: {told}\n"
        ),
    }
}

impl Measured {
    fn of(
        ledger: &Ledger,
        account: &str,
        operation: Operation,
        before: Timestamp,
    ) -> Self {
        let mut sum = Self::default();
        let lines = ledger.lines().iter();
        for line in
            lines.filter(|line| *line.account == *account && line.operation == operation)
        {
            let State::Settled { at, statuses, .. } = &line.state else { continue };
            if *at >= before {
                continue;
            }
            let count = |wanted| {
                statuses.iter().filter(|status| **status == wanted).count() as u64
            };
            sum.hits += count(Status::Hit);
            sum.answered += count(Status::Hit) + count(Status::Miss);
            sum.credits += line.credits.0;
        }
        sum
    }
}
