//! The pipelines that come with the house: each is checked, planned and run against the sandbox.

use crate::support::binary::{Ended, Workplace, read_parquet};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn pipelines() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|ext| ext == "yaml")).collect()
}

/// A copy of the folder, so that outputs and states stay apart.
fn copied() -> Workplace {
    let place = Workplace::new();
    fs::create_dir_all(place.path("pipelines/data")).unwrap();
    for file in pipelines() {
        fs::copy(&file, place.path("pipelines").join(file.file_name().unwrap())).unwrap();
    }
    let leads =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/data/leads.parquet");
    fs::copy(leads, place.path("pipelines/data/leads.parquet")).unwrap();
    let domains =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/data/domains.csv");
    fs::copy(domains, place.path("pipelines/data/domains.csv")).unwrap();
    place
}

#[test]
fn each_pipeline_is_checked_planned_and_run() {
    let files = pipelines();
    assert!(files.len() >= 3);
    let place = copied();
    for file in files {
        let name = format!("pipelines/{}", file.file_name().unwrap().display());
        place.leadmill(&["check", &name]).expect(0);
        let planned =
            place.leadmill(&["plan", &name, "--output", "json"]).expect(0).json();
        let ended = place.leadmill(&["run", &name, "--output", "json"]).expect(0);
        let done = ended.json();
        assert_eq!(planned["steps"][0]["to_buy"], done["steps"][0]["to_buy"], "{name}");
        for (provider, credits) in planned["credits"].as_object().unwrap() {
            let most = credits["most"].as_u64().unwrap();
            let account = &done["accounts"][provider];
            let spent = account["credits_spent"].as_u64().unwrap();
            assert!(0 < spent && spent <= most, "{name}: {spent} of at most {most}");
            assert_eq!(account["throttled"], 0, "{name}");
        }
        let again = place.leadmill(&["run", &name, "--output", "json"]).expect(0).json();
        assert_eq!(
            again["accounts"],
            serde_json::json!({}),
            "{name}: nothing is asked twice"
        );
    }
    assert_eq!(read_parquet(&place.path("out/quickstart.parquet")).num_rows(), 10_000);
    assert!(
        fs::read_to_string(place.path("out/verify_emails.csv")).unwrap().lines().count()
            > 1_000
    );
    let lines = fs::read_to_string(place.path("out/find_and_verify.ndjson")).unwrap();
    let first: serde_json::Value =
        serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert!(first["_leadmill"]["verified"]["status"].is_string(), "{first}");
}

#[test]
fn the_schema_that_editors_read_is_that_of_the_binary() {
    let place = Workplace::new();
    let printed = place.leadmill(&["schema"]).expect(0).stdout;
    let kept =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("pipelines/pipeline.schema.json");
    let kept = fs::read_to_string(kept).unwrap();
    assert_eq!(printed, kept, "run: leadmill schema > pipelines/pipeline.schema.json");
    for file in pipelines() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("# yaml-language-server: $schema=pipeline.schema.json"),
            "{file:?}"
        );
    }
}

#[test]
fn init_writes_a_pipeline_that_runs() {
    let place = Workplace::new();
    place.leadmill(&["init"]).expect(0);
    place.leadmill(&["init"]).expect(2);
    place.leadmill(&["check", "pipeline.yaml"]).expect(0);
    let done =
        place.leadmill(&["run", "pipeline.yaml", "--output", "json"]).expect(0).json();
    assert_eq!(done["output"]["rows"], 4);
}

#[test]
fn every_option_has_an_environment_variable_and_help_names_it() {
    let place = Workplace::new();
    let whole = place.leadmill(&["--help"]).expect(0).stdout;
    for verb in [
        "init",
        "check",
        "plan",
        "run",
        "status",
        "report",
        "sandbox",
        "schema",
        "packs",
        "completions",
    ] {
        assert!(whole.contains(verb), "{verb}");
        let help = place.leadmill(&[verb, "--help"]).expect(0).stdout;
        for line in help.lines().filter(|line| {
            line.trim_start().starts_with("--") || line.trim_start().starts_with("-q")
        }) {
            let option = line.trim_start();
            if !option.starts_with("--help") && !option.starts_with("--version") {
                let after = help[help.find(line).unwrap()..].lines();
                let is_option = |line: &&str| {
                    line.trim_start().starts_with("--")
                        || line.trim_start().starts_with("-q")
                };
                let rest = after.skip(1).take_while(|line| !is_option(line));
                let paragraph: String = std::iter::once(line).chain(rest).collect();
                assert!(paragraph.contains("[env: LEADMILL_"), "{verb}: {option}");
            }
        }
    }
    let mut command = place.command(&["packs"]);
    let packs = Ended::of(command.env("LEADMILL_OUTPUT", "json").output().unwrap())
        .expect(0)
        .json();
    assert_eq!(packs["packs"][0]["name"], "enrich.so");
}
