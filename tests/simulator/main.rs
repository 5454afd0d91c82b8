//! The real engine and wire code on simulated time, disk and network, against a provider that keeps books of
//! its own: one seed is one life of a pipeline, with crashes, lost replies, lies, jumps of the clock and a
//! second process, then calm. What must hold is held against the provider's books, not against ours.
//!
//! `cargo test` runs [`SEEDS`]; `LEADMILL_SEEDS=1000000 cargo test --release -p leadmill-providers --test
//! simulator` runs as many as it says, from `LEADMILL_FIRST_SEED` on. A seed that fails is printed, and runs
//! again by itself with `LEADMILL_SEEDS=1 LEADMILL_FIRST_SEED=n`.
//!
//! | | what must hold | checked | a bug that it was seen to catch |
//! | --- | --- | --- | --- |
//! | I1 | no question is charged twice under `hold` | at the end | a doubt that counts as refused (`drive/settlement.rs`) |
//! | I2 | what is charged is answered or named in doubt | at the end | a job that is forgotten when it is given up |
//! | I3 | the journal's bound is never below the provider's charge | at every journal write | an intent that is written after the call |
//! | I4 | no question is in flight twice | as I1, by the acts that the provider accepted | claims that do not collide (`core/journal.rs`) |
//! | I5 | each question has one row of output | at the end | by construction of this test: see `kills.rs` for the files |
//! | I6, I9 | each answer is the one that a calm run gives to this very question | at the end | answers joined by their place |
//! | I7 | no window at the server holds more than its limit, whatever its algorithm | at the end | a slot that is free at the send |
//! | I8 | the run's budget is never passed | at the end | a budget that forgets what is about to leave |
//! | I10 | readers see whole outputs | not here | see `kills.rs` |
//! | I11 | when the faults stop, the run ends | at the end | a wait without a wake |
//! | I12 | the same seed is the same life | every hundredth seed, twice | a number from the system's clock |

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    dead_code,
    reason = "a test that cannot be set up should fail loudly; its helpers serve others too"
)]

mod life;
#[path = "../../benches/makespan/random.rs"]
mod random;
#[path = "../support/simulation.rs"]
mod simulation;
mod storm;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

/// Seeds of a usual run.
const SEEDS: u64 = 10_000;

#[test]
fn no_life_breaks_a_promise() {
    let number =
        |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("LEADMILL_FIRST_SEED").unwrap_or(1);
    let seeds = number("LEADMILL_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(first);
    let failed = AtomicU64::new(0);
    let seen = life::Seen::default();
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
                        let trace = life::live(seed, &seen);
                        if seed % 100 == 0 {
                            assert_eq!(life::live(seed, &seen), trace, "I12");
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
    if seeds >= SEEDS {
        seen.assert_all_happened();
    }
}
