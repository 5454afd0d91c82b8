//! One integration binary: one link, one module a promise.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    dead_code,
    reason = "a test that cannot be set up should fail loudly; the simulator uses more of the helpers"
)]

mod account;
mod at_most_once;
mod bad_input;
mod bought;
mod budgets;
mod clocks;
mod doubts;
mod ends;
mod families;
mod full_disk;
mod house;
mod identities;
mod identity_limits;
mod job_slots;
mod kill_points;
mod kills;
mod known_values;
mod limits;
mod made_up_callbacks;
mod main_job;
mod pipelines;
mod plain_echo;
mod proxies;
mod recovery;
mod restarts;
mod reveal_search;
mod reveals;
mod secrets;
mod shared_limits;
mod shared_state;
mod storage;
mod support;
mod tomba;
mod tomba_bulks;
mod tomba_log;
mod waterfall;
mod webhooks;
mod whole_outputs;
