//! A state that several machines share: the real binary, a real Postgres server, `kill -9`.

use crate::support::{
    binary::{Ended, Server, Workplace, finder_pipeline, leads_csv, wait_until},
    postgres::{PASSWORD, Postgres},
    s3::S3,
    wire::Wire,
};
use leadmill_sandbox::{Options, Plan};
use std::{
    collections::BTreeSet,
    ops::Range,
    process::{Child, Stdio},
    time::Duration,
};

fn slow() -> Options {
    Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        job_per_item: Duration::from_millis(5),
        ..Options::default()
    }
}

/// A place of its own, as another machine would be, with the state that all share.
fn machine(server: &Server, state: &str, results: &str, leads: &str) -> Workplace {
    let place = Workplace::new();
    place.write("leads.csv", leads);
    let rest = format!("state: {state}\nresults: {results}\n");
    let text = finder_pipeline(server, "plan: enterprise, batch: 12", &rest);
    let text = text.replace(
        "    output:",
        "    try: [{ provider: enrich, lane: bulk }]\n    output:",
    );
    place.write("pipeline.yaml", &text);
    place
}

fn spawn(place: &Workplace, key: &str) -> Child {
    let args = ["run", "pipeline.yaml", "--output", "json", "--run-key", key];
    let mut command = place.command(&args);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn what_one_machine_paid_for_another_one_reads() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let Some(s3) = S3::start().unwrap() else { return };
    let server = Server::start(slow());
    let bucket = s3.bucket("results").unwrap();
    let results = format!("{bucket}/leadmill/");
    let state = postgres.schema("one_reads");
    let run = |place: &Workplace| {
        let mut command = place.command(&["run", "pipeline.yaml", "--output", "json"]);
        Ended::of(command.envs(s3.env()).output().unwrap())
    };
    let one = machine(&server, &state, &results, &leads_csv(0..300));
    let done = run(&one).expect(0);
    let charged = server.audit().charged;
    let other = machine(&server, &state, &results, &leads_csv(0..300));
    let again = run(&other).expect(0);
    assert_eq!(server.audit().charged, charged, "nothing was bought twice");
    assert_eq!(again.json()["steps"][0]["to_buy"], 0, "{again:?}");
    let (mut first, mut second) =
        (one.rows("out/people.parquet"), other.rows("out/people.parquet"));
    for rows in [&mut first, &mut second] {
        let receipt = rows.schema().index_of("_leadmill").unwrap();
        rows.remove_column(receipt);
    }
    assert_eq!(first, second);
    server.assert_clean();
    // Answers that could not be kept, or not be found again, are not bought.
    let lost = machine(&server, &state, &format!("{bucket}/b/"), &leads_csv(0..400));
    let ended = run(&lost).expect(2);
    assert!(
        ended.stderr.contains("the answers of this state are elsewhere"),
        "{ended:?}"
    );
    let fresh = postgres.schema("one_reads_nothing");
    let locked_out = machine(&server, &fresh, &results, &leads_csv(0..400));
    let mut command = locked_out.command(&["run", "pipeline.yaml"]);
    command.envs(s3.env()).env("AWS_SECRET_ACCESS_KEY", "wrong");
    let ended = Ended::of(command.output().unwrap()).expect(1);
    assert!(ended.stderr.contains(&format!("error: results {results}: ")), "{ended:?}");
    assert_eq!(server.audit().charged, charged);
    let status = other.leadmill(&["status", "pipeline.yaml"]).expect(0);
    assert!(status.stdout.contains("nothing is open"), "{status:?}");
    for ended in [done, again, status] {
        for stream in [&ended.stdout, &ended.stderr] {
            assert!(!stream.contains(PASSWORD), "{stream}");
            assert!(!stream.contains("not%2Ba%2Fsecret"), "{stream}");
        }
    }
}

