//! How a run ends when whoever started it is gone.

use crate::support::binary::{
    Ended, KEY, Server, Workplace, finder_pipeline, leads_csv, wait_until,
};
use leadmill_sandbox::{Options, Plan};
use serde_json::Value;
use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

fn server() -> Server {
    Server::start(Options {
        plan: Plan::Enterprise,
        job_fixed: Duration::from_secs(4),
        ..Options::default()
    })
}

fn place(server: &Server) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..100));
    let text = finder_pipeline(server, "plan: enterprise, batch: 20", "").replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place
}

/// The next run goes on, and pays for nothing twice.
fn goes_on(place: &Workplace, server: &Server) {
    let json = place.run().expect(0).json();
    assert_eq!(json["resumed"], true);
    server.assert_clean();
    assert_eq!(server.audit().unsettled, 0);
}

#[test]
fn a_log_that_nobody_reads_any_more_ends_the_run() {
    let server = server();
    let place = place(&server);
    let mut child = place.spawn();
    wait_until("nothing is bought", || server.audit().jobs > 0);
    drop(child.stderr.take());
    let ended = Ended::of(child.wait_with_output().unwrap()).expect(141);
    assert_eq!(ended.json()["status"], "interrupted");
    goes_on(&place, &server);
}

/// A bug ends the run with 1, says where it is and nothing of what it was about, and leaves a journal that the next run
/// goes on with: in the run itself, and in a task beside it.
#[test]
fn a_panic_ends_the_run_as_a_bug_and_the_next_run_goes_on() {
    for at in ["panic:0", "panic:2", "task:0", "task:2"] {
        let server = server();
        let place = place(&server);
        let args =
            ["run", "pipeline.yaml", "--output", "json", "--result-file", "result.json"];
        let mut command = place.command(&args);
        let ended = Ended::of(command.env("LEADMILL_KILL_AT", at).output().unwrap());
        let ended = ended.expect(1);
        let says =
            concat!("a bug in leadmill ", env!("CARGO_PKG_VERSION"), ": it panicked at ");
        let json = ended.json();
        let message = json["message"].as_str().unwrap();
        let result = fs::read_to_string(place.path("result.json")).unwrap();
        for text in [message, &ended.stderr, &result] {
            assert!(
                text.contains(says) && text.contains("kill_point.rs:"),
                "{at}: {text}"
            );
            assert!(!text.contains("on purpose") && !text.contains(KEY), "{at}: {text}");
        }
        assert_eq!((&json["status"], &json["exit_code"]), (&"error".into(), &1.into()));
        assert!(ended.stderr.contains("report"), "{at}: {}", ended.stderr);
        if at != "panic:2" {
            goes_on(&place, &server);
            continue;
        }
        // What was on the wire is lost with the run itself, as by a kill: it is held, and not paid for again.
        let ended = place.run();
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
        assert_eq!(ended.json()["resumed"], true);
        assert_eq!(server.audit().asked_twice, 0);
    }
}

/// Paid calls that take long are waited for, where the run is told that it may.
#[test]
fn with_a_longer_grace_every_paid_call_on_the_wire_is_answered() {
    let server = Server::start(Options {
        plan: Plan::Enterprise,
        single_latency: Duration::from_secs(6),
        ..Options::default()
    });
    let place = place(&server);
    let text = fs::read_to_string(place.path("pipeline.yaml")).unwrap();
    place.write("pipeline.yaml", &text.replace("lane: bulk", "lane: single"));
    let lead = |n| format!("{n},Ada{n},Byron,company{n}.example\n");
    let leads: String = (0..100).map(lead).collect();
    place.write("leads.csv", &format!("lead_id,first_name,last_name,domain\n{leads}"));
    let args = ["run", "pipeline.yaml", "--output", "json", "--grace", "20s"];
    let child = place
        .command(&args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("not all calls are on the wire", || {
        server.audit().requests.values().any(|count| *count >= 100)
    });
    terminate(&child);
    let ended = Ended::of(child.wait_with_output().unwrap()).expect(143);
    let json = ended.json();
    let account = &json["accounts"]["enrich"];
    assert_eq!(account["in_doubt"].as_array().unwrap().len(), 0, "{account}");
    assert_eq!(
        account["hits"].as_u64().unwrap() + account["misses"].as_u64().unwrap(),
        100
    );
    goes_on(&place, &server);
}

fn terminate(child: &std::process::Child) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
}

#[test]
fn within_airflow_a_run_ends_with_its_parent() {
    let server = server();
    let place = place(&server);
    let run = place.command(&["run", "pipeline.yaml", "--result-file", "result.json"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", "\"$@\" & wait", "sh"])
        .arg(run.get_program())
        .args(run.get_args())
        .current_dir(place.folder.path())
        .env("AIRFLOW_CTX_DAG_RUN_ID", "scheduled")
        .stderr(Stdio::null())
        .stdout(Stdio::null());
    for (name, value) in run.get_envs() {
        if let Some(value) = value {
            shell.env(name, value);
        }
    }
    let mut shell = shell.spawn().unwrap();
    wait_until("nothing is bought", || server.audit().jobs > 0);
    shell.kill().unwrap();
    shell.wait().unwrap();
    let status = || -> Option<Value> {
        let text = fs::read_to_string(place.path("result.json")).ok()?;
        Some(serde_json::from_str::<Value>(&text).ok()?["status"].clone())
    };
    wait_until("the run goes on", || status().is_some_and(|is| is == "interrupted"));
    goes_on(&place, &server);
}
