//! Machines whose clocks differ, on one state: answers grow old by the state's clock.

use crate::support::{
    binary::{Ended, Server, Workplace, finder_pipeline, leads_csv},
    postgres::Postgres,
};
use leadmill_sandbox::{Options, Plan};
use serde_json::Value;
use std::time::Duration;

fn server() -> Server {
    Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(50),
        ..Options::default()
    })
}

fn place(server: &Server, reuse: &str, rest: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..60));
    let text = finder_pipeline(server, "plan: enterprise", rest);
    place.write(
        "pipeline.yaml",
        &text.replace("    output:", &format!("{reuse}    output:")),
    );
    place
}

/// A run by a machine whose clock is off by so many seconds.
fn run(place: &Workplace, off: i64) -> (Ended, Value) {
    let mut command = place.command(&["run", "pipeline.yaml", "--output", "json"]);
    command.env("LEADMILL_CLOCK_OFF", off.to_string());
    let ended = Ended::of(command.output().unwrap()).expect(0);
    let step = ended.json()["steps"][0].clone();
    (ended, step)
}

const MINUTE: i64 = 60;
const DAY: i64 = 24 * 60 * MINUTE;

#[test]
fn machines_on_one_database_reuse_by_its_clock() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let server = server();
    let results = tempfile::tempdir().unwrap();
    let state = postgres.schema("clocks");
    let rest = format!("state: {state}\nresults: {}\n", results.path().display());
    let place = place(&server, "    reuse: { hit: 15m, miss: 15m }\n", &rest);
    let (first, _) = run(&place, 0);
    assert!(!first.stderr.contains("clock"), "{first:?}");
    let charged = server.audit().charged;
    for (off, told) in [
        (20 * MINUTE + 30, "ahead of the state's"),
        (-31 * DAY, "behind the state's"),
        (0, ""),
    ] {
        let (ended, step) = run(&place, off);
        assert_eq!(step["to_buy"], 0, "{off}: {ended:?}");
        assert!(ended.stderr.contains(told), "{ended:?}");
    }
    assert_eq!(server.audit().charged, charged);
    server.assert_clean();
}

#[test]
fn what_a_machine_buys_whose_clock_is_behind_is_not_old_for_the_next() {
    let server = server();
    let place = place(&server, "", "");
    place.write("leads.csv", &leads_csv(0..5));
    run(&place, 0);
    place.write("leads.csv", &leads_csv(0..60));
    let (behind, step) = run(&place, -31 * DAY);
    assert!(step["to_buy"].as_u64().unwrap() > 0, "{behind:?}");
    assert!(behind.stderr.contains("behind the state's"), "{behind:?}");
    let charged = server.audit().charged;
    let (ended, step) = run(&place, 0);
    assert_eq!(step["to_buy"], 0, "{ended:?}");
    assert!(!ended.stderr.contains("clock"), "{ended:?}");
    assert_eq!(server.audit().charged, charged);
    server.assert_clean();
}
