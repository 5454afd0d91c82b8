//! No limit is broken over real sockets: on every plan, through jitter, and by several processes that
//! share one state.

use crate::support::binary::{Ended, Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::{Algorithm, Options, Plan};
use std::{
    process::{Child, Stdio},
    thread,
    time::Duration,
};
use tokio::time::Instant;

/// A network of 20 ms, give or take 50: requests overtake each other.
fn jittery(plan: Plan) -> Options {
    Options {
        plan,
        latency: Duration::from_millis(20),
        jitter: Duration::from_millis(50),
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(300),
        ..Options::default()
    }
}

/// Distinct leads, each with a question of its own.
fn people(ids: std::ops::Range<usize>) -> String {
    let line = |n| format!("{n},Zoë{n},Müller,company{n}.example\n");
    format!("lead_id,first_name,last_name,domain\n{}", ids.map(line).collect::<String>())
}

#[test]
fn no_plan_sees_a_429_through_jitter() {
    // As many as fill the narrowest window and go on after it.
    let cases = [
        (Plan::Free, "free", "bulk", 20, 60, Algorithm::RollingLog),
        (Plan::Growth, "growth", "bulk", 10, 110, Algorithm::RollingLog),
        (Plan::Growth, "growth", "single", 10, 105, Algorithm::WeightedCounter),
        (Plan::Scale, "scale", "single", 10, 510, Algorithm::FixedWindow),
        (Plan::Pro, "pro", "single", 10, 700, Algorithm::LogCountingRejects),
        (Plan::Enterprise, "enterprise", "single", 10, 1500, Algorithm::RollingLog),
    ];
    thread::scope(|scope| {
        for (plan, name, lane, batch, leads, algorithm) in cases {
            scope.spawn(move || {
                let server = Server::start(Options { algorithm, ..jittery(plan) });
                let place = Workplace::new();
                place.write("leads.csv", &people(0..leads));
                let provider = format!("plan: {name}, batch: {batch}");
                let text = finder_pipeline(&server, &provider, "").replace(
                    "    output:",
                    &format!(
                        "    try: [{{ provider: enrich, lane: {lane} }}]\n    output:"
                    ),
                );
                place.write("pipeline.yaml", &text);
                let json = place.run().expect(0).json();
                assert_eq!(json["accounts"]["enrich"]["asked"], leads, "{name} {lane}");
                server.assert_clean();
            });
        }
    });
}

/// Two pipelines at one account and one state, with some people in common.
fn two_pipelines(server: &Server, plan: &str, leads: usize) -> Workplace {
    let place = Workplace::new();
    for (name, from) in [("one", 0), ("two", leads * 3 / 4)] {
        place.write(&format!("{name}.csv"), &people(from..from + leads));
        let text = finder_pipeline(server, &format!("plan: {plan}"), "")
            .replace("name: people", &format!("name: {name}"))
            .replace("leads.csv", &format!("{name}.csv"))
            .replace(
                "    output:",
                "    try: [{ provider: enrich, lane: single }]\n    output:",
            );
        place.write(&format!("{name}.yaml"), &text);
    }
    place
}

fn spawn(place: &Workplace, name: &str) -> Child {
    let file = format!("{name}.yaml");
    let mut command = place.command(&["run", &file, "--output", "json"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn two_processes_on_one_state_obey_the_windows_as_one_client_would() {
    let server = Server::start(jittery(Plan::Growth));
    let place = two_pipelines(&server, "growth", 80);
    let start = Instant::now();
    let children = ["one", "two"].map(|name| spawn(&place, name));
    for child in children {
        let ended = Ended::of(child.wait_with_output().unwrap());
        // What the other has asked and not heard of yet is left to a later run.
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    }
    // 140 questions, 100 a minute: a second window is needed, and no third.
    let took = start.elapsed().as_secs();
    assert!((60..115).contains(&took), "{took} s");
    server.assert_clean();
    assert_eq!(server.audit().asked.len(), 140);
    for name in ["one", "two"] {
        let ended = Ended::of(spawn(&place, name).wait_with_output().unwrap()).expect(0);
        assert_eq!(ended.json()["accounts"], serde_json::json!({}), "all is known");
    }
}

/// One of two processes is killed: the other goes on within what is left, and takes over when the killed
/// one's calls are out of the windows.
#[test]
fn a_killed_process_leaves_its_windows_to_the_other() {
    let server = Server::start(jittery(Plan::Scale));
    let place = two_pipelines(&server, "scale", 400);
    let mut first = spawn(&place, "one");
    let second = spawn(&place, "two");
    while server.audit().asked.len() < 150 {
        if first.try_wait().unwrap().is_some() {
            panic!("it ended early: {:?}", Ended::of(first.wait_with_output().unwrap()));
        }
        thread::sleep(Duration::from_millis(20));
    }
    first.kill().unwrap();
    first.wait().unwrap();
    let again = spawn(&place, "one");
    for child in [second, again] {
        let ended = Ended::of(child.wait_with_output().unwrap());
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
    }
    server.assert_clean();
}

/// The provider's limit differs from the plan's: it is learnt, kept and told.
#[test]
fn another_limit_is_learnt_from_the_headers() {
    let limit: Vec<_> =
        ["global=50/1s", "global=600/60s", "enrich=40/60s", "bulk=20/60s"]
            .map(|window| window.parse().unwrap())
            .into();
    let server = Server::start(Options { windows: Some(limit), ..jittery(Plan::Growth) });
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..60));
    let text = finder_pipeline(&server, "plan: growth", "").replace(
        "    output:",
        "    try: [{ provider: enrich, lane: single }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    let json = place.run().expect(0).json();
    let learnt = &json["accounts"]["enrich"]["learnt_limits"];
    let found = serde_json::json!({
        "scope": "enrich", "known": "100/60s", "found": "40/60s", "by": "headers",
    });
    assert!(learnt.as_array().unwrap().contains(&found), "{json}");
    server.assert_clean();
}
