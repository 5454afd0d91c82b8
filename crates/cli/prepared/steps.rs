//! Steps whose expressions were compiled, and whose providers are known.

use crate::pipeline::{Document, Flaw, Hop, Order, Pipeline, Step, entry_path};
use leadmill_core::{Account, Lane, Operation, Pack, index::Reuse};
use leadmill_tables::{
    Accept, Attach, Questions, SchemaRef, StepSpec, Subject, TableError,
};
use std::{borrow::Cow, num::NonZeroU64};

/// A step with its compiled expressions.
pub(crate) struct PreparedStep {
    pub(crate) spec: StepSpec,
    /// Whom it asks, in the order in which it does: at least one.
    pub(crate) attempts: Vec<PreparedAttempt>,
    /// How that order came about.
    pub(crate) order: Order,
    pub(crate) operation: Operation,
    pub(crate) reuse: Reuse,
    /// The columns that its rows have before it.
    pub(crate) input: SchemaRef,
    pub(crate) questions: Questions,
    pub(crate) attach: Attach,
}

/// Whom a step asks, and how.
pub(crate) struct PreparedAttempt {
    /// Its place among the entries of the file.
    pub(crate) entry: usize,
    pub(crate) provider: String,
    pub(crate) account: Account,
    pub(crate) lane: Option<Lane>,
    /// The fewest questions that are worth a job.
    pub(crate) min_rows: Option<NonZeroU64>,
    /// Which hits are good enough.
    pub(crate) accept: Option<Accept>,
}

impl PreparedStep {
    /// The first account that it asks; the only one, where the source is bought.
    pub(crate) fn first(&self) -> Option<&PreparedAttempt> {
        self.attempts.first()
    }
}

impl PreparedAttempt {
    /// Fewest questions of one of its jobs.
    pub(crate) fn fewest_in_a_job(&self) -> u32 {
        let rows = self.min_rows.map_or(1, NonZeroU64::get);
        u32::try_from(rows).unwrap_or(u32::MAX)
    }
}

/// Compiles every step against the columns that it finds, and tells all that is wrong.
pub(super) fn fit_steps(
    pipeline: &Pipeline,
    document: &Document,
    packs: &[Pack],
    source: &SchemaRef,
    flaws: &mut Vec<Flaw>,
) -> Vec<PreparedStep> {
    let mut schema = source.clone();
    let all = steps(pipeline);
    let mut steps = Vec::new();
    for (place, step) in &all {
        let output = step.output.iter();
        let output = output.filter_map(|out| {
            Some((out.column.clone(), step.operation.select(&out.field).ok()?))
        });
        let spec = StepSpec {
            name: step.name.clone(),
            operation: step.operation,
            when: step.when.clone(),
            inputs: step.inputs.clone(),
            output: output.collect(),
            receipt: pipeline.sink.receipt,
            asks_for_rows: place.is_none(),
        };
        let mut flaw = |error: TableError| {
            let path = step_path(pipeline, step, *place, error.subject);
            flaws.push(document.flaw(&path, error.message, error.hint));
        };
        let questions = Questions::prepare(&schema, &spec)
            .map_err(|errors| errors.into_iter().for_each(&mut flaw));
        let attach = Attach::new(&schema, &spec).map_err(&mut flaw);
        // What later steps can use is known only if this one's columns are.
        let Ok(attach) = attach else { break };
        let input = std::mem::replace(&mut schema, attach.schema().clone());
        let attempts = fit_attempts(pipeline, step, packs, &mut flaw);
        let (Ok(questions), Some(attempts)) = (questions, attempts) else { continue };
        steps.push(PreparedStep {
            spec,
            attempts,
            order: step.order,
            operation: step.operation,
            reuse: step.reuse,
            input,
            questions,
            attach,
        });
    }
    steps
}

/// Whom a step asks, each with its account and its compiled `accept:`; none where one is wrong.
fn fit_attempts(
    pipeline: &Pipeline,
    step: &Step,
    packs: &[Pack],
    flaw: &mut impl FnMut(TableError),
) -> Option<Vec<PreparedAttempt>> {
    let mut attempts = Vec::new();
    let mut is_right = true;
    for (entry, attempt) in step.attempts.iter().enumerate() {
        let account = pipeline.account(&attempt.provider, packs)?;
        let accept = attempt.accept.as_deref();
        let accept = accept.map(|sql| Accept::prepare(step.operation, entry, sql));
        let accept = accept.transpose().unwrap_or_else(|error| {
            is_right = false;
            flaw(error);
            None
        });
        let only = account.offer(step.operation).and_then(|offer| offer.only);
        attempts.push(PreparedAttempt {
            entry,
            provider: attempt.provider.clone(),
            lane: attempt.lane.or(only),
            min_rows: attempt.min_rows,
            accept,
            account,
        });
    }
    (is_right && !attempts.is_empty()).then_some(attempts)
}

/// Remarks on conditions that say the same of every answer.
pub(super) fn constant_accepts(
    pipeline: &Pipeline,
    document: &Document,
    prepared: &[PreparedStep],
) -> Vec<Flaw> {
    let mut remarks = Vec::new();
    for ((place, step), prepared) in steps(pipeline).iter().zip(prepared) {
        for attempt in &prepared.attempts {
            let says = attempt.accept.as_ref().and_then(Accept::constant);
            let message = match says {
                Some(true) => "it has no effect: it turns nothing down",
                Some(false) => "it turns down whatever is found, and paid for",
                None => continue,
            };
            let path = step_path(pipeline, step, *place, Subject::Accept(attempt.entry));
            remarks.push(document.flaw(&path, message, None));
        }
    }
    remarks
}

/// The steps, each with its place in the file: before them the one that buys the source, if it is bought.
pub(super) fn steps(pipeline: &Pipeline) -> Vec<(Option<usize>, Cow<'_, Step>)> {
    let mut names = pipeline.providers.keys();
    let only = names.next().filter(|_| names.next().is_none()).map(String::as_str);
    let source = pipeline.source.bought.iter();
    let source = source.map(|bought| (None, Cow::Owned(bought.step(only))));
    let enrich = pipeline.enrich.iter().enumerate();
    source.chain(enrich.map(|(place, step)| (Some(place), Cow::Borrowed(step)))).collect()
}

/// Where in the file something of a step is.
pub(super) fn step_path<'a>(
    pipeline: &'a Pipeline,
    step: &'a Step,
    place: Option<usize>,
    subject: Subject,
) -> Vec<Hop<'a>> {
    let Some(place) = place else {
        let bought = pipeline.source.bought.as_ref();
        let kind = bought.map_or("source", |bought| bought.kind.name());
        return vec!["source".into(), kind.into()];
    };
    let mut path: Vec<Hop<'_>> = vec!["enrich".into(), place.into()];
    match subject {
        Subject::When => path.push("when".into()),
        Subject::Input(input) => {
            path.push(step.operation.key().into());
            path.extend(
                step.operation.inputs().get(input).map(|input| Hop::from(input.name)),
            );
        }
        Subject::Output(output) => match step.output.get(output) {
            Some(output) => {
                path.extend([Hop::from("output"), output.column.as_str().into()])
            }
            None => path.push("name".into()),
        },
        Subject::Accept(entry) => {
            let step_at = ["enrich".into(), place.into()];
            path = entry_path(step_at, step.order, entry, Some("accept"));
        }
        _ => {}
    }
    path
}
