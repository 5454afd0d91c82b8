//! Nothing paid is lost: the real binary, real sockets, real `kill -9`.

use crate::support::binary::{Ended, Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::{Options, Plan};
use std::time::Duration;

fn slow() -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        job_per_item: Duration::from_millis(5),
        ..Options::default()
    }
}

fn place(server: &Server) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..300));
    let text = finder_pipeline(server, "plan: enterprise, batch: 12", "");
    let text = text.replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place
}

/// Kills the run again and again, after ever other delays, until it gets through. What may then be held is
/// only what was submitted and not yet answered at the moment of a kill; it is named, and never resent.
#[test]
fn a_run_that_is_killed_again_and_again_ends_as_if_it_had_not_been() {
    let calm_server = Server::start(slow());
    let calm = place(&calm_server);
    let json = calm.run().expect(0).json();
    assert!(calm_server.audit().jobs >= 18, "{json}");
    let mut kills = 0;
    for round in 0..8_u64 {
        let server = Server::start(slow());
        let place = place(&server);
        let mut delay = 20 + round * 13;
        let ended = loop {
            let mut child = place.spawn();
            std::thread::sleep(Duration::from_millis(delay));
            match child.try_wait().unwrap() {
                Some(_) => break Ended::of(child.wait_with_output().unwrap()),
                None => {
                    child.kill().unwrap();
                    child.wait().unwrap();
                    kills += 1;
                    // A reader sees no output or all of it.
                    if place.path("out/people.parquet").exists() {
                        assert_eq!(place.rows("out/people.parquet").num_rows(), 300);
                    }
                }
            }
            delay += 37;
        };
        let json = ended.json();
        let audit = server.audit();
        server.assert_clean();
        let held = json["steps"][0]["status"]["unknown_charged"].as_u64().unwrap_or(0);
        if held == 0 {
            assert_eq!(ended.code, Some(0), "{ended:?}");
            assert_eq!(without_receipt(&place), without_receipt(&calm), "round {round}");
            assert_eq!(audit.charged, calm_server.audit().charged);
            assert_eq!(audit.unsettled, 0);
        } else {
            assert_eq!(ended.code, Some(3), "{ended:?}");
            let state = place
                .leadmill(&["status", "pipeline.yaml", "--output", "json"])
                .expect(0)
                .json();
            let open = state["open"].as_array().unwrap();
            assert!(open.iter().all(|batch| batch["state"] == "in_doubt"), "{state}");
            assert!(audit.unsettled <= open.len() as u64);
        }
    }
    assert!(kills > 16, "only {kills} kills");
}

fn without_receipt(place: &Workplace) -> arrow::array::RecordBatch {
    let mut rows = place.rows("out/people.parquet");
    let receipt = rows.schema().index_of("_leadmill").unwrap();
    rows.remove_column(receipt);
    rows
}

/// The first job at the provider shows that buying has begun.
fn until_the_first_job(server: &Server) {
    let start = tokio::time::Instant::now();
    while server.audit().jobs == 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "nothing is bought");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_term_signal_ends_the_run_soon_and_the_next_goes_on() {
    let server = Server::start(Options { job_fixed: Duration::from_secs(3), ..slow() });
    let place = place(&server);
    let child = place.spawn();
    until_the_first_job(&server);
    let pid = child.id().to_string();
    let start = tokio::time::Instant::now();
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    let ended = Ended::of(child.wait_with_output().unwrap()).expect(143);
    assert!(start.elapsed() < Duration::from_secs(3));
    assert_eq!(ended.json()["status"], "interrupted");
    assert!(!place.path("out/people.parquet").exists());
    let json = place.run().expect(0).json();
    assert_eq!(json["resumed"], true);
    server.assert_clean();
    assert_eq!(server.audit().unsettled, 0);
}

#[test]
fn a_second_run_of_the_same_pipeline_comes_back_later() {
    let server = Server::start(Options { job_fixed: Duration::from_secs(2), ..slow() });
    let place = place(&server);
    let child = place.spawn();
    until_the_first_job(&server);
    let ended = place.run().expect(75);
    assert!(
        ended.stderr.contains("another process is at work on the same run"),
        "{ended:?}"
    );
    Ended::of(child.wait_with_output().unwrap()).expect(0);
}

/// The embedded sandbox forgets its jobs with its process: they are asked again, since nothing was paid.
#[test]
fn a_killed_rehearsal_at_the_embedded_sandbox_goes_on() {
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..300));
    place.write(
        "pipeline.yaml",
        "version: 1
name: rehearsal
source: { csv: leads.csv, key: [lead_id] }
providers: { enrich: { use: enrich.so, plan: enterprise, sandbox: true, poll: 100ms, batch: 100 } }
enrich:
  - name: mail
    find_email: { first_name: first_name, last_name: last_name, domain: domain }
    try: [{ provider: enrich, lane: bulk }]
    output: { work_email: email }
sink: { parquet: out/ }
",
    );
    let mut child = place.spawn();
    let start = tokio::time::Instant::now();
    let open = || {
        let state = place
            .leadmill(&["status", "pipeline.yaml", "--output", "json"])
            .expect(0)
            .json();
        state["open"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|batch| batch["state"] == "running")
            .count()
    };
    while open() == 0 {
        assert!(start.elapsed() < Duration::from_secs(30), "nothing is bought");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let json = place.run().expect(0).json();
    assert_eq!(json["resumed"], true);
    assert_eq!(
        json["steps"][0]["status"]["unknown_charged"],
        serde_json::Value::Null,
        "{json}"
    );
    assert_eq!(open(), 0);
}
