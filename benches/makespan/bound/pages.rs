//! What pages can hold by some time, though pages can be fetched only of jobs that have ended.

use super::Model;

/// Halvings in search of a batch's size.
const STEPS: u32 = 40;

/// More jobs than any windows let through in their first stretch.
const MOST_JOBS: usize = 100_000;

/// Questions on the pages that can be fetched by `time`: the longest window's first stretch as in
/// [`fetched`], later ones in full.
pub(super) fn by(model: &Model, time: f64, ramp: Option<(f64, f64)>) -> f64 {
    match ramp {
        Some((per, first)) if time > per => {
            first + model.page * model.pages.admitted(time - per)
        }
        Some(_) => fetched(model, time),
        None => f64::MAX,
    }
}

/// Questions on the pages that can be fetched by `time` within the first stretch of the longest window.
///
/// Submits take tokens of the same windows: with more of them pages flow earlier, and fewer are left for
/// pages. So the number of submits is the one that suits both best.
pub(super) fn fetched(model: &Model, time: f64) -> f64 {
    let submits = submits(model, time);
    if model.published {
        return staggered(model, time, &submits);
    }
    let tokens = model.tokens.admitted(time);
    let left = |count: usize| ((tokens - count as f64) * model.page).max(0.0);
    let flow =
        |count: usize| staggered(model, time, submits.get(..count).unwrap_or(&submits));
    // The least number with which more pages could flow than there are tokens for.
    let (mut low, mut high) = (0, submits.len());
    while low < high {
        let middle = (low + high) / 2;
        match flow(middle) < left(middle) {
            true => low = middle + 1,
            false => high = middle,
        }
    }
    let both = |count: usize| flow(count).min(left(count));
    both(low).max(both(low.saturating_sub(1)))
}

/// When jobs can be submitted so early that they can have ended by `time`.
fn submits(model: &Model, time: f64) -> Vec<f64> {
    let submit = |jobs: usize| model.submits.earliest(jobs as f64);
    let is_early = |submit: &f64| submit + model.fixed < time;
    (1..=MOST_JOBS).map(submit).take_while(is_early).collect()
}

/// The staggered optimum: each batch of a size such that its pages can be fetched when those of the batch
/// before have been.
///
/// Seen from the end: the last batch may end so late that its own pages still fit before `time`, the one
/// before so late that its and the last one's pages fit, and so on; a batch submitted at `t` that may end
/// at `e` holds at most `v (e - t - a)` questions. Taking the largest size each time is the optimum, since
/// a larger sum of what comes later never makes a smaller sum with one more batch; and the batches
/// submitted last are the ones to end last.
fn staggered(model: &Model, time: f64, submits: &[f64]) -> f64 {
    let batch = |later, submit: &f64| later + largest(model, later, time, *submit);
    submits.iter().rev().fold(0.0, batch)
}

/// The largest batch submitted at `submit` whose pages fit before `time`, with `later` questions after it.
fn largest(model: &Model, later: f64, time: f64, submit: f64) -> f64 {
    let fits = |items: f64| {
        let ends = time - model.pages.earliest((later + items) / model.page);
        items <= model.speed * (ends - submit - model.fixed)
    };
    if fits(model.batch) {
        return model.batch;
    }
    let (mut low, mut high) = (0.0, model.batch);
    for _ in 0..STEPS {
        let middle = (low + high) / 2.0;
        match fits(middle) {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}
