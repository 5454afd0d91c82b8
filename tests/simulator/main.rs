//! The real engine and wire code on simulated time, disk and network, against a provider that keeps books of
//! its own: one seed is one life of a pipeline, with crashes, lost replies, lies, jumps of the clock and a
//! second process, then calm. What must hold is held against the provider's books, not against ours.
//!
//! `cargo test` runs [`SEEDS`]; `LEADMILL_SEEDS=1000000 cargo test --release -p leadmill-providers --test
//! simulator` runs as many as it says, from `LEADMILL_FIRST_SEED` on. A seed that fails is printed, and runs
//! again by itself with `LEADMILL_SEEDS=1 LEADMILL_FIRST_SEED=n`.
//!
//! | | what must hold | when it is looked at | a bug that was planted once, and caught within 1,500 seeds |
//! | --- | --- | --- | --- |
//! | I1 | no question is charged twice under `hold` | at the end | what is in doubt is judged as askable (`core/index.rs`) |
//! | I2 | what is charged is answered or named in doubt, and no job is left | at the end | open jobs are not taken up again (`drive.rs`) |
//! | I3 | the journal's bound is never below what the provider has charged or holds | at every journal write | half of the reserve is written; a lost reply counts as refused |
//! | I4 | no question is in flight twice | as I1 | claims of two processes do not collide (`core/journal.rs`) |
//! | I5 | each row of the source has one row of output | in `kills.rs`, after each end of a killed run | a resumed run writes each row twice (`cli/verbs/run/session.rs`) |
//! | I6, I9 | each answer is the one that a calm run gives to this very question | at the end | answers are joined by their place (`collection.rs`) |
//! | I7 | no window at the server holds more than its limit, whatever its algorithm | at the end | what a killed process sent is forgotten (`core/slots.rs`); a call that never arrived counts as arrived (6,000 seeds) |
//! | I8 | the run's budget is never passed | at the end | what is about to leave is not counted (`drive/admission.rs`) |
//! | I10 | readers see whole outputs | in `whole_outputs.rs`, by a reader that never rests | a file is copied into its place (`tables/durable.rs`) |
//! | I11 | when the faults stop, the run ends | at the end | a failed look is not made again (`drive/settlement.rs`) |
//! | I12 | the same seed is the same life | every hundredth seed, twice | a batch is named by the system's clock |
//! | I13 | no run is without end: not in time, in sessions or in requests, whatever a 429 says, and not beyond its grace | in every session | a run that buys nothing more waits for its jobs as long as a 429 says (`drive/waiting.rs`) |
//! | I14 | each event can follow what is written, and the sums are those of the batches | at every journal write | |
//! | I15 | nobody else is asked what a provider may know | at every intent | |
//! | I16 | no part of the program panics | at the end of each session | |
//!
//! A life is one pipeline at Enrich.so under `hold`. A scene (`account.rs`) is an account or two of either provider, with
//! up to three pipelines whose budgets and policies for doubt change between their runs, or pipelines that try both
//! providers one after the other; proxies and waits of up to a year are in between. There I8 holds at every write:
//! whoever lets money go has it in its budget of that moment, and lets it go for its own pipeline; what is in doubt, and
//! what is taken for charged and asked again, stays within what may be. `LEADMILL_STORY=1` tells what happened in a scene
//! that fails.
//!
//! In half of the lives the provider calls back: lost, late, doubled, out of order, early, with jobs that there are
//! not and with those of other batches. Taken at its word, a callback breaks I2 or I9 (`drive/settlement.rs`).
//!
//! I7 of a window of a second is not looked at where calls may be half a minute on their way: nothing can keep it
//! then, and a long one is.
//!
//! What the wallet's transactions prove and name, also of many thousand calls, is in `doubts.rs`:
//! `LEADMILL_MISSES=100000 cargo test --release -p leadmill-providers --test simulator misses -- --nocapture`.
//!
//! I5 and I10 are about files, which this world has none of: they are held by the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::disallowed_macros,
    dead_code,
    reason = "a test that cannot be set up should fail loudly; its helpers serve others too"
)]

mod account;
mod dice;
mod doubts;
mod life;
mod patience;
#[path = "../../benches/makespan/random.rs"]
mod random;
#[path = "../support/simulation.rs"]
mod simulation;
mod storm;

use std::{
    env,
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Seeds of a usual run.
const SEEDS: u64 = 10_000;

/// Scenes of one.
const SCENES: u64 = 1_200;

/// Scenes with two providers.
const FLOWS: u64 = 800;

#[test]
fn no_life_breaks_a_promise() {
    let seen = life::Seen::default();
    if each_seed(SEEDS, |seed| life::live(seed, &seen), &seen) {
        seen.assert_all_happened();
    }
}

#[test]
fn no_account_breaks_a_promise() {
    let seen = account::Seen::default();
    if each_seed(SCENES, |seed| account::live(seed, &seen), &seen) {
        seen.assert_all_happened();
    }
}

#[test]
fn no_waterfall_breaks_a_promise() {
    let seen = account::Seen::default();
    if each_seed(FLOWS, |seed| account::live_with_both(seed, &seen), &seen) {
        seen.assert_all_happened();
    }
}

/// Lives through seeds, each by itself, and fails where any of them does. Tells whether they were as many as usual.
fn each_seed(
    usual: u64,
    live: impl Fn(u64) -> String + Sync,
    seen: &(impl Display + Sync),
) -> bool {
    let number =
        |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("LEADMILL_FIRST_SEED").unwrap_or(1);
    let seeds = number("LEADMILL_SEEDS").unwrap_or(usual);
    let next = AtomicU64::new(first);
    let failed = AtomicU64::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds || failed.load(Ordering::Relaxed) > 4 {
                        break;
                    }
                    if env::var_os("LEADMILL_TELL").is_some() {
                        eprintln!("begins {seed}");
                    }
                    let lived = catch_unwind(AssertUnwindSafe(|| {
                        let trace = live(seed);
                        if seed.is_multiple_of(100) {
                            assert_eq!(live(seed), trace, "I12");
                        }
                    }));
                    if lived.is_err() {
                        eprintln!("seed {seed} failed");
                        failed.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    println!("{seeds} seeds: {seen}");
    assert_eq!(failed.into_inner(), 0, "seeds failed: see above");
    seeds >= usual
}