/// Three machines with nearly the same leads, at the same moment, each killed once.
#[test]
fn machines_that_run_at_once_buy_no_question_twice_though_they_are_killed() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let server = Server::start(slow());
    let state = postgres.schema("at_once");
    let results = tempfile::tempdir().unwrap();
    let results = results.path().display().to_string();
    let leads = [0..200, 50..250, 100..300].map(leads_csv);
    let places: Vec<_> =
        leads.iter().map(|leads| machine(&server, &state, &results, leads)).collect();
    let mut children: Vec<_> = ["a", "b", "c"]
        .iter()
        .zip(&places)
        .map(|(key, place)| spawn(place, key))
        .collect();
    for (nth, child) in children.iter_mut().enumerate() {
        wait_until("nothing is bought", || server.audit().jobs > 2 * nth as u64);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // What is in doubt may be freed by the wallet, or it is held: nobody else spends here, but each of
    // the three may have submits in doubt that the others cannot explain.
    let again = |key: &str, place: &Workplace| {
        let ended = Ended::of(spawn(place, key).wait_with_output().unwrap());
        assert!(matches!(ended.code, Some(0 | 3)), "{ended:?}");
        ended.json()
    };
    for _ in 0..2 {
        let ended: Vec<_> = std::thread::scope(|scope| {
            let runs: Vec<_> = ["a", "b", "c"]
                .into_iter()
                .zip(&places)
                .map(|(key, place)| scope.spawn(move || again(key, place)))
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        server.assert_clean();
        drop(ended);
    }
    let status = places[0].leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    let open = status.expect(0).json()["open"].as_array().unwrap().len();
    let audit = server.audit();
    assert!(audit.unsettled <= open as u64, "{} jobs are lost", audit.unsettled);
    if open == 0 {
        let rows: u64 = places
            .iter()
            .map(|place| place.rows("out/people.parquet").num_rows() as u64)
            .sum();
        assert_eq!(rows, 600);
    }
}

#[test]
fn one_run_of_a_pipeline_at_a_time_over_all_machines() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let server = Server::start(Options { job_fixed: Duration::from_secs(5), ..slow() });
    let state = postgres.schema("one_run");
    let results = tempfile::tempdir().unwrap();
    let results = results.path().display().to_string();
    let [one, other] =
        [(); 2].map(|()| machine(&server, &state, &results, &leads_csv(0..100)));
    let child = spawn(&one, "nightly");
    wait_until("nothing is bought", || server.audit().jobs > 0);
    let args = ["run", "pipeline.yaml", "--output", "json", "--run-key", "nightly"];
    let ended = other.leadmill(&args).expect(75);
    assert!(
        ended.stderr.contains("another process is at work on the same run"),
        "{ended:?}"
    );
    Ended::of(child.wait_with_output().unwrap()).expect(0);
    let json = other.leadmill(&args).expect(0).json();
    assert_eq!(json["output"]["rows"], 100);
    server.assert_clean();
}

/// The jobs that a killed run has left open go to whoever comes first, here another pipeline. The run itself does not.
#[test]
fn a_killed_run_goes_on_though_another_pipeline_works_on_its_jobs() {
    let server = Server::start(Options { job_fixed: Duration::from_secs(3), ..slow() });
    let place = Workplace::new();
    let bulk = "    try: [{ provider: enrich, lane: bulk }]\n    output:";
    let text = finder_pipeline(&server, "plan: enterprise, batch: 12", "");
    let text = text.replace("    output:", bulk);
    place.write("leads.csv", &leads_csv(0..60));
    place.write("pipeline.yaml", &text);
    let theirs = text.replace("leads.csv", "theirs.csv").replace("out/", "theirs/");
    place.write("theirs.csv", &leads_csv(1_000..1_060));
    place.write("theirs.yaml", &theirs.replace("name: people", "name: theirs"));
    let mut killed = place.spawn();
    wait_until("not all is submitted", || running(&place) == people(0..60));
    killed.kill().unwrap();
    killed.wait().unwrap();
    let jobs = server.audit().jobs;
    let mut command = place.command(&["run", "theirs.yaml", "--output", "json"]);
    let other = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("the other pipeline buys nothing", || server.audit().jobs > jobs);
    let json = place.run().expect(0).json();
    assert_eq!(
        (json["resumed"].as_bool(), json["status"].as_str()),
        (Some(true), Some("done"))
    );
    assert_eq!(json["output"]["rows"], 60);
    assert!(json["steps"][0]["status"]["deferred"].is_null(), "{json}");
    Ended::of(other.wait_with_output().unwrap()).expect(0);
    server.assert_clean();
    let audit = server.audit();
    let asked = people(0..60) + people(1_000..1_060);
    assert_eq!((audit.unsettled, audit.asked.len() as u64), (0, asked));
}

/// A machine is cut off from the database, and another one finishes its run meanwhile.
#[test]
fn who_comes_back_to_a_finished_run_ends_with_the_result_of_the_other() {
    let Some(postgres) = Postgres::start().unwrap() else { return };
    let server = Server::start(Options { job_fixed: Duration::from_secs(2), ..slow() });
    let state = postgres.schema("cut_off");
    let wire = Wire::to(&state, Duration::ZERO);
    let results = tempfile::tempdir().unwrap();
    let results = results.path().display().to_string();
    let leads = leads_csv(0..60);
    let one = machine(&server, wire.address(), &results, &leads);
    let other = machine(&server, &state, &results, &leads);
    let mut command = one.command(&[
        "run",
        "pipeline.yaml",
        "--output",
        "json",
        "--run-key",
        "nightly",
        "--result-file",
        "result.json",
    ]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_until("not all is submitted", || running(&other) == people(0..60));
    wire.cut();
    let args = ["run", "pipeline.yaml", "--output", "json", "--run-key", "nightly"];
    let finished = other.leadmill(&args).expect(0).json();
    wire.mend();
    let ended = Ended::of(child.wait_with_output().unwrap()).expect(0);
    assert_eq!(ended.json(), finished, "{ended:?}");
    assert!(ended.stderr.contains("another process has taken over run 1"), "{ended:?}");
    let kept = std::fs::read_to_string(one.path("result.json")).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&kept).unwrap(), finished);
    server.assert_clean();
    assert_eq!(server.audit().unsettled, 0);
}

