//! What jobs can have processed by some time.

use super::{Binding, Model};

const DAY: f64 = 86_400.0;

/// Questions in jobs that have ended by `time`, the k-th job being submitted as soon as its windows allow:
/// `sum of min(Bmax, v (T' - t_k - a))`. It counts no further than the questions that there are.
pub(super) fn processed(model: &Model, time: f64) -> (Binding, f64) {
    let (mut sum, mut jobs, mut full) = (0.0, 0.0, 0.0);
    for items in sizes(model, time) {
        full += if items < model.batch { 0.0 } else { 1.0 };
        jobs += 1.0;
        sum += items;
        if sum >= model.questions {
            return (Binding::Submits, f64::MAX);
        }
    }
    // Where most jobs are as large as they may be, only more submits would help.
    let binds = if full * 2.0 > jobs { Binding::Submits } else { Binding::JobTime };
    (binds, sum)
}

/// Questions in jobs whose submits and pages take no more than `tokens`: with each submit, the largest job
/// that can still end. So no schedule gets as many questions out of as many submits.
pub(super) fn within(model: &Model, time: f64, tokens: f64) -> f64 {
    if model.published {
        return tokens * model.page;
    }
    let (mut sum, mut jobs) = (0.0, 0.0);
    for items in sizes(model, time) {
        jobs += 1.0;
        let most = ((tokens - jobs) * model.page).max(sum);
        sum += items;
        if sum >= most || sum >= model.questions {
            return sum.min(most);
        }
    }
    sum
}

/// The largest sizes of the jobs that can have ended by `time`, in the order of their submits.
fn sizes(model: &Model, time: f64) -> impl Iterator<Item = f64> {
    let size = move |jobs: u64| {
        let left = time - model.submits.earliest(jobs as f64) - model.fixed;
        (left > 0.0).then(|| (model.speed * left).min(model.batch))
    };
    (1..).map_while(size)
}

/// Questions that the daily quota of jobs allows.
pub(super) fn daily(model: &Model, time: f64) -> f64 {
    let days = (time / DAY).floor() + 1.0;
    model.daily.map_or(f64::MAX, |jobs| jobs * days * model.batch)
}

/// Questions that the slots of running jobs allow: `J v (T' - a)`, or, sharper, `J` times the best of all
/// numbers `m` of jobs in turn, `min(m Bmax, v (T' - m a))`: each of them takes its fixed time.
pub(super) fn in_slots(model: &Model, time: f64) -> f64 {
    let Some(slots) = model.running else { return f64::MAX };
    let spent_on = |jobs: f64| (model.speed * (time - jobs * model.fixed)).max(0.0);
    if model.published {
        return slots * spent_on(1.0);
    }
    // The two terms cross where a slot is filled by full jobs alone.
    let full = time / (model.fixed + model.batch / model.speed);
    let best = |jobs: f64| (jobs * model.batch).min(spent_on(jobs));
    slots * best(full.floor()).max(best(full.floor() + 1.0))
}
