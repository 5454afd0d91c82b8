//! The database is restarted under several processes that share a state on it: the real binary, a real server.

use crate::support::{
    binary::{Ended, Server, Workplace, finder_pipeline, wait_until},
    postgres::Postgres,
};
use leadmill_sandbox::{Options, Plan};
use std::{
    process::{Child, Stdio},
    time::Duration,
};

/// What each process asks, and how much all of them ask between two restarts: most of it is asked after the last of these.
const LEADS: usize = 300;
const BETWEEN: usize = 20;

/// The runs that share the state.
const KEYS: [&str; 3] = ["a", "b", "c"];

/// How the server stops: once its sessions are ended, or as in a crash.
const MODES: [&str; 4] = ["fast", "immediate", "fast", "immediate"];

/// A second's window in which each needs slots all the time. A minute's that keeps nothing waiting: after a restart the
/// calls before it count twice there, by the process that made them and by the one that took its slots back.
const LIMITS: &str = "plan: enterprise, limits: { global: [60/1s, 10000/60s] }";
const WINDOWS: [&str; 2] = ["global=60/1s", "global=10000/60s"];

/// A process at work, which does not outlive a test that fails.
struct Run {
    key: &'static str,
    place: Workplace,
    child: Option<Child>,
}

impl Run {
    fn spawn(server: &Server, state: &str, results: &str, key: &'static str) -> Self {
        let place = Workplace::new();
        let line = |n| format!("{n},Zoë{n},Müller,{key}{n}.example\n");
        let leads: String = (0..LEADS).map(line).collect();
        let leads = format!("lead_id,first_name,last_name,domain\n{leads}");
        place.write("leads.csv", &leads);
        let rest = format!("state: {state}\nresults: {results}\n");
        let single = "    try: [{ provider: enrich, lane: single }]\n    output:";
        let text = finder_pipeline(server, LIMITS, &rest);
        place.write("pipeline.yaml", &text.replace("    output:", single));
        let args = ["run", "pipeline.yaml", "--output", "json", "--run-key", key];
        let mut command = place.command(&args);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Self { key, place, child: Some(child.unwrap()) }
    }

    /// Whether it has ended, and not as it should. One that was quicker than the others may be done.
    fn has_failed(&mut self) -> bool {
        let child = self.child.as_mut();
        let ended = child.and_then(|child| child.try_wait().unwrap());
        ended.is_some_and(|status| !status.success())
    }

    fn end(&mut self) -> Ended {
        Ended::of(self.child.take().unwrap().wait_with_output().unwrap())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}

/// Waits until something is so, unless one of the runs has failed.
fn wait_while_none_fails(runs: &mut [Run], mut is_so: impl FnMut() -> bool) {
    let mut ended = None;
    wait_until("nothing goes on", || {
        ended = runs.iter_mut().position(Run::has_failed);
        ended.is_some() || is_so()
    });
    if let Some(run) = ended.and_then(|place| runs.get_mut(place)) {
        let ended = run.end();
        panic!("{} has failed: {ended:?}", run.key);
    }
}

/// Whichever process is back first finds the others gone, and takes their slots back: they get others, and go on.
#[test]
fn a_restart_of_the_database_ends_no_run_of_those_that_share_it() {
    let Some(mut postgres) = Postgres::start_alone().unwrap() else { return };
    let server = Server::start(Options {
        plan: Plan::Enterprise,
        windows: Some(WINDOWS.map(|window| window.parse().unwrap()).into()),
        single_latency: Duration::from_millis(50),
        ..Options::default()
    });
    let state = postgres.schema("restarts");
    let results = tempfile::tempdir().unwrap();
    let results = results.path().display().to_string();
    let mut runs = KEYS.map(|key| Run::spawn(&server, &state, &results, key));
    // What a run reads last before it buys.
    wait_while_none_fails(&mut runs, || {
        let requests = server.audit().requests;
        requests.get("GET /wallets/transactions") == Some(&(KEYS.len() as u64))
    });
    let before = server.audit().asked.len();
    for (nth, mode) in MODES.into_iter().enumerate() {
        postgres.restart(mode).unwrap();
        let least = before + (nth + 1) * BETWEEN;
        wait_while_none_fails(&mut runs, || server.audit().asked.len() >= least);
    }
    let mut spent = 0;
    for run in &mut runs {
        let json = run.end().expect(0).json();
        assert_eq!(json["accounts"]["enrich"]["asked"], LEADS, "{json}");
        spent += json["accounts"]["enrich"]["credits_spent"].as_u64().unwrap();
        assert_eq!(run.place.rows("out/people.parquet").num_rows(), LEADS);
    }
    let audit = server.audit();
    assert_eq!((audit.charged, audit.reserved), (spent, 0));
    assert_eq!(audit.asked.len(), LEADS * KEYS.len());
    server.assert_clean();
}