/// Questions in jobs that are known to run, by `status`.
fn running(place: &Workplace) -> u64 {
    let ended = place.leadmill(&["status", "pipeline.yaml", "--output", "json"]);
    let json = if ended.code == Some(0) { ended.json() } else { return 0 };
    let open = json["open"].as_array().into_iter().flatten();
    let running = open.filter(|batch| batch["state"] == "running");
    running.filter_map(|batch| batch["questions"].as_u64()).sum()
}

/// How many people so many [`leads_csv`] are about.
fn people(rows: Range<u64>) -> u64 {
    let people = rows.filter(|n| n % 11 != 10);
    let people = people.map(|n| if n % 5 == 4 { n - 3 } else { n });
    people.collect::<BTreeSet<u64>>().len() as u64
}

#[test]
fn an_address_that_is_wrong_is_told_where_it_stands_and_without_its_password() {
    let server = Server::start(slow());
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..10));
    let ends = |rest: &str, code: i32, words: &str| {
        place.write("pipeline.yaml", &finder_pipeline(&server, "plan: growth", rest));
        let ended = place.leadmill(&["run", "pipeline.yaml"]).expect(code);
        assert!(ended.stderr.contains(words), "{ended:?}");
        assert!(!ended.stderr.contains("hush"), "{ended:?}");
        ended
    };
    let ended =
        ends("state: postgres://me:hush@127.0.0.1:1/acme\n", 2, "needs `results:`");
    assert!(ended.stderr.contains("pipeline.yaml:11:8"), "{ended:?}");
    ends("state: mysql://me:hush@db/acme\n", 2, "neither a folder nor a Postgres");
    let nobody = "state: postgres://me:hush@127.0.0.1:1/acme\nresults: answers/\n";
    let ended = ends(nobody, 1, "error: state: ");
    assert!(ended.stderr.contains("stands in the file"), "{ended:?}");
    ends(
        "state: postgres://me:hush@db/acme?schema=No\nresults: answers/\n",
        2,
        "`No` is no name for a schema",
    );
    assert_eq!(server.audit().jobs, 0);
}
