//! The least time in which any schedule can have all answers: `T*` of performance.md, section 1.
//!
//! All conditions are necessary for any schedule, so `T*`, the least time at which they hold together, is
//! a lower bound. With `T' = T - RTT`, `x` single calls and `y` questions in jobs, `x + y` must reach the
//! number of questions, and
//!
//! - `x` is at most what the windows of single calls let through by `T' - s`, one call taking `s`;
//! - `y` is at most what the jobs submitted by `T'` can have processed ([`jobs`]), at most what the pages
//!   fetched by then can hold ([`pages`]), and at most what job slots and daily quotas allow;
//! - every single call, page and submit takes a token of the windows that all of them fall into.
//!
//! It goes beyond section 1 where that is sharper and still necessary: jobs that take turns in a slot each
//! take their fixed time ([`jobs::in_slots`]), what is not processed by a few large jobs takes the
//! tokens of more ([`jobs::within`], [`pages::fetched`]), and no page holds more than the largest job that
//! can have ended. [`Model::published`] leaves that out, and all tokens of submits too, as the figures of
//! performance.md's headline table do.

mod check;
mod jobs;
mod pages;

pub(crate) use check::check;

use crate::windows::Windows;
use std::fmt;

/// Everything that the bound depends on. Times are in seconds.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    pub(crate) questions: f64,
    pub(crate) round_trip: f64,
    /// The windows of single calls, and what one takes.
    pub(crate) singles: Windows,
    pub(crate) single: f64,
    pub(crate) submits: Windows,
    pub(crate) pages: Windows,
    /// The windows that submits and pages share, and whether single calls fall into them too.
    pub(crate) tokens: Windows,
    pub(crate) singles_share: bool,
    /// Most questions in a job, and on a page.
    pub(crate) batch: f64,
    pub(crate) page: f64,
    /// What a job takes before its first item, and the items that it then does in a second.
    pub(crate) fixed: f64,
    pub(crate) speed: f64,
    /// Most jobs at once, and in a day.
    pub(crate) running: Option<f64>,
    pub(crate) daily: Option<f64>,
    /// Whether the bound is as the headline table has it.
    pub(crate) published: bool,
}

/// The bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bound {
    /// Seconds.
    pub(crate) time: f64,
    pub(crate) binds: Binding,
    /// Whether any question travels in a job.
    pub(crate) uses_jobs: bool,
}

/// The condition that holds a schedule up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    Submits,
    Pages,
    Tokens,
    Singles,
    JobTime,
    DailyJobs,
    Running,
}

impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Submits => "submits",
            Self::Pages => "pages",
            Self::Tokens => "tokens",
            Self::Singles => "single lane",
            Self::JobTime => "job time",
            Self::DailyJobs => "daily jobs",
            Self::Running => "jobs at once",
        })
    }
}

/// The most questions that can be answered by some time.
struct Load {
    singles: f64,
    bulk: f64,
    binds: Binding,
}

/// The bound is right to this part.
const PRECISION: f64 = 1e-7;

impl Model {
    /// The bound, by bisection.
    pub(crate) fn bound(&self) -> Bound {
        let ramp = self.pages.longest().map(|per| (per, pages::fetched(self, per)));
        let fits = |time| self.load(time, ramp).all() >= self.questions;
        let (mut low, mut high) = (0.0, 1.0);
        while !fits(high) {
            (low, high) = (high, high * 2.0);
        }
        while high - low > high * PRECISION {
            let middle = (low + high) / 2.0;
            match fits(middle) {
                true => high = middle,
                false => low = middle,
            }
        }
        // Just short of it is where something is still missing.
        let load = self.load(low, ramp);
        Bound { time: high, binds: load.binds, uses_jobs: load.bulk > 0.0 }
    }

    /// What can be answered by `time`. `ramp` is the longest window of pages, and what can be fetched in it
    /// at the beginning, while jobs are still to end.
    fn load(&self, time: f64, ramp: Option<(f64, f64)>) -> Load {
        let time = time - self.round_trip;
        if self.published {
            return self.load_by(time, ramp);
        }
        let largest = self.speed * (time - self.fixed);
        let page = self.page.min(largest.max(1.0));
        Self { page, ..self.clone() }.load_by(time, ramp)
    }

    fn load_by(&self, time: f64, ramp: Option<(f64, f64)>) -> Load {
        let tokens = self.tokens.admitted(time);
        let price = 1.0 / self.page + if self.published { 0.0 } else { 1.0 / self.batch };
        let limits = [
            jobs::processed(self, time),
            (Binding::Pages, pages::by(self, time, ramp)),
            (Binding::DailyJobs, jobs::daily(self, time)),
            (Binding::Running, jobs::in_slots(self, time)),
            (Binding::Tokens, jobs::within(self, time, tokens)),
        ];
        let [mut least, others @ ..] = limits;
        for limit in others {
            if limit.1 < least.1 {
                least = limit;
            }
        }
        let (binds, bulk) = least;
        let alone = self.singles.admitted(time - self.single);
        let left = if self.singles_share { tokens - bulk * price } else { f64::MAX };
        let singles = alone.min(left.max(0.0));
        let binds = match (singles > bulk, singles < alone) {
            (false, _) => binds,
            (true, true) => Binding::Tokens,
            (true, false) => Binding::Singles,
        };
        Load { singles, bulk, binds }
    }
}

impl Load {
    fn all(&self) -> f64 {
        self.singles + self.bulk
    }
}
