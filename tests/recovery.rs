//! What is damaged says so, and what was paid for is fetched again.

use crate::support::binary::{Server, Workplace, finder_pipeline, leads_csv};
use leadmill_sandbox::{Options, Plan};
use std::{fs, path::PathBuf, time::Duration};

fn bought() -> (Server, Workplace) {
    bought_into("")
}

/// The same, with more keys in the pipeline file.
fn bought_into(more: &str) -> (Server, Workplace) {
    let server = Server::start(Options {
        plan: Plan::Enterprise,
        job_queued: Duration::ZERO,
        job_fixed: Duration::from_millis(100),
        ..Options::default()
    });
    let place = Workplace::new();
    place.write("leads.csv", &leads_csv(0..120));
    let text = finder_pipeline(&server, "plan: enterprise, batch: 12", "")
        .replace("receipt: true", "receipt: false")
        .replace(
            "    output:",
            "    try: [{ provider: enrich, lane: bulk }]\n    output:",
        );
    place.write("pipeline.yaml", &format!("{text}{more}"));
    place.run().expect(0);
    (server, place)
}

fn output(place: &Workplace) -> Vec<u8> {
    fs::read(place.path("out/people.parquet")).unwrap()
}

fn places(bytes: &[u8], text: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(text.len()).enumerate();
    let places: Vec<_> =
        windows.filter(|(_, window)| *window == text).map(|(at, _)| at).collect();
    assert!(!places.is_empty());
    places
}

fn parts(place: &Workplace) -> Vec<PathBuf> {
    let entries = fs::read_dir(place.path(".leadmill/answers")).unwrap();
    let mut parts: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    parts.sort();
    parts
}

#[test]
fn answers_that_can_no_longer_be_read_are_fetched_again_and_not_paid_again() {
    let (server, place) = bought();
    let (expected, before) = (output(&place), server.audit());
    for verb in ["run", "fetch"] {
        let parts = parts(&place);
        assert!(parts.len() >= 3);
        fs::remove_file(&parts[0]).unwrap();
        let whole = fs::read(&parts[1]).unwrap();
        fs::write(&parts[1], &whole[..whole.len() / 2]).unwrap();
        fs::remove_file(place.path("out/people.parquet")).unwrap();
        let ended = place.leadmill(&[verb, "pipeline.yaml"]).expect(0);
        assert!(
            ended.stderr.contains("the answers of 2 batches can no longer be read"),
            "{ended:?}"
        );
        assert!(output(&place) == expected, "{verb}");
        assert_eq!(fs::read(&parts[1]).unwrap(), whole);
        let after = server.audit();
        assert_eq!((after.charged, after.jobs), (before.charged, before.jobs));
    }
    place.run().expect(0);
    server.assert_clean();
}

/// A bit of some records turns. It says so, and how to go on, and going on costs nothing.
#[test]
fn a_damaged_journal_says_so_and_what_can_be_read_of_it_is_taken_over() {
    let (server, place) = bought();
    let (expected, before) = (output(&place), server.audit());
    let database = place.path(".leadmill/state.db");
    let mut bytes = fs::read(&database).unwrap();
    let settled = b"{\"cost\":";
    // Of what it moved about, the database may hold copies that count no more.
    for at in places(&bytes, settled) {
        bytes[at + settled.len()] ^= 1;
    }
    fs::write(&database, &bytes).unwrap();
    for verb in ["run", "fetch", "status", "plan"] {
        let ended = place.leadmill(&[verb, "pipeline.yaml"]).expect(2);
        assert!(ended.stderr.contains("journal record "), "{ended:?}");
        assert!(ended.stderr.contains("--salvage"), "{ended:?}");
    }
    let args = ["fetch", "pipeline.yaml", "--salvage", ".leadmill", "--state"];
    let used = place.leadmill(&[&args[..], &[".leadmill"]].concat()).expect(2);
    assert!(used.stderr.contains("journal record "), "{used:?}");
    fs::remove_file(place.path("out/people.parquet")).unwrap();
    let ended = place.leadmill(&[&args[..], &["new"]].concat()).expect(0);
    assert!(!ended.stderr.contains(" 0 records were lost"), "{ended:?}");
    assert!(output(&place) == expected);
    assert_eq!(server.audit().charged, before.charged);
    let again = place.leadmill(&[&args[..], &["new"]].concat()).expect(2);
    assert!(again.stderr.contains("is not new"), "{again:?}");
    let args = ["run", "pipeline.yaml", "--state", "new"];
    place.leadmill(&args).expect(0);
    assert_eq!(server.audit().jobs, before.jobs);
    server.assert_clean();
}

/// Records that are none any more: their jobs are known by those before them.
#[test]
fn records_that_are_lost_are_counted_and_their_jobs_are_fetched() {
    let (server, place) = bought();
    let (expected, before) = (output(&place), server.audit());
    let database = place.path(".leadmill/state.db");
    let mut bytes = fs::read(&database).unwrap();
    let settled = b"settled{\"cost\"";
    places(&bytes, settled).into_iter().for_each(|at| bytes[at] = b'x');
    fs::write(&database, &bytes).unwrap();
    fs::remove_file(place.path("out/people.parquet")).unwrap();
    let args = ["fetch", "pipeline.yaml", "--salvage", ".leadmill", "--state", "new"];
    let ended = place.leadmill(&args).expect(0);
    assert!(!ended.stderr.contains(" 0 records were lost"), "{ended:?}");
    assert!(output(&place) == expected);
    let after = server.audit();
    assert_eq!((after.charged, after.jobs), (before.charged, before.jobs));
    server.assert_clean();
}

/// The results belong to the damaged state, and so to the one that takes over from it.
#[test]
fn results_that_lie_elsewhere_go_to_the_state_that_takes_over() {
    let (server, place) = bought_into("\nresults: kept\n");
    let (expected, before) = (output(&place), server.audit());
    let database = place.path(".leadmill/state.db");
    let mut bytes = fs::read(&database).unwrap();
    let settled = b"settled{\"cost\"";
    places(&bytes, settled).into_iter().for_each(|at| bytes[at] = b'x');
    fs::write(&database, &bytes).unwrap();
    fs::remove_file(place.path("out/people.parquet")).unwrap();
    let args = ["fetch", "pipeline.yaml", "--salvage", ".leadmill", "--state", "new"];
    place.leadmill(&args).expect(0);
    assert!(output(&place) == expected);
    let other = place.leadmill(&["run", "pipeline.yaml", "--state", "other"]).expect(2);
    assert!(other.stderr.contains("the answers of another state are here"), "{other:?}");
    place.leadmill(&["run", "pipeline.yaml", "--state", "new"]).expect(0);
    let after = server.audit();
    assert_eq!((after.charged, after.jobs), (before.charged, before.jobs));
    server.assert_clean();
}
